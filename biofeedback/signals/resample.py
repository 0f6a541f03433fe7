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

from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

WORKING_RATE_HZ = 50
TICK_NS = 20_000_000
TICK_S = 0.02
GAP_NS = 200_000_000

Vector: TypeAlias = tuple[float, float, float]


class Ticks(msgspec.Struct, frozen=True, eq=False, gc=False):
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
        self._last_ns = -1
        self._last: Vector = (0.0, 0.0, 0.0)
        self._next_ns = 0
        # Integral since the last tick; it counts only once the stretch has reached a tick.
        self._area: Vector = (0.0, 0.0, 0.0)
        self._on_grid = False
        self._restarted = False

    def update(self, times_ns: NDArray[np.int64], vectors: NDArray[np.float64]) -> list[Ticks]:
        """Take finite samples; return the ticks that they complete, one entry per stretch.

        Args:
            times_ns: Shape (n,).
            vectors: Shape (n, 3).
        """
        if times_ns.size == 0:
            return []
        if self.origin_ns is None:
            self.origin_ns = int(times_ns[0])
            self._begin(0, tuple(vectors[0].tolist()))
            times_ns, vectors = times_ns[1:], vectors[1:]
        since_origin_ns: list[int] = (times_ns - self.origin_ns).tolist()
        x, y, z = vectors.T.tolist()
        samples = zip(since_origin_ns, x, y, z, strict=True)
        found: list[Ticks] = []
        while (ahead := self._draw(samples, found)) is not None:
            self._begin(*ahead)
            self._restarted = True
        return found

    def _begin(self, now_ns: int, value: Vector) -> None:
        self._last_ns = now_ns
        self._last = value
        self._next_ns = -(-now_ns // TICK_NS) * TICK_NS
        self._area = (0.0, 0.0, 0.0)
        self._on_grid = self._next_ns == now_ns
        if self._on_grid:
            self._next_ns += TICK_NS

    def _draw(
        self, samples: Iterator[tuple[int, float, float, float]], found: list[Ticks]
    ) -> tuple[int, Vector] | None:
        """Go on with the line through samples that follow each other without a gap.

        Returns:
            The first sample behind a gap, which the iterator has passed; None at the end.
        """
        ahead: tuple[int, Vector] | None = None
        vectors: list[Vector] = []
        append = vectors.append
        last_ns, next_ns, on_grid = self._last_ns, self._next_ns, self._on_grid
        x0, y0, z0 = self._last
        ax, ay, az = self._area
        hz, tick_ns, gap_ns = WORKING_RATE_HZ, TICK_NS, GAP_NS
        for now_ns, x1, y1, z1 in samples:
            apart_ns = now_ns - last_ns
            if not 0 < apart_ns <= gap_ns:
                if apart_ns <= 0:
                    continue
                ahead = (now_ns, (x1, y1, z1))
                break
            dt_s = apart_ns * 1e-9
            while next_ns <= now_ns:
                # The part of the line before a tick is its own, the rest is the next one's.
                w_s = (next_ns - last_ns) * 1e-9
                bent = 0.5 * w_s * w_s / dt_s
                x = w_s * x0 + bent * (x1 - x0)
                y = w_s * y0 + bent * (y1 - y0)
                z = w_s * z0 + bent * (z1 - z0)
                if on_grid:
                    append(((ax + x) * hz, (ay + y) * hz, (az + z) * hz))
                on_grid = True
                ax, ay, az = -x, -y, -z
                next_ns += tick_ns
            half = 0.5 * dt_s
            ax += half * (x0 + x1)
            ay += half * (y0 + y1)
            az += half * (z0 + z1)
            last_ns = now_ns
            x0, y0, z0 = x1, y1, z1
        self._last_ns, self._next_ns, self._on_grid = last_ns, next_ns, on_grid
        self._last = (x0, y0, z0)
        self._area = (ax, ay, az)
        if vectors:
            first = next_ns // TICK_NS - len(vectors)
            found.append(Ticks(first=first, vectors=vectors, restarted=self._restarted))
            self._restarted = False
        return ahead
