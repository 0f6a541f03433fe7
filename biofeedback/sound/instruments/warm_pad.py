"""Pad: saws a few cents apart, slow and dark, others at each ear; swell opens it.

It is as wide as it gets, so a note's ``pan`` is not used. The width comes from slow vibrato: pyo's
Chorus reads one sample past its delay lines now and then, and whatever number lies there - NaN,
too - stays in its feedback.
"""

from __future__ import annotations

from typing import Any

from biofeedback.sound.instruments.voice import Instrument, VoiceSignals
from biofeedback.sound.pyo_library import pyo

_DETUNE = 1.0022
_VIBRATO_HZ = (0.37, 0.29)
_VIBRATO_DEPTH = 0.0035
_SECOND_SAW = 0.7


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    wave = pyo.SawTable(order=14, size=4096)
    amplitude = pyo.Port(signals.loudness, risetime=0.35, falltime=0.6)
    second_amplitude = amplitude * _SECOND_SAW
    opening = signals.brightness * 900.0 + signals.swell * 900.0 + 350.0
    gain = signals.swell * 0.7 + 0.55
    sides: list[Any] = []
    for detune, vibrato_hz in zip((_DETUNE, 1.0 / _DETUNE), _VIBRATO_HZ, strict=True):
        vibrato = pyo.Sine(vibrato_hz, mul=_VIBRATO_DEPTH, add=1.0)
        saws = [
            pyo.Osc(wave, signals.pitch_hz * detune, mul=amplitude),
            pyo.Osc(wave, signals.pitch_hz * vibrato, mul=second_amplitude),
        ]
        sides.append(pyo.ButLP(pyo.Mix(saws, voices=1), opening, mul=gain))
    return sides[0], sides[1]


WARM_PAD = Instrument(
    voices=7,
    one_shot=False,
    level_db=-25.7,
    reverb_ratio=0.35,
    default_pitch_midi=57,
    build=_build,
)
