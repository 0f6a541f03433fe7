"""Power spectra of short, evenly sampled stretches, and the peaks in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PADDED = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """``power`` (n,) at ``k * step_hz``; in the squared unit of the signal, up to a factor."""

    power: NDArray[np.float64]
    step_hz: float

    def read(self, at_hz: float) -> float:
        """Read the power of the bin nearest to ``at_hz``."""
        return float(self.power[min(round(at_hz / self.step_hz), self.power.size - 1)])

    def sum_between(self, low_hz: float, high_hz: float) -> float:
        """Sum the power of the bins in [low_hz, high_hz]."""
        low, high = self._bins(low_hz, high_hz)
        return float(self.power[low:high].sum())

    def find_peak_hz(self, low_hz: float, high_hz: float) -> float | None:
        """Find the highest local maximum in [low_hz, high_hz], between bins by a parabola."""
        low, high = self._bins(low_hz, high_hz)
        low, high = max(low, 1), min(high, self.power.size - 1)
        if high <= low:
            return None
        here = self.power[low:high]
        peaks = (here >= self.power[low - 1 : high - 1]) & (here > self.power[low + 1 : high + 1])
        if not peaks.any():
            return None
        k = low + int(np.argmax(np.where(peaks, here, -1.0)))
        left, top, right = (float(p) for p in self.power[k - 1 : k + 2])
        bend = left - 2.0 * top + right
        return (k + (0.5 * (left - right) / bend if bend < 0.0 else 0.0)) * self.step_hz

    def _bins(self, low_hz: float, high_hz: float) -> tuple[int, int]:
        low = int(np.ceil(low_hz / self.step_hz - 1e-9))
        high = int(np.floor(high_hz / self.step_hz + 1e-9)) + 1
        return max(low, 0), min(high, self.power.size)


def take_spectrum(
    values: NDArray[np.float64], *, rate_hz: float, trend_degree: int = 1
) -> Spectrum | None:
    """Take the spectrum of ``values`` (n,) or (n, axes), whose powers are added.

    A polynomial of ``trend_degree`` is taken off, then a Hann window is laid over. None if nothing
    but a trend is in it.

    Raises:
        ValueError: More than 1024 values.
    """
    n = len(values)
    if n > _PADDED:
        message = f"{n} values, at most {_PADDED}"
        raise ValueError(message)
    columns = values.reshape(n, -1)
    basis, window = _prepare(n, trend_degree)
    rest = columns - basis @ (basis.T @ columns)
    if float(np.abs(rest).max()) <= 1e-9 * max(1.0, float(np.abs(columns).max())):
        return None
    parts = np.fft.rfft(rest * window, _PADDED, axis=0)
    power = (parts.real**2 + parts.imag**2).sum(axis=1)
    return Spectrum(power=power, step_hz=rate_hz / _PADDED)


@lru_cache(maxsize=8)
def _prepare(n: int, trend_degree: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Make an orthonormal basis of polynomials (n, degree + 1) and a Hann window (n, 1)."""
    basis, _ = np.linalg.qr(np.vander(np.linspace(-1.0, 1.0, n), trend_degree + 1))
    return basis, np.hanning(n + 2)[1:-1, np.newaxis]
