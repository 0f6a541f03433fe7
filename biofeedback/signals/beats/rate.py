"""Heart rate from beats: the mean of the intervals of the last eight seconds.

* Between two beats that are sure, doubtful ones are not believed one by one: the time between is
  counted as the whole number of usual intervals that it holds, or not at all.
* In a regular rhythm an interval of twice the usual is a missed beat, and two that make one are an
  extra beat; so one wrong beat doesn't move the rate. In an irregular one, each counts as it is.
* The rate of an ECG falls below quality 0.5 where its beats are doubtful and without a rhythm.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


@dataclass(frozen=True, slots=True)
class Rate:
    """Beats per minute; ``quality`` is the share of the window that tells of it."""

    bpm: float
    quality: float


class BeatRate:
    """Follow the beats of one source."""

    def __init__(self, *, irregular: bool) -> None:
        self._irregular = irregular
        self._beats: deque[Beat] = deque()
        self._changed = False
        self._rate: Rate | None = None

    def add(self, beat: Beat) -> None:
        """Take the next beat."""
        self._beats.append(beat)
        self._changed = True

    def measure(self, now_s: float) -> Rate | None:
        """Measure the rate at an instant; None when too little can be trusted."""
        while self._beats and self._beats[0].beat_s < now_s - _WINDOW_S:
            self._beats.popleft()
            self._changed = True
        if self._changed:
            self._rate = self._measure()
            self._changed = False
        return self._rate

    def _measure(self) -> Rate | None:
        spans = self._spans()
        plain = [length for length, doubtful, _ in spans if not doubtful]
        usual = median(plain) if len(plain) >= 3 else None
        regular = usual is not None and (
            sum(abs(length - usual) > _REGULAR * usual for length in plain) * 3 <= len(plain)
        )
        total_s, count = 0.0, 0
        lengths = _join_extra(spans, usual) if regular and usual is not None else spans
        for length, doubtful, _ in lengths:
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
        least_s = _LEAST_S if self._irregular else _LEAST_OPTICAL_S
        if total_s < least_s or count < _LEAST_INTERVALS:
            return None
        quality = min(1.0, 0.25 + total_s / _WINDOW_S)
        return Rate(60.0 * count / total_s, min(quality, self._trust(plain, usual)))

    def _trust(self, lengths: list[float], usual: float | None) -> float:
        """Tell how far the sure beats can be trusted, from all of the window.

        Where many are doubtful or nearly so, those that seem sure are doubtful too, the more the
        less rhythm there is in them: steps that look like beats come between those of the heart.
        """
        if not self._irregular:
            return 1.0
        mean = sum(beat.quality for beat in self._beats) / len(self._beats)
        leaps = [abs(b - a) for a, b in pairwise(lengths)]
        unrest = sum(leaps) / len(leaps) / usual if leaps and usual else 0.0
        sureness = mean - _UNREST * min(unrest, 1.0)
        return min(1.0, max(0.0, 0.5 + _TRUST_SLOPE * (sureness - _LEAST_SURENESS)))

    def _spans(self) -> list[tuple[float, bool, float]]:
        """List (length in s, whether doubtful beats lie within, quality of its end)."""
        spans: list[tuple[float, bool, float]] = []
        from_s: float | None = None
        doubtful = False
        for beat in self._beats:
            if beat.gap_before:
                from_s = None
            if beat.quality < SURE:
                doubtful = True
                continue
            if from_s is not None:
                spans.append((beat.beat_s - from_s, doubtful, beat.quality))
            from_s, doubtful = beat.beat_s, False
        return spans


def _join_extra(
    spans: list[tuple[float, bool, float]], usual: float
) -> list[tuple[float, bool, float]]:
    """Make one interval of two that an extra beat made of it."""
    joined: list[tuple[float, bool, float]] = []
    for span in spans:
        if joined:
            length, doubtful, quality = joined[-1]
            both = length + span[0]
            short = max(length, span[0]) < 0.8 * usual
            if short and abs(both / usual - 1.0) <= _FITS and quality < _EXTRA_QUALITY:
                joined[-1] = (both, doubtful or span[1], span[2])
                continue
        joined.append(span)
    return joined
