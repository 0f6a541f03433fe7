"""The pyo server in manual mode: the instruments, the room, the bed, mixed to stereo.

A voice that is silent rests: what makes its sound isn't computed until its next note. One call
renders one block. All that changes from outside goes over the control bus, so it is
heard in the block it was written for, at its frame.
"""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from biofeedback.errors import SoundError
from biofeedback.sound.control_bus import ControlBus
from biofeedback.sound.effects import add_chorus, add_echo, add_room
from biofeedback.sound.instruments import INSTRUMENTS
from biofeedback.sound.place import balance
from biofeedback.sound.pyo_library import add_up, drop_ends, pyo
from biofeedback.sound.scheduler import CUT_MS, VoiceGroup
from biofeedback.sound.steering import count_steer_frames
from biofeedback.sound.timbre.instrument import VoiceSignals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from biofeedback.messages import Layer
    from biofeedback.sound.scheduler import VoiceStart
    from biofeedback.sound.steering import Steered
    from biofeedback.sound.timbre.instrument import Instrument

_BED_HZ = 65.41  # C2, the lowest root of the bed, until the music says where it is
_DARKEST_HZ = 1800.0
_BRIGHTEST_HZ = 14_000.0
_WARM_UP_S = 0.25  # pyo's server fades in when it starts
_PROGRAMME_BREATHES = 0.2  # of the swell, beside what the layers do
_PART = "part_"


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """Where a layer's voices are told what to do.

    ``parts`` are pyo's objects that work for one voice alone, for each voice; those of the voices
    ``resting`` aren't computed.
    """

    instrument: Instrument
    columns: list[int]
    pitch_hz: Any
    velocity: Any
    pans: list[tuple[list[Any], list[Any]]]
    on_start: list[Callable[[int, VoiceStart], None]]
    on_cut: list[Callable[[int], None]]
    release_frames: int | None
    parts: list[tuple[Any, ...]]
    resting: set[int]

    def wake(self, voice: int) -> None:
        """Compute a voice again."""
        if voice in self.resting:
            self.resting.discard(voice)
            for part in self.parts[voice]:
                part.play()

    def rest(self, voice: int) -> None:
        """Leave a voice out until it is woken; what it was doing stops where it is."""
        if voice not in self.resting:
            self.resting.add(voice)
            for part in self.parts[voice]:
                part.stop()

    def gain_at(self, pitch_midi: float) -> float:
        """Return the amplitude that makes high and low notes equally loud."""
        octaves = (pitch_midi - self.instrument.default_pitch_midi) / 12.0
        return 10.0 ** (self.instrument.keyboard_db_per_octave * octaves / 20.0)


