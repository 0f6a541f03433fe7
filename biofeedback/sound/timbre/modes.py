"""Bars, bells, skins, piano strings: sums of sines that decay, each at its own speed.

A decaying sine is a power of one complex number. Powers of all modes for a run of samples, times
powers for each run's start, is one product of two small matrices: a hundred times faster than
computing sines.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_RUN = 256
_HIGHEST_RATIO = 0.45  # of the rate: what is above would come back mirrored


def ring_modes(
    frequencies_hz: Sequence[float] | NDArray[np.float64],
    amplitudes: Sequence[float] | NDArray[np.float64],
    half_lives_s: Sequence[float] | NDArray[np.float64],
    *,
    seconds: float,
    rate_hz: int,
) -> NDArray[np.float64]:
    """Return the sum of sines that start at zero and halve in their times, shape (frames,)."""
    frames = round(seconds * rate_hz)
    hz = np.asarray(frequencies_hz, dtype=np.float64)
    use = hz < _HIGHEST_RATIO * rate_hz
    turns = 2.0 * math.pi / rate_hz * hz[use]
    losses = math.log(2.0) / rate_hz / np.asarray(half_lives_s, dtype=np.float64)[use]
    weights = np.asarray(amplitudes, dtype=np.float64)[use]
    starts = np.arange(-(-frames // _RUN))[:, None] * _RUN
    steps = np.arange(_RUN)
    # sin(a + b) = sin a cos b + cos a sin b, and losses multiply
    early = weights * np.exp(-losses * starts)
    left = np.concatenate((early * np.sin(turns * starts), early * np.cos(turns * starts)), axis=1)
    late = np.exp(-losses[:, None] * steps)
    at = turns[:, None] * steps
    right = np.concatenate((late * np.cos(at), late * np.sin(at)), axis=0)
    return (left @ right).ravel()[:frames]
