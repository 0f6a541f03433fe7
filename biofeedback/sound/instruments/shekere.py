"""Shekere: beads on a gourd: a rattle, and under it the hollow body when it is struck (36)."""

from __future__ import annotations

from typing import Any

import numpy as np

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.modes import ring_modes
from biofeedback.sound.timbre.noise import count_times, fade_ends, filter_noise, make_noise
from biofeedback.sound.timbre.zones import Zone, play_strokes

_SECONDS = 0.35


def _make_stroke(rate_hz: int, *, seed: int, body: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    t = count_times(_SECONDS, rate_hz=rate_hz)
    beads = make_noise(len(t), seed=seed) * np.abs(make_noise(len(t), seed=seed + 100)) ** 4
    beads = filter_noise(beads, rate_hz=rate_hz, low_hz=2200.0, high_hz=7000.0)
    beads *= (1.0 - np.exp(-t / 0.004)) * (0.7 * np.exp(-t / 0.03) + 0.3 * np.exp(-t / 0.08))
    gourd = ring_modes(
        [96.0, 214.0, 395.0],
        [1.0, 0.5, 0.2],
        [0.05, 0.03, 0.015],
        seconds=_SECONDS,
        rate_hz=rate_hz,
    )
    return fade_ends(beads + 0.3 * body * gourd, rate_hz=rate_hz, first_s=0.001)


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    return (
        Zone(36, (_make_stroke(rate_hz, seed=61, body=1.0),)),
        Zone(60, tuple(_make_stroke(rate_hz, seed=seed, body=0.1) for seed in (62, 63, 64))),
    )


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones, soft_hz=2500.0, hard_hz=12_000.0)


SHEKERE = Instrument(
    build=_build,
    level_db=-0.1,
    voices=6,
    tuned=False,
    one_shot=True,
    ring_s=_SECONDS,
    default_pitch_midi=60,
    range_midi=(36, 60),
    reverb_ratio=0.12,
)
