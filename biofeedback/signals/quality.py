"""How far a motion sensor can be trusted: what is missing, clipped or not a number.

Judged once per second of signal, so the verdict doesn't depend on how samples were packed.
"""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CLIPPED_AT = 0.98
_MOST_CLIPPED = 0.05
_CLIPPING_WINDOW_S = 5
_RATE_MISMATCH = 0.05
_RATE_SECONDS = 10
LARGEST_MPS2 = 10_000.0
"""A thousand g: no wearable measures that, so it is a broken number."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement on one second of signal; ``quality`` is 0..1."""

    quality: float
    clipping: bool
    rate_hz: float | None


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

    def seconds(self, times_ns: NDArray[np.int64]) -> list[slice]:
        """Cut a block where a second of signal ends."""
        n = times_ns.size
        if n == 0:
            return []
        if self._origin_ns is None:
            self._origin_ns = int(times_ns[0])
        if (int(times_ns[-1]) - self._origin_ns) // NS_PER_S == self._second:
            return [slice(0, n)]
        number = (times_ns - self._origin_ns) // NS_PER_S
        cuts = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), n]
        return [slice(a, b) for a, b in itertools.pairwise(cuts)]

    def sieve(
        self,
        times_ns: NDArray[np.int64],
        acceleration_mps2: NDArray[np.float64],
        range_mps2: float | None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], Verdict | None]:
        """Stop what isn't a number; if a second has ended before these samples, judge it.

        Args:
            times_ns: One of the pieces that ``seconds`` cut, not empty.
            acceleration_mps2: Shape (n, 3).
            range_mps2: Full scale of an axis, None if unknown.
        """
        assert self._origin_ns is not None  # noqa: S101 - seconds() came first
        second = (int(times_ns[0]) - self._origin_ns) // NS_PER_S
        verdict = None
        if second > self._second:
            verdict = self._judge()
            self._second = second
        self._samples += times_ns.size
        # A comparison with NaN is false, so NaN and infinity fail here too.
        size = np.abs(acceleration_mps2)
        largest = float(np.maximum.reduce(size, axis=None))
        limit = LARGEST_MPS2 if range_mps2 is None else _CLIPPED_AT * range_mps2
        if largest < limit:
            return times_ns, acceleration_mps2, verdict
        sizes = size.max(axis=1)
        good = sizes <= LARGEST_MPS2
        if range_mps2 is not None:
            self._clipped += int(np.count_nonzero(sizes[good] >= limit))
        broken = int(good.size - np.count_nonzero(good))
        self._broken += broken
        self.not_finite += broken
        return times_ns[good], acceleration_mps2[good], verdict

    def _judge(self) -> Verdict | None:
        """Judge the second that ended and begin the next."""
        samples, broken, clipped = self._samples, self._broken, self._clipped
        self._samples = self._broken = self._clipped = 0
        if samples == 0:
            return None
        self._rates.append(samples)
        self._window.append((samples, clipped))
        usual = median(self._rates)
        complete = min(1.0, (samples - broken) / usual)
        share = sum(c for _, c in self._window) / sum(s for s, _ in self._window)
        clipping = share > _MOST_CLIPPED
        quality = complete * max(0.0, 1.0 - share / _MOST_CLIPPED * 0.5)
        rate_hz = None
        if len(self._rates) == _RATE_SECONDS:
            # Seconds with a hole say nothing about the rate of the device.
            whole = [r for r in self._rates if r > 0.9 * usual]
            rate_hz = sum(whole) / len(whole)
        return Verdict(
            quality=min(quality, 0.2) if clipping else quality, clipping=clipping, rate_hz=rate_hz
        )


def differs_from_declared(rate_hz: float | None, declared_hz: float | None) -> bool:
    """Tell whether a sensor delivers another rate than it claims."""
    if rate_hz is None or declared_hz is None:
        return False
    return abs(rate_hz / declared_hz - 1.0) > _RATE_MISMATCH
