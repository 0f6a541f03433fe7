"""Uneven samples -> an even grid.

* The grid is tied to the first sample ever seen: tick k lies at ``origin_ns + k * TICK_NS``.
* The signal between two samples is the straight line; a tick is its mean over the last TICK_NS.
  That is the whole anti-aliasing for sensors faster than the grid, and close to plain
  interpolation for slower ones.
* No line is drawn across more than GAP_NS: a new stretch begins instead.
* A sample that isn't later than the one before (doubled or backward stamp) is left out.

One sample after the other, in plain Python: for the 20 to 40 samples of a packet that is three
times faster than arrays, and blocks can't leave a mark on the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WORKING_RATE_HZ = 50
TICK_NS = 20_000_000
TICK_S = 0.02
GAP_NS = 200_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Ticks:
    """Two channels on the grid, the first values at tick ``first``.

    ``restarted`` is True when a gap lies between this stretch and what came before.
    """

    first: int
    lengths: list[float]
    along: list[float]
    restarted: bool


class Resampler:
    """Bring two channels of one sensor onto the grid."""

    def __init__(self) -> None:
        self.origin_ns: int | None = None
        self.out_of_order = 0
        self._last_ns = 0
        self._length = self._along = 0.0
        self._next_ns = 0
        # Integral since the last tick, None until the stretch has reached its first tick.
        self._length_area: float | None = None
        self._along_area = 0.0
        self._restarted = False

    def update(
        self, times_ns: Sequence[int], lengths: Sequence[float], along: Sequence[float]
    ) -> list[Ticks]:
        """Take finite samples; return the ticks that they complete, one entry per stretch."""
        if not times_ns:
            return []
        if self.origin_ns is None:
            self.origin_ns = times_ns[0]
            self._begin(0, lengths[0], along[0])
            times_ns, lengths, along = times_ns[1:], lengths[1:], along[1:]
        found: list[Ticks] = []
        out: list[tuple[float, float]] = []
        origin_ns = self.origin_ns
        last_ns, next_ns = self._last_ns, self._next_ns
        low, low_along = self._length, self._along
        area, along_area = self._length_area, self._along_area
        for time_ns, high, high_along in zip(times_ns, lengths, along, strict=True):
            now_ns = time_ns - origin_ns
            apart_ns = now_ns - last_ns
            if apart_ns <= 0:
                self.out_of_order += 1
                continue
            if apart_ns > GAP_NS:
                self._next_ns = next_ns
                self._close(out, found)
                out = []
                self._begin(now_ns, high, high_along)
                self._restarted = True
                next_ns = self._next_ns
                area, along_area = self._length_area, self._along_area
                last_ns, low, low_along = now_ns, high, high_along
                continue
            dt_s = apart_ns * 1e-9
            passed = passed_along = 0.0
            while next_ns <= now_ns:
                # The part of the line before the tick belongs to it, the rest to the next one.
                w_s = (next_ns - last_ns) * 1e-9
                half = 0.5 * w_s * w_s / dt_s
                here = w_s * low + half * (high - low)
                here_along = w_s * low_along + half * (high_along - low_along)
                if area is not None:
                    out.append(
                        (
                            (area + here - passed) * WORKING_RATE_HZ,
                            (along_area + here_along - passed_along) * WORKING_RATE_HZ,
                        )
                    )
                area = along_area = 0.0
                passed, passed_along = here, here_along
                next_ns += TICK_NS
            if area is not None:
                half = 0.5 * dt_s
                area += half * (low + high) - passed
                along_area += half * (low_along + high_along) - passed_along
            last_ns, low, low_along = now_ns, high, high_along
        self._last_ns, self._next_ns = last_ns, next_ns
        self._length, self._along = low, low_along
        self._length_area, self._along_area = area, along_area
        self._close(out, found)
        return found

    def _begin(self, now_ns: int, length: float, along: float) -> None:
        self._last_ns = now_ns
        self._length, self._along = length, along
        self._next_ns = -(-now_ns // TICK_NS) * TICK_NS
        self._length_area = None
        self._along_area = 0.0
        if self._next_ns == now_ns:
            self._length_area = 0.0
            self._next_ns += TICK_NS

    def _close(self, out: list[tuple[float, float]], found: list[Ticks]) -> None:
        if out:
            lengths, along = zip(*out, strict=True)
            first = self._next_ns // TICK_NS - len(out)
            found.append(
                Ticks(first=first, lengths=[*lengths], along=[*along], restarted=self._restarted)
            )
            self._restarted = False
