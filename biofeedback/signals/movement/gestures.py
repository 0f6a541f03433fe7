"""Sudden movements, and each repetition of a repeated one, told at once with a direction.

A gesture is a rise of a swing (``swings.py``) that is large enough. While somebody walks it must be
far above the steps; a hand that swings along with the steps has a range of 3 to 9 m/s2, one that is
moved on purpose has more, and is easily taken for a walk.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import Direction
    from biofeedback.signals.movement.swings import Rise
    from biofeedback.signals.resample import Vector

SMALLEST_SPAN_MPS2 = 3.0
_ABOVE_STEPS = 5.0
_WIDEST_ARM_SWING_MPS2 = 9.0
_LONG_WALK_TICKS = 4500
_USUAL_OF = 16
_ABOVE_USUAL = 1.6
_REFRACTORY_TICKS = 8
_VERTICAL = math.cos(math.radians(40.0))
_TURNED = 0.5
_G_MPS2 = 9.80665


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
    # Of a sensor that is turned to and fro the mean is shorter than gravity: its length is known.
    whole = math.sqrt((mx + gx) ** 2 + (my + gy) ** 2 + (mz + gz) ** 2)
    pushed = math.sqrt(_G_MPS2 * _G_MPS2 + size * size) - _G_MPS2
    return "rotation" if abs(whole - _G_MPS2) < _TURNED * pushed else "sideways"


class StepFilter:
    """Leave out what is but a part of walking.

    A hand that swings along with the steps is known by its range. Who has walked for a minute and a
    half is known better: then the usual range of that walk counts, if it is wider.
    """

    def __init__(self, *, in_hand: bool) -> None:
        self._in_hand = in_hand
        self._since: int | None = None
        self._spans: deque[float] = deque(maxlen=_USUAL_OF)

    def restart(self) -> None:
        """Begin anew after a gap."""
        self._since = None
        self._spans.clear()

    def update(self, first: int, rises: list[Rise], *, walking: bool) -> list[Rise]:
        """Take the rises of consecutive ticks from ``first`` on; return those of their own."""
        if not walking:
            self._since = None
            return rises
        if self._since is None:
            self._since = first
            self._spans.clear()
        own: list[Rise] = []
        for rise in rises:
            self._spans.append(rise.span_mps2)
            wide = self._in_hand and rise.span_mps2 > self._widest_mps2(rise.tick - self._since)
            if wide or rise.peak_mps2 >= _ABOVE_STEPS * rise.level_mps2:
                own.append(rise)
        return own

    def _widest_mps2(self, walked_ticks: int) -> float:
        if walked_ticks < _LONG_WALK_TICKS or len(self._spans) < _USUAL_OF:
            return _WIDEST_ARM_SWING_MPS2
        return max(_WIDEST_ARM_SWING_MPS2, _ABOVE_USUAL * median(self._spans))


class Gestures:
    """Choose among the rises of a movement that isn't gait."""

    def __init__(self) -> None:
        self._last: int | None = None

    def update(self, rises: Sequence[Rise]) -> list[Gesture]:
        """Take the next rises; return the gestures."""
        found: list[Gesture] = []
        for rise in rises:
            if rise.span_mps2 < SMALLEST_SPAN_MPS2:
                continue
            if self._last is not None and rise.tick - self._last < _REFRACTORY_TICKS:
                continue
            self._last = rise.tick
            direction = find_direction(rise.peak, rise.gravity)
            found.append(Gesture(tick=rise.tick, strength_mps2=rise.peak_mps2, direction=direction))
        return found
