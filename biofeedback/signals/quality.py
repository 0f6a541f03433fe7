"""How far a motion sensor can be trusted: what is missing, clipped or not a number, and its clock.

Judged once per second of signal, so the verdict doesn't depend on how samples were packed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, TypeAlias

import msgspec
import numpy as np

from biofeedback.messages import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from biofeedback.samples import AccelerationBlock

_CLIPPED_AT = 0.98
_MOST_CLIPPED = 0.05
_CLIPPING_WINDOW_S = 5
_RATE_MISMATCH = 0.05
_RATE_SECONDS = 10
_TIMING_SECONDS = 10
_GAP_NS = 200_000_000
_NORMAL = 1.4826
_PPM = 1e6
LARGEST_MPS2 = 10_000.0
"""A thousand g: no wearable measures that, so it is a broken number."""

Piece: TypeAlias = "tuple[NDArray[np.int64], NDArray[np.float64], Verdict | None]"


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock of a sensor over the last ten seconds, gaps left out.

    ``jitter_ms`` is the spread of the intervals between samples (1.4826 times the median distance
    from their median: one late sample changes nothing).
    """

    rate_hz: float
    jitter_ms: float


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """The judgement on one second of signal; ``quality`` is 0..1.

    ``gap_s`` is the longest hole of more than 0.2 s that ended in it, ``timing`` is told every ten
    seconds.
    """

    quality: float
    clipping: bool
    rate_hz: float | None
    gap_s: float | None = None
    timing: Timing | None = None


