"""RR intervals judged live: missed, extra, displaced and ectopic beats, three beats late.

* The raw interval is never replaced: it is told with its verdict, and beside it stand the intervals
  that the heart would have had (``normal_ms``), for spectra.
* A beat that lies between its neighbours as a smooth rhythm would have it is normal. How smooth
  this heart is, is learned from its last 90 beats; what is judged an artefact counts at most with
  the threshold, so that a heart that grows more variable is followed.
* Four intervals that agree with each other are a new rate, whatever came before.
* From RR intervals alone an early beat with a pause after it and a beat detected at the wrong
  instant look alike: both are *displaced*. Ectopic runs at the heart's own rate can't be seen.
* Where the ECG itself is there, a beat that looks odd is *ectopic*, whenever it comes. It ends the
  interval before it and begins the one after: neither is normal.
"""

from __future__ import annotations

import math
from collections import deque
from operator import mul
from statistics import median
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from biofeedback.signals.heart.odd_forms import OddForms
from biofeedback.signals.heart.usual_size import UsualSize

if TYPE_CHECKING:
    from biofeedback.signals.beats.usual_form import Unlikeness

Pair: TypeAlias = tuple[float, float]
Verdict: TypeAlias = Literal[
    "normal", "missed", "extra", "ectopic", "displaced", "early", "odd", "doubted"
]

LOOK_AHEAD_BEATS = 3
SHORTEST_MS = 300.0
LONGEST_MS = 2000.0

_REFERENCE_BEATS = 9
_LEAST_SCALE_EARLY = 0.015
_MOVED_SCALES = 2.3
_LEAST_MOVED = 0.045
"""A beat displaced by less than this share of the interval is nobody's artefact."""
_SUDDEN_SCALES = 2.5
_LEAST_SUDDEN = 0.072
_LATE_SUDDEN = 2.5
_MOVES = 0.5
_CALM = 0.8
_MUCH_LONGER = 1.5
_FITS = 0.12
_PART = 0.85
_ALIKE = 0.2
_AGREE = 0.1
_SAME_RATE = (0.6, 1.5)
_NEW_RATE = 0.15
_AGREE_AFTER = 6
_LOST_AFTER = 12
_MOST_MISSED = 4

_PAIR = 2
_NEAR = (-0.3, 1.0, 0.5, -0.2)
"""What two intervals before a gap of two and two after it say of the first in it (cubic)."""


class Judged(msgspec.Struct, frozen=True, gc=False):
    """One raw interval and its verdict.

    ``normal_ms`` are the intervals that take its place in a corrected series: none if the interval
    before stands for both, or if it is a gap, too long to be filled.
    """

    rr_ms: float
    verdict: Verdict
    normal_ms: tuple[float, ...]


class _Place(msgspec.Struct, frozen=True, gc=False):
    """An interval, the one after it, and what a smooth rhythm would have there; in ms.

    ``threshold`` is how far a beat may be moved, ``sudden`` how far an interval may leave the
    rhythm, before it is an artefact.
    """

    rr: float
    after: float
    expected: float
    expected_after: float
    usual: float
    threshold: float
    sudden: float

    @property
    def off(self) -> float:
        return self.rr - self.expected

    @property
    def off_after(self) -> float:
        return self.after - self.expected_after

    @property
    def moved(self) -> float:
        """How far the beat between both lies from where a cubic through its neighbours has it."""
        return 0.5 * (self.off - self.off_after)

    @property
    def is_plain(self) -> bool:
        """Tell whether nothing can be amiss, as mostly: no need to ask further."""
        off, rr, expected = abs(self.off), self.rr, self.expected
        return (
            off <= _CALM * self.threshold
            and off <= self.sudden
            and _PART * expected <= rr <= _MUCH_LONGER * expected
            and SHORTEST_MS <= rr <= LONGEST_MS
        )

    @property
    def is_missed(self) -> bool:
        return self._are_several(self.rr, self.expected)

    def _are_several(self, rr: float, expected: float) -> bool:
        """Tell whether beats too few made one interval of several."""
        n = round(rr / expected)
        return (
            rr > _MUCH_LONGER * expected
            and n >= 2
            and abs(rr / n - expected) < max(self.threshold, _FITS * expected)
        )

    @property
    def is_extra(self) -> bool:
        return self._are_one(self.rr, self.after, self.expected)

    def _are_one(self, first: float, second: float, expected: float) -> bool:
        """Tell whether a beat too many made two intervals of one."""
        return max(first, second) < _PART * expected and abs(first + second - expected) < max(
            self.threshold, _FITS * expected
        )

    def is_displaced(self, second: float) -> bool:
        """Tell a displaced beat; ``second`` is the interval after both."""
        if (
            abs(self.moved) <= self.threshold
            or abs(self.off) <= _CALM * self.threshold
            or abs(self.off_after) <= 0.25 * abs(self.off)
            or self.off * self.off_after >= 0.0
            or self._are_one(self.after, second, self.expected_after)
            or (
                self.rr >= _PART * self.expected
                and self._are_several(self.after, self.expected_after)
            )
        ):
            return False
        # Or is the next beat the displaced one, and this only its shadow?
        off_second = second - self.expected_after
        shadow = (
            abs(self.off_after - off_second) > abs(self.off - self.off_after)
            and self.off_after * off_second < 0.0
            and abs(self.off) < 0.7 * abs(self.off_after)
            and abs(self.off) < 2.0 * self.threshold
        )
        return not shadow

    @property
    def is_early(self) -> bool:
        """Tell a beat that came early and brought the rhythm forward."""
        alone = self.off_after > 0.7 * self.off or self.off < -0.15 * self.usual
        return self.off < -self.sudden and self.rr - self.usual < -self.threshold and alone

    @property
    def is_odd(self) -> bool:
        return (
            self.off < -max(2.0 * self.sudden, _ALIKE * self.usual)
            or self.off > max(_LATE_SUDDEN * self.sudden, _ALIKE * self.usual)
            or not SHORTEST_MS <= self.rr <= LONGEST_MS
        )


