"""Uneven samples -> an even grid.

* The grid is tied to the first sample ever seen: tick k lies at ``origin_ns + k * TICK_NS``.
* The signal between two samples is the straight line; a tick is its mean over the last TICK_NS.
  That is the whole anti-aliasing for sensors faster than the grid, and close to plain
  interpolation for slower ones.
* No line is drawn across more than GAP_NS: a new stretch begins instead.
* A sample that isn't later than the one before (doubled or backward stamp) is left out.

One sample after the other, in plain Python: for the 20 to 40 samples of a packet that is faster
than arrays, and blocks can't leave a mark on the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

WORKING_RATE_HZ = 50
TICK_NS = 20_000_000
TICK_S = 0.02
GAP_NS = 200_000_000

Vector: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Ticks:
    """Vectors on the grid, the first at tick ``first``.

    ``restarted`` is True when a gap lies between this stretch and what came before.
    """

    first: int
    vectors: list[Vector]
    restarted: bool


class Resampler:
    """Bring one sensor's vectors onto the grid."""

    def __init__(self) -> None:
        self.origin_ns: int | None = None
        self.out_of_order = 0
        self._last_ns = 0
        self._last: Vector = (0.0, 0.0, 0.0)
        self._next_ns = 0
        # Integral since the last tick; it counts only once the stretch has reached a tick.
        self._area: Vector = (0.0, 0.0, 0.0)
        self._on_grid = False
        self._restarted = False

    def update(self, times_ns: Sequence[int], values: Sequence[Sequence[float]]) -> list[Ticks]:
        """Take finite samples; return the ticks that they complete, one entry per stretch."""
        if not times_ns:
            return []
        if self.origin_ns is None:
            self.origin_ns = times_ns[0]
            self._begin(0, values[0])
            times_ns, values = times_ns[1:], values[1:]
        found: list[Ticks] = []
        out: list[Vector] = []
        origin_ns = self.origin_ns
        last_ns, next_ns, on_grid = self._last_ns, self._next_ns, self._on_grid
        x0, y0, z0 = self._last
        ax, ay, az = self._area
        for time_ns, (x1, y1, z1) in zip(times_ns, values, strict=True):
            now_ns = time_ns - origin_ns
            apart_ns = now_ns - last_ns
            if apart_ns <= 0:
                self.out_of_order += 1
                continue
            if apart_ns > GAP_NS:
                self._close(next_ns, out, found)
                out = []
                self._begin(now_ns, (x1, y1, z1))
                self._restarted = True
                last_ns, next_ns, on_grid = self._last_ns, self._next_ns, self._on_grid
                x0, y0, z0 = self._last
                ax, ay, az = self._area
                continue
            dt_s = apart_ns * 1e-9
            px = py = pz = 0.0
            while next_ns <= now_ns:
                # The part of the line before the tick belongs to it, the rest to the next one.
                w_s = (next_ns - last_ns) * 1e-9
                half = 0.5 * w_s * w_s / dt_s
                hx = w_s * x0 + half * (x1 - x0)
                hy = w_s * y0 + half * (y1 - y0)
                hz = w_s * z0 + half * (z1 - z0)
                if on_grid:
                    out.append(
                        (
                            (ax + hx - px) * WORKING_RATE_HZ,
                            (ay + hy - py) * WORKING_RATE_HZ,
                            (az + hz - pz) * WORKING_RATE_HZ,
                        )
                    )
                on_grid = True
                ax = ay = az = 0.0
                px, py, pz = hx, hy, hz
                next_ns += TICK_NS
            half = 0.5 * dt_s
            ax += half * (x0 + x1) - px
            ay += half * (y0 + y1) - py
            az += half * (z0 + z1) - pz
            last_ns = now_ns
            x0, y0, z0 = x1, y1, z1
        self._last_ns, self._next_ns, self._on_grid = last_ns, next_ns, on_grid
        self._last = (x0, y0, z0)
        self._area = (ax, ay, az)
        self._close(next_ns, out, found)
        return found

    def _begin(self, now_ns: int, value: Sequence[float]) -> None:
        x, y, z = value
        self._last_ns = now_ns
        self._last = (x, y, z)
        self._next_ns = -(-now_ns // TICK_NS) * TICK_NS
        self._area = (0.0, 0.0, 0.0)
        self._on_grid = self._next_ns == now_ns
        if self._on_grid:
            self._next_ns += TICK_NS

    def _close(self, next_ns: int, out: list[Vector], found: list[Ticks]) -> None:
        if out:
            first = next_ns // TICK_NS - len(out)
            found.append(Ticks(first=first, vectors=out, restarted=self._restarted))
            self._restarted = False
