"""Which beats begin a bar: bass, harmony and strength come again with it.

For bars of two, three and four beats: how much of what differs from beat to beat is explained by
the place in the bar? The bar begins where bass and harmony change most. Half the bars of a song
may be told wrong where its music does not show them; only accents of added strokes depend on it.

References:
    Davies & Plumbley (2006), A spectral difference approach to downbeat extraction, EUSIPCO:
    harmony changes on downbeats. Here with chroma instead of whole spectra, beside the bass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import fft, ndimage

from biofeedback.songs.onsets import FRAMES_HZ, RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biofeedback.songs.onsets import Onsets

METRES: Final = (4, 3, 2)
_FRAME: Final = 4096
_HOP: Final = 1024
_LOWEST_HZ, _HIGHEST_HZ = 80.0, 1600.0
_NEAR_S: Final = 0.03
_HARMONY_WEIGHT: Final = 1.5
_STRENGTH_WEIGHT: Final = 0.5
_SIMPLER: Final = 0.03
"""How much more four beats have to explain than two to be believed."""


def find_bars(
    mono: NDArray[np.float32], onsets: Onsets, beats_s: NDArray[np.float64]
) -> tuple[int, NDArray[np.int64]]:
    """Find the length of a bar in beats, and the numbers of the beats that begin one.

    Args:
        mono: Samples (n,) at ``RATE_HZ``.
        onsets: Of the same.
        beats_s: Its beats, ascending, at least eight.
    """
    reach = 2 * round(_NEAR_S * FRAMES_HZ) + 1
    frames = np.round((beats_s - onsets.first_s) * FRAMES_HZ).astype(np.int64)
    frames = np.clip(frames, 0, len(onsets.strength) - 1)
    salience = (
        _standardise(ndimage.maximum_filter1d(onsets.low, reach)[frames])
        + _HARMONY_WEIGHT * _standardise(_measure_changes(mono, beats_s))
        + _STRENGTH_WEIGHT * _standardise(ndimage.maximum_filter1d(onsets.strength, reach)[frames])
    )
    explained = {metre: _explain(salience, metre) for metre in METRES}
    best = max(METRES, key=lambda metre: explained[metre])
    if best == 4 and explained[4] < explained[2] + _SIMPLER:
        best = 2
    if explained[best] <= 0.0:
        best = 4
    phase = int(np.argmax([salience[first::best].mean() for first in range(best)]))
    return best, np.arange(phase, len(beats_s), best)


def _measure_changes(
    mono: NDArray[np.float32], beats_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How different the harmony after each beat is from that before it, shape (beats,)."""
    window = np.hanning(_FRAME).astype(np.float32)
    padded = np.pad(mono, (_FRAME // 2, _FRAME))
    strips = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP]
    hz = np.arange(_FRAME // 2 + 1) * RATE_HZ / _FRAME
    inside = np.flatnonzero((hz >= _LOWEST_HZ) & (hz <= _HIGHEST_HZ))
    tones = np.round(12.0 * np.log2(hz[inside] / 440.0)).astype(np.int64) % 12
    fold = np.zeros((len(inside), 12), dtype=np.float32)
    fold[np.arange(len(inside)), tones] = 1.0
    chroma = np.concatenate(
        [
            np.abs(fft.rfft(strips[first : first + 1024] * window, axis=1))[:, inside] @ fold
            for first in range(0, len(strips), 1024)
        ]
    )
    edges = np.round(np.append(beats_s, 2 * beats_s[-1] - beats_s[-2]) * RATE_HZ / _HOP)
    edges = np.clip(edges.astype(np.int64), 0, len(chroma) - 1)
    sums = np.concatenate((np.zeros((1, 12)), np.cumsum(chroma, axis=0)))
    spans = sums[np.maximum(edges[1:], edges[:-1] + 1)] - sums[edges[:-1]]
    spans /= np.maximum(np.linalg.norm(spans, axis=1, keepdims=True), 1e-9)
    return np.append(0.0, 1.0 - (spans[1:] * spans[:-1]).sum(axis=1))


def _explain(salience: NDArray[np.float64], metre: int) -> float:
    """How much of the variance the place in the bar explains, adjusted for its size."""
    place = np.arange(len(salience)) % metre
    means = np.array([salience[place == index].mean() for index in range(metre)])
    rest = float(((salience - means[place]) ** 2).sum()) / max(1, len(salience) - metre)
    whole = float(salience.var(ddof=1))
    return 1.0 - rest / whole if whole > 0.0 else 0.0


def _standardise(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 0.0 else np.zeros_like(values)