class Synthesis:
    """All that sounds, before levels and limiter."""

    def __init__(self, orchestra: Mapping[Layer, str], *, rate_hz: int, frames: int) -> None:
        """Boot a server with one group of voices for each layer of the orchestra.

        Raises:
            SoundError: There is no instrument of that name.
        """
        unknown = sorted(set(orchestra.values()) - INSTRUMENTS.keys())
        if unknown:
            raise SoundError(
                f"there is no instrument '{unknown[0]}'. Known: {', '.join(sorted(INSTRUMENTS))}."
            )
        self._orchestra: dict[Layer, Instrument] = {
            layer: INSTRUMENTS[name] for layer, name in orchestra.items()
        }
        self.rate_hz = rate_hz
        self.frames = frames
        self.groups: dict[Layer, VoiceGroup] = {}
        self._root_hz = _BED_HZ
        self._discarded: list[Any] = []
        self._build()

    def rebuild(self) -> None:
        """Begin again with a new server, fresh filters and silent voices.

        The old server is never asked to process again, and all that it might read is kept.
        """
        self._discarded.append((self._server, self._bus, self._layers, self._mix, self._output))
        self._build()

    def render(self) -> NDArray[np.float64]:
        """Render the next block, shape (frames, 2), each channel in one piece (order "F")."""
        self._server.process()
        return self._output.astype(np.float64, order="F")

    def start_voice(self, layer: Layer, voice: int, *, offset: int, sound: VoiceStart) -> None:
        """Start a voice at frame ``offset`` of the next block.

        Loudness changes at that frame; pitch and place change with the block, so the tail of a
        stolen voice moves up to a block early.
        """
        if layer == "bass":
            self._root_hz = _BED_HZ * 2.0 ** (math.log2(sound.pitch_hz / _BED_HZ) % 1.0)
        parts = self._layers[layer]
        parts.wake(voice)
        parts.pitch_hz[voice].setValue(sound.pitch_hz)
        parts.velocity[voice].setValue(sound.loudness)
        for left, right in parts.pans:
            gain = parts.gain_at(sound.pitch_midi)
            left[voice].setMul(sound.left * gain)
            right[voice].setMul(sound.right * gain)
        for prepare in parts.on_start:
            prepare(voice, sound)
        column = parts.columns[voice]
        # The trigger is a rise from zero: a voice that still sounds is let go for one sample.
        self._bus.set_from(column, offset, sound.loudness)
        self._bus.dip(column, offset)

    def end_voice(self, layer: Layer, voice: int, *, offset: int) -> None:
        """Let a voice end from frame ``offset`` of the next block on."""
        parts = self._layers[layer]
        if parts.release_frames is None:
            self._bus.set_from(parts.columns[voice], offset, 0.0)
        else:
            self._bus.fade_from(parts.columns[voice], offset, frames=parts.release_frames)

    def cut_voice(self, layer: Layer, voice: int, *, offset: int) -> None:
        """Let a voice fade within milliseconds from frame ``offset`` of the next block on."""
        parts = self._layers[layer]
        for hurry in parts.on_cut:
            hurry(voice)
        frames = CUT_MS * self.rate_hz // 1000
        self._bus.fade_from(parts.columns[voice], offset, frames=frames)

    def rest_voice(self, layer: Layer, voice: int) -> None:
        """Let a silent voice rest until its next note."""
        self._layers[layer].rest(voice)

    def begin_block(self) -> None:
        """Start writing controls for the next block."""
        self._bus.begin_block()

    def steer(self, steered: Steered, *, programme_ratio: float, bed_ratio: float) -> None:
        """Glide to these values until it is steered again; the ratios are amplitudes."""
        swell = 10.0 ** (steered.swell_db / 20.0)
        for share, breath in self._breaths.items():
            breath[0].setValue(swell**share)
        self._programme[0].setValue(programme_ratio * swell**_PROGRAMME_BREATHES)
        self._bed[0].setValue(bed_ratio)
        self._brightness[0].setValue(steered.brightness)
        cutoff_hz = _DARKEST_HZ * (_BRIGHTEST_HZ / _DARKEST_HZ) ** steered.brightness
        self._cutoff_hz[0].setValue(cutoff_hz)
        for layer, ears in self._ears.items():
            level, place = steered.parts[int(layer.removeprefix(_PART)) - 1]
            for ear, amplitude in zip(ears, balance(place), strict=True):
                ear[0].setValue(level * amplitude)
        if (
            bed_ratio == 0.0 and self._root_hz != self._bed_root_hz
        ):  # the bed has the music's root, and never moves while it is heard
            self._bed_root_hz = self._root_hz
            self._bus.set_from(self._bed_pitch, 0, self._root_hz)

    def _build(self) -> None:
        self._server: Any = pyo.Server(
            sr=self.rate_hz, nchnls=2, buffersize=self.frames, duplex=0, audio="manual"
        )
        self._server.setServer()  # new objects belong to the newest server
        self._server.setVerbosity(1)
        self._server.setGlobalSeed(1)
        self._server.boot()
        self._bus = ControlBus(rate_hz=self.rate_hz, frames=self.frames)
        self._layers: dict[Layer, _Layer] = {}
        self._add_controls()
        self._mix = self._build_mix()
        self._server.start()
        self._output = self._view_output()
        for _ in range(round(_WARM_UP_S * self.rate_hz / self.frames)):
            self._server.process()
        for layer, group in self.groups.items():
            for voice in range(group.voices):
                self.rest_voice(layer, voice)

    def _add_controls(self) -> None:
        self._programme, self._bed = self._add_glide(0.0), self._add_glide(0.0)
        self._brightness = self._add_glide(0.5)
        self._cutoff_hz = self._add_glide(5000.0)
        (self._bed_pitch,) = self._bus.add_columns(1, value=_BED_HZ)
        shares = {instrument.breathes for instrument in self._orchestra.values()} | {1.0}
        self._breaths = {share: self._add_glide(1.0) for share in sorted(shares)}
        self._ears: dict[Layer, tuple[Any, Any]] = {}
        self._bed_root_hz = _BED_HZ

    def _add_glide(self, value: float) -> Any:
        """Return a signal that takes from one steering to the next to get to a value."""
        seconds = count_steer_frames(self.frames) / self.rate_hz
        return pyo.SigTo(value, time=seconds, init=value)

    def _build_mix(self) -> list[Any]:
        """Build all that sounds; return what must outlive the call."""
        lefts: list[Any] = []
        rights: list[Any] = []
        to_room: list[Any] = []
        to_echo: list[Any] = []
        to_chorus: list[Any] = []
        for layer, instrument in self._orchestra.items():
            left, right = self._build_layer(
                layer, instrument, brightness=self._brightness, breath=self._breaths[1.0]
            )
            if instrument.breathes:
                breath = self._breaths[instrument.breathes]
                left, right = left * breath, right * breath
            lefts.append(left)
            rights.append(right)
            middle = left + right
            for sends, ratio in (
                (to_room, instrument.reverb_ratio),
                (to_echo, instrument.echo_ratio),
                (to_chorus, instrument.chorus_ratio),
            ):
                if ratio:
                    sends.append(middle * (0.5 * ratio))
        room = partial(add_room, rate_hz=self.rate_hz)
        for sends, effect in ((to_echo, add_echo), (to_chorus, add_chorus), (to_room, room)):
            if sends:
                left, right = effect(add_up(*sends))
                lefts.append(left)
                rights.append(right)
        ears = pyo.Mix([add_up(*lefts), add_up(*rights)], voices=2)
        mixed = pyo.DCBlock(ears)
        tone = pyo.ButLP(mixed, freq=self._cutoff_hz, mul=self._programme)
        output = tone + self._build_bed()
        output.out()
        return [lefts, rights, to_room, to_echo, to_chorus, ears, mixed, tone, output]

    def _build_layer(
        self, layer: Layer, instrument: Instrument, *, brightness: Any, breath: Any
    ) -> tuple[Any, Any]:
        """Build the voices of a layer, its level and, of a part, its place."""
        count = instrument.voices
        made = len(pyo.signals)
        columns = self._bus.add_columns(count, value=0.0)
        loudness = self._bus.read(columns) if count else None
        pitch_hz = pyo.Sig([220.0] * count) if count else None
        velocity = pyo.Sig([0.0] * count) if count else None
        signals = VoiceSignals(
            voices=count,
            loudness=loudness,
            trigger=pyo.Thresh(loudness, threshold=1e-6) if count else None,
            pitch_hz=pitch_hz,
            velocity=velocity,
            brightness=brightness,
            breath=breath,
            rate_hz=self.rate_hz,
        )
        left, right = instrument.build(signals)
        own = [signal for signal in drop_ends(pyo.signals[made:]) if len(signal) == count]
        level = 10.0 ** (instrument.level_db / 20.0)
        left, right = left * level, right * level
        if layer.startswith(_PART):
            ears = self._add_glide(1.0), self._add_glide(1.0)
            left, right = left * ears[0], right * ears[1]
            self._ears[layer] = ears
        release_s = instrument.release_s
        self._layers[layer] = _Layer(
            instrument=instrument,
            columns=columns,
            pitch_hz=pitch_hz,
            velocity=velocity,
            pans=signals.pans,
            on_start=signals.on_start,
            on_cut=signals.on_cut,
            release_frames=None if release_s is None else round(release_s * self.rate_hz),
            parts=list(zip(*(signal.getBaseObjects() for signal in own), strict=True)),
            resting=set(),
        )
        if count:
            self.groups[layer] = VoiceGroup(
                voices=count,
                reserve=instrument.reserve,
                one_shot=instrument.one_shot,
                ring_s=instrument.ring_s,
                default_pitch_midi=instrument.default_pitch_midi,
            )
        return left, right

    def _build_bed(self) -> Any:
        """A root, its fifth and its octave that breathe slowly: what is left when nobody leads."""
        pitch_hz = self._bus.read([self._bed_pitch])
        wave = pyo.HarmTable([1.0, 0.35, 0.15, 0.05])
        breath = pyo.Sine(0.1, mul=0.2, add=0.8)
        sides: list[Any] = []
        for detune in (0.9985, 1.0015):
            voices = [
                pyo.Osc(wave, pitch_hz * (ratio * detune), mul=level)
                for ratio, level in ((1.0, 0.10), (1.5, 0.05), (2.0, 0.06), (3.0, 0.02))
            ]
            sides.append(add_up(*voices) * breath * self._bed)
        return pyo.Mix(sides, voices=2)

    def _view_output(self) -> NDArray[np.float32]:
        address = int(self._server.getOutputAddr(), 16)
        pointer = ctypes.cast(address, ctypes.POINTER(ctypes.c_float))
        return np.ctypeslib.as_array(pointer, (self.frames * 2,)).reshape(self.frames, 2)
