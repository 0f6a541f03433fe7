"""Which share of a movement goes up and down.

The length of the acceleration changes, to first order, with what happens along gravity alone. So
the strength of the change of length against that of the change of the whole vector tells how much
of a movement is a lifting, without knowing how the sensor is worn. Gait lifts the body with every
step; waving and tilting a hand don't.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from biofeedback.signals.resample import TICK_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.signals.resample import Vector

_CELL_TICKS = 4
_CELLS = 25
_SLOWEST_HZ = 0.5
_FOLLOW = 1.0 - math.exp(-2.0 * math.pi * _SLOWEST_HZ * _CELL_TICKS * TICK_S)


class Lift:
    """Follow the share of lifting, 0..1, over the last two seconds."""

    def __init__(self) -> None:
        self._sums = (0.0, 0.0, 0.0, 0.0)
        self._slow: tuple[float, float, float, float] | None = None
        self._energies: deque[tuple[float, float]] = deque(maxlen=_CELLS)

    def restart(self) -> None:
        """Begin anew after a gap."""
        self._sums = (0.0, 0.0, 0.0, 0.0)
        self._slow = None
        self._energies.clear()

    def update(self, first: int, lengths: Sequence[float], vectors: Sequence[Vector]) -> None:
        """Take consecutive ticks."""
        s0, s1, s2, s3 = self._sums
        tick = first
        for length, (x, y, z) in zip(lengths, vectors, strict=True):
            s0 += length
            s1 += x
            s2 += y
            s3 += z
            if tick % _CELL_TICKS == 0:
                self._cell(s0 / _CELL_TICKS, s1 / _CELL_TICKS, s2 / _CELL_TICKS, s3 / _CELL_TICKS)
                s0 = s1 = s2 = s3 = 0.0
            tick += 1
        self._sums = (s0, s1, s2, s3)

    def _cell(self, length: float, x: float, y: float, z: float) -> None:
        if self._slow is None:
            self._slow = (length, x, y, z)
            return
        l0, x0, y0, z0 = self._slow
        dl, dx, dy, dz = length - l0, x - x0, y - y0, z - z0
        self._slow = (l0 + _FOLLOW * dl, x0 + _FOLLOW * dx, y0 + _FOLLOW * dy, z0 + _FOLLOW * dz)
        self._energies.append((dl * dl, dx * dx + dy * dy + dz * dz))

    def share(self) -> float | None:
        """Return the share; None if only a length was measured, 1 if nothing moves."""
        length = whole = 0.0
        for along, every in self._energies:
            length += along
            whole += every
        if whole <= 0.0:
            return 1.0
        return None if length == whole else math.sqrt(min(1.0, length / whole))
