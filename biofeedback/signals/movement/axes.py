"""How each axis of a sensor is inclined, within the person's own range.

The share of gravity along an axis (-1..1), low-passed at 1 Hz: slow enough to leave movement out,
fast enough that somebody with closed eyes hears at once what a hand does. Small movers fill the
range (therapies.md, movement to music).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biofeedback.signals.activity import PersonalRange

START_RANGE = (-0.6, 0.6)
NARROWEST = 0.4
"""Of the share of gravity: as wide as 24 degrees round level."""
_CUT_HZ = 1.0


class Axes:
    """Follows three axes; ``ratios`` are 0..1 each, None until something is known."""

    def __init__(self, ranges: tuple[PersonalRange, PersonalRange, PersonalRange]) -> None:
        self._ranges = ranges
        self._shares: tuple[float, float, float] | None = None
        self.ratios: tuple[float, float, float] | None = None

    def restart(self) -> None:
        """Begin anew after a gap; the person's ranges stay."""
        self._shares = self.ratios = None

    def update(self, shares: tuple[float, float, float], elapsed_s: float) -> None:
        """Take the mean share of gravity along each axis in the last ``elapsed_s``."""
        old = self._shares
        if old is not None:
            keep = math.exp(-2.0 * math.pi * _CUT_HZ * elapsed_s)
            a, b, c = shares
            shares = (a + (old[0] - a) * keep, b + (old[1] - b) * keep, c + (old[2] - c) * keep)
        self._shares = shares
        one, two, three = self._ranges
        self.ratios = (one.place(shares[0]), two.place(shares[1]), three.place(shares[2]))

    def learn(self) -> None:
        """Let the person's ranges learn; to be called once a second."""
        if self._shares is not None:
            for known, share in zip(self._ranges, self._shares, strict=True):
                known.learn(share)
