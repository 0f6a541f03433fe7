"""Heart rates that are something else: a frozen number, or the rhythm of the steps.

* The same number for a minute while the cadence changes by more than 10 % is a frozen sensor.
* An optical sensor may lock onto the steps. The heart rate is held against the cadence of the last
  minute, or half or twice of it, as it is or smoothed or late, as such a sensor would tell it. It
  is suspect if it lies closer (1.15 bpm RMS) than a true rate does that happens to pass there, or
  within 2.2 bpm if it came there in a leap, or never was anywhere else.
* Who runs evenly at a true rate that equals the cadence can't be told from a lock. That is the
  false alarm left; the rate isn't wrong by more than those 2 bpm while the lock can't be seen.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FROZEN_AFTER_NS = 60 * NS_PER_S
_CADENCE_CHANGE = 0.1
_WINDOW_S = 60
_MOST_LATE_S = 6
_SMOOTHED_S = (1, 5, 10)
_KEPT_S = _WINDOW_S + _MOST_LATE_S + max(_SMOOTHED_S)
_EVERY_S = 5
_FULL_S = 54.0
_STALE_S = 10
_FACTORS = (1.0, 0.5, 2.0)
_APART_BPM = 6.0
_TIGHT_BPM = 1.15
_TIGHT_UNTIL_BPM = 1.3
_NEAR_BPM = 2.2
_NEAR_UNTIL_BPM = 3.0
_CLOSE_BPM = 4.0
_LEAP_BPM = 8.0
_LEAP_S = (3.0, 12.0)
_LEAP_COUNTS_S = 120.0


class Suspicion:
    """Judge the heart rates of one source by the steps of its wearer."""

    def __init__(self) -> None:
        # Seconds since the first reading, heart rate, cadence (0: nobody walks).
        self._history: deque[tuple[float, float, float]] = deque()
        self._first_ns: int | None = None
        self._same_bpm: int | None = None
        self._same_since_ns = 0
        self._due_s = 0.0
        self._was_close: bool | None = None
        self._never_apart = True
        self._leapt_s: float | None = None
        self._tight = False
        self._near = False

    def update(
        self, heart_rate_bpm: int, at_ns: int, *, cadence_spm: float | None, optical: bool
    ) -> bool:
        """Take a plausible reading; tell whether it is suspect."""
        if self._first_ns is None:
            self._first_ns = at_ns
        time_s = (at_ns - self._first_ns) / NS_PER_S
        cadence = 0.0 if cadence_spm is None else cadence_spm
        if optical:
            self._note_leap(time_s, float(heart_rate_bpm), cadence)
        self._history.append((time_s, float(heart_rate_bpm), cadence))
        while time_s - self._history[0][0] > _KEPT_S:
            self._history.popleft()
        if heart_rate_bpm != self._same_bpm:
            self._same_bpm = heart_rate_bpm
            self._same_since_ns = at_ns
        frozen = at_ns - self._same_since_ns >= _FROZEN_AFTER_NS and self._cadence_changed(time_s)
        if optical and time_s >= self._due_s:
            self._due_s = time_s + _EVERY_S
            self._compare(time_s)
        return frozen or (optical and (self._tight or self._near))

    def _note_leap(self, time_s: float, bpm: float, cadence: float) -> None:
        """Note when the rate came near the cadence faster than a heart gets there."""
        close = cadence > 0.0 and any(abs(bpm - f * cadence) <= _CLOSE_BPM for f in _FACTORS)
        if close and self._was_close is False:
            low, high = _LEAP_S
            past = [other for t, other, _ in self._history if low <= time_s - t <= high]
            if past and max(abs(bpm - other) for other in past) >= _LEAP_BPM:
                self._leapt_s = time_s
        if not close and cadence > 0.0:
            self._never_apart = False
        self._was_close = close

    def _cadence_changed(self, time_s: float) -> bool:
        """Compare the cadence of the first and the last third of the past minute."""
        cadences = [c for t, _, c in self._history if time_s - t <= _WINDOW_S]
        n = len(cadences) // 3
        if n == 0:
            return False
        before = math.fsum(cadences[:n]) / n
        after = math.fsum(cadences[-n:]) / n
        return abs(after - before) > _CADENCE_CHANGE * max(before, after)

    def _compare(self, time_s: float) -> None:
        distance_bpm = self._measure_distance(time_s)
        if distance_bpm is None:
            self._tight = self._near = False
            return
        self._tight = distance_bpm <= (_TIGHT_UNTIL_BPM if self._tight else _TIGHT_BPM)
        leapt = self._leapt_s is not None and time_s - self._leapt_s <= _LEAP_COUNTS_S
        came = self._near or leapt or self._never_apart
        self._near = came and distance_bpm <= (_NEAR_UNTIL_BPM if self._near else _NEAR_BPM)

    def _measure_distance(self, time_s: float) -> float | None:
        """Measure the RMS distance of the past minute to what the steps would make of it."""
        if time_s - self._history[0][0] < _FULL_S:
            return None
        rows = np.array(self._history)
        grid_s = time_s + np.arange(1.0 - _KEPT_S, 1.0)
        newest = np.searchsorted(rows[:, 0], grid_s, side="right") - 1
        known = newest >= 0
        newest = np.maximum(newest, 0)
        bpm, cadence = rows[newest, 1], rows[newest, 2]
        fresh = known & (grid_s - rows[newest, 0] <= _STALE_S)
        window = slice(-_WINDOW_S, None)
        if float((fresh & (cadence > 0.0))[window].mean()) < _FULL_S / _WINDOW_S:
            return None
        return min(
            self._rms(bpm, _smooth(cadence, seconds), late, window)
            for seconds in _SMOOTHED_S
            for late in range(0, _MOST_LATE_S + 1, 2)
        )

    @staticmethod
    def _rms(
        bpm: NDArray[np.float64], cadence: NDArray[np.float64], late: int, window: slice
    ) -> float:
        shifted = np.concatenate((np.repeat(cadence[:1], late), cadence))[: cadence.size]
        apart = [
            np.clip(bpm[window] - factor * shifted[window], -_APART_BPM, _APART_BPM)
            for factor in _FACTORS
        ]
        return min(float(np.sqrt(np.mean(np.square(x)))) for x in apart)


def _smooth(cadence: NDArray[np.float64], seconds: int) -> NDArray[np.float64]:
    """Average the walking cadence of the last ``seconds``, shape (n,) as before."""
    sums = np.cumsum(np.concatenate((np.zeros(seconds), cadence)))
    counts = np.cumsum(np.concatenate((np.zeros(seconds), (cadence > 0.0).astype(np.float64))))
    count = counts[seconds:] - counts[:-seconds]
    mean = (sums[seconds:] - sums[:-seconds]) / np.maximum(count, 1.0)
    return np.where(cadence > 0.0, mean, 0.0)
