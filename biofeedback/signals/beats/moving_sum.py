"""Sums of the newest whole numbers.

They are exact, so how a signal is cut into packets can't change a bit of the result, and they cost
the same at any width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class MovingSum:
    """The sum of the newest ``width`` whole numbers; before the first, there was the first."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._held: NDArray[np.int64] | None = None

    def update(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Take values, at least one, shape (n,); return a sum for each."""
        if self._held is None:
            self._held = np.full(self._width, values[0], np.int64)
        joined = np.concatenate((self._held, values))
        self._held = joined[-self._width :]
        sums = np.add.accumulate(joined)
        return sums[self._width :] - sums[: -self._width]
