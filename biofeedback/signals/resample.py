"""Uneven samples -> an even grid.

* The grid is tied to the first sample ever seen: tick k lies at ``origin_ns + k * TICK_NS``.
* The signal between two samples is the straight line; a tick is its mean over the last TICK_NS.
  That is the whole anti-aliasing for sensors faster than the grid, and close to plain
  interpolation for slower ones.
* No line is drawn across more than GAP_NS: a new stretch begins instead.
* A sample that isn't later than the one before (doubled or backward stamp) is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORKING_RATE_HZ = 50
TICK_NS = 20_000_000
TICK_S = 0.02
GAP_NS = 200_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Ticks:
    """Values on the grid: ``values`` has shape (n, channels), the first at tick ``first``.

    ``restarted`` is True when a gap lies between this stretch and what came before.
    """

    first: int
    values: NDArray[np.float64]
    restarted: bool


class Resampler:
    """Bring one sensor's samples onto the grid."""

    def __init__(self) -> None:
        self.origin_ns: int | None = None
        self.out_of_order = 0
        self._started = False
        self._last_ns = 0
        self._last: NDArray[np.float64] = np.zeros(0)
        # The integral of the signal since the stretch began: at the last sample, at the last tick.
        self._integral: NDArray[np.float64] = np.zeros(0)
        self._at_tick: NDArray[np.float64] | None = None
        self._next = 0
        self._restarted = False

    def update(self, times_ns: NDArray[np.int64], values: NDArray[np.float64]) -> list[Ticks]:
        """Take finite samples, shapes (n,) and (n, channels); return the ticks they complete."""
        if times_ns.size == 0:
            return []
        if self.origin_ns is None:
            self.origin_ns = int(times_ns[0])
        relative = times_ns - self.origin_ns
        times, values = self._in_order(relative, values)
        if times.size == 0:
            return []
        steps = np.diff(times)
        if times.size == 1 or int(steps.max()) <= GAP_NS:
            stretches = [(times, values)]
        else:
            cuts = np.flatnonzero(steps > GAP_NS) + 1
            stretches = list(zip(np.split(times, cuts), np.split(values, cuts), strict=True))
        found = (self._stretch(t, v) for t, v in stretches)
        return [ticks for ticks in found if ticks is not None]

    def _in_order(
        self, times: NDArray[np.int64], values: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        before = self._last_ns if self._started else int(times[0]) - 1
        highest = np.maximum.accumulate(times)
        previous = np.empty_like(times)
        previous[0] = before
        np.maximum(highest[:-1], before, out=previous[1:])
        later = times > previous
        if later.all():
            return times, values
        self.out_of_order += int(times.size - np.count_nonzero(later))
        return times[later], values[later]

    def _stretch(self, times: NDArray[np.int64], values: NDArray[np.float64]) -> Ticks | None:
        """Resample samples without a gap among them."""
        if not self._started or int(times[0]) - self._last_ns > GAP_NS:
            self._begin(int(times[0]), values[0])
            times, values = times[1:], values[1:]
        if times.size == 0:
            return None
        t = np.empty(times.size + 1, dtype=np.int64)
        t[0] = self._last_ns
        t[1:] = times
        v = np.empty((t.size, values.shape[1]))
        v[0] = self._last
        v[1:] = values
        dt_s = np.diff(t)[:, None] * 1e-9
        areas = np.empty_like(v)
        areas[0] = self._integral
        areas[1:] = (v[:-1] + v[1:]) * (0.5 * dt_s)
        # A running sum adds in the order of time, so it doesn't depend on where blocks end.
        integral: NDArray[np.float64] = np.cumsum(areas, axis=0)
        self._last_ns = int(t[-1])
        self._last = v[-1]
        self._integral = integral[-1]
        end = self._last_ns // TICK_NS + 1
        if end <= self._next:
            return None
        ticks_ns = np.arange(self._next, end, dtype=np.int64) * TICK_NS
        # A tick belongs to the line (t[j], t[j + 1]], known as soon as sample j + 1 is.
        j = np.searchsorted(t, ticks_ns, side="left") - 1
        w_s = (ticks_ns - t[j])[:, None] * 1e-9
        low = v[j]
        at_ticks = integral[j] + w_s * (low + (0.5 * w_s) * ((v[j + 1] - low) / dt_s[j]))
        return self._means(end, at_ticks)

    def _begin(self, time: int, value: NDArray[np.float64]) -> None:
        self._restarted = self._started
        self._started = True
        self._last_ns = time
        self._last = value
        self._integral = np.zeros(value.shape)
        self._next = -(-time // TICK_NS)
        self._at_tick = None
        if self._next * TICK_NS == time:
            self._at_tick = self._integral
            self._next += 1

    def _means(self, end: int, at_ticks: NDArray[np.float64]) -> Ticks | None:
        """Turn the integral at the ticks ``_next`` .. ``end`` into the mean before each."""
        first = self._next
        before = self._at_tick
        self._at_tick = at_ticks[-1]
        self._next = end
        if before is None:
            first += 1
        else:
            at_ticks = np.concatenate((before[None, :], at_ticks))
        if at_ticks.shape[0] < 2:
            return None
        ticks = Ticks(
            first=first,
            values=(at_ticks[1:] - at_ticks[:-1]) * float(WORKING_RATE_HZ),
            restarted=self._restarted,
        )
        self._restarted = False
        return ticks
