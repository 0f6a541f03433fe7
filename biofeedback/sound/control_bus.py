"""How Python steers pyo to the sample: block-sized tables that pyo reads once per block.

Each column is one signal. What is written before a block is rendered is heard in that block, at
the frame where it was written; afterwards the column holds its last value.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from biofeedback.sound.pyo_library import pyo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class ControlBus:
    """Columns of control samples, written by Python, read by pyo."""

    def __init__(self, *, rate_hz: int, frames: int) -> None:
        self.frames = frames
        self._reads_per_s = rate_hz / frames
        # A view that outlives its table reads freed memory: the tables live as long as the bus.
        self._tables: list[Any] = []
        self._views: list[NDArray[np.float32]] = []
        self._held: list[float] = []
        self._touched: set[int] = set()
        # of columns that fall to zero: the rest of their way
        self._fading: dict[int, NDArray[np.float32]] = {}

    def add_columns(self, count: int, *, value: float) -> list[int]:
        """Add columns that hold ``value``; return their numbers."""
        first = len(self._tables)
        for _ in range(count):
            table = pyo.DataTable(self.frames)
            view = np.asarray(table.getBuffer())
            view[:] = value
            self._tables.append(table)
            self._views.append(view)
            self._held.append(value)
        return list(range(first, first + count))

    def read(self, columns: Sequence[int]) -> Any:
        """Return the pyo signal of these columns, one stream each."""
        tables = [self._tables[column] for column in columns]
        return pyo.TableRead(tables, freq=self._reads_per_s, loop=1, interp=1).play()

    def begin_block(self) -> None:
        """Let every column that changed in the last block hold its value, or fade on."""
        for column in self._touched:
            self._views[column].fill(self._held[column])
        self._touched.clear()
        for column in list(self._fading):
            self._fade_on(column, 0)

    def set_from(self, column: int, offset: int, value: float) -> None:
        """Change a column from frame ``offset`` of this block on."""
        self._fading.pop(column, None)
        self._views[column][offset:] = value
        self._held[column] = value
        self._touched.add(column)

    def fade_from(self, column: int, offset: int, *, frames: int) -> None:
        """Let a column fall to zero along half a cosine, from frame ``offset`` of this block on."""
        if self._held[column] == 0.0:
            return
        self._fading[column] = self._views[column][offset] * _fall(frames)
        self._fade_on(column, offset)

    def dip(self, column: int, offset: int) -> None:
        """Let the column be zero for the sample before ``offset``, so that a rise is seen there.

        At the block's edge it is the first sample, and the rise comes one sample (21 us) late.
        """
        self._views[column][max(offset - 1, 0)] = 0.0
        self._touched.add(column)

    def _fade_on(self, column: int, offset: int) -> None:
        way, view = self._fading[column], self._views[column]
        take = min(len(way), self.frames - offset)
        view[offset : offset + take] = way[:take]
        view[offset + take :] = 0.0
        self._held[column] = float(way[take - 1])
        self._touched.add(column)
        if take == len(way):
            del self._fading[column]
        else:
            self._fading[column] = way[take:]


@cache
def _fall(frames: int) -> NDArray[np.float32]:
    """Return half a cosine from just below 1 to 0, shape (frames,)."""
    turns = np.arange(1, frames + 1) / frames
    return (0.5 + 0.5 * np.cos(np.pi * turns)).astype(np.float32)
