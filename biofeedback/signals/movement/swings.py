"""A movement as swings along its own strongest direction.

* Gravity is followed slowly and taken off; the strongest axis of the last second of what is left
  is followed too, and the acceleration along it is looked at alone.
* A rise is the moment at which it passes through the upper part of its own recent range. It must
  fall through the lower part before it can rise again, so a swing with several peaks is one rise,
  and so is there and back.
* After a rest the direction isn't known: then the size decides, and its direction is taken. A
  stroke that is much larger than the swing before needn't wait until that one has fallen.

References:
    Schmitt (1938), A thermionic trigger: two thresholds; here they follow the range. The axis is
    the first principal component by power iteration (Oja 1982) on forgetting sums.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from biofeedback.signals.resample import TICK_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.signals.resample import Vector

SMALLEST_SPAN_MPS2 = 0.8
SUDDEN_MPS2 = 3.0
_SUDDEN_SQUARE = SUDDEN_MPS2 * SUDDEN_MPS2
PEAK_TICKS = 2
"""A rise is told this much later, with the largest acceleration until then."""
GRAVITY_S = 0.8
"""Time constant with which gravity is followed."""
_RISES_ABOVE = 0.62
_FALLS_BELOW = 0.38
_MUCH_LARGER = 2.5
_SETTLE_TICKS = 25
_CELL_TICKS = 5


def _forget(seconds: float) -> float:
    return 1.0 - math.exp(-_CELL_TICKS * TICK_S / seconds)


_GRAVITY = _forget(GRAVITY_S)
_AXIS = _forget(1.0)
_RANGE = _forget(1.2)
_LEVEL = _forget(1.5)


_Begun: TypeAlias = tuple[int, float, float]
"""A rise while its peak is looked for: tick, by how many ticks it was crossed earlier, span."""


class Rise(msgspec.Struct, frozen=True, gc=False):
    """One rise of a swing.

    ``instant_ticks`` lies between the ticks around the crossing; ``tick`` is the one after it.
    ``peak`` is the largest acceleration without gravity of the next ``PEAK_TICKS``,
    ``level_mps2`` its usual size until then, ``span_mps2`` the range along the axis.
    """

    tick: int
    instant_ticks: float
    peak: Vector
    peak_mps2: float
    gravity: Vector
    level_mps2: float
    span_mps2: float


class Swings:
    """Find the rises of one sensor's movement."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin anew after a gap; the first half second only learns how the sensor lies."""
        self._gravity: Vector | None = None
        self._settled_at = 0
        self._axis: Vector = (1.0, 0.0, 0.0)
        self._spread = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        self._level = 0.0
        self._high = self._low = self._before = 0.0
        self._armed = True
        self._fired_span = 0.0
        self._rise: _Begun | None = None
        self._peak = (0.0, 0.0, 0.0, 0.0)

    def update(  # noqa: C901, PLR0912, PLR0915 - one pass: calls would cost more than the sums
        self, first: int, vectors: Sequence[Vector]
    ) -> list[Rise]:
        """Take consecutive ticks of acceleration, gravity included."""
        found: list[Rise] = []
        if not vectors:
            return found
        if self._gravity is None:
            self._gravity = vectors[0]
            self._settled_at = first + _SETTLE_TICKS
        gx, gy, gz = self._gravity
        ax, ay, az = self._axis
        high, low, before = self._high, self._low, self._before
        armed, rise = self._armed, self._rise
        lies = gx * ax + gy * ay + gz * az
        for tick, (x, y, z) in enumerate(vectors, first):
            p = x * ax + y * ay + z * az - lies
            if p > high:
                high = p
            elif p < low:
                low = p
            span = high - low
            if rise is not None:
                self._follow_peak(x - gx, y - gy, z - gz)
                if tick - rise[0] >= PEAK_TICKS:
                    found.append(self._tell(rise, (gx, gy, gz)))
                    rise = None
            if armed:
                if span < SMALLEST_SPAN_MPS2:
                    ux, uy, uz = x - gx, y - gy, z - gz
                    square = ux * ux + uy * uy + uz * uz
                    if square > _SUDDEN_SQUARE and tick >= self._settled_at:
                        # Sudden, after a rest, in a direction of its own.
                        size = math.sqrt(square)
                        ax, ay, az = ux / size, uy / size, uz / size
                        lies = gx * ax + gy * ay + gz * az
                        self._spread = (ux * ux, uy * uy, uz * uz, ux * uy, ux * uz, uy * uz)
                        high, low = size, 0.0
                        armed, rise = False, self._begin(tick, 0.0, size, (ux, uy, uz), rise)
                elif p > low + _RISES_ABOVE * span:
                    line = low + _RISES_ABOVE * span
                    # Where the line between two ticks meets the threshold.
                    late = (p - line) / (p - before) if before < line else 0.0
                    vector = (x - gx, y - gy, z - gz)
                    armed, rise = False, self._begin(tick, late, span, vector, rise)
            elif p < low + _FALLS_BELOW * span:
                armed = True
            elif span > SUDDEN_MPS2 and span > _MUCH_LARGER * self._fired_span:
                rise = self._begin(tick, 0.0, span, (x - gx, y - gy, z - gz), rise)
            before = p
            if tick % _CELL_TICKS == 0:
                ux, uy, uz = x - gx, y - gy, z - gz
                gx += _GRAVITY * ux
                gy += _GRAVITY * uy
                gz += _GRAVITY * uz
                fade = 0.5 * _RANGE * span
                high -= fade
                low += fade
                ax, ay, az = self._turn((ux, uy, uz), (ax, ay, az))
                lies = gx * ax + gy * ay + gz * az
        self._gravity = (gx, gy, gz)
        self._axis = (ax, ay, az)
        self._high, self._low, self._before = high, low, before
        self._armed, self._rise = armed, rise
        return found

    def _begin(
        self, tick: int, late: float, span: float, vector: Vector, rise: _Begun | None
    ) -> _Begun | None:
        """Begin a rise, unless one is being followed or gravity isn't known yet."""
        self._fired_span = span
        if tick < self._settled_at or rise is not None:
            return rise
        self._peak = (0.0, 0.0, 0.0, 0.0)
        self._follow_peak(*vector)
        return tick, late, span

    def _follow_peak(self, x: float, y: float, z: float) -> None:
        size = x * x + y * y + z * z
        if size > self._peak[3]:
            self._peak = (x, y, z, size)

    def _tell(self, rise: _Begun, gravity: Vector) -> Rise:
        tick, late, span = rise
        x, y, z, size = self._peak
        return Rise(
            tick=tick,
            instant_ticks=tick - late,
            peak=(x, y, z),
            peak_mps2=math.sqrt(size),
            gravity=gravity,
            level_mps2=self._level,
            span_mps2=span,
        )

    def _turn(self, moved: Vector, axis: Vector) -> Vector:
        """Turn the axis one step towards the strongest direction; follow the usual size."""
        ux, uy, uz = moved
        ax, ay, az = axis
        xx, yy, zz, xy, xz, yz = self._spread
        xx += _AXIS * (ux * ux - xx)
        yy += _AXIS * (uy * uy - yy)
        zz += _AXIS * (uz * uz - zz)
        xy += _AXIS * (ux * uy - xy)
        xz += _AXIS * (ux * uz - xz)
        yz += _AXIS * (uy * uz - yz)
        self._spread = (xx, yy, zz, xy, xz, yz)
        self._level += _LEVEL * (math.sqrt(ux * ux + uy * uy + uz * uz) - self._level)
        bx = xx * ax + xy * ay + xz * az
        by = xy * ax + yy * ay + yz * az
        bz = xz * ax + yz * ay + zz * az
        size = math.sqrt(bx * bx + by * by + bz * bz)
        if size < 1e-9:
            return ax, ay, az
        return bx / size, by / size, bz / size
