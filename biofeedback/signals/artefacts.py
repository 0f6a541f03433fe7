"""RR intervals judged live: missed, extra, displaced and ectopic beats, three beats late.

* The raw interval is never replaced: it is told with its verdict, and beside it stand the intervals
  that the heart would have had (``normal_ms``), for spectra.
* A beat that lies between its neighbours as a smooth rhythm would have it is normal. How smooth
  this heart is, is learned from its last 90 beats; what is judged an artefact counts at most with
  the threshold, so that a heart that grows more variable is followed.
* Four intervals that agree with each other are a new rate, whatever came before.
* From RR intervals alone an early beat with a pause after it and a beat detected at the wrong
  instant look alike: both are *displaced*. Ectopic runs at the heart's own rate can't be seen.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["normal", "missed", "extra", "displaced", "early", "odd", "doubted"]

LOOK_AHEAD_BEATS = 3
SHORTEST_MS = 300.0
LONGEST_MS = 2000.0

_REFERENCE_BEATS = 9
_SCALE_BEATS = 90
_SCALE_FROM_BEATS = 20
_SCALE_QUANTILE = 0.75
_LEAST_SCALE_EARLY = 0.015
_THRESHOLD_SCALES = 2.8
_LEAST_THRESHOLD = 0.045
"""A beat displaced by less than this share of the interval is nobody's artefact."""
_ALIKE = 0.2
_AGREE = 0.1
_SAME_RATE = (0.6, 1.5)
_NEW_RATE = 0.15
_AGREE_AFTER = 6
_LOST_AFTER = 12
_MOST_MISSED = 4


@dataclass(frozen=True, slots=True)
class Judged:
    """One raw interval and its verdict.

    ``normal_ms`` are the intervals that take its place in a corrected series: none if the interval
    before stands for both, or if it is a gap, too long to be filled.
    """

    rr_ms: float
    verdict: Verdict
    normal_ms: tuple[float, ...]


