"""The pyo server in manual mode: the instruments, the room, the bed, mixed to stereo.

One call renders one block. All that changes from outside goes over the control bus, so it is
heard in the block it was written for, at its frame.
"""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from biofeedback.errors import SoundError
from biofeedback.sound.control_bus import ControlBus
from biofeedback.sound.instruments import INSTRUMENTS
from biofeedback.sound.instruments.voice import VoiceSignals
from biofeedback.sound.pyo_library import pyo
from biofeedback.sound.scheduler import VoiceGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from biofeedback.messages import Layer
    from biofeedback.sound.instruments.voice import Instrument
    from biofeedback.sound.scheduler import VoiceStart

_BED_HZ = 65.41  # C2, the lowest root of the bed, until the music says where it is
_DARKEST_HZ = 1800.0
_BRIGHTEST_HZ = 14_000.0
_WARM_UP_S = 0.25  # pyo's server fades in when it starts


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """Where a layer's voices are told what to do."""

    columns: list[int]
    pitch_hz: Any
    pans: list[tuple[Any, Any]]


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
        """Begin again with a new server, fresh filters and silent voices (takes about 60 ms).

        The old server is never asked to process again, and all that it might read is kept.
        """
        self._discarded.append((self._server, self._bus, self._layers, self._mix, self._output))
        self._build()

    def render(self) -> NDArray[np.float64]:
        """Render the next block, shape (frames, 2)."""
        self._server.process()
        return self._output.astype(np.float64)

    def start_voice(self, layer: Layer, voice: int, *, offset: int, sound: VoiceStart) -> None:
        """Start a voice at frame ``offset`` of the next block.

        Loudness changes at that frame; pitch and place change with the block, so the tail of a
        stolen voice moves up to a block early.
        """
        if layer == "bass":
            self._root_hz = _BED_HZ * 2.0 ** (math.log2(sound.pitch_hz / _BED_HZ) % 1.0)
        parts = self._layers[layer]
        parts.pitch_hz[voice].setValue(sound.pitch_hz)
        for left, right in parts.pans:
            left[voice].setMul(sound.left)
            right[voice].setMul(sound.right)
        column = parts.columns[voice]
        # The trigger is a rise from zero: a voice that still sounds is let go for one sample.
        self._bus.set_from(column, offset, sound.loudness)
        self._bus.dip(column, offset)

    def end_voice(self, layer: Layer, voice: int, *, offset: int) -> None:
        """Let a voice end from frame ``offset`` of the next block on."""
        self._bus.set_from(self._layers[layer].columns[voice], offset, 0.0)

    def begin_block(self) -> None:
        """Start writing controls for the next block."""
        self._bus.begin_block()

    def steer(
        self,
        *,
        programme_ratio: float,
        bed_ratio: float,
        brightness: float,
        swell: float,
    ) -> None:
        """Glide to these values over the next block.

        ``programme_ratio`` and ``bed_ratio`` are amplitudes, the rest 0..1.
        """
        self._bus.ramp_to(self._programme, programme_ratio)
        self._bus.ramp_to(self._bed, bed_ratio)
        self._bus.ramp_to(self._brightness, brightness)
        self._bus.ramp_to(self._swell, swell)
        if (
            bed_ratio == 0.0 and self._root_hz != self._bed_root_hz
        ):  # the bed has the music's root, and never moves while it is heard
            self._bed_root_hz = self._root_hz
            self._bus.set_from(self._bed_pitch, 0, self._root_hz)
        cutoff_hz = _DARKEST_HZ * (_BRIGHTEST_HZ / _DARKEST_HZ) ** brightness
        if abs(cutoff_hz - self._cutoff_hz) > 1e-3 * self._cutoff_hz:
            self._cutoff_hz = cutoff_hz
            self._tone.freq = cutoff_hz

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

    def _add_controls(self) -> None:
        self._programme, self._bed = self._bus.add_columns(2, value=0.0)
        self._brightness, self._swell = self._bus.add_columns(2, value=0.5)
        (self._bed_pitch,) = self._bus.add_columns(1, value=_BED_HZ)
        self._cutoff_hz = 5000.0
        self._bed_root_hz = _BED_HZ

    def _build_mix(self) -> list[Any]:
        """Build all that sounds; return what must outlive the call."""
        brightness = self._bus.read([self._brightness])
        swell = self._bus.read([self._swell])
        programme = self._bus.read([self._programme])
        lefts: list[Any] = []
        rights: list[Any] = []
        sends: list[Any] = []
        for layer, instrument in self._orchestra.items():
            count = instrument.voices
            columns = self._bus.add_columns(count, value=0.0)
            loudness = self._bus.read(columns)
            pitch_hz = pyo.Sig([220.0] * count)
            signals = VoiceSignals(
                voices=count,
                loudness=loudness,
                trigger=pyo.Thresh(loudness, threshold=1e-6),
                pitch_hz=pitch_hz,
                brightness=brightness,
                swell=swell,
                rate_hz=self.rate_hz,
            )
            at_left, at_right = instrument.build(signals)
            level = 10.0 ** (instrument.level_db / 20.0)
            lefts.append(at_left * level)
            rights.append(at_right * level)
            sends.append((at_left + at_right) * (0.5 * level * instrument.reverb_ratio))
            self._layers[layer] = _Layer(columns=columns, pitch_hz=pitch_hz, pans=signals.pans)
            self.groups[layer] = VoiceGroup(
                voices=count,
                one_shot=instrument.one_shot,
                default_pitch_midi=instrument.default_pitch_midi,
            )
        room = pyo.STRev(pyo.Mix(sends, voices=1), revtime=1.6, cutoff=4200, bal=1.0, roomSize=1.1)
        dry = pyo.Mix([pyo.Mix(lefts, voices=1), pyo.Mix(rights, voices=1)], voices=2)
        # frequency modulation 1:1 makes a constant beside the tone
        mixed = pyo.DCBlock(dry + room)
        self._tone = pyo.ButLP(mixed, freq=self._cutoff_hz, mul=programme)
        bed = self._build_bed()
        output = self._tone + bed
        output.out()
        return [lefts, rights, sends, dry, mixed, bed, output]

    def _build_bed(self) -> Any:
        """A root, its fifth and its octave that breathe slowly: what is left when nobody leads."""
        pitch_hz = self._bus.read([self._bed_pitch])
        gain = self._bus.read([self._bed])
        wave = pyo.HarmTable([1.0, 0.35, 0.15, 0.05])
        breath = pyo.Sine(0.1, mul=0.2, add=0.8)
        sides: list[Any] = []
        for detune in (0.9985, 1.0015):
            voices = [
                pyo.Osc(wave, pitch_hz * (ratio * detune), mul=level)
                for ratio, level in ((1.0, 0.10), (1.5, 0.05), (2.0, 0.06), (3.0, 0.02))
            ]
            sides.append(pyo.Mix(voices, voices=1) * breath * gain)
        return pyo.Mix(sides, voices=2)

    def _view_output(self) -> NDArray[np.float32]:
        address = int(self._server.getOutputAddr(), 16)
        pointer = ctypes.cast(address, ctypes.POINTER(ctypes.c_float))
        return np.ctypeslib.as_array(pointer, (self.frames * 2,)).reshape(self.frames, 2)
