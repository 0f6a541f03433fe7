"""Sudden movements, and each repetition of a repeated one, told at once with a direction.

A gesture is a rise of a swing (``swings.py``) that is large enough. While somebody walks it must be
far above the steps; a hand that swings along with the steps has a range of 3 to 9 m/s2, one that is
moved on purpose has more, and is easily taken for a walk.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import Direction
    from biofeedback.signals.resample import Vector
    from biofeedback.signals.swings import Rise

SMALLEST_SPAN_MPS2 = 3.0
_ABOVE_STEPS = 5.0
_WIDEST_ARM_SWING_MPS2 = 9.0
_REFRACTORY_TICKS = 8
_VERTICAL = math.cos(math.radians(40.0))
_TURNED = 0.5


@dataclass(frozen=True, slots=True)
class Gesture:
    """An onset at ``tick``; ``strength_mps2`` is the peak of the 40 ms after it."""

    tick: int
    strength_mps2: float
    direction: Direction


def find_direction(moved: Vector, gravity: Vector) -> Direction:
    """Tell where a movement goes in the frame of gravity, from acceleration alone.

    Up and down are within 40 degrees of the vertical. A turn of the sensor moves gravity within it
    and leaves its length; a push across gravity makes it longer: what is nearer decides.

    Args:
        moved: Acceleration without gravity, in the sensor's axes.
        gravity: The resting acceleration, which points up.
    """
    mx, my, mz = moved
    gx, gy, gz = gravity
    g = math.sqrt(gx * gx + gy * gy + gz * gz)
    size = math.sqrt(mx * mx + my * my + mz * mz)
    if g < 1.0 or size == 0.0:
        return "sideways"
    up = (mx * gx + my * gy + mz * gz) / g
    if abs(up) > _VERTICAL * size:
        return "up" if up > 0.0 else "down"
    whole = math.sqrt((mx + gx) ** 2 + (my + gy) ** 2 + (mz + gz) ** 2)
    pushed = math.sqrt(g * g + size * size) - g
    return "rotation" if abs(whole - g) < _TURNED * pushed else "sideways"


class Gestures:
    """Choose among the rises of a movement."""

    def __init__(self, *, in_hand: bool) -> None:
        self._in_hand = in_hand
        self._last: int | None = None

    def update(self, rises: Sequence[Rise], *, walking: bool) -> list[Gesture]:
        """Take the next rises; return the gestures."""
        found: list[Gesture] = []
        for rise in rises:
            if rise.span_mps2 < SMALLEST_SPAN_MPS2:
                continue
            if walking and self._belongs_to_steps(rise):
                continue
            if self._last is not None and rise.tick - self._last < _REFRACTORY_TICKS:
                continue
            self._last = rise.tick
            direction = find_direction(rise.peak, rise.gravity)
            found.append(Gesture(tick=rise.tick, strength_mps2=rise.peak_mps2, direction=direction))
        return found

    def _belongs_to_steps(self, rise: Rise) -> bool:
        if self._in_hand and rise.span_mps2 > _WIDEST_ARM_SWING_MPS2:
            return False
        return rise.peak_mps2 < _ABOVE_STEPS * rise.level_mps2