class Artefacts:
    """Judge the RR intervals of one heart, oldest first.

    References:
        Lipponen & Tarvainen (2019), A robust algorithm for heart rate variability time series
        artefact correction, J Med Eng Technol 43: classes and a threshold that follows the
        quartiles of the last 91 beats. Deviations: causal; what is compared is the distance of a
        beat from the cubic through its two neighbours on either side, of which respiration leaves
        little, in place of the difference of RR intervals; corrected intervals are the reference
        of those that follow; a least threshold of 4.5 %.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, bool]] = deque()
        self._reference: deque[float] = deque(maxlen=_REFERENCE_BEATS)
        self._recent: deque[float] = deque()
        self._sorted: list[float] = []
        self._rejected = 0
        self._judged: list[Judged] = []

    def update(self, rr_ms: float, *, doubted: bool) -> list[Judged]:
        """Take an interval, finite and positive; answer those that can now be judged.

        ``doubted`` tells that the device or the detector doesn't trust it.
        """
        self._waiting.append((rr_ms, doubted))
        self._judged = []
        while len(self._waiting) > LOOK_AHEAD_BEATS:
            self._judge()
        return self._judged

    def break_row(self) -> list[Judged]:
        """Forget the rhythm: beats are missing. Answer the intervals that still waited."""
        self._judged = []
        while self._waiting:
            self._judge_alone()
        self._reference.clear()
        self._rejected = 0
        return self._judged

    def _judge_alone(self) -> None:
        """Judge an interval whose successors never came: by the median before it."""
        rr, doubted = self._waiting[0]
        usual = median(self._reference) if self._reference else rr
        alike = SHORTEST_MS <= rr <= LONGEST_MS and abs(rr - usual) <= _ALIKE * usual
        if alike and not doubted:
            self._accept()
        else:
            self._reject(1, "doubted" if doubted else "odd", self._fill(rr, usual))

    def _judge(self) -> None:
        (rr, doubted), (after, _), (second, _), (third, _) = (self._waiting[i] for i in range(4))
        if len(self._reference) < 3:
            ahead = sorted((rr, after, second, third))
            usual = before = min(max(0.5 * (ahead[1] + ahead[2]), SHORTEST_MS), LONGEST_MS)
        else:
            usual = sorted(self._reference)[len(self._reference) // 2]
            before = self._reference[-1]
        if doubted or rr > LONGEST_MS * _MOST_MISSED:
            self._reject(1, "doubted", self._fill(rr, usual))
            return
        if self._is_new_rate((rr, after, second, third), before, usual):
            self._accept()
            return
        following = next((x for x in (second, third) if abs(x - usual) < _ALIKE * usual), usual)
        expected = (2.0 * before + following) / 3.0
        expected_after = (before + 2.0 * following) / 3.0
        threshold = self._threshold() * usual
        if rr > 1.5 * expected:
            n = round(rr / expected)
            if n >= 2 and abs(rr / n - expected) < max(threshold, 0.12 * expected):
                self._reject(1, "missed", self._fill(rr, expected))
                return
        pair = rr + after
        if abs(pair - expected) < max(threshold, 0.12 * expected) and (
            max(rr, after) < 0.85 * expected
        ):
            self._reject(2, "extra", (pair,))
            return
        off, off_after = rr - expected, after - expected_after
        moved = 0.5 * (off - off_after)
        if (
            abs(moved) > threshold
            and abs(off) > 0.8 * threshold
            and abs(off_after) > 0.25 * abs(off)
            and off * off_after < 0.0
            and not self._next_is_worse(off, off_after, second - expected_after, threshold)
        ):
            half = 0.5 * pair
            as_it_is = abs(half - 0.5 * (expected + expected_after)) <= 0.1 * usual
            normal = (half, half) if as_it_is else (expected, expected_after)
            self._reject(2, "displaced", normal)
        elif (
            off < -1.6 * threshold
            and rr - usual < -threshold
            and (off_after > 0.7 * off or off < -0.15 * usual)
        ):
            self._reject(1, "early", (expected,))
        elif abs(off) > max(3.0 * threshold, _ALIKE * usual) or not SHORTEST_MS <= rr <= LONGEST_MS:
            self._learn(threshold / usual)
            self._reject(1, "odd", self._fill(rr, expected))
        else:
            self._learn(min(abs(moved), threshold) / usual)
            self._accept()

    def _is_new_rate(
        self, four: tuple[float, float, float, float], before: float, usual: float
    ) -> bool:
        """Tell whether what comes is a rate of its own, and forget the one before it."""
        high, low = max(four), min(four)
        agree = (
            high - low < _AGREE * high
            and low >= SHORTEST_MS
            and high <= LONGEST_MS
            and (
                (high < _SAME_RATE[1] * usual and low > _SAME_RATE[0] * usual)
                or self._rejected >= _AGREE_AFTER
            )
            and abs(four[0] - before) > _NEW_RATE * usual
        )
        lost = self._rejected >= _LOST_AFTER and SHORTEST_MS <= four[0] <= LONGEST_MS
        if agree or lost:
            self._reference.clear()
            self._rejected = 0
        return agree or lost

    @staticmethod
    def _next_is_worse(off: float, off_after: float, off_second: float, threshold: float) -> bool:
        """Tell whether the beat after this one is the displaced one, and this only its shadow."""
        return (
            abs(off_after - off_second) > abs(off - off_after)
            and off_after * off_second < 0.0
            and abs(off) < 0.7 * abs(off_after)
            and abs(off) < 2.0 * threshold
        )

    @staticmethod
    def _fill(rr: float, expected: float) -> tuple[float, ...]:
        """Divide an interval into as many as fit; none if it is a gap."""
        n = max(1, round(rr / expected))
        if n > _MOST_MISSED:
            return ()
        return (rr / n if abs(rr / n - expected) < _ALIKE * expected else expected,) * n

    def _accept(self) -> None:
        rr, _ = self._waiting.popleft()
        self._reference.append(rr)
        self._rejected = 0
        self._judged.append(Judged(rr, "normal", (rr,)))

    def _reject(self, n: int, verdict: Verdict, normal_ms: tuple[float, ...]) -> None:
        """Tell ``n`` intervals as artefacts; the first carries what stands for all of them."""
        for i in range(n):
            rr, _ = self._waiting.popleft()
            self._judged.append(Judged(rr, verdict, normal_ms if i == 0 else ()))
        self._reference.extend(normal_ms)
        self._rejected += n

    def _threshold(self) -> float:
        """How far a beat may lie from the smooth rhythm, as a share of the interval."""
        n = len(self._sorted)
        scale = self._sorted[int(_SCALE_QUANTILE * (n - 1))] if n else 0.0
        if n < _SCALE_FROM_BEATS:
            scale = max(scale, _LEAST_SCALE_EARLY)
        return max(_LEAST_THRESHOLD, _THRESHOLD_SCALES * scale)

    def _learn(self, share: float) -> None:
        self._recent.append(share)
        insort(self._sorted, share)
        if len(self._recent) > _SCALE_BEATS:
            del self._sorted[bisect_left(self._sorted, self._recent.popleft())]
