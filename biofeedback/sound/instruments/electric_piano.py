"""Chords: an electric piano, a soft tone with a short bell in its attack."""

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
    amplitude = shape_amplitude(signals, half_life_s=0.8, floor=0.2, rise_s=0.004, fall_s=0.12)
    index = exponential_decay(
        signals,
        half_life_s=0.25,
        floor=0.3,
        gain=signals.brightness * 1.4 + 0.5,
    )
    # carrier to modulator 1:1 is the body of an electric piano; the index gives the bell
    voices = modulate_frequency(
        carrier_hz=signals.pitch_hz, ratio=1.0, index=index, amplitude=amplitude
    )
    return pan_voices(signals, voices)


ELECTRIC_PIANO = Instrument(
    voices=6,
    one_shot=False,
    level_db=-20.0,
    reverb_ratio=0.25,
    default_pitch_midi=60,
    build=_build,
)
