"""Steps per minute and the variability of step time, from initial contacts.

The cadence is the slope of the straight line through the contacts of the last eight seconds: one
badly placed contact then moves it little. A contact that was missed makes one long interval, not a
slow step: an interval counts as the nearest whole number of step periods, so an octave error can't
arise here. When the newest seconds clearly disagree with the line, the walker has changed pace and
they alone count.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import Site

_LONG_S = 8.0
_SHORT_S = 3.2
_CHANGED = 0.06
_FEWEST = 4
_KEEP_STEPS = 30
_ENOUGH_STEPS = 10
_RHYTHM_RULES: dict[Site, float] = {
    "waist": 0.4,
    "chest": 0.4,
    "ankle": 0.4,
    "arm": 0.1,
    "wrist": 0.1,
    "unknown": 0.1,
}
"""How far contacts may be from the rhythm before the rhythm is believed instead: a hand has peaks
that are no contacts, a trunk or a foot hardly."""


def fit_step_s(contacts_s: Sequence[float], numbers: Sequence[int]) -> float:
    """Fit the step period: the slope of contacts against their number (least squares).

    Args:
        contacts_s: At least two contacts, ascending.
        numbers: The number of the step of each.
    """
    n = len(contacts_s)
    first_s = contacts_s[0]
    mean = sum(numbers) / n
    mean_s = sum([t - first_s for t in contacts_s]) / n
    above = below = 0.0
    for t, k in zip(contacts_s, numbers, strict=True):
        off = k - mean
        above += off * (t - first_s - mean_s)
        below += off * off
    return above / below


class Cadence:
    """Follow the contacts of one walker; one foot gives every second step."""

    def __init__(self, site: Site) -> None:
        self._steps_apart = 2 if site == "ankle" else 1
        self._tolerance = _RHYTHM_RULES[site]
        self._contacts_s: deque[float] = deque()
        self._numbers: deque[int] = deque()
        self._intervals_s: deque[float] = deque(maxlen=_KEEP_STEPS)

    def restart(self) -> None:
        """Begin a new bout: the way between two bouts isn't a step."""
        self._contacts_s.clear()
        self._numbers.clear()

    def update(self, contact_s: float, *, step_s: float) -> float:
        """Take the next contact; return the cadence in steps per minute.

        Args:
            contact_s: When it was.
            step_s: The step period by self-similarity; it decides where the contacts disagree.
        """
        contacts, numbers = self._contacts_s, self._numbers
        number = 0
        if contacts:
            apart_s = contact_s - contacts[-1]
            steps = apart_s / step_s
            number = numbers[-1] + self._steps_apart * max(1, round(steps / self._steps_apart))
            if 0.6 < steps / self._steps_apart < 1.4:
                self._intervals_s.append(apart_s / self._steps_apart)
        contacts.append(contact_s)
        numbers.append(number)
        while contact_s - contacts[0] > _LONG_S:
            contacts.popleft()
            numbers.popleft()
        return 60.0 / self._fit(step_s)

    def _fit(self, step_s: float) -> float:
        times_s, numbers = [*self._contacts_s], [*self._numbers]
        if len(times_s) < _FEWEST:
            return step_s
        fitted_s = fit_step_s(times_s, numbers)
        recent = next(i for i, t in enumerate(times_s) if times_s[-1] - t <= _SHORT_S)
        if recent and len(times_s) - recent >= _FEWEST:
            newest_s = fit_step_s(times_s[recent:], numbers[recent:])
            if abs(newest_s / fitted_s - 1.0) > _CHANGED:
                fitted_s = newest_s
        return fitted_s if abs(fitted_s / step_s - 1.0) < self._tolerance else step_s

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
