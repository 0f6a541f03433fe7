"""Accent: a marimba bar, its tone and the knock two octaves above."""

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


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    amplitude = shape_amplitude(signals, half_life_s=0.16, floor=0.0, rise_s=0.001, fall_s=0.03)
    knock = exponential_decay(signals, half_life_s=0.03, floor=0.0, gain=0.9)
    # bars of a marimba are tuned so that the first overtone is two octaves above
    voices = modulate_frequency(
        carrier_hz=signals.pitch_hz, ratio=4.0, index=knock, amplitude=amplitude
    )
    return pan_voices(signals, voices)


BELL = Instrument(
    voices=3,
    one_shot=True,
    level_db=-14.0,
    reverb_ratio=0.3,
    default_pitch_midi=76,
    build=_build,
)
