"""Shaker: grains that slide, then hit the wall: a soft rise and a short fall."""

from __future__ import annotations

from typing import Any

import numpy as np

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.noise import count_times, fade_ends, filter_noise, make_noise
from biofeedback.sound.timbre.zones import Zone, play_strokes


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    t = count_times(0.16, rate_hz=rate_hz)
    strokes: list[np.ndarray[Any, np.dtype[np.float64]]] = []
    for number, seed in enumerate((41, 42, 43, 44)):
        grains = make_noise(len(t), seed=seed) * np.abs(make_noise(len(t), seed=seed + 100)) ** 3
        grains = filter_noise(grains, rate_hz=rate_hz, low_hz=4200.0, high_hz=9500.0)
        rise_s = 0.008 + 0.001 * (number % 2)
        shape = (1.0 - np.exp(-((t / rise_s) ** 2))) * np.exp(-t / 0.026)
        strokes.append(fade_ends(grains * shape, rate_hz=rate_hz))
    return (Zone(82, tuple(strokes)),)


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones, soft_hz=4500.0, hard_hz=14_000.0)


SHAKER = Instrument(
    build=_build,
    level_db=3.4,
    voices=7,
    tuned=False,
    one_shot=True,
    ring_s=0.16,
    default_pitch_midi=82,
    range_midi=(82, 82),
    reverb_ratio=0.1,
)
