"""Heart rate from beats: the mean of the intervals of the last eight seconds.

* Between two beats that are sure, doubtful ones are not believed one by one: the time between is
  counted as the whole number of usual intervals that it holds, or not at all.
* In a regular rhythm an interval of twice the usual is a missed beat, and two that make one are an
  extra beat; so one wrong beat doesn't move the rate. In an irregular one, each counts as it is.
* The rate of an ECG falls below quality 0.5 where its beats are doubtful and without a rhythm.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biofeedback.signals.beats.beat import Beat

SURE = 0.5
_WINDOW_S = 8.0
_SHORTEST_S, _LONGEST_S = 0.25, 2.5
_LEAST_S = 2.5
_LEAST_OPTICAL_S = 4.5
_LEAST_INTERVALS = 2
_REGULAR = 0.12
_FITS = 0.12
_FITS_DOUBTFUL = 0.2
_MISSED = 1.7
_EXTRA_QUALITY = 0.9
_ODD = 0.3
_UNREST = 0.2
_LEAST_SURENESS = 0.63
_TRUST_SLOPE = 2.5
"""Fitted to arrhythmia records, made running and made electrode motion."""
_STRONG = 0.86
"""Even beats that are all as sure as this are trusted fully: their unrest is at most 0.12."""


class Rate(NamedTuple):
    """Beats per minute; ``quality`` is the share of the window that tells of it."""

    bpm: float
    quality: float


class _Span(NamedTuple):
    """From one sure beat to the next; ``doubtful`` if others lie between, quality of its end."""

    from_s: float
    length_s: float
    doubtful: bool
    quality: float


class BeatRate:
    """Follow the beats of one source."""

    def __init__(self, *, irregular: bool) -> None:
        self._irregular = irregular
        self._beats: deque[Beat] = deque()
        self._spans: deque[_Span] = deque()
        self._from_s: float | None = None
        self._doubtful = False
        self._weak = 0
        self._changed = False
        self._rate: Rate | None = None

    @property
    def until_s(self) -> float:
        """Until when the rate stays as it is if no beat comes."""
        return self._beats[0].beat_s + _WINDOW_S if self._beats else math.inf

    def add(self, beat: Beat) -> None:
        """Take the next beat."""
        self._beats.append(beat)
        self._weak += beat.quality < _STRONG
        self._changed = True
        if beat.gap_before:
            self._from_s = None
        if beat.quality < SURE:
            self._doubtful = True
            return
        if self._from_s is not None:
            length_s = beat.beat_s - self._from_s
            self._spans.append(_Span(self._from_s, length_s, self._doubtful, beat.quality))
        self._from_s, self._doubtful = beat.beat_s, False

    def measure(self, now_s: float) -> Rate | None:
        """Measure the rate at an instant; None when too little can be trusted."""
        since_s = now_s - _WINDOW_S
        while self._beats and self._beats[0].beat_s < since_s:
            self._weak -= self._beats.popleft().quality < _STRONG
            self._changed = True
        if self._changed:
            while self._spans and self._spans[0].from_s < since_s:
                self._spans.popleft()
            self._rate = self._measure()
            self._changed = False
        return self._rate

    def _measure(self) -> Rate | None:
        spans = self._spans
        plain = [length_s for _, length_s, doubtful, _ in spans if not doubtful]
        even = len(plain) == len(spans) and _are_even(plain)
        usual = None
        if even:
            total_s, count = math.fsum(plain), len(plain)
        else:
            usual = _median(plain) if len(plain) >= 3 else None
            total_s, count = self._count(plain, usual)
        least_s = _LEAST_S if self._irregular else _LEAST_OPTICAL_S
        if total_s < least_s or count < _LEAST_INTERVALS:
            return None
        quality = min(1.0, 0.25 + total_s / _WINDOW_S)
        if not (even and self._weak == 0):
            quality = min(quality, self._trust(plain, _median(plain) if even else usual))
        return Rate(60.0 * count / total_s, quality)

    def _count(self, plain: list[float], usual: float | None) -> tuple[float, int]:
        """Add up the spans that can be believed; tell in s and in beats how long they are."""
        regular = usual is not None and (
            sum(abs(length - usual) > _REGULAR * usual for length in plain) * 3 <= len(plain)
        )
        total_s, count = 0.0, 0
        lengths = _join_extra(self._spans, usual) if regular and usual is not None else self._spans
        for _, length, doubtful, _ in lengths:
            number = 1
            if usual is not None and (doubtful or (regular and length > _MISSED * usual)):
                number = max(1, round(length / usual))
                fits = abs(length / number - usual) <= usual * (
                    _FITS_DOUBTFUL if doubtful else _FITS
                )
                if doubtful and not fits:
                    continue
                number = number if fits else 1
            elif doubtful:
                continue
            if not self._irregular and usual is not None:
                odd = abs(length / number - usual) > _ODD * usual
                if odd:
                    continue
            if _SHORTEST_S <= length / number <= _LONGEST_S:
                total_s += length
                count += number
        return total_s, count

    def _trust(self, lengths: list[float], usual: float | None) -> float:
        """Tell how far the sure beats can be trusted, from all of the window.

        Where many are doubtful or nearly so, those that seem sure are doubtful too, the more the
        less rhythm there is in them: steps that look like beats come between those of the heart.
        """
        if not self._irregular:
            return 1.0
        mean = math.fsum([beat.quality for beat in self._beats]) / len(self._beats)
        leaps = [abs(b - a) for a, b in pairwise(lengths)]
        unrest = math.fsum(leaps) / len(leaps) / usual if leaps and usual else 0.0
        sureness = mean - _UNREST * min(unrest, 1.0)
        return min(1.0, max(0.0, 0.5 + _TRUST_SLOPE * (sureness - _LEAST_SURENESS)))


def _median(values: list[float]) -> float:
    ordered = sorted(values)
    n = len(ordered)
    return 0.5 * (ordered[(n - 1) // 2] + ordered[n // 2])


def _are_even(lengths: list[float]) -> bool:
    """Tell whether each of these intervals counts as what it is, as nearly always."""
    if len(lengths) < 3:
        return False
    least, most = min(lengths), max(lengths)
    return least >= _SHORTEST_S and most <= _LONGEST_S and most <= (1.0 + _REGULAR) * least


def _join_extra(spans: Iterable[_Span], usual: float) -> list[_Span]:
    """Make one interval of two that an extra beat made of it."""
    joined: list[_Span] = []
    for span in spans:
        if joined:
            before = joined[-1]
            both = before.length_s + span.length_s
            short = max(before.length_s, span.length_s) < 0.8 * usual
            if short and abs(both / usual - 1.0) <= _FITS and before.quality < _EXTRA_QUALITY:
                doubtful = before.doubtful or span.doubtful
                joined[-1] = _Span(before.from_s, both, doubtful, span.quality)
                continue
        joined.append(span)
    return joined
