"""Power spectra of short, evenly sampled stretches, and the peaks in them."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PADDED = 1024


class Spectrum:
    """``power`` (n,) at ``k * step_hz``; in the squared unit of the signal, up to a factor."""

    def __init__(self, power: NDArray[np.float64], step_hz: float) -> None:
        self.power = power
        self.step_hz = step_hz
        self._sums = np.zeros(power.size + 1)
        np.add.accumulate(power, out=self._sums[1:])

    def read(self, at_hz: float) -> float:
        """Read the power of the bin nearest to ``at_hz``."""
        return self.power.item(min(round(at_hz / self.step_hz), self.power.size - 1))

    def sum_between(self, low_hz: float, high_hz: float) -> float:
        """Sum the power of the bins in [low_hz, high_hz]."""
        low, high = self._bins(low_hz, high_hz)
        return self._sums.item(high) - self._sums.item(low)

    def find_peak_hz(self, low_hz: float, high_hz: float) -> float | None:
        """Find the highest local maximum in [low_hz, high_hz], between bins by a parabola."""
        low, high = self._bins(low_hz, high_hz)
        low, high = max(low, 1), min(high, self.power.size - 1)
        if high <= low:
            return None
        here = self.power[low:high]
        k = low + int(here.argmax())
        left, top, right = self.power[k - 1 : k + 2].tolist()
        if not left <= top > right:
            # The highest is a slope of something outside.
            before, after = self.power[low - 1 : high - 1], self.power[low + 1 : high + 1]
            peaks = (here >= before) & (here > after)
            if not peaks.any():
                return None
            k = low + int(np.argmax(np.where(peaks, here, -1.0)))
            left, top, right = self.power[k - 1 : k + 2].tolist()
        bend = left - 2.0 * top + right
        return (k + (0.5 * (left - right) / bend if bend < 0.0 else 0.0)) * self.step_hz

    def _bins(self, low_hz: float, high_hz: float) -> tuple[int, int]:
        low = math.ceil(low_hz / self.step_hz - 1e-9)
        high = math.floor(high_hz / self.step_hz + 1e-9) + 1
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
    rows = values.reshape(n, -1).T
    basis, window = _prepare(n, trend_degree)
    rest = rows - rows.dot(basis).dot(basis.T)
    if np.vdot(rest, rest) <= 1e-18 * max(float(n), np.vdot(rows, rows)):
        return None
    rest *= window
    parts = np.fft.rfft(rest, _PADDED)
    power = parts.real**2 + parts.imag**2
    whole = power[0] if len(power) == 1 else np.add.reduce(power, axis=0)
    return Spectrum(power=whole, step_hz=rate_hz / _PADDED)


@lru_cache(maxsize=8)
def _prepare(n: int, trend_degree: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Make an orthonormal basis of polynomials (n, degree + 1) and a Hann window (n,)."""
    basis, _ = np.linalg.qr(np.vander(np.linspace(-1.0, 1.0, n), trend_degree + 1))
    return basis, np.hanning(n + 2)[1:-1]
