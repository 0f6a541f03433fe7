"""Flute: a soft tone with breath in it; the vibrato comes when a note has settled."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.pyo_library import pyo
from biofeedback.sound.timbre.envelopes import fall, shape
from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals, pan_voices
from biofeedback.sound.timbre.noise import filter_noise, make_pink_loop
from biofeedback.sound.timbre.waves import play_loop, play_wave

_BREATH_S = 3.0


def _partials(k: int) -> float:
    return (1.0, 0.5, 0.22, 0.1, 0.05, 0.025)[k - 1] if k <= 6 else 0.0


def _make_breath(rate_hz: int) -> Any:
    loop = make_pink_loop(round(_BREATH_S * rate_hz), seed=81, slope_db_per_octave=-3.0)
    return filter_noise(loop, rate_hz=rate_hz, low_hz=900.0, high_hz=4500.0, is_loop=True)


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    amplitude = shape(signals, signals.loudness, rise_s=0.035, fall_s=0.09)
    settled = 1.0 - fall(signals, half_life_s=0.25)
    vibrato = pyo.Sine(4.7, mul=settled * 0.0035, add=1.0)
    tone = play_wave(signals, _partials, pitch_hz=signals.pitch_hz * vibrato, amplitude=amplitude)
    # louder is brighter
    edge_hz = (signals.brightness * 1800.0 + 500.0) * amplitude + signals.pitch_hz
    tone = pyo.Tone(tone, freq=edge_hz)
    chiff = fall(signals, half_life_s=0.04, floor=0.18, gain=amplitude)
    breath = play_loop(_make_breath, signals.rate_hz) * (chiff * 0.09)
    return pan_voices(signals, tone + breath)


FLUTE = Instrument(
    build=_build,
    level_db=-16.3,
    voices=6,
    ring_s=0.6,
    default_pitch_midi=72,
    range_midi=(55, 93),
    reverb_ratio=0.35,
    echo_ratio=0.08,
)
