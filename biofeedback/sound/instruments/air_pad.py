"""Air pad: sines with breath around them; the lightest of the pads."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.pyo_library import add_up, pyo
from biofeedback.sound.timbre.envelopes import shape
from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.noise import filter_noise, make_pink_loop
from biofeedback.sound.timbre.waves import play_loop, play_wave

_BREATH_S = 5.0


def _partials(k: int) -> float:
    return (1.0, 0.3, 0.16, 0.1, 0.02, 0.04)[k - 1] if k <= 6 else 0.0


def _make_breath(rate_hz: int) -> Any:
    loop = make_pink_loop(round(_BREATH_S * rate_hz), seed=91, slope_db_per_octave=-3.0)
    return filter_noise(loop, rate_hz=rate_hz, low_hz=1200.0, high_hz=5000.0, is_loop=True)


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    amplitude = shape(signals, signals.loudness, rise_s=0.5, fall_s=0.8)
    breath = play_loop(_make_breath, signals.rate_hz) * (
        add_up(amplitude) * (signals.brightness * 0.05 + 0.015) * signals.breath
    )
    sides: list[Any] = []
    for detune, drift_hz in ((1.0011, 0.19), (0.9989, 0.23)):
        shimmer = pyo.Sine(drift_hz, mul=0.25, add=0.75)
        tone = play_wave(
            signals, _partials, pitch_hz=signals.pitch_hz * detune, amplitude=amplitude
        )
        octave = play_wave(
            signals,
            _partials,
            pitch_hz=signals.pitch_hz * (2.0 / detune),
            amplitude=amplitude * shimmer * 0.3,
        )
        mixed = add_up(tone) + add_up(octave)
        edge_hz = (signals.brightness * 2500.0 + 900.0) * signals.breath
        sides.append(pyo.Tone(mixed, freq=edge_hz) + breath)
    return sides[0], sides[1]


AIR_PAD = Instrument(
    build=_build,
    level_db=-24.1,
    voices=10,
    ring_s=5.5,
    default_pitch_midi=64,
    range_midi=(48, 88),
    reverb_ratio=0.5,
    chorus_ratio=0.2,
    breathes=1.0,
)
