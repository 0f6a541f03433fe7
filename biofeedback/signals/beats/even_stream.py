"""One raw signal in stretches of constant rate, and when each of its samples was taken.

* A sample that is no number, or isn't later than the one before, is left out.
* Longer than ``gap_ns`` without a sample is a gap: a stretch ends.
* A stretch begins with 64 samples, or one second of a slow signal, that tell its rate.
* Times are seconds since the source's first sample, of integer nanoseconds, so that a shift of all
  times changes nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_RATE_SAMPLES = 64
_RATE_NS = NS_PER_S
_KEPT_S = 8.0


class Piece(NamedTuple):
    """Samples that follow on those before, shape (n,) or (n, channels), n > 0.

    ``begins_s`` is the time of sample 0 if a stretch begins here, ``until_s`` that of the last one.
    """

    begins_s: float | None
    until_s: float
    rate_hz: float
    values: NDArray[np.float64]


class EvenStream:
    """Cut the samples of one source into stretches."""

    def __init__(self, *, gap_ns: int) -> None:
        self._gap_ns = gap_ns
        self.origin_ns: int | None = None
        self.not_finite = 0
        self._newest_ns = 0
        self._waiting: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
        self._known = False
        self._rate_hz = 0.0
        self._times_ns: NDArray[np.int64] = np.empty(0, np.int64)
        self._first = 0
        self._kept = 0

    def update(self, times_ns: NDArray[np.int64], values: NDArray[np.float64]) -> Iterator[Piece]:
        """Take samples, values of shape (n,) or (n, channels); give the pieces they complete.

        A piece has to be used before the next is asked for: ``time_s`` knows one stretch.
        """
        # Their squares have a sum that is no number, too; or one that is too large for one.
        if not math.isfinite(np.vdot(values, values)):
            times_ns, values = self._sieve(times_ns, values)
        if not times_ns.size:
            return
        if self.origin_ns is None:
            self.origin_ns = int(times_ns[0])
            self._newest_ns = -1
        since_ns = times_ns - self.origin_ns
        if not self._follows_on(since_ns):
            yield from self._sort_out(since_ns, values)
            return
        self._newest_ns = newest_ns = int(since_ns[-1])
        if self._known:
            self._keep(since_ns)
            yield Piece(None, newest_ns / NS_PER_S, self._rate_hz, values)
        else:
            yield from self._go_on(since_ns, values)

    def _sort_out(
        self, since_ns: NDArray[np.int64], values: NDArray[np.float64]
    ) -> Iterator[Piece]:
        """Leave out what isn't later than what came before, and end a stretch at each gap."""
        latest_ns = np.maximum.accumulate(np.concatenate(([self._newest_ns], since_ns)))
        later = since_ns > latest_ns[:-1]
        if not later.all():
            since_ns, values = since_ns[later], values[later]
            if not since_ns.size:
                return
        apart_ns = np.diff(since_ns, prepend=self._newest_ns)
        cuts = np.flatnonzero(apart_ns > self._gap_ns)
        self._newest_ns = int(since_ns[-1])
        start = 0
        for cut in [*cuts.tolist(), len(since_ns)]:
            if cut > start:
                yield from self._go_on(since_ns[start:cut], values[start:cut])
            if cut < len(since_ns):
                self._waiting.clear()
                self._known = False
            start = cut

    def _sieve(
        self, times_ns: NDArray[np.int64], values: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Leave out samples that are no numbers."""
        finite = np.isfinite(values) if values.ndim == 1 else np.isfinite(values).all(axis=1)
        self.not_finite += int(finite.size - np.count_nonzero(finite))
        return times_ns[finite], values[finite]

    def _follows_on(self, since_ns: NDArray[np.int64]) -> bool:
        """Tell whether these samples are in order and without a gap, as nearly always."""
        first_ns = int(since_ns[0]) - self._newest_ns
        if not 0 < first_ns <= self._gap_ns:
            return False
        if len(since_ns) == 1:
            return True
        apart_ns = since_ns[1:] - since_ns[:-1]
        least_ns, most_ns = np.minimum.reduce(apart_ns), np.maximum.reduce(apart_ns)
        return bool(least_ns > 0 and most_ns <= self._gap_ns)

    def time_s(self, sample: float) -> float:
        """Tell when a sample of the newest stretch was taken; fractions lie between two."""
        place = min(max(sample - self._first, 0.0), self._kept - 1.0)
        low = min(int(place), self._kept - 2)
        before_ns, after_ns = int(self._times_ns[low]), int(self._times_ns[low + 1])
        return (before_ns + (place - low) * (after_ns - before_ns)) / NS_PER_S

    def _go_on(self, since_ns: NDArray[np.int64], values: NDArray[np.float64]) -> Iterator[Piece]:
        if self._known:
            self._keep(since_ns)
            until_s = int(since_ns[-1]) / NS_PER_S
            yield Piece(begins_s=None, until_s=until_s, rate_hz=self._rate_hz, values=values)
            return
        self._waiting.append((since_ns, values))
        times_ns = np.concatenate([times for times, _ in self._waiting])
        spans_ns = times_ns - times_ns[0]
        # From the same samples however they were packed.
        last = min(_RATE_SAMPLES - 1, int(np.searchsorted(spans_ns, _RATE_NS)))
        if last >= len(times_ns):
            return
        joined = np.concatenate([piece for _, piece in self._waiting])
        self._waiting.clear()
        self._rate_hz = last * NS_PER_S / float(spans_ns[last])
        self._known = True
        self._times_ns = np.empty(0, np.int64)
        self._first = self._kept = 0
        self._keep(times_ns)
        yield Piece(
            begins_s=int(times_ns[0]) / NS_PER_S,
            until_s=int(times_ns[-1]) / NS_PER_S,
            rate_hz=self._rate_hz,
            values=joined,
        )

    def _keep(self, since_ns: NDArray[np.int64]) -> None:
        start, end = self._kept, self._kept + len(since_ns)
        if end > len(self._times_ns):
            most = round(_KEPT_S * self._rate_hz)
            low = max(0, start - most)
            room = np.empty(4 * (end - low), np.int64)
            room[: start - low] = self._times_ns[low:start]
            self._times_ns = room
            self._first += low
            start, end = start - low, end - low
        self._times_ns[start:end] = since_ns
        self._kept = end
