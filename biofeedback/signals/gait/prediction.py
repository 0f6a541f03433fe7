"""When will the next step be, and how sure is that? Music needs to know before it happens.

A second-order tracker with an alternating term: period, and by how much every other step is longer
(legs differ, and a sensor on one side feels them differently). What it missed by, again and again,
is the uncertainty it tells.

References:
    Benedict & Bordner (1962), Synthesis of an optimal set of radar track-while-scan smoothing
    equations. Deviation: an alternating term; gains by the recordings (docs/signals.md).
"""

from __future__ import annotations

import math

import msgspec

_PLACE_GAIN = 0.8
_PERIOD_GAIN = 0.06
_TURN_GAIN = 0.05
_FORGET = 0.1
_FIRST_SD = 0.08
_FEWEST_CONTACTS = 4
_LATEST_S = 0.3
"""A contact is told within this time; if none was told by then, that step was missed."""
_LEAST_SD_S = 0.010


class NextStep(msgspec.Struct, frozen=True, gc=False):
    """The next contact is expected at ``contact_s`` after the origin, give or take ``sd_s``."""

    contact_s: float
    sd_s: float


class StepPrediction:
    """Follow contacts that are ``steps_apart`` steps apart and look ahead by one."""

    def __init__(self, *, steps_apart: int) -> None:
        self._steps_apart = steps_apart
        self._seen = 0
        self._place_s = 0.0
        self._period_s = 0.0
        self._turn_s = 0.0
        self._variance_s2 = 0.0
        # The contact after the newest one: it stands until it was missed.
        self._next: NextStep | None = None

    def restart(self) -> None:
        """Begin a new bout."""
        self._seen = 0
        self._next = None

    def update(self, contact_s: float, *, step_s: float) -> None:
        """Take the next contact; ``step_s`` is the period that the rhythm shows."""
        period_s = step_s * self._steps_apart
        if self._seen == 0 or abs(period_s / self._period_s - 1.0) > 0.3:
            self.restart()
            self._seen = 1
            self._place_s, self._period_s, self._turn_s = contact_s, period_s, 0.0
            self._variance_s2 = (_FIRST_SD * period_s) ** 2
            return
        periods = max(1, round((contact_s - self._place_s) / self._period_s))
        if periods % 2 == 0:
            self._turn_s = -self._turn_s
        expected_s = self._place_s + periods * self._period_s
        if periods % 2:
            expected_s += self._turn_s
        missed_s = contact_s - expected_s
        self._place_s = expected_s + _PLACE_GAIN * missed_s
        self._period_s += _PERIOD_GAIN * missed_s / periods
        self._turn_s = -(self._turn_s + (_TURN_GAIN * missed_s if periods % 2 else 0.0))
        self._variance_s2 += _FORGET * (missed_s * missed_s - self._variance_s2)
        self._seen += 1
        if self._seen >= _FEWEST_CONTACTS:
            self._next = self._look_ahead(skipped=0)

    def next_step(self, now_s: float) -> NextStep | None:
        """Tell the next contact at ``now_s``; None until the walk has shown its pace."""
        expected = self._next
        if expected is None:
            return None
        late_s = now_s - _LATEST_S - expected.contact_s
        if late_s <= 0.0:
            return expected
        return self._look_ahead(skipped=math.ceil(late_s / self._period_s))

    def _look_ahead(self, *, skipped: int) -> NextStep:
        contact_s = self._place_s + (1 + skipped) * self._period_s
        if skipped % 2 == 0:  # over two steps a longer and a shorter one make up for each other
            contact_s += self._turn_s
        sd_s = math.sqrt(self._variance_s2 * (1 + skipped))
        return NextStep(contact_s=contact_s, sd_s=max(_LEAST_SD_S, sd_s))
