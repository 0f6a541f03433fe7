"""Ticks -> whole seconds, for what needn't be known sooner: the same however packets are cut."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from biofeedback.signals.resample import WORKING_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from biofeedback.signals.resample import Vector

SECOND_TICKS = WORKING_RATE_HZ
CELL_TICKS = 10
CELLS = SECOND_TICKS // CELL_TICKS
CELL_RATE_HZ = WORKING_RATE_HZ / CELL_TICKS


class Second(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A second without a gap, in fifths: ``cells_mps2`` (5, 10, 3) and their means (5, 3).

    ``end_tick`` is its last tick, a multiple of ``SECOND_TICKS``.
    """

    end_tick: int
    cells_mps2: NDArray[np.float64]
    means_mps2: NDArray[np.float64]


class Seconds:
    """Collect the ticks of one sensor."""

    def __init__(self) -> None:
        self._vectors: list[Vector] = []

    def restart(self) -> None:
        """Begin anew after a gap."""
        self._vectors.clear()

    def update(self, first: int, vectors: Sequence[Vector]) -> list[Second]:
        """Take consecutive ticks of acceleration; return the seconds that they complete."""
        found: list[Second] = []
        start, n = 0, len(vectors)
        while start < n:
            end = min(n, start + 1 + -(first + start) % SECOND_TICKS)
            self._vectors.extend(vectors[start:end])
            end_tick = first + end - 1
            if end_tick % SECOND_TICKS == 0:
                if len(self._vectors) == SECOND_TICKS:
                    # A third of the time that an array of tuples takes.
                    numbers = chain.from_iterable(self._vectors)
                    cells = np.fromiter(numbers, np.float64, 3 * SECOND_TICKS)
                    cells = cells.reshape(CELLS, CELL_TICKS, 3)
                    means = np.add.reduce(cells, axis=1) / CELL_TICKS
                    found.append(Second(end_tick=end_tick, cells_mps2=cells, means_mps2=means))
                self._vectors.clear()
            start = end
        return found
