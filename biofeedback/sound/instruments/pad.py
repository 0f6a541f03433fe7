"""Pad: two saws a few cents apart, one at each ear, slow and dark; swell opens it.

It is as wide as it gets, so a note's ``pan`` is not used.
"""

from __future__ import annotations

from typing import Any

from biofeedback.sound.instruments.voice import Instrument, VoiceSignals
from biofeedback.sound.pyo_library import pyo


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    wave = pyo.SawTable(order=14, size=4096)
    amplitude = pyo.Port(signals.loudness, risetime=0.35, falltime=0.6)
    at_left = pyo.Mix(pyo.Osc(wave, signals.pitch_hz * 1.0022, mul=amplitude), voices=1)
    at_right = pyo.Mix(pyo.Osc(wave, signals.pitch_hz * 0.9979, mul=amplitude), voices=1)
    opening = signals.brightness * 900.0 + signals.swell * 900.0 + 350.0
    gain = signals.swell * 0.7 + 0.55
    dark_left = pyo.ButLP(at_left, opening, mul=gain)
    dark_right = pyo.ButLP(at_right, opening, mul=gain)
    wide_left = pyo.Chorus(dark_left, depth=0.8, feedback=0.1, bal=0.4)
    wide_right = pyo.Chorus(dark_right, depth=1.0, feedback=0.1, bal=0.4)
    return wide_left, wide_right


PAD = Instrument(
    voices=7,
    one_shot=False,
    level_db=-20.0,
    reverb_ratio=0.35,
    default_pitch_midi=57,
    build=_build,
)
