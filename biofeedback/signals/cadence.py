"""Steps per minute and the variability of step time, from initial contacts.

A contact that was missed makes one long interval, not a slow step: an interval counts as the
nearest whole number of step periods. So a miss costs nothing and an octave error can't arise here.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_WINDOW_S = 5.0
_AGREE = 0.08
_KEEP_STEPS = 30
_ENOUGH_STEPS = 10


def estimate_cadence_spm(contacts_s: Sequence[float], *, step_s: float) -> float:
    """Estimate cadence from contacts and the step period that the rhythm shows.

    Args:
        contacts_s: The newest contacts, ascending.
        step_s: The step period by self-similarity; it decides where the contacts disagree.

    Returns:
        Steps per minute: the mean over the contacts if there are enough and they fit the rhythm,
        else the rhythm's own.
    """
    total_s = 0.0
    periods = 0
    for before, after in itertools.pairwise(contacts_s):
        apart = after - before
        n = round(apart / step_s)
        if n >= 1 and abs(apart / n / step_s - 1.0) < 0.3:
            total_s += apart
            periods += n
    if periods >= 3:
        mean_s = total_s / periods
        if abs(mean_s / step_s - 1.0) < _AGREE:
            return 60.0 / mean_s
    return 60.0 / step_s


class Cadence:
    """Follow the contacts of one walker, each ``steps_apart`` steps after the last."""

    def __init__(self, *, steps_apart: int) -> None:
        self._steps_apart = steps_apart
        self._contacts_s: deque[float] = deque()
        self._intervals_s: deque[float] = deque(maxlen=_KEEP_STEPS)

    def restart(self) -> None:
        """Begin a new bout: the way between two bouts isn't a step."""
        self._contacts_s.clear()

    def update(self, contact_s: float, *, step_s: float) -> float:
        """Take the next contact; return the cadence in steps per minute."""
        contacts = self._contacts_s
        if contacts:
            apart = (contact_s - contacts[-1]) / self._steps_apart
            if 0.6 < apart / step_s < 1.4:
                self._intervals_s.append(apart)
        contacts.append(contact_s)
        while contact_s - contacts[0] > _WINDOW_S:
            contacts.popleft()
        return estimate_cadence_spm(list(contacts), step_s=step_s)

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
