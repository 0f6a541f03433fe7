"""Values told at uneven instants (one per beat), read at even ones (for spectra)."""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EVEN_HZ = 4.0
_STEP_MS = 1000.0 / EVEN_HZ


class EvenSeries:
    """The last ``window_s`` seconds of a series; between its values it is a straight line.

    References:
        Berger et al. (1986), An efficient algorithm for spectral analysis of heart rate
        variability, IEEE TBME 33, for 4 Hz. Deviation: linear interpolation.
    """

    def __init__(self, *, window_s: float) -> None:
        self._window_ms = window_s * 1000.0
        self._times_ms: deque[float] = deque()
        self._values: deque[float] = deque()
        self._measured: deque[bool] = deque()
        self._sure = 0

    def take(self, time_ms: float, value: float, *, sure: bool) -> None:
        """Take a value; ``sure`` is False where it only stands for one that wasn't measured."""
        times_ms = self._times_ms
        times_ms.append(time_ms)
        self._values.append(value)
        self._measured.append(sure)
        self._sure += sure
        # One point stays beyond the window, so that a line reaches its beginning.
        while len(times_ms) > 2 and times_ms[1] <= time_ms - self._window_ms:
            times_ms.popleft()
            self._values.popleft()
            self._sure -= self._measured.popleft()

    def clear(self) -> None:
        """Forget: what comes next doesn't follow what was."""
        self._times_ms.clear()
        self._values.clear()
        self._measured.clear()
        self._sure = 0

    @property
    def sure_ratio(self) -> float:
        """The share of the values that were measured."""
        return self._sure / len(self._measured) if self._measured else 0.0

    def read(self, seconds: float) -> NDArray[np.float64] | None:
        """Read the newest ``seconds`` at 4 Hz, shape (n,), None if there are fewer."""
        if not self._times_ms:
            return None
        grid_ms = _make_grid_ms(round(seconds * EVEN_HZ))
        end_ms = self._times_ms[-1]
        if self._times_ms[0] - end_ms > grid_ms[0]:
            return None
        n = len(self._values)
        times_ms = np.fromiter(self._times_ms, np.float64, n)
        times_ms -= end_ms
        return np.interp(grid_ms, times_ms, np.fromiter(self._values, np.float64, n))


@lru_cache(maxsize=8)
def _make_grid_ms(n: int) -> NDArray[np.float64]:
    """Make the last ``n`` instants of a 4 Hz grid that ends at 0."""
    return _STEP_MS * np.arange(1.0 - n, 1.0)
