"""In which state is the session, and why: INIT > CALIBRATE > RUN > HOLD > EASE > STOP.

``TRANSITIONS`` is the whole state machine; ``Session`` watches ages and timers and raises its
signals. Rules (safety.md, sections 0 and 1), beside those of ``freshness.py`` and ``ceilings.py``:

* CALIBRATE plays neutrally until a sensor is fresh and the time for it is over; after a HOLD in
  between it begins anew;
* what steers is stale: HOLD. It ends by itself when the sensor is back within 30 s; after that
  EASE, and only a person's ``start`` leads back (H32). The 30 s are for the person: a sensor that
  is heard in the air within them gets 5 s more for its link to be made again. Without a heart
  rate that is needed for 10 s HOLD becomes EASE earlier (H03). A pause is a HOLD that only
  ``resume`` ends;
* the return of a sensor moves nothing: HOLD goes on until it is known again what the wearer does;
* a heart rate that exceeds its ceiling, symptoms, a computer that slept, a law that fails for the
  third time in a minute, two minutes before the time limit: EASE;
* EASE ends in STOP after a minute, or at the time limit; STOP is final for a session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from biofeedback.control.ceilings import Ceilings
from biofeedback.control.freshness import Freshness, Return
from biofeedback.messages import (
    NS_PER_S,
    CommandGiven,
    Reason,
    SessionState,
    StateChanged,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from biofeedback.samples import BodyState

Signal = Literal[
    "start",
    "pause",
    "stop",
    "calibrated",
    "not_calibrated",
    "stale",
    "fresh",
    "held_too_long",
    "heart_lost",
    "heart_rate_high",
    "law_failed",
    "law_failed_often",
    "clock_jump",
    "symptoms",
    "time_nearly_up",
    "eased",
]

TRANSITIONS: dict[SessionState, dict[Signal, SessionState]] = {
    "INIT": {"start": "CALIBRATE", "stop": "STOP"},
    "CALIBRATE": {
        "calibrated": "RUN",
        "pause": "HOLD",
        "law_failed": "HOLD",
        "heart_rate_high": "EASE",
        "law_failed_often": "EASE",
        "clock_jump": "EASE",
        "symptoms": "EASE",
        "time_nearly_up": "EASE",
        "stop": "STOP",
    },
    "RUN": {
        "stale": "HOLD",
        "pause": "HOLD",
        "law_failed": "HOLD",
        "heart_rate_high": "EASE",
        "law_failed_often": "EASE",
        "clock_jump": "EASE",
        "symptoms": "EASE",
        "time_nearly_up": "EASE",
        "stop": "STOP",
    },
    "HOLD": {
        "fresh": "RUN",
        "not_calibrated": "CALIBRATE",
        "held_too_long": "EASE",
        "heart_lost": "EASE",
        "heart_rate_high": "EASE",
        "law_failed_often": "EASE",
        "clock_jump": "EASE",
        "symptoms": "EASE",
        "time_nearly_up": "EASE",
        "stop": "STOP",
    },
    "EASE": {"start": "RUN", "eased": "STOP", "stop": "STOP"},
    "STOP": {},
}

HOLD_LIMIT_NS = 30 * NS_PER_S
RECONNECT_NS = 5 * NS_PER_S
EASE_LIMIT_NS = 60 * NS_PER_S
EASE_BEFORE_LIMIT_NS = 120 * NS_PER_S
LAW_FAILURE_WINDOW_NS = 60 * NS_PER_S
LAW_FAILURES = 3


class Session:
    """The state of one room's session; every method answers with what changed."""

    def __init__(
        self,
        *,
        calibrate_s: float,
        time_limit_s: float,
        heart_rate_ceilings_bpm: Mapping[str, float],
    ) -> None:
        self._calibrate_ns = round(calibrate_s * NS_PER_S)
        self._time_limit_ns = round(time_limit_s * NS_PER_S)
        self._ease_from_ns = self._time_limit_ns - ease_before_limit_ns(self._time_limit_ns)
        self._ceilings = Ceilings(heart_rate_ceilings_bpm)
        self._freshness = Freshness(self._ceilings.wearers)
        self._return = Return()
        self._heard_ns: int | None = None
        self._state: SessionState = "INIT"
        self._reason: Reason = "calibrating"
        self._entered_ns = 0
        self._held_calibration = False
        self._started_ns: int | None = None
        self._law_failures_ns: list[int] = []

    @property
    def state(self) -> SessionState:
        """Where the session is now."""
        return self._state

    @property
    def is_over(self) -> bool:
        """It has been stopped, and nothing leads back."""
        return self._state == "STOP"

    @property
    def reason(self) -> Reason:
        """Why it is there."""
        return self._reason

    @property
    def waits_since_ns(self) -> int | None:
        """Since when it calibrates, None when it doesn't: it waits for something fresh."""
        return self._entered_ns if self._state == "CALIBRATE" else None

    @property
    def may_rise(self) -> bool:
        """Tell whether music may get faster or louder: no heart rate is above its ceiling."""
        return self._ceilings.may_rise

    def obey(self, command: CommandGiven) -> list[StateChanged]:
        """Carry out a person's order."""
        match command.command:
            case "start":
                if self._started_ns is None:
                    self._started_ns = command.at_ns
                return self._signal("start", "calibrating", command.at_ns)
            case "pause":
                if self._state == "HOLD":
                    self._reason = "paused"
                return self._signal("pause", "paused", command.at_ns)
            case "resume":
                # The next step goes on if what steers is fresh; until then it is a plain HOLD.
                if self._state == "HOLD" and self._reason == "paused":
                    self._reason = "stale_motion"
                    self._return.note_lead(())
                return []
            case "stop":
                return self._signal("stop", "stopped", command.at_ns)
            case "skip":
                return []  # a matter of the plan's phases

    def note_clock_jump(self, at_ns: int) -> list[StateChanged]:
        """The computer slept, or its clocks disagree: a person has to start again (F44)."""
        return self._signal("clock_jump", "clock_jump", at_ns)

    def note_symptoms(self, at_ns: int) -> list[StateChanged]:
        """Somebody has symptoms: the music eases at once, whatever else goes on (H13)."""
        return self._signal("symptoms", "symptoms", at_ns)

    def finish(self, at_ns: int, *, refused: bool = False) -> list[StateChanged]:
        """A plan is over, or a question before the start was answered with no."""
        return self._signal("stop", "refused" if refused else "finished", at_ns)

    def narrow_ceiling(self, wearer: str, ceiling_bpm: float) -> None:
        """Give somebody a ceiling from a baseline of this session; it only narrows.

        It holds while the heart rate is known; a prescribed one also needs it to be known.
        """
        self._ceilings.narrow(wearer, ceiling_bpm)

    def note_heard(self, at_ns: int) -> None:
        """A sensor whose link was lost is in the air again: its link is being made."""
        if self._state == "HOLD" and at_ns - self._entered_ns < HOLD_LIMIT_NS:
            self._heard_ns = at_ns

    def note_law_failure(self, at_ns: int) -> list[StateChanged]:
        """A law raised: HOLD at once, EASE at the third time in a minute (F57)."""
        recent = [t for t in self._law_failures_ns if at_ns - t < LAW_FAILURE_WINDOW_NS]
        self._law_failures_ns = [*recent, at_ns]
        often = len(self._law_failures_ns) >= LAW_FAILURES
        return self._signal("law_failed_often" if often else "law_failed", "law_failed", at_ns)

    def step(self, at_ns: int, bodies: Sequence[BodyState]) -> list[StateChanged]:
        """Look at ages, ceilings and timers at a control step."""
        if self._started_ns is None or self._state == "STOP":
            return []
        changes = self._check_time(at_ns)
        if self._ceilings.is_exceeded(at_ns, bodies):
            changes += self._signal("heart_rate_high", "heart_rate_high", at_ns)
        is_fresh = self._freshness.is_fresh(bodies)
        if self._held_calibration and self._reason != "paused":
            # Nothing has led yet, so nothing has to be fresh.
            return changes + self._signal("not_calibrated", "calibrating", at_ns)
        if is_fresh:
            return changes + self._go_on(at_ns, bodies)
        self._return.note_silence()
        changes += self._signal("stale", "stale_motion", at_ns)
        led = self._state == "HOLD" and not self._held_calibration
        if led and self._freshness.is_heart_lost(bodies):
            changes += self._signal("heart_lost", "motion_lost", at_ns)
        return changes + self._check_hold_limit(at_ns)

    def _signal(self, signal: Signal, reason: Reason, at_ns: int) -> list[StateChanged]:
        after = TRANSITIONS[self._state].get(signal)
        if after is None:
            return []
        before, self._state = self._state, after
        self._reason = reason
        self._entered_ns = at_ns
        self._held_calibration = before == "CALIBRATE" and after == "HOLD"
        self._heard_ns = None
        return [StateChanged(at_ns=at_ns, before=before, after=after, reason=reason)]

    def time_to_ease_ns(self, at_ns: int) -> int:
        """Tell how long it is until the time limit makes the session ease."""
        started_ns = at_ns if self._started_ns is None else self._started_ns
        return self._ease_from_ns - (at_ns - started_ns)

    def _check_time(self, at_ns: int) -> list[StateChanged]:
        elapsed_ns = at_ns - (self._started_ns or 0)
        if elapsed_ns >= self._time_limit_ns:
            return self._signal("stop", "time_limit", at_ns)
        if self._state == "EASE":
            patience_ns = EASE_BEFORE_LIMIT_NS if self._reason == "time_limit" else EASE_LIMIT_NS
            if at_ns - self._entered_ns >= patience_ns:
                return self._signal("eased", self._reason, at_ns)
        elif elapsed_ns >= self._ease_from_ns:
            return self._signal("time_nearly_up", "time_limit", at_ns)
        return []

    def _go_on(self, at_ns: int, bodies: Sequence[BodyState]) -> list[StateChanged]:
        if self._state == "CALIBRATE" and at_ns - self._entered_ns >= self._calibrate_ns:
            return self._signal("calibrated", "resting", at_ns)
        if self._state == "HOLD" and self._reason in {"stale_motion", "law_failed"}:
            if not self._return.is_complete(at_ns, bodies):
                return []
            return self._signal("fresh", "resting", at_ns)
        if self._state == "RUN":
            self._return.note_lead(bodies)
        return self._check_hold_limit(at_ns)

    def _check_hold_limit(self, at_ns: int) -> list[StateChanged]:
        if self._state != "HOLD":
            return []
        limit_ns = self._entered_ns + HOLD_LIMIT_NS
        if self._heard_ns is not None:
            limit_ns = max(limit_ns, self._heard_ns + RECONNECT_NS)
        if at_ns >= limit_ns:
            reason: Reason = "paused" if self._reason == "paused" else "motion_lost"
            return self._signal("held_too_long", reason, at_ns)
        return []


def ease_before_limit_ns(time_limit_ns: int) -> int:
    """Tell how long before the time limit EASE begins (H19)."""
    return min(EASE_BEFORE_LIMIT_NS, time_limit_ns // 2)
