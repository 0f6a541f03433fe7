"""Lead: two saws a few cents apart behind a filter that opens and closes: clear, never sharp."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.pyo_library import pyo
from biofeedback.sound.timbre.envelopes import fall, strike
from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals, pan_voices
from biofeedback.sound.timbre.waves import play_wave

_APART = 1.0016
_SECOND = 0.55  # two equal ones would cancel each other again and again


def _saw(k: int) -> float:
    return 1.0 / k


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    amplitude = strike(signals, half_life_s=0.8, floor=0.6, rise_s=0.006, fall_s=0.1)
    settled = 1.0 - fall(signals, half_life_s=0.3)
    vibrato = pyo.Sine(5.1, mul=settled * 0.0025, add=1.0)
    pitch_hz = signals.pitch_hz * vibrato
    saws = play_wave(signals, _saw, pitch_hz=pitch_hz * _APART, amplitude=amplitude)
    second = play_wave(
        signals, _saw, pitch_hz=pitch_hz * (1.0 / _APART), amplitude=amplitude * _SECOND
    )
    opening = fall(signals, half_life_s=0.18, floor=0.35, gain=signals.velocity)
    edge_hz = signals.pitch_hz * 1.5 + (signals.brightness * 4200.0 + 900.0) * opening + 250.0
    return pan_voices(signals, pyo.ButLP(saws + second, freq=edge_hz))


LEAD = Instrument(
    build=_build,
    level_db=-19.3,
    voices=6,
    ring_s=0.7,
    default_pitch_midi=72,
    range_midi=(52, 88),
    reverb_ratio=0.25,
    echo_ratio=0.15,
    chorus_ratio=0.25,
)
