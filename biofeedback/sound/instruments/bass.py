"""Bass: a round tone with a bite at its start (frequency modulation 1:1), and its sub."""

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
    amplitude = shape_amplitude(signals, half_life_s=0.5, floor=0.45, rise_s=0.0012, fall_s=0.05)
    index = exponential_decay(
        signals,
        half_life_s=0.07,
        floor=0.25,
        gain=signals.brightness * 2.0 + 0.8,
    )
    tone = modulate_frequency(
        carrier_hz=signals.pitch_hz, ratio=1.0, index=index, amplitude=amplitude
    )
    sub = pyo.Sine(signals.pitch_hz, mul=amplitude)
    return pan_voices(signals, tone * 0.6 + sub * 0.5)


BASS = Instrument(
    voices=2,
    one_shot=False,
    level_db=-12.0,
    reverb_ratio=0.02,
    default_pitch_midi=38,
    build=_build,
)
