"""Clarinet: odd partials (phase modulation 1:2) that open when it is played louder."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.pyo_library import pyo
from biofeedback.sound.timbre.envelopes import fall, shape
from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals, pan_voices
from biofeedback.sound.timbre.waves import modulate_phase, run_phase


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    amplitude = shape(signals, signals.loudness, rise_s=0.03, fall_s=0.07)
    settled = 1.0 - fall(signals, half_life_s=0.35)
    vibrato = pyo.Sine(4.3, mul=settled * 0.0018, add=1.0)
    pitch_hz = signals.pitch_hz * vibrato
    # high notes have few partials, as the instrument
    index = (signals.brightness * 1.0 + 0.6) * amplitude + 0.25
    tone = modulate_phase(
        carrier=run_phase(pitch_hz),
        modulator=run_phase(pitch_hz * 2.0),
        index=index,
        amplitude=amplitude,
    )
    warm = pyo.Tone(tone, freq=signals.pitch_hz * 2.0 + 900.0)
    return pan_voices(signals, warm)


CLARINET = Instrument(
    build=_build,
    level_db=-19.3,
    voices=6,
    ring_s=0.5,
    default_pitch_midi=65,
    range_midi=(50, 87),
    reverb_ratio=0.28,
    echo_ratio=0.05,
)
