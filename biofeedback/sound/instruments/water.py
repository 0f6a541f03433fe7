"""Water: a brook, thousands of small bubbles. It has no notes; the swell raises and opens it.

References:
    van den Doel (2005), Physically based models for liquid sounds, ACM TAP 2(4): a bubble is a
    decaying sine whose pitch rises.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from biofeedback.sound.pyo_library import pyo
from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.noise import filter_noise, make_pink_loop
from biofeedback.sound.timbre.waves import play_loop

_SECONDS = (9.7, 11.9)
_BUBBLES_PER_S = 160
_RADIUS_M = (0.0016, 0.0062)
_LONGEST_S = 0.08


def _make_brook(
    rate_hz: int, *, seconds: float, seed: int
) -> np.ndarray[Any, np.dtype[np.float64]]:
    random = np.random.default_rng(seed)
    frames = round(seconds * rate_hz)
    brook = np.zeros(frames)
    t = np.arange(round(_LONGEST_S * rate_hz)) / rate_hz
    low, high = _RADIUS_M
    for _ in range(round(_BUBBLES_PER_S * seconds)):
        radius_m = low * (high / low) ** random.random()
        hz = 3.0 / radius_m
        damping = 0.13 / radius_m + 0.0072 * radius_m**-1.5
        rise = random.uniform(0.0, 0.12) * damping
        shape = np.exp(-damping * t) * (1.0 - np.exp(-t / 0.0015))
        bubble = np.sin(2.0 * np.pi * hz * (t + 0.5 * rise * t * t)) * shape
        loudness = (radius_m / high) ** 1.2 * random.uniform(0.15, 1.0)
        at = int(random.integers(frames))
        take = min(len(t), frames - at)
        brook[at : at + take] += loudness * bubble[:take]
        brook[: len(t) - take] += loudness * bubble[take:]
    stream = make_pink_loop(frames, seed=seed + 50, slope_db_per_octave=-3.0)
    stream = filter_noise(stream, rate_hz=rate_hz, low_hz=350.0, high_hz=2400.0, is_loop=True)
    return brook + 0.12 * stream


def _make_left(rate_hz: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return _make_brook(rate_hz, seconds=_SECONDS[0], seed=111)


def _make_right(rate_hz: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return _make_brook(rate_hz, seconds=_SECONDS[1], seed=112)


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    first = play_loop(_make_left, signals.rate_hz)
    second = play_loop(_make_right, signals.rate_hz)
    edge_hz = signals.breath * (signals.brightness * 2500.0 + 1600.0)
    left = pyo.ButLP(first + second * 0.35, freq=edge_hz)
    right = pyo.ButLP(second + first * 0.35, freq=edge_hz)
    return left, right


WATER = Instrument(
    build=_build,
    level_db=-25.4,
    voices=0,
    tuned=False,
    ring_s=0.0,
    default_pitch_midi=60,
    range_midi=(60, 60),
    reverb_ratio=0.12,
    breathes=1.2,
)
