"""Tambourine: small jingles, each pair with tones of its own, shaken softly."""

from __future__ import annotations

from typing import Any

import numpy as np

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.modes import ring_modes
from biofeedback.sound.timbre.noise import count_times, fade_ends, filter_noise, make_noise
from biofeedback.sound.timbre.zones import Zone, play_strokes

_SECONDS = 0.3


def _make_stroke(rate_hz: int, *, seed: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    random = np.random.default_rng(seed)
    t = count_times(_SECONDS, rate_hz=rate_hz)
    stroke = 0.5 * filter_noise(
        make_noise(len(t), seed=seed), rate_hz=rate_hz, low_hz=4500.0, high_hz=9500.0
    )
    stroke *= np.exp(-t / 0.035)
    for pair in range(5):
        hz = random.uniform(3800.0, 8200.0, 5)
        rung = ring_modes(
            hz,
            random.uniform(0.4, 1.0, 5) * (4500.0 / hz),
            random.uniform(0.015, 0.045, 5),
            seconds=_SECONDS,
            rate_hz=rate_hz,
        )
        late = round(rate_hz * 0.004 * pair)  # jingles touch one after the other
        stroke[late:] += 0.12 * rung[: len(rung) - late]
    return fade_ends(stroke, rate_hz=rate_hz, first_s=0.001)


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    return (Zone(84, tuple(_make_stroke(rate_hz, seed=seed) for seed in (51, 52, 53))),)


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones, soft_hz=4500.0, hard_hz=14_000.0)


TAMBOURINE = Instrument(
    build=_build,
    level_db=1.5,
    voices=6,
    tuned=False,
    one_shot=True,
    ring_s=_SECONDS,
    default_pitch_midi=84,
    range_midi=(84, 84),
    reverb_ratio=0.15,
)
