"""What beats look like: the usual form, and an ectopic one if it was seen twice."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class BeatForms:
    """Learn two forms of beats, each of length 1."""

    def __init__(self) -> None:
        self._usual: NDArray[np.float64] | None = None
        self._other: NDArray[np.float64] | None = None
        self._others = 0

    def likeness(self, form: NDArray[np.float64]) -> float:
        """Correlate a form of length 1 with those that are known; 0..1."""
        if self._usual is None:
            return 1.0
        likeness = _correlate(form, self._usual)
        if self._other is not None and self._others >= 2:
            likeness = max(likeness, _correlate(form, self._other))
        return max(0.0, likeness)

    def learn(self, form: NDArray[np.float64]) -> None:
        """Take the form of a beat."""
        if self._usual is None:
            self._usual = form
        elif _correlate(form, self._usual) >= 0.6:
            self._usual = _mix(self._usual, form, 0.125)
        elif self._other is None:
            self._other, self._others = form, 1
        elif _correlate(form, self._other) > 0.5:
            self._other = _mix(self._other, form, 0.125)
            self._others = min(self._others + 1, 8)
        elif self._others < 2:
            self._other = form
        else:
            self._others -= 1
            self._usual = _mix(self._usual, form, 0.04)


def _mix(
    known: NDArray[np.float64], form: NDArray[np.float64], share: float
) -> NDArray[np.float64]:
    mixed = (1.0 - share) * known + share * form
    return mixed / (math.sqrt(np.add.reduce(mixed * mixed)) or 1.0)


def _correlate(form: NDArray[np.float64], known: NDArray[np.float64]) -> float:
    # Sums in numpy's own order: BLAS may sum in another one for another place in memory.
    return float(np.add.reduce(form * known))
