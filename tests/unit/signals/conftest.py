"""A synthetic walker whose every step is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from biofeedback.samples import AccelerationBlock

if TYPE_CHECKING:
    from collections.abc import Callable

    from biofeedback.signals.motion import Motion

START_NS = 5_000_000_000

Signal = tuple[NDArray[np.int64], NDArray[np.float64]]


def _times(rate_hz: float, duration_s: float) -> NDArray[np.int64]:
    return START_NS + np.round(np.arange(0, duration_s, 1 / rate_hz) * 1e9).astype(np.int64)


def _walk(rate_hz: float, duration_s: float, spm: float, *, from_s: float = 0.0) -> Signal:
    """Rest until ``from_s``, then lift the body once a step and sway once a stride."""
    times = _times(rate_hz, duration_s)
    t = (times - START_NS) * 1e-9
    phase = 2 * np.pi * spm / 60 * (t - from_s)
    moving = t >= from_s
    noise = np.random.default_rng(3).normal(0, 0.05, (t.size, 3))
    a = noise
    a[:, 0] += moving * 0.8 * np.sin(0.5 * phase)
    a[:, 1] += moving * 0.5 * np.sin(phase + 1.0)
    a[:, 2] += 9.81 + moving * (2.5 * np.cos(phase) + 0.8 * np.cos(2 * phase))
    return times, a


@pytest.fixture
def walk() -> Callable[..., Signal]:
    return _walk


def _feed(motion: Motion, signal: Signal, block: int = 10) -> list:
    times, values = signal
    found = []
    for i in range(0, times.size, block):
        piece = slice(i, i + block)
        samples = AccelerationBlock(
            times_ns=times[piece],
            acceleration_mps2=values[piece],
            gap_before=False,
            range_mps2=None,
        )
        found += motion.update(samples, int(times[piece][-1]))
    return found


@pytest.fixture
def feed() -> Callable[..., list]:
    return _feed
