"""How far found beats can be trusted: 0 (no pulse) to 1. Below 0.8 a person should tap along.

Three facts, each of which noise, speech and held sounds lack:
* something begins on most beats;
* beats are even: dynamic programming finds beats in anything, but bends them to hit what is there;
* onsets come again after a beat. Rubato alone may lack this, when its beats are even enough.

The limits are our own, between what made songs, free game music and noises of all kinds showed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from biofeedback.songs.onsets import FRAMES_HZ
from biofeedback.songs.tempo import measure_regularity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biofeedback.songs.onsets import Onsets

TRUSTED: Final = 0.8
_FEWEST_BEATS: Final = 8
_NEAR_S: Final = 0.02
_BEGINS: Final = 1.0
_HIT_RANGE: Final = (0.35, 0.65)
_STRICT_RANGE: Final = (0.015, 0.006)
_LOOSE_RANGE: Final = (0.020, 0.008)
_REGULAR_RANGE: Final = (0.10, 0.35)


def rate_beats(
    onsets: Onsets, tempo_bpm: NDArray[np.float64], beats_s: NDArray[np.float64]
) -> float:
    """Rate beats (n,) in s that were found in onsets, at a tempo for each frame."""
    if len(beats_s) < _FEWEST_BEATS:
        return 0.0
    largest = ndimage.maximum_filter1d(onsets.strength, 2 * round(_NEAR_S * FRAMES_HZ) + 1)
    frames = np.round((beats_s - onsets.first_s) * FRAMES_HZ).astype(np.int64)
    hits = float((largest[np.clip(frames, 0, len(largest) - 1)] > _BEGINS).mean())
    gaps = np.diff(beats_s)
    usual = ndimage.median_filter(gaps, 9, mode="nearest")
    uneven = float(np.abs(gaps / usual - 1.0).mean())
    regular = _place(measure_regularity(onsets.strength, tempo_bpm), _REGULAR_RANGE)
    even = max(_place(uneven, _STRICT_RANGE), _place(uneven, _LOOSE_RANGE) * regular)
    return round(_place(hits, _HIT_RANGE) * even, 3)


def _place(value: float, limits: tuple[float, float]) -> float:
    """Where a value is between what is worth 0 and what is worth 1."""
    worst, best = limits
    return min(max((value - worst) / (best - worst), 0.0), 1.0)
