"""Melody: a soft flute-like lead with a slow vibrato that settles into each note."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.instruments.voice import (
    Instrument,
    VoiceSignals,
    exponential_decay,
    modulate_frequency,
    pan_voices,
    shape_amplitude,
)
from biofeedback.sound.pyo_library import pyo


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    amplitude = shape_amplitude(signals, half_life_s=0.6, floor=0.35, rise_s=0.008, fall_s=0.15)
    index = exponential_decay(
        signals,
        half_life_s=0.15,
        floor=0.3,
        gain=signals.brightness * 0.9 + 0.35,
    )
    vibrato = pyo.Sine(4.7, mul=0.0025, add=1.0)
    voices = modulate_frequency(
        carrier_hz=signals.pitch_hz * vibrato, ratio=2.0, index=index, amplitude=amplitude
    )
    return pan_voices(signals, voices)


FLUTE = Instrument(
    voices=3,
    one_shot=False,
    level_db=-17.0,
    reverb_ratio=0.35,
    default_pitch_midi=72,
    build=_build,
)