class MotionQuality:
    """Count what arrives and judge each second of it."""

    def __init__(self) -> None:
        self.not_finite = 0
        self._origin_ns: int | None = None
        self._second = 0
        self._samples = 0
        self._broken = 0
        self._clipped = 0
        self._rates: deque[int] = deque(maxlen=_RATE_SECONDS)
        self._window: deque[tuple[int, int]] = deque(maxlen=_CLIPPING_WINDOW_S)
        self._times: list[NDArray[np.int64]] = []
        self._intervals_ns: list[NDArray[np.int64]] = []

    def sieve(self, block: AccelerationBlock) -> Iterator[Piece]:
        """Stop what isn't a number; cut a block where a second of signal ends, and judge each.

        Yields:
            Times (n,) and acceleration (n, 3) of a piece, maybe none, and the verdict on the second
            that ended before it, None if none did.
        """
        times_ns, acceleration_mps2 = block.times_ns, block.acceleration_mps2
        if times_ns.size == 0:
            return
        clean = _is_within(acceleration_mps2, _limit(block.range_mps2))
        for second, piece in self._cut(times_ns):
            times, values = times_ns[piece], acceleration_mps2[piece]
            verdict = None
            if second > self._second:
                verdict = self._judge()
                self._second = second
            self._samples += times.size
            self._times.append(times)
            if not clean:
                good = self._count_bad(values, block.range_mps2)
                times, values = times[good], values[good]
            yield times, values, verdict

    def _cut(self, times_ns: NDArray[np.int64]) -> list[tuple[int, slice]]:
        """Return each second of signal, counted from the first sample ever, and its samples."""
        if self._origin_ns is None:
            self._origin_ns = times_ns.item(0)
        origin_ns, n = self._origin_ns, times_ns.size
        newest = (times_ns.item(-1) - origin_ns) // NS_PER_S
        cut: list[tuple[int, slice]] = []
        start = 0
        while start < n:
            second = (times_ns.item(start) - origin_ns) // NS_PER_S
            end = n
            if second != newest:
                # One at least, even of stamps that aren't in order.
                ends_ns = origin_ns + (second + 1) * NS_PER_S
                end = max(start + 1, int(times_ns.searchsorted(ends_ns)))
            cut.append((second, slice(start, end)))
            start = end
        return cut

    def _count_bad(
        self, acceleration_mps2: NDArray[np.float64], range_mps2: float | None
    ) -> NDArray[np.bool_]:
        """Count what is clipped or no number; tell which samples, shape (n,), are numbers."""
        sizes = np.abs(acceleration_mps2).max(axis=1)
        good = sizes <= LARGEST_MPS2
        if range_mps2 is not None:
            self._clipped += int(np.count_nonzero(sizes[good] >= _limit(range_mps2)))
        broken = int(good.size - np.count_nonzero(good))
        self._broken += broken
        self.not_finite += broken
        return good

    def _judge(self) -> Verdict | None:
        """Judge the second that ended and begin the next."""
        samples, broken, clipped = self._samples, self._broken, self._clipped
        self._samples = self._broken = self._clipped = 0
        if samples == 0:
            return None
        gap_s, timing = self._judge_clock()
        self._rates.append(samples)
        self._window.append((samples, clipped))
        usual = median(self._rates)
        complete = min(1.0, (samples - broken) / usual)
        share = sum([c for _, c in self._window]) / sum([s for s, _ in self._window])
        clipping = share > _MOST_CLIPPED
        quality = complete * max(0.0, 1.0 - share / _MOST_CLIPPED * 0.5)
        rate_hz = None
        if len(self._rates) == _RATE_SECONDS:
            # Seconds with a hole say nothing about the rate of the device.
            whole = [r for r in self._rates if r > 0.9 * usual]
            rate_hz = sum(whole) / len(whole)
        return Verdict(
            quality=min(quality, 0.2) if clipping else quality,
            clipping=clipping,
            rate_hz=rate_hz,
            gap_s=gap_s,
            timing=timing,
        )

    def _judge_clock(self) -> tuple[float | None, Timing | None]:
        # The last sample of the second before comes first.
        times_ns = np.concatenate(self._times)
        self._times = [times_ns[-1:]]
        # Differences of integers: a shift of all times changes nothing.
        apart_ns = times_ns[1:] - times_ns[:-1]
        longest_ns = apart_ns.item(apart_ns.argmax()) if apart_ns.size else 0
        gap_s = longest_ns / NS_PER_S if longest_ns > _GAP_NS else None
        self._intervals_ns.append(apart_ns)
        if len(self._intervals_ns) < _TIMING_SECONDS:
            return gap_s, None
        whole_ns = np.concatenate(self._intervals_ns)
        self._intervals_ns.clear()
        good_ns = whole_ns[(whole_ns > 0) & (whole_ns <= _GAP_NS)]
        if good_ns.size < _TIMING_SECONDS:
            return gap_s, None
        usual_ns = _middle(good_ns)
        jitter_ns = _NORMAL * _middle(np.abs(good_ns - usual_ns))
        rate_hz = NS_PER_S * good_ns.size / float(good_ns.sum())
        return gap_s, Timing(rate_hz=rate_hz, jitter_ms=jitter_ns / NS_PER_MS)


def _is_within(values: NDArray[np.float64], limit: float) -> bool:
    """Tell whether all values lie between -limit and limit; NaN and infinity never do."""
    flat = values.reshape(-1)
    # Where the largest lies is found faster than itself. A NaN counts as that, and fails here.
    return -limit < flat.item(flat.argmin()) and flat.item(flat.argmax()) < limit


def _limit(range_mps2: float | None) -> float:
    """Return from which size on a value is no good, or clipped if the full scale is known."""
    return LARGEST_MPS2 if range_mps2 is None else min(LARGEST_MPS2, _CLIPPED_AT * range_mps2)


def _middle(values: NDArray[np.int64]) -> int:
    """Return the upper median; numpy's own loads half of numpy at its first call."""
    return int(np.sort(values)[values.size // 2])


def differs_from_declared(rate_hz: float | None, declared_hz: float | None) -> bool:
    """Tell whether a sensor delivers another rate than it claims."""
    if rate_hz is None or declared_hz is None:
        return False
    return abs(rate_hz / declared_hz - 1.0) > _RATE_MISMATCH


def drift_ppm(rate_hz: float, declared_hz: float | None) -> float | None:
    """Return by how many millionths a sensor's clock runs fast; None if it has another rate."""
    if declared_hz is None or differs_from_declared(rate_hz, declared_hz):
        return None
    return (rate_hz / declared_hz - 1.0) * _PPM