class Artefacts:
    """Judge the RR intervals of one heart, oldest first.

    References:
        Lipponen & Tarvainen (2019), A robust algorithm for heart rate variability time series
        artefact correction, J Med Eng Technol 43: classes and thresholds that follow the quartiles
        of the last 91 beats. Deviations: causal; what is compared is the distance of a beat from
        the cubic through its two neighbours on either side, of which respiration leaves little, in
        place of the difference of RR intervals; corrected intervals are the reference of those
        that follow; a least threshold of 4.5 %.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, bool]] = deque()
        self._reference: deque[float] = deque(maxlen=_REFERENCE_BEATS)
        self._moves = UsualSize(early=_LEAST_SCALE_EARLY)
        self._steps = UsualSize(early=_LEAST_SCALE_EARLY)
        self._forms = OddForms()
        self._held: tuple[float, float] | None = None
        self._rejected = 0
        self._judged: list[Judged] = []

    def update(
        self, rr_ms: float, *, doubted: bool, before: Unlikeness | None = None
    ) -> list[Judged]:
        """Take an interval, finite and positive; answer those that can now be judged.

        ``doubted`` tells that the device or the detector doesn't trust it, ``before`` how unlike
        the usual form the beat is with which it begins, None if that isn't known.
        """
        self._waiting.append((rr_ms, doubted))
        # Of the beats that end the four intervals which wait, this is the third: the first is
        # judged.
        self._forms.hear(before)
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
        self._forms.restart()
        return self._judged

    def _judge_alone(self) -> None:
        """Judge an interval whose successors never came: by the median before it."""
        rr, doubted = self._waiting[0]
        usual = median(self._reference) if self._reference else rr
        usual = min(max(usual, SHORTEST_MS), LONGEST_MS)
        alike = SHORTEST_MS <= rr <= LONGEST_MS and abs(rr - usual) <= _ALIKE * usual
        if alike and not doubted:
            self._accept()
        else:
            self._reject(1, "doubted" if doubted else "odd", self._fill(rr, usual))

    def _judge(self) -> None:
        (rr, doubted), (after, _), (second, _), (third, _) = self._waiting
        four = (rr, after, second, third)
        if len(self._reference) < 3:
            ahead = sorted(four)
            usual = before = min(max(0.5 * (ahead[1] + ahead[2]), SHORTEST_MS), LONGEST_MS)
        else:
            usual = sorted(self._reference)[len(self._reference) // 2]
            before = self._reference[-1]
        if doubted or rr > LONGEST_MS * _MOST_MISSED:
            self._reject(1, "doubted", self._fill(rr, usual))
            return
        of_odd = self._forms.odd or self._forms.odd_before
        if not of_odd and self._is_new_rate(four, before, usual):
            self._accept()
            return
        # A good one after it: the next, or the one after that.
        following = usual
        if abs(second - usual) < _ALIKE * usual:
            following = second
        elif abs(third - usual) < _ALIKE * usual:
            following = third
        place = _Place(
            rr=rr,
            after=after,
            expected=(2.0 * before + following) / 3.0,
            expected_after=(before + 2.0 * following) / 3.0,
            usual=usual,
            threshold=max(_LEAST_MOVED, _MOVED_SCALES * self._moves.read()) * usual,
            sudden=max(_LEAST_SUDDEN, _SUDDEN_SCALES * self._steps.read()) * usual,
        )
        if of_odd or self._forms.strange or not place.is_plain:
            self._decide(place, second, third)
        else:
            self._accept_as(place)

    def _decide(self, place: _Place, second: float, third: float) -> None:
        pair = place.rr + place.after
        moved, step = place.threshold / place.usual, place.sudden / place.usual
        forms = self._forms
        moves = abs(place.moved) > _MOVES * place.threshold
        odd = forms.odd or (forms.strange and moves)
        if place.is_missed:
            filled = self._fill(place.rr, place.expected)
            if len(filled) == _PAIR and sum(filled) == place.rr:
                filled = self._share(place.rr, (place.after, second), place.usual)
            self._reject(1, "missed", filled)
        elif place.is_extra:
            self._reject(2, "extra", (pair,))
        elif odd or place.is_displaced(second):
            usual_pair = place.expected + place.expected_after
            compensated = abs(pair - usual_pair) <= _ALIKE * place.usual
            normal = (place.expected, place.expected_after)
            if compensated:
                normal = self._share(pair, (second, third), place.usual)
            self._reject(2, "ectopic" if odd else "displaced", normal)
        elif forms.odd_before:
            self._reject(1, "ectopic", self._fill(place.rr, place.expected))
        elif place.is_early:
            self._reject(1, "early", (place.expected,))
        elif place.is_odd:
            self._reject(1, "odd", self._fill(place.rr, place.expected))
            # A heart that often does so is like that.
            self._moves.learn(moved)
            self._steps.learn(step)
        else:
            self._accept_as(place)

    def _is_new_rate(
        self, four: tuple[float, float, float, float], before: float, usual: float
    ) -> bool:
        """Tell whether what comes is a rate of its own, and forget the one before it."""
        if self._rejected < _LOST_AFTER and abs(four[0] - before) <= _NEW_RATE * usual:
            return False
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

    def _share(self, pair: float, following: tuple[float, float], usual: float) -> Pair:
        """Divide the time of two intervals as the cubic through their neighbours wants it.

        So a fast breath isn't flattened; the sum is what was measured. Neighbours that are no
        good, or too few, leave halves.
        """
        half = 0.5 * pair
        around = (*list(self._reference)[-2:], *following)
        if len(around) != len(_NEAR) or any(abs(rr - usual) > _ALIKE * usual for rr in around):
            return (half, half)
        first = math.fsum(map(mul, _NEAR, around))
        apart = 0.5 * (first - math.fsum(map(mul, reversed(_NEAR), around)))
        if abs(apart) > _ALIKE * half:
            return (half, half)
        return (half + apart, half - apart)

    @staticmethod
    def _fill(rr: float, expected: float) -> tuple[float, ...]:
        """Divide an interval into as many as fit; none if it is a gap."""
        n = max(1, round(rr / expected))
        if n > _MOST_MISSED:
            return ()
        return (rr / n if abs(rr / n - expected) < _ALIKE * expected else expected,) * n

    def _accept_as(self, place: _Place) -> None:
        """Take the interval as normal, and learn how even this heart is."""
        self._accept()
        usual = place.usual
        self._held = (
            min(abs(place.moved) / usual, place.threshold / usual),
            min(abs(place.off) / usual, place.sudden / usual),
        )

    def _accept(self) -> None:
        rr, _ = self._waiting.popleft()
        self._reference.append(rr)
        self._rejected = 0
        if self._held is not None:
            self._moves.learn(self._held[0])
            self._steps.learn(self._held[1])
            self._held = None
        self._judged.append(Judged(rr, "normal", (rr,)))

    def _reject(self, n: int, verdict: Verdict, normal_ms: tuple[float, ...]) -> None:
        """Tell ``n`` intervals as artefacts; the first carries what stands for all of them."""
        for i in range(n):
            rr, _ = self._waiting.popleft()
            self._judged.append(Judged(rr, verdict, normal_ms if i == 0 else ()))
        self._reference.extend(normal_ms)
        self._rejected += n
        # What came before leant towards the artefact: it tells nothing of this heart.
        self._held = None
