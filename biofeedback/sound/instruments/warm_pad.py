"""Warm pad: saws a few cents apart, slow and dark, others at each ear; the swell opens it.

It is as wide as it gets, so a note's ``pan`` is not used.
"""

from __future__ import annotations

from typing import Any

from biofeedback.sound.pyo_library import add_up, pyo
from biofeedback.sound.timbre.envelopes import shape
from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.waves import play_wave

_DETUNE = 1.0016
_VIBRATO_HZ = (0.37, 0.29)
_VIBRATO_DEPTH = 0.0022
_SECOND_SAW = 0.7


def _saw(k: int) -> float:
    return 1.0 / k


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    amplitude = shape(signals, signals.loudness, rise_s=0.35, fall_s=0.6)
    second_amplitude = amplitude * _SECOND_SAW
    opening = (signals.brightness * 1100.0 + 500.0) * signals.breath
    sides: list[Any] = []
    for detune, vibrato_hz in zip((_DETUNE, 1.0 / _DETUNE), _VIBRATO_HZ, strict=True):
        vibrato = pyo.Sine(vibrato_hz, mul=_VIBRATO_DEPTH, add=1.0)
        saws = [
            play_wave(signals, _saw, pitch_hz=signals.pitch_hz * detune, amplitude=amplitude),
            play_wave(
                signals, _saw, pitch_hz=signals.pitch_hz * vibrato, amplitude=second_amplitude
            ),
        ]
        sides.append(pyo.ButLP(add_up(*saws), freq=opening))
    return sides[0], sides[1]


WARM_PAD = Instrument(
    build=_build,
    level_db=-27.8,
    voices=10,
    ring_s=4.0,
    default_pitch_midi=57,
    range_midi=(40, 84),
    reverb_ratio=0.35,
    breathes=1.0,
)
