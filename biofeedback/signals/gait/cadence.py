"""Steps per minute and the variability of step time, from initial contacts.

Two ways of counting the last eight seconds are averaged; each errs where the other doesn't.

* At a trunk or a foot each contact is a step, and a long pause is a slow one: the steps between the
  first and the last contact, and the slope of the straight line through all of them. Only where
  the steps are even, and the pause is a whole number of them, was a contact missed.
* At a hand or in a pocket there are peaks that are no contacts, and contacts without a peak: the
  slope of the line, every interval counted as the nearest whole number of step periods, and the
  mean of what self-similarity shows. When the newest seconds clearly disagree with the line and
  the rhythm sides with them, the walker has changed pace and they alone count.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biofeedback.messages import Site

_LONG_S = 7.7
"""Eight seconds until now: the newest contact is known up to 0.3 s late."""
_SHORT_S = 3.2
_RHYTHM_S = 4.0
_CHANGED = 0.07
_MUCH_NEARER = 0.5
_MOST_SCATTER = 0.4
_MOST_SCATTER_OF_PACES = 0.2
_FEWEST = 4
_KEEP_STEPS = 30
_ENOUGH_STEPS = 10
_FAR_FROM_RHYTHM = 0.05
_EVEN = 0.06
_WHOLE = 0.08
_LOOK_BACK = 8
_SURE_SITES: tuple[Site, ...] = ("waist", "chest", "ankle")
"""Where hardly a peak is anything but a contact."""


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
        self._is_sure = site in _SURE_SITES
        self._intervals_s: deque[float] = deque(maxlen=_KEEP_STEPS)
        self._rhythms: deque[tuple[float, float]] = deque()
        self.restart()

    def restart(self) -> None:
        """Begin a new bout: the way between two bouts isn't a step."""
        self._first_s: float | None = None
        self._long = Line()
        self._short = Line()
        self._rhythms.clear()

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
            steps = self._count_missed(at_s - last_s) if self._is_sure else max(1, round(strides))
            number = last + self._steps_apart * steps
            if 0.6 < strides < 1.4:
                self._intervals_s.append((at_s - last_s) / self._steps_apart)
        for line, window_s in ((self._long, _LONG_S), (self._short, _SHORT_S)):
            line.add(number, at_s)
            line.keep_s(window_s)
        if not self._is_sure:
            self._hear_rhythm(at_s, step_s)
        points = self._long.points
        if len(points) < _FEWEST:
            return 60.0 / step_s
        fitted_s = self._long.slope_s()
        changed_s = self._find_change(fitted_s, step_s)
        if changed_s is not None:
            return 60.0 / changed_s
        if self._is_sure:
            first, first_s = points[0]
            return 120.0 / (fitted_s + (at_s - first_s) / (number - first))
        if abs(fitted_s / step_s - 1.0) > _FAR_FROM_RHYTHM:
            fitted_s = step_s
        usual_s = math.fsum([step_s for _, step_s in self._rhythms]) / len(self._rhythms)
        return 30.0 / fitted_s + 30.0 / usual_s

    def _hear_rhythm(self, at_s: float, step_s: float) -> None:
        """Keep what self-similarity showed in the last four seconds."""
        self._rhythms.append((at_s, step_s))
        while at_s - self._rhythms[0][0] > _RHYTHM_S:
            self._rhythms.popleft()

    def _count_missed(self, apart_s: float) -> int:
        """Return how many contacts later one is: more than one only if that is beyond doubt."""
        points = self._long.points
        if len(points) <= _FEWEST:
            return 1
        # Nothing was missed within much less than two mean steps, whatever the others were.
        (first, first_s), (last, last_s) = points[0], points[-1]
        if apart_s * (last - first) < 1.2 * self._steps_apart * (last_s - first_s):
            return 1
        recent = [*points][-_LOOK_BACK:]
        times_s = sorted([(b - a) / (k - j) for (j, a), (k, b) in pairwise(recent)])
        usual_s = self._steps_apart * times_s[len(times_s) // 2]
        strides = apart_s / usual_s
        whole = max(1, round(strides))
        if whole == 1 or abs(strides - whole) > _WHOLE * whole:
            return 1
        even = times_s[-1] - times_s[0] <= 4.0 * _EVEN * usual_s
        return whole if even else 1

    def _find_change(self, fitted_s: float, step_s: float) -> float | None:
        """Return the newest pace in s if it is clearly another one and the rhythm sides with it."""
        if len(self._short.points) < _FEWEST:
            return None
        newest_s = self._short.slope_s()
        if abs(newest_s / fitted_s - 1.0) <= _CHANGED or not self._is_even(_MOST_SCATTER_OF_PACES):
            return None
        # Three seconds hold few contacts: a badly placed one looks like another pace.
        before, now = abs(fitted_s / step_s - 1.0), abs(newest_s / step_s - 1.0)
        return newest_s if now < _MUCH_NEARER * before and now < _FAR_FROM_RHYTHM else None

    def is_steady(self) -> bool:
        """Tell whether the value that ``update`` returned can be trusted.

        A hand whose peaks hesitate, shuffle and turn has no pace: a number would depend on what is
        counted. Where each contact is a step, the count is right however uneven they are.
        """
        return self._is_sure or self._is_even(_MOST_SCATTER)

    def _is_even(self, most_scatter: float) -> bool:
        """Tell whether the times between the contacts of the line have a CV of that at most."""
        points = self._long.points
        n = len(points) - 1
        first_s = before_s = points[0][1]
        squares = 0.0
        for _, at_s in points:
            squares += (at_s - before_s) * (at_s - before_s)
            before_s = at_s
        spent_s = before_s - first_s
        # The mean square is the squared mean plus the variance.
        return n * squares <= spent_s * spent_s * (1.0 + most_scatter * most_scatter)

    def step_time_cv(self) -> float | None:
        """Return SD over mean of the last 30 step times, None with fewer than ten.

        References:
            Hausdorff (2005), Gait variability: methods, modeling and meaning.
        """
        n = len(self._intervals_s)
        if n < _ENOUGH_STEPS:
            return None
        mean = math.fsum(self._intervals_s) / n
        variance = math.fsum([(x - mean) * (x - mean) for x in self._intervals_s]) / (n - 1)
        return math.sqrt(variance) / mean
