"""RMSSD and SDNN of the normal beats of a sliding window.

* Differences are taken between neighbours that are both normal: leaving an artefact out must not
  make neighbours of beats that weren't.
* Sums are kept in whole microseconds, so that hours of adding and taking off leave no rounding.
* Withheld while the window isn't full, or less than 80 % of its beats are normal.
"""

from __future__ import annotations

import math
from collections import deque

import msgspec

_VALID_SHARE = 0.8
_FULL_SHARE = 0.92
_FEWEST_DIFFERENCES = 15
_LONGEST_MS = 2000.0
_US_PER_MS = 1000


class Variability(msgspec.Struct, frozen=True, gc=False):
    """RMSSD and SDNN; ``valid_ratio`` is the share of the window's beats that are normal."""

    rmssd_ms: float
    sdnn_ms: float
    valid_ratio: float


class VariabilityWindow:
    """The last ``window_s`` seconds of RR intervals.

    References:
        Task Force of the ESC and NASPE (1996), Heart rate variability, Circulation 93.
        Deviation: the window may be shorter than five minutes.
    """

    def __init__(self, *, window_s: float) -> None:
        self._window_us = round(window_s * 1e6)
        # Length, and interval if normal; between two such rows the difference if both are normal.
        # Microseconds.
        self._rows: deque[tuple[int, int | None]] = deque()
        self._between_us: deque[int | None] = deque()
        self._before_us: int | None = None
        self._length_us = 0
        self._beats = 0
        self._normal = 0
        self._sum_us = 0
        self._squares_us2 = 0
        self._differences = 0
        self._difference_squares_us2 = 0

    def take(self, rr_ms: float, *, normal: bool) -> None:
        """Take the next raw interval."""
        # A gap told as one huge interval counts as one lost beat, not as a lost minute.
        rr_us = round(min(rr_ms, _LONGEST_MS) * _US_PER_MS)
        self._add(rr_us, rr_us if normal else None, beats=1)

    def skip(self, gap_ms: float) -> None:
        """Let time pass of which no beat is known."""
        self._add(round(min(gap_ms * _US_PER_MS, self._window_us)), None, beats=0)

    def measure(self) -> Variability | None:
        """Measure the window, None if it can't be trusted."""
        if self._length_us < _FULL_SHARE * self._window_us or not self._beats:
            return None
        share = self._normal / self._beats
        if share < _VALID_SHARE or self._differences < _FEWEST_DIFFERENCES:
            return None
        n = self._normal
        variance_us2 = (n * self._squares_us2 - self._sum_us * self._sum_us) / (n * (n - 1))
        squares_us2 = self._difference_squares_us2 / self._differences
        return Variability(
            rmssd_ms=math.sqrt(squares_us2) / _US_PER_MS,
            sdnn_ms=math.sqrt(variance_us2) / _US_PER_MS,
            valid_ratio=share,
        )

    def _add(self, length_us: int, normal_us: int | None, *, beats: int) -> None:
        difference_us = None
        if normal_us is not None:
            self._normal += 1
            self._sum_us += normal_us
            self._squares_us2 += normal_us * normal_us
            if self._before_us is not None:
                difference_us = normal_us - self._before_us
                self._differences += 1
                self._difference_squares_us2 += difference_us * difference_us
        if self._rows:
            self._between_us.append(difference_us)
        self._before_us = normal_us
        # A skipped stretch is no beat: it is kept with a negative length.
        self._rows.append((length_us if beats else -length_us, normal_us))
        self._beats += beats
        self._length_us += length_us
        while self._length_us > self._window_us:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        length_us, normal_us = self._rows.popleft()
        self._length_us -= abs(length_us)
        self._beats -= length_us > 0
        if normal_us is not None:
            self._normal -= 1
            self._sum_us -= normal_us
            self._squares_us2 -= normal_us * normal_us
        difference_us = self._between_us.popleft() if self._between_us else None
        if difference_us is not None:
            self._differences -= 1
            self._difference_squares_us2 -= difference_us * difference_us
