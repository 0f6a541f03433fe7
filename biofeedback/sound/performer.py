"""Orders become sound, block by block: the one path for live and off-line.

* An order applies in the first block that ends after its ``at_ns``; notes wait for ``start_ns``.
* ``SteerSound`` counts only while it is the newest by sequence and not expired.
* With no valid order left, or nobody who could give one, the programme fades and a quiet bed
  stays: neutral, never more. Orphaned for good, the bed fades too.
* ``StopSound`` fades and closes; only a steering order of later date that may rise opens again.
* After a start, a stall or broken samples the sound fades in over two seconds.
* A source that stays broken is built anew: a filter that has seen NaN never comes back by itself.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from biofeedback.messages import (
    NS_PER_S,
    MusicParameters,
    PlayNote,
    SteerSound,
    StretchSong,
)
from biofeedback.sound.fade import Fade
from biofeedback.sound.levels import InputGuard, LevelControl
from biofeedback.sound.limiter import Limiter
from biofeedback.sound.meters import Meters
from biofeedback.sound.place import Place
from biofeedback.sound.scheduler import NoteScheduler, VoiceGroup, Voices
from biofeedback.sound.steering import Steered, Steering, count_steer_frames

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from biofeedback.messages import Layer, SoundOrder, StopSound

FADE_IN_S = 2.0
_STOP_SHARE = 0.8  # of fade_ms: the rest is for the limiter's delay and the device's buffer
_PROGRAMME_FALL_S = 6.0
_PROGRAMME_RISE_S = 4.0
_BED_S = 6.0
_ORPHAN_BED_S = 12.0
_ORPHAN_FADE_S = 6.0
_SHORTEST_FADE_S = 0.02
_BROKEN_S = 0.02  # a source that is broken for longer is built anew
_LONGEST_BROKEN_S = 60.0  # what broke again at once is given up more slowly
_HEALTHY_S = 10.0
_MAX_REBUILDS = 100  # pyo has room for 256 servers in a process

_MIDDLE_WAVE = 0.5
_MIDDLING = MusicParameters(
    tempo_bpm=100.0,
    energy=0.5,
    density=0.5,
    brightness=0.5,
    articulation=0.5,
    tension=0.2,
    swell=0.5,
    register=0.0,
    level_db=0.0,
)


class Source(Voices, Protocol):
    """What renders the voices (``Synthesis``)."""

    @property
    def groups(self) -> Mapping[Layer, VoiceGroup]:
        """What the scheduler must know of each layer."""
        ...

    def begin_block(self) -> None:
        """Start writing controls for the next block."""
        ...

    def steer(self, steered: Steered, *, programme_ratio: float, bed_ratio: float) -> None:
        """Glide to these values until it is steered again; the ratios are amplitudes."""
        ...

    def render(self) -> NDArray[np.float64]:
        """Render the next block, shape (frames, 2)."""
        ...

    def rebuild(self) -> None:
        """Begin again with fresh filters and silent voices."""
        ...


class Song(Protocol):
    """What plays the person's own songs (``SongPlayer``)."""

    def obey(self, order: StretchSong) -> None:
        """Take an order; it counts from its ``at_ns`` on."""
        ...

    def render(
        self,
        *,
        first_frame: int,
        frames: int,
        origin_ns: int,
        programme_ratio: float,
        brightness: float,
        swell_db: float,
    ) -> NDArray[np.float64] | None:
        """Render a block, shape (frames, 2); None while no song plays."""
        ...


@dataclass(frozen=True, slots=True)
class _InForce:
    """Whether anything may rise, the parameters, whether nobody leads."""

    may_rise: bool
    parameters: MusicParameters
    neutral: bool


