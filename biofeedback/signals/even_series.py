"""Values told at uneven instants (one per beat), read at even ones (for spectra)."""

from __future__ import annotations

from collections import deque
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
        self._points: deque[tuple[float, float, bool]] = deque()
        self._sure = 0

    def take(self, time_ms: float, value: float, *, sure: bool) -> None:
        """Take a value; ``sure`` is False where it only stands for one that wasn't measured."""
        self._points.append((time_ms, value, sure))
        self._sure += sure
        # One point stays beyond the window, so that a line reaches its beginning.
        while len(self._points) > 2 and self._points[1][0] <= time_ms - self._window_ms:
            self._sure -= self._points.popleft()[2]

    def clear(self) -> None:
        """Forget: what comes next doesn't follow what was."""
        self._points.clear()
        self._sure = 0

    @property
    def sure_ratio(self) -> float:
        """The share of the values that were measured."""
        return self._sure / len(self._points) if self._points else 0.0

    def read(self, seconds: float) -> NDArray[np.float64] | None:
        """Read the newest ``seconds`` at 4 Hz, shape (n,), None if there are fewer."""
        if not self._points:
            return None
        n = round(seconds * EVEN_HZ)
        end_ms = self._points[-1][0]
        grid_ms = _STEP_MS * np.arange(1 - n, 1)
        if self._points[0][0] - end_ms > grid_ms[0]:
            return None
        times_ms, values, _ = zip(*self._points, strict=True)
        return np.interp(grid_ms, np.array(times_ms) - end_ms, np.array(values))
