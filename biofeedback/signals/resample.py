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
from operator import sub
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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


class _Samples(NamedTuple):
    """Columns: a loop over lists of floats is faster than over rows of an array."""

    since_origin_ns: list[int]
    x: list[float]
    y: list[float]
    z: list[float]

    def pick(self, places: list[int]) -> _Samples:
        return _Samples(
            [self.since_origin_ns[i] for i in places],
            [self.x[i] for i in places],
            [self.y[i] for i in places],
            [self.z[i] for i in places],
        )

    def go_on_from(self, last_ns: int) -> bool:
        """Tell whether each is later than the one before, and none behind a gap."""
        apart_ns = [*map(sub, self.since_origin_ns, (last_ns, *self.since_origin_ns))]
        return not apart_ns or (min(apart_ns) > 0 and max(apart_ns) <= GAP_NS)


class Resampler:
    """Bring one sensor's vectors onto the grid."""

    def __init__(self) -> None:
        self.origin_ns: int | None = None
        self.out_of_order = 0
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
        samples = _Samples((times_ns - self.origin_ns).tolist(), *vectors.T.tolist())
        found: list[Ticks] = []
        if samples.go_on_from(self._last_ns):
            self._draw(samples, found)
        else:
            self._draw_in_pieces(samples, found)
        return found

    def _draw_in_pieces(self, samples: _Samples, found: list[Ticks]) -> None:
        """Leave out what isn't later than the sample before; begin a stretch after each gap."""
        piece: list[int] = []
        last_ns = self._last_ns
        for i, now_ns in enumerate(samples.since_origin_ns):
            if now_ns <= last_ns:
                self.out_of_order += 1
                continue
            if now_ns - last_ns > GAP_NS:
                self._draw(samples.pick(piece), found)
                piece = []
                self._begin(now_ns, (samples.x[i], samples.y[i], samples.z[i]))
                self._restarted = True
            else:
                piece.append(i)
            last_ns = now_ns
        self._draw(samples.pick(piece), found)

    def _begin(self, now_ns: int, value: Vector) -> None:
        self._last_ns = now_ns
        self._last = value
        self._next_ns = -(-now_ns // TICK_NS) * TICK_NS
        self._area = (0.0, 0.0, 0.0)
        self._on_grid = self._next_ns == now_ns
        if self._on_grid:
            self._next_ns += TICK_NS

    def _draw(self, samples: _Samples, found: list[Ticks]) -> None:
        """Go on with the line through samples that follow each other without a gap."""
        vectors: list[Vector] = []
        last_ns, next_ns, on_grid = self._last_ns, self._next_ns, self._on_grid
        x0, y0, z0 = self._last
        ax, ay, az = self._area
        for now_ns, x1, y1, z1 in zip(*samples, strict=True):
            dt_s = (now_ns - last_ns) * 1e-9
            half = 0.5 * dt_s
            if now_ns < next_ns:
                ax += half * (x0 + x1)
                ay += half * (y0 + y1)
                az += half * (z0 + z1)
            else:
                px = py = pz = 0.0
                while next_ns <= now_ns:
                    # The part of the line before the tick is its own, the rest is the next one's.
                    w_s = (next_ns - last_ns) * 1e-9
                    bent = 0.5 * w_s * w_s / dt_s
                    hx = w_s * x0 + bent * (x1 - x0)
                    hy = w_s * y0 + bent * (y1 - y0)
                    hz = w_s * z0 + bent * (z1 - z0)
                    if on_grid:
                        vectors.append(
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
                ax = half * (x0 + x1) - px
                ay = half * (y0 + y1) - py
                az = half * (z0 + z1) - pz
            last_ns = now_ns
            x0, y0, z0 = x1, y1, z1
        self._last_ns, self._next_ns, self._on_grid = last_ns, next_ns, on_grid
        self._last = (x0, y0, z0)
        self._area = (ax, ay, az)
        if vectors:
            first = next_ns // TICK_NS - len(vectors)
            found.append(Ticks(first=first, vectors=vectors, restarted=self._restarted))
            self._restarted = False
