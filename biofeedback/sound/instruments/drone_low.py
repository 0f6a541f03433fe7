"""Low drone: a root that is thick and still, with partials that drift through it."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.pyo_library import pyo
from biofeedback.sound.timbre.envelopes import shape
from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals, pan_voices
from biofeedback.sound.timbre.waves import play_wave


def _thick(k: int) -> float:
    return 1.0 / k**1.2


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    amplitude = shape(signals, signals.loudness, rise_s=0.7, fall_s=1.0)
    first = play_wave(signals, _thick, pitch_hz=signals.pitch_hz * 1.0007, amplitude=amplitude)
    second = play_wave(signals, _thick, pitch_hz=signals.pitch_hz * 0.9993, amplitude=amplitude)
    drift = pyo.Sine(0.07, mul=0.3, add=1.0)
    edge_hz = signals.pitch_hz * 2.5 + (signals.brightness * 700.0 + 150.0) * drift
    return pan_voices(signals, pyo.ButLP(first + second, freq=edge_hz))


DRONE_LOW = Instrument(
    build=_build,
    level_db=-19.2,
    voices=5,
    ring_s=6.0,
    default_pitch_midi=38,
    range_midi=(28, 52),
    reverb_ratio=0.2,
    breathes=0.5,
)
