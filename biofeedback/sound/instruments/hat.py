"""Hat: short high noise; each stroke is a little different."""

from __future__ import annotations

from typing import Any

import numpy as np

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.noise import count_times, fade_ends, filter_noise, make_noise
from biofeedback.sound.timbre.zones import Zone, play_strokes


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    t = count_times(0.18, rate_hz=rate_hz)
    strokes: list[np.ndarray[Any, np.dtype[np.float64]]] = []
    for number, seed in enumerate((20, 21, 22, 23)):
        noise = make_noise(len(t), seed=seed)
        noise = filter_noise(noise, rate_hz=rate_hz, low_hz=5500.0, high_hz=12_000.0)
        decay_s = 0.028 * (1.0 + 0.12 * (number % 3 - 1))
        strokes.append(fade_ends(noise * np.exp(-t / decay_s), rate_hz=rate_hz))
    return (Zone(80, tuple(strokes)),)


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones, soft_hz=5000.0, hard_hz=16_000.0)


HAT = Instrument(
    build=_build,
    level_db=6.3,
    voices=7,
    tuned=False,
    one_shot=True,
    ring_s=0.18,
    default_pitch_midi=80,
    range_midi=(80, 80),
    reverb_ratio=0.08,
)
