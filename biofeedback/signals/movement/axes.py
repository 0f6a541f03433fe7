"""How each axis of a sensor is inclined, within the person's own range.

The share of gravity along an axis (-1..1), low-passed at 1 Hz: slow enough to leave movement out,
fast enough that somebody with closed eyes hears at once what a hand does. Small movers fill the
range (therapies.md, movement to music).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.signals.activity import PersonalRange
    from biofeedback.signals.resample import Vector

START_RANGE = (-0.6, 0.6)
NARROWEST = 0.4
"""Of the share of gravity: as wide as 24 degrees round level."""
_CUT_HZ = 1.0


class Axes:
    """Follows the share of gravity along three axes; told every ``interval_s``."""

    def __init__(
        self, ranges: tuple[PersonalRange, PersonalRange, PersonalRange], interval_s: float
    ) -> None:
        self._ranges = ranges
        self._keep = math.exp(-2.0 * math.pi * _CUT_HZ * interval_s)
        self._shares: tuple[float, float, float] | None = None
        # Sums since the last call of ``update``: of each axis, and of the lengths.
        self._sums = (0.0, 0.0, 0.0, 0.0)

    @property
    def ratios(self) -> tuple[float, float, float] | None:
        """Where each axis is within its range, 0..1; None until something is known."""
        if self._shares is None:
            return None
        (one, two, three), (a, b, c) = self._ranges, self._shares
        return one.place(a), two.place(b), three.place(c)

    def restart(self) -> None:
        """Begin anew after a gap; the person's ranges stay."""
        self._shares = None
        self._sums = (0.0, 0.0, 0.0, 0.0)

    def hear(self, lengths: Sequence[float], vectors: Sequence[Vector]) -> None:
        """Take consecutive ticks of the acceleration, and its length."""
        a, b, c, weight = self._sums
        for length, (x, y, z) in zip(lengths, vectors, strict=True):
            a += x
            b += y
            c += z
            weight += length
        self._sums = (a, b, c, weight)

    def update(self) -> None:
        """Follow the mean share of gravity along each axis since the last call, -1..1."""
        a, b, c, weight = self._sums
        self._sums = (0.0, 0.0, 0.0, 0.0)
        # The length is never below the part, so without gravity the share is small, not wild.
        weight = max(weight, 1.0)
        a, b, c = a / weight, b / weight, c / weight
        if self._shares is not None:
            keep, (x, y, z) = self._keep, self._shares
            a += (x - a) * keep
            b += (y - b) * keep
            c += (z - c) * keep
        self._shares = (a, b, c)

    def learn(self) -> None:
        """Let the person's ranges learn; to be called once a second."""
        if self._shares is not None:
            for known, share in zip(self._ranges, self._shares, strict=True):
                known.learn(share)
