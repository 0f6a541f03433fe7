"""How large something usually is in one person."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

_BEATS = 90
_FROM_BEATS = 20
_QUANTILE = 0.75


class UsualSize:
    """The 75th percentile of the newest 90 values, and at least ``early`` until 20 are known."""

    def __init__(self, *, early: float) -> None:
        self._early = early
        self._recent: deque[float] = deque()
        self._sorted: list[float] = []
        self._size = early

    def learn(self, value: float) -> None:
        """Take the next value."""
        self._recent.append(value)
        insort(self._sorted, value)
        if len(self._recent) > _BEATS:
            del self._sorted[bisect_left(self._sorted, self._recent.popleft())]
        n = len(self._sorted)
        size = self._sorted[int(_QUANTILE * (n - 1))]
        self._size = size if n >= _FROM_BEATS else max(size, self._early)

    def read(self) -> float:
        """Return the usual size."""
        return self._size
