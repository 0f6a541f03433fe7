"""A performer: parameters of each moment in, notes out. Engine and curves share it.

It holds the beat clock and how far the music has been planned, at which pace the style goes, which
scene it is in, and what has come in at the last joint; what is played is decided by
``arrangement.py`` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from biofeedback.messages import NS_PER_MS, NS_PER_S, TICKS_PER_BEAT, MusicParameters, PlayNote
from biofeedback.music.arrangement import Moment, PlannedNote, plan_notes
from biofeedback.music.beats import BeatClock
from biofeedback.music.form import phrase_ticks
from biofeedback.music.gesture import plan_answer, plan_melody_note, plan_stroke
from biofeedback.music.pace import FELT, Pace
from biofeedback.music.style import PART_LAYERS
from biofeedback.music.swell import Swell

if TYPE_CHECKING:
    from biofeedback.messages import Direction, Part
    from biofeedback.music.pace import Span, Stride
    from biofeedback.music.style import Style

REMEMBERED_NS = 10 * NS_PER_S
SCENE_NS = 45 * NS_PER_S
"""A scene lasts at least this long, and then until its phrase ends: 45 to 90 s at any tempo."""
SOFT_GRID_NS = 90 * NS_PER_MS
"""With the soft grid, an answer waits for the next step when it is at most this far."""
CLICK_VELOCITY = 0.5
DOWNBEAT_VELOCITY = 0.8
CLICK_TICKS = TICKS_PER_BEAT // 8
GestureGrid = Literal["free", "soft"]


class Performer:
    """Plays one style from ``start_ns`` on, piece by piece."""

    def __init__(
        self,
        style: Style,
        seed: int,
        *,
        start_ns: int,
        tempo_bpm: float,
        click: bool = False,
        gesture_grid: GestureGrid = "free",
    ) -> None:
        self._style = style
        self._seed = seed
        self._start_ns = start_ns
        self._click = click
        self._gesture_grid: GestureGrid = gesture_grid
        self._planned_until_ns = start_ns
        self._clock = BeatClock(start_ns, tempo_bpm)
        self._pace = Pace(style, tempo_bpm)
        self._swell = Swell(start_ns)
        self._next_tick = 0
        self._phrase_ticks = phrase_ticks(style)
        self._scene = 0
        self._scene_since_ns = start_ns
        self._gate_energy: float | None = None

    @property
    def planned_until_ns(self) -> int:
        """Up to where notes have been handed out; the next parameters apply from here."""
        return self._planned_until_ns

    @property
    def scene(self) -> int:
        """How many slow variations there have been."""
        return self._scene

    @property
    def time_ratio(self) -> float:
        """Felt beats in a beat of the style: 2 (in 6/8: 3) at half time, 0.5 at double time."""
        return self._pace.time_ratio

    def swell_wave(self, at_ns: int) -> float:
        """Tell where the swell stands at an instant whose notes are handed out, 0 to 1."""
        return self._swell.wave(at_ns)

    def restyle(self, style: Style) -> None:
        """Let another style take over at the next bar; the beat goes on as it was."""
        if style is self._style:
            return
        tempo_bpm = self._clock.tempo_bpm(self._clock.end_ns)
        self._pace = self._pace.hand_over(style, self._next_tick, tempo_bpm)
        self._style = style
        self._phrase_ticks = phrase_ticks(style)

    def play(
        self,
        at_ns: int,
        until_ns: int,
        parameters: MusicParameters,
        parts: tuple[Part, ...] = (),
        *,
        must_fall: bool = False,
    ) -> list[PlayNote]:
        """Hand out the notes that start before ``until_ns`` and were not handed out yet.

        The tempo moves linearly to ``parameters.tempo_bpm``, reached at ``until_ns``. Instruments
        come in and leave at joints; if the music ``must_fall``, they leave at once.
        """
        if until_ns <= self._planned_until_ns:
            return []
        self._planned_until_ns = until_ns
        clock, tempo_bpm = self._clock, parameters.tempo_bpm
        first, end = self._next_tick, clock.extend(until_ns, tempo_bpm)
        self._next_tick = end
        self._swell.extend(until_ns, parameters.swell_brpm)
        notes: list[PlayNote] = []
        wave = self._swell.wave(until_ns)
        for span in self._pace.cut(end, tempo_bpm):
            if span.at_joint:
                self._pass_joint(span, parameters.energy)
                clock.forget_before(at_ns - REMEMBERED_NS)
            if self._gate_energy is None or (must_fall and parameters.energy < self._gate_energy):
                self._gate_energy = parameters.energy
            moment = Moment(self._scene, parts, self._gate_energy, wave, span.stride.time_ratio)
            planned = plan_notes(
                self._style, self._seed, span.start, span.end, parameters, moment=moment
            )
            if planned:
                notes += self._place(at_ns, planned, span.stride, tempo_bpm)
        if self._click:
            notes += self._click_beats(at_ns, first, end, tempo_bpm)
        return notes

    def answer(
        self,
        at_ns: int,
        strength_ratio: float,
        parameters: MusicParameters,
        *,
        direction: Direction | None = None,
        owner: int | None = None,
        place: float = 0.0,
    ) -> list[PlayNote]:
        """Answer a gesture at once, with notes that fit the harmony of the moment.

        A wearer who owns a part of the style (``owner`` counts from 0) is answered by it, at its
        ``place``. With the soft grid the answer waits for the next step if that is near.
        """
        at_tick = self._clock.first_tick_at(max(at_ns, self._start_ns))
        start_ns, tick = at_ns, self._pace.style_tick(at_tick)
        if self._gesture_grid == "soft":
            start_ns = self._next_step_ns(at_ns, at_tick)
        style, tempo_bpm = self._style, parameters.tempo_bpm
        layer = None if owner is None or owner >= len(PART_LAYERS) else PART_LAYERS[owner]
        if layer in style.layers and layer in style.unpitched_layers:
            planned = [plan_stroke(style, layer, tick, strength_ratio, place)]
        else:
            planned = plan_answer(
                style, self._seed, tick, strength_ratio, parameters, direction=direction
            )
        ratio = self._pace.time_ratio
        return [
            PlayNote(
                at_ns=at_ns,
                start_ns=start_ns + _last_ns((note.tick - tick) * ratio, tempo_bpm),
                duration_ns=_last_ns(note.duration_ticks, tempo_bpm / ratio),
                layer=note.layer,
                pitch_midi=note.pitch_midi,
                velocity=note.velocity,
                tick=None,
                pan=note.pan,
            )
            for note in planned
        ]

    def play_degree(
        self, at_ns: int, start_ns: int, duration_s: float, degree: int, strength_ratio: float
    ) -> list[PlayNote]:
        """Play a scale step that a partner or a person at the keys wants, in the key of then.

        Args:
            at_ns: Now.
            start_ns: When it starts.
            duration_s: How long it lasts.
            degree: Scale steps from the tonic of the middle octave.
            strength_ratio: 0 (soft) to 1 (strong).
        """
        known_ns = min(max(start_ns, self._start_ns), self._clock.end_ns)
        tick = self._pace.style_tick(self._clock.first_tick_at(known_ns))
        planned = plan_melody_note(self._style, self._seed, tick, degree, strength_ratio)
        return [
            PlayNote(
                at_ns=at_ns,
                start_ns=start_ns,
                duration_ns=round(duration_s * NS_PER_S),
                layer=planned.layer,
                pitch_midi=planned.pitch_midi,
                velocity=planned.velocity,
                tick=None,
                pan=planned.pan,
            )
        ]

    def asynchrony_beats(self, heard_ns: int) -> float | None:
        """Tell how far the music was ahead (+) of an instant, in beats; None if unknown."""
        return self._clock.asynchrony_beats(heard_ns)

    def _pass_joint(self, span: Span, energy: float) -> None:
        """Let instruments come in or leave, and the scene change with its phrase."""
        self._gate_energy = energy
        if span.start % self._phrase_ticks == 0:
            now_ns = self._clock.time_ns(span.stride.felt(span.start))
            if now_ns - self._scene_since_ns >= SCENE_NS:
                self._scene += 1
                self._scene_since_ns = now_ns

    def _place(
        self, at_ns: int, planned: list[PlannedNote], stride: Stride, tempo_bpm: float
    ) -> list[PlayNote]:
        """Find the instants of notes that were planned in ticks of a stride."""
        notes: list[PlayNote] = []
        own_bpm = tempo_bpm / stride.time_ratio
        last, felt, felt_ns = -1, 0, 0
        for note in planned:
            if note.tick != last:
                last = note.tick
                felt = stride.felt(last)
                felt_ns = self._clock.time_ns(felt)
            notes.append(
                PlayNote(
                    at_ns=at_ns,
                    start_ns=felt_ns + note.offset_ns,
                    duration_ns=_last_ns(note.duration_ticks, own_bpm),
                    layer=note.layer,
                    pitch_midi=note.pitch_midi,
                    velocity=note.velocity,
                    tick=felt,
                    pan=note.pan,
                )
            )
        return notes

    def _click_beats(
        self, at_ns: int, first_tick: int, end_tick: int, tempo_bpm: float
    ) -> list[PlayNote]:
        """Click on each felt beat, never a hair beside it; the bar's first beat is stronger."""
        clicks: list[PlannedNote] = []
        for beat in range(-(-first_tick // TICKS_PER_BEAT), -(-end_tick // TICKS_PER_BEAT)):
            tick = beat * TICKS_PER_BEAT
            opens = self._pace.style_tick(tick) % self._style.meter.ticks == 0
            click = PlannedNote(
                tick=tick,
                duration_ticks=CLICK_TICKS,
                layer="click",
                pitch_midi=None,
                velocity=DOWNBEAT_VELOCITY if opens else CLICK_VELOCITY,
                pan=0.0,
                offset_ns=0,
            )
            clicks.append(click)
        return self._place(at_ns, clicks, FELT, tempo_bpm)

    def _next_step_ns(self, at_ns: int, at_tick: int) -> int:
        """Find the next step of the grid if it is near enough to wait for, else now."""
        step = round(self._style.meter.ticks_per_step * self._pace.time_ratio)
        tick = -(-at_tick // step) * step
        if tick >= self._next_tick:
            return at_ns
        start_ns = self._clock.time_ns(tick)
        return start_ns if 0 <= start_ns - at_ns <= SOFT_GRID_NS else at_ns


def _last_ns(ticks: float, tempo_bpm: float) -> int:
    """Tell how long ticks last at a tempo."""
    return round(ticks / TICKS_PER_BEAT * 60.0 / tempo_bpm * NS_PER_S)
