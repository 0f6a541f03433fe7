"""How strongly something begins, frame by frame.

Log-compressed energy in mel bands, its rise since 17 ms ago, summed over the bands; a band that
merely moves up or down (a vibrato) doesn't count.

References:
    Ellis (2007), Beat tracking by dynamic programming, J. New Music Research 36(1), sect. 3.1.
    Boeck & Widmer (2013), Maximum filter vibrato suppression for onset detection, DAFx-13.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import fft, ndimage

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RATE_HZ: Final = 22_050
HOP: Final = 128
FRAMES_HZ: Final = RATE_HZ / HOP
_FRAME: Final = 1024
_LAG: Final = 3
_BANDS: Final = 48
_LOWEST_HZ, _HIGHEST_HZ = 30.0, 10_000.0
_COMPRESSION: Final = 300.0
_LOW_BANDS_HZ: Final = 150.0
_SLOW_S: Final = 1.0
_LOUD_S: Final = 4.0
_STRIP: Final = 8192
_SHOWS_AT_S: Final = -0.004
"""An attack at 0 s shows as a peak in the rise to this frame (clicks, drums, struck tones)."""


@dataclass(frozen=True, slots=True, eq=False)
class Onsets:
    """Curves at ``FRAMES_HZ``, shape (n,); frame 0 is at ``first_s``.

    ``strength`` has no slow part and a variance of about one in each stretch of a few seconds,
    ``low`` is the same of the bass alone, ``energy`` is in dB, at most 0.
    """

    strength: NDArray[np.float64]
    low: NDArray[np.float64]
    energy_db: NDArray[np.float64]
    first_s: float

    def frame_of(self, at_s: float) -> float:
        """Tell the frame of an instant."""
        return (at_s - self.first_s) * FRAMES_HZ

    def time_s(self, frame: float) -> float:
        """Tell the instant of a frame."""
        return self.first_s + frame / FRAMES_HZ


def find_onsets(
    mono: NDArray[np.float32], *, show: Callable[[float], None] | None = None
) -> Onsets:
    """Find onset strength in samples of shape (n,) at ``RATE_HZ``.

    ``show`` is told how much is done, 0..1.
    """
    padded = np.concatenate((np.zeros(_FRAME, np.float32), mono, np.zeros(_FRAME, np.float32)))
    peak = float(np.abs(padded).max(initial=0.0))
    padded *= 1.0 / peak if peak > 0.0 else 1.0
    strips = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::HOP]
    window = np.hanning(_FRAME).astype(np.float32) / (_FRAME / 2)
    mel = _design_mel()
    bands = np.zeros((len(strips), _BANDS))
    for first in range(0, len(strips), _STRIP):
        spectra = np.abs(fft.rfft(strips[first : first + _STRIP] * window, axis=1))
        bands[first : first + _STRIP] = spectra @ mel.T
        if show is not None:
            show(min(1.0, (first + _STRIP) / len(strips)))
    energy = (bands**2).sum(axis=1)
    loud = np.log1p(_COMPRESSION * bands)
    past = ndimage.maximum_filter1d(loud, 3, axis=1)
    rise = np.maximum(loud[_LAG:] - past[:-_LAG], 0.0)
    low = _mel_edges_hz()[1:-1] < _LOW_BANDS_HZ
    top = max(float(energy.max(initial=0.0)), 1e-12)
    return Onsets(
        strength=_even_out(rise.sum(axis=1)),
        low=_even_out(rise[:, low].sum(axis=1)),
        energy_db=10.0 * np.log10(np.maximum(energy[_LAG:] / top, 1e-12)),
        first_s=_SHOWS_AT_S,
    )


def _even_out(rise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take out what is slow, and bring quiet stretches up to loud ones."""
    smooth = ndimage.gaussian_filter1d(rise, 1.0)
    fast = smooth - ndimage.gaussian_filter1d(smooth, _SLOW_S * FRAMES_HZ / 2.0)
    spread = np.sqrt(ndimage.gaussian_filter1d(fast**2, _LOUD_S * FRAMES_HZ / 2.0))
    floor = 0.1 * float(spread.max(initial=0.0))
    return fast / np.maximum(spread, max(floor, 1e-9))


def _mel_edges_hz() -> NDArray[np.float64]:
    """Edges of the bands, shape (bands + 2,), even on the mel scale."""
    low, high = (2595.0 * math.log10(1.0 + hz / 700.0) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    return 700.0 * (10.0 ** (np.linspace(low, high, _BANDS + 2) / 2595.0) - 1.0)


def _design_mel() -> NDArray[np.float32]:
    """Design triangles on the mel scale, shape (bands, bins); each has at least one bin."""
    edges_hz = _mel_edges_hz()
    width_hz = RATE_HZ / _FRAME
    bins_hz = np.arange(_FRAME // 2 + 1, dtype=np.float64) * width_hz
    spans_hz = np.maximum(np.diff(edges_hz), width_hz)
    rising = (bins_hz - edges_hz[:-2, None]) / spans_hz[:-1, None]
    falling = (edges_hz[2:, None] - bins_hz) / spans_hz[1:, None]
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
