"""Steps per minute and the variability of step time, from initial contacts.

The cadence is the slope of the straight line through the contacts of the last eight seconds: one
badly placed contact then moves it little. A contact that was missed makes one long interval, not a
slow step: an interval counts as the nearest whole number of step periods, so an octave error can't
arise here. When the newest seconds clearly disagree with the line, and the period by
self-similarity sides with them, the walker has changed pace and they alone count. Step times that
scatter by more than two fifths are no pace at all.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biofeedback.messages import Site

_LONG_S = 8.0
_SHORT_S = 3.2
_CHANGED = 0.07
_MUCH_NEARER = 0.5
_MOST_SCATTER = 0.4
_FEWEST = 4
_KEEP_STEPS = 30
_ENOUGH_STEPS = 10
_RHYTHM_RULES: dict[Site, float] = {
    "waist": 0.4,
    "chest": 0.4,
    "ankle": 0.4,
    "arm": 0.06,
    "wrist": 0.06,
    "unknown": 0.06,
}
"""How far contacts may be from the rhythm before the rhythm is believed instead: a hand has peaks
that are no contacts, a trunk or a foot hardly."""


class Line:
    """The straight line through some contacts: step number against time (least squares)."""

    def __init__(self) -> None:
        self.points: deque[tuple[int, float]] = deque()
        self._k = 0
        self._t = self._kt = 0.0
        self._kk = 0

    def add(self, k: int, t: float) -> None:
        """Take the next contact: the number of its step, and when it was."""
        self.points.append((k, t))
        self._k += k
        self._t += t
        self._kt += k * t
        self._kk += k * k

    def keep_s(self, window_s: float) -> None:
        """Forget the contacts that are older than that before the newest one."""
        points = self.points
        newest_s = points[-1][1]
        while newest_s - points[0][1] > window_s:
            k, t = points.popleft()
            self._k -= k
            self._t -= t
            self._kt -= k * t
            self._kk -= k * k

    def slope_s(self) -> float:
        """Return the time of a step; there must be two contacts at least."""
        n = len(self.points)
        return (n * self._kt - self._k * self._t) / (n * self._kk - self._k * self._k)


class Cadence:
    """Follow the contacts of one walker; one foot gives every second step."""

    def __init__(self, site: Site) -> None:
        self._steps_apart = 2 if site == "ankle" else 1
        self._tolerance = _RHYTHM_RULES[site]
        self._intervals_s: deque[float] = deque(maxlen=_KEEP_STEPS)
        self.restart()

    def restart(self) -> None:
        """Begin a new bout: the way between two bouts isn't a step."""
        self._first_s: float | None = None
        self._long = Line()
        self._short = Line()

    def update(self, contact_s: float, *, step_s: float) -> float:
        """Take the next contact; return the cadence in steps per minute.

        Args:
            contact_s: When it was.
            step_s: The step period by self-similarity; it decides where the contacts disagree.
        """
        if self._first_s is None:
            self._first_s = contact_s
        at_s = contact_s - self._first_s
        number = 0
        if self._long.points:
            last, last_s = self._long.points[-1]
            strides = (at_s - last_s) / step_s / self._steps_apart
            number = last + self._steps_apart * max(1, round(strides))
            if 0.6 < strides < 1.4:
                self._intervals_s.append((at_s - last_s) / self._steps_apart)
        for line, window_s in ((self._long, _LONG_S), (self._short, _SHORT_S)):
            line.add(number, at_s)
            line.keep_s(window_s)
        return 60.0 / self._fit(step_s)

    def _fit(self, step_s: float) -> float:
        if len(self._long.points) < _FEWEST:
            return step_s
        fitted_s = self._long.slope_s()
        if len(self._short.points) >= _FEWEST:
            newest_s = self._short.slope_s()
            if abs(newest_s / fitted_s - 1.0) > _CHANGED:
                # Three seconds hold few contacts: a badly placed one looks like another pace.
                before, now = abs(fitted_s / step_s - 1.0), abs(newest_s / step_s - 1.0)
                if now < _MUCH_NEARER * before:
                    fitted_s = newest_s
        return fitted_s if abs(fitted_s / step_s - 1.0) < self._tolerance else step_s

    def is_steady(self) -> bool:
        """Tell whether the times between the contacts of the line are alike; ask after ``update``.

        Who hesitates, shuffles and turns has no pace: a number would depend on what is counted.
        """
        points = self._long.points
        n = len(points) - 1
        first_s = before_s = points[0][1]
        squares = 0.0
        for _, at_s in points:
            squares += (at_s - before_s) * (at_s - before_s)
            before_s = at_s
        spent_s = before_s - first_s
        # The mean square is the squared mean plus the variance.
        return n * squares <= spent_s * spent_s * (1.0 + _MOST_SCATTER * _MOST_SCATTER)

    def step_time_cv(self) -> float | None:
        """Return SD over mean of the last 30 step times, None with fewer than ten.

        References:
            Hausdorff (2005), Gait variability: methods, modeling and meaning.
        """
        n = len(self._intervals_s)
        if n < _ENOUGH_STEPS:
            return None
        mean = sum(self._intervals_s) / n
        variance = sum((x - mean) * (x - mean) for x in self._intervals_s) / (n - 1)
        return math.sqrt(variance) / mean