class Performer:
    """Obey orders and render blocks of ``frames`` frames."""

    def __init__(
        self,
        source: Source,
        *,
        rate_hz: int,
        frames: int,
        origin_ns: int,
        target_lufs: float,
        song: Song | None = None,
    ) -> None:
        self.origin_ns = origin_ns
        self.clock_error_ns = 0
        self.rendered_frames = 0
        self.ignored_orders = 0
        self.rebuilds = 0
        self.meters = Meters(rate_hz=rate_hz)
        self.notes = NoteScheduler(source, source.groups, rate_hz=rate_hz)
        self._source = source
        self._rate_hz = rate_hz
        self._frames = frames
        self._block_s = frames / rate_hz
        self._steer_frames = count_steer_frames(frames)
        self._steer_s = self._steer_frames / rate_hz
        self._guard = InputGuard(rate_hz=rate_hz, frames=frames)
        self._levels = LevelControl(rate_hz=rate_hz, target_lufs=target_lufs)
        self._limiter = Limiter(rate_hz=rate_hz)
        self._orders: deque[tuple[SteerSound | StopSound, int]] = deque()
        self._steering: SteerSound | None = None
        self._state: Literal["waiting", "playing", "stopped"] = "waiting"
        self._orphaned_s: float | None = None
        self._output = Fade(position=0.0)
        self._programme = Fade(position=1.0)
        self._bed = Fade(position=0.0)
        self._glide = Steering()
        self._in_force = _InForce(may_rise=True, parameters=_MIDDLING, neutral=False)
        self._steered: Steered
        self._place = Place()
        self._song = song
        self._song_ratio = 0.0
        self._broken_s = 0.0
        self._healthy_s = 0.0
        self._patience_s = _BROKEN_S

    @property
    def delay_frames(self) -> int:
        """How far the output is behind the notes."""
        return self._limiter.delay_frames

    @property
    def silent(self) -> bool:
        """Whether nothing sounds and nothing will without a new order."""
        return self._output.silent

    def obey(self, order: SoundOrder) -> None:
        """Take an order, in the order of giving."""
        if isinstance(order, PlayNote):
            if _is_sound_note(order) and order.layer in self._source.groups:
                self.notes.add(order)
            else:
                self.ignored_orders += 1
        elif not isinstance(order, StretchSong):
            self._orders.append((order, self.notes.added))
        elif self._song is not None:
            self._song.obey(order)
        else:
            self.ignored_orders += 1

    def abandon(self) -> None:
        """Nobody will give orders any more: neutral now, silence soon."""
        if self._orphaned_s is None:
            self._orphaned_s = 0.0
            self.notes.drop_waiting(before=self.notes.added)

    def resume(self, *, gain: float) -> None:
        """After a stall or a loss of the device: nothing old, and in again from ``gain``."""
        self._limiter.forget()
        self.notes.release_all()
        self._output.start_at(gain)
        if self._state == "playing":
            self._output.move(1.0, seconds=FADE_IN_S)

    def fade_out(self, *, seconds: float) -> None:
        """Go silent for good."""
        self._state = "stopped"
        self._output.move(0.0, seconds=seconds)

    def render(self) -> NDArray[np.float64]:
        """Render the next block, shape (frames, 2), ``delay_frames`` behind the notes."""
        first = self.rendered_frames
        self.rendered_frames = first + self._frames
        self._apply_orders(until_ns=self._time_ns(self.rendered_frames))
        self._source.begin_block()
        if first % self._steer_frames == 0:
            self._in_force = self._judge(at_ns=self._time_ns(first))
            self._steered = self._steer()
        in_force, steered = self._in_force, self._steered
        self.notes.fill(
            origin_ns=self.origin_ns,
            first_frame=first,
            frames=self._frames,
            clock_error_ns=self.clock_error_ns,
            muted=self._state != "playing",
        )
        block = self._source.render()
        if self._song is not None:
            song = self._song.render(
                first_frame=first,
                frames=self._frames,
                origin_ns=self.origin_ns,
                programme_ratio=self._song_ratio,
                brightness=steered.brightness,
                swell_db=0.5 * steered.swell_db,
            )
            if song is not None:
                block = block + song
        block, usable = self._guard.update(block)
        self._watch(usable=usable)
        block = self._place.update(block, steered.place)
        fully_in = self._output.full and self._programme.full
        out = self._levels.update(
            block,
            level_db=in_force.parameters.level_db,
            counts=fully_in and not in_force.neutral,
            may_rise=in_force.may_rise,
            energy=in_force.parameters.energy,
        )
        gains = self._output.render(self._frames, rate_hz=self._rate_hz)
        if gains is not None:
            out = out * gains[:, None]
        out = self._limiter.update(out)
        self.meters.update(out)
        return out

    def _watch(self, *, usable: bool) -> None:
        """Fade in after broken samples; build the source anew when they don't end."""
        if usable:
            self._broken_s = 0.0
            self._healthy_s += self._block_s
            if self._healthy_s > _HEALTHY_S:
                self._patience_s = _BROKEN_S
            return
        self.resume(gain=0.0)
        self._healthy_s = 0.0
        self._broken_s += self._block_s
        if self._broken_s >= self._patience_s and self.rebuilds < _MAX_REBUILDS:
            self._source.rebuild()
            self.rebuilds += 1
            self._broken_s = 0.0
            self._patience_s = min(4.0 * self._patience_s, _LONGEST_BROKEN_S)

    def _time_ns(self, frame: int) -> int:
        return self.origin_ns + frame * NS_PER_S // self._rate_hz

    def _apply_orders(self, *, until_ns: int) -> None:
        while self._orders and self._orders[0][0].at_ns < until_ns:
            order, notes_before = self._orders.popleft()
            if isinstance(order, SteerSound):
                self._take_steering(order, now_ns=until_ns)
            else:
                self.notes.drop_waiting(before=notes_before)
                seconds = order.fade_ms / 1000.0 * _STOP_SHARE
                self.fade_out(seconds=max(seconds, _SHORTEST_FADE_S))
        if self._state == "waiting" and self.notes.is_due(until_ns):
            self._open()

    def _take_steering(self, order: SteerSound, *, now_ns: int) -> None:
        newest = self._steering
        repeated = newest is not None and order.sequence <= newest.sequence
        if repeated or order.expires_ns <= now_ns or not _is_sound(order):
            self.ignored_orders += 1
            return
        self._steering = order
        self._orphaned_s = None
        if self._state == "waiting" or (self._state == "stopped" and order.may_rise):
            self._open()

    def _open(self) -> None:
        self._state = "playing"
        self._output.move(1.0, seconds=FADE_IN_S)

    def _judge(self, *, at_ns: int) -> _InForce:
        """Tell what is in force for the next ``_steer_frames``."""
        order = self._steering
        parameters = order.parameters if order else _MIDDLING
        if self._orphaned_s is not None:
            self._orphaned_s += self._steer_s
            if self._orphaned_s > _ORPHAN_BED_S and self._state != "stopped":
                self.fade_out(seconds=_ORPHAN_FADE_S)
            return _InForce(may_rise=False, parameters=parameters, neutral=True)
        if order is not None and order.expires_ns <= at_ns:
            return _InForce(may_rise=False, parameters=parameters, neutral=True)
        may_rise = order is None or order.may_rise
        return _InForce(may_rise=may_rise, parameters=parameters, neutral=False)

    def _steer(self) -> Steered:
        """Move what glides, and tell the source."""
        may_rise = self._in_force.may_rise
        if self._in_force.neutral:
            self._programme.move(0.0, seconds=_PROGRAMME_FALL_S)
            self._bed.move(1.0, seconds=_BED_S)
        elif may_rise:
            self._programme.move(1.0, seconds=_PROGRAMME_RISE_S)
            self._bed.move(0.0, seconds=_BED_S)
        else:
            self._bed.move(0.0, seconds=_BED_S)
        order = self._steering
        steered = self._glide.advance(
            self._in_force.parameters,
            wave=_MIDDLE_WAVE if order is None else order.swell_wave,
            parts=() if order is None else order.parts,
            may_rise=may_rise,
            seconds=self._steer_s,
        )
        energy_ratio = 10.0 ** (steered.energy_db / 20.0)
        self._song_ratio = self._programme.advance(self._steer_s) * energy_ratio
        self._source.steer(
            steered,
            programme_ratio=self._song_ratio,
            bed_ratio=self._bed.advance(self._steer_s),
        )
        return steered


def _is_sound_note(note: PlayNote) -> bool:
    """Whether the note's numbers are finite: one NaN would stay in the filters for ever."""
    return math.isfinite(note.velocity) and math.isfinite(note.pan)


def _is_sound(order: SteerSound) -> bool:
    """Whether every number is finite and the level no boost: the engine's word isn't enough."""
    wanted = order.parameters
    values = [wanted.energy, wanted.brightness, wanted.swell, wanted.place, wanted.level_db]
    values.append(order.swell_wave)
    for part in order.parts:
        values += (part.energy, part.place)
    return all(math.isfinite(value) for value in values) and wanted.level_db <= 0.0
