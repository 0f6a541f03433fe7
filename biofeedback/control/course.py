"""How a measure goes: where it began, where it is, and whether it rises just now."""

from __future__ import annotations

from collections import deque
from statistics import fmean

EDGE_S = 30.0
HALF_S = 15.0
_CELL_S = 1.0


class Course:
    """Means of each second of one measure; what is unknown leaves no mark."""

    def __init__(self, *, edge_s: float = EDGE_S) -> None:
        self._edge = round(edge_s / _CELL_S)
        self._sum = 0.0
        self._count = 0
        self._cell_s = 0.0
        self._start: list[float] = []
        self._newest: deque[float] = deque(maxlen=self._edge)

    def take(self, value: float | None, elapsed_s: float) -> None:
        """Take the value of a moment, and the time since the last."""
        if value is not None:
            self._sum += value
            self._count += 1
        self._cell_s += elapsed_s
        if self._cell_s < _CELL_S - 1e-9:
            return
        if self._count:
            mean = self._sum / self._count
            if len(self._start) < self._edge:
                self._start.append(mean)
            self._newest.append(mean)
        self._sum, self._count, self._cell_s = 0.0, 0, 0.0

    @property
    def start(self) -> float | None:
        """The mean of the first half minute that was known, once it is over."""
        return fmean(self._start) if len(self._start) == self._edge else None

    @property
    def now(self) -> float | None:
        """The mean of the newest half minute."""
        return fmean(self._newest) if self._newest else None

    @property
    def change(self) -> float | None:
        """How far it has come from where it began."""
        if self.start is None or self.now is None:
            return None
        return self.now - self.start

    def rise(self) -> float | None:
        """Tell by how much the newest quarter minute is above the one before."""
        newest = [*self._newest]
        half = round(HALF_S / _CELL_S)
        if len(newest) < 2 * half:
            return None
        return fmean(newest[-half:]) - fmean(newest[-2 * half : -half])
