"""In which state is the session, and why: INIT > CALIBRATE > RUN > HOLD > EASE > STOP.

``TRANSITIONS`` is the whole state machine; ``Session`` watches ages and timers and raises its
signals. Rules (safety.md, sections 0 and 1):

* what steers has to be fresh: motion within 0.5 s and the rhythm of its own packets, heart rate
  within 3 s. Otherwise HOLD. A wearer with a heart-rate ceiling needs a fresh heart rate too;
* CALIBRATE plays neutrally until a sensor is fresh and the time for it is over;
* HOLD ends by itself when the sensor is back within 30 s; after that EASE, and only a person's
  ``start`` leads back (H32). Without any heart rate for 10 s HOLD becomes EASE earlier (H03);
* a heart rate above its ceiling for 5 s, or 10 above it at once, means EASE (H01);
* EASE ends in STOP after a minute, or at the time limit; STOP is final for a session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

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
    "resume",
    "stop",
    "calibrated",
    "stale",
    "fresh",
    "held_too_long",
    "heart_lost",
    "heart_rate_high",
    "law_failed",
    "law_failed_often",
    "clock_jump",
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
        "time_nearly_up": "EASE",
        "stop": "STOP",
    },
    "HOLD": {
        "fresh": "RUN",
        "resume": "RUN",
        "held_too_long": "EASE",
        "heart_lost": "EASE",
        "heart_rate_high": "EASE",
        "law_failed_often": "EASE",
        "clock_jump": "EASE",
        "time_nearly_up": "EASE",
        "stop": "STOP",
    },
    "EASE": {"start": "RUN", "eased": "STOP", "stop": "STOP"},
    "STOP": {},
}

MOTION_STALE_MS = 500.0
LONGEST_PACKET_INTERVAL_MS = 2000.0
HEART_STALE_MS = 3000.0
HEART_LOST_MS = 10_000.0
HOLD_LIMIT_NS = 30 * NS_PER_S
EASE_LIMIT_NS = 60 * NS_PER_S
EASE_BEFORE_LIMIT_NS = 120 * NS_PER_S
CEILING_PATIENCE_NS = 5 * NS_PER_S
CEILING_EXCESS_BPM = 10.0
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
        self._ceilings_bpm = dict(heart_rate_ceilings_bpm)
        self._state: SessionState = "INIT"
        self._reason: Reason = "calibrating"
        self._entered_ns = 0
        self._started_ns: int | None = None
        self._above_ceiling_ns: int | None = None
        self._law_failures_ns: list[int] = []
        self._arrivals: dict[str, _PacketRhythm] = {}

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

    def may_rise(self) -> bool:
        """Tell whether music may get faster or louder: no heart rate is above its ceiling."""
        return self._above_ceiling_ns is None

    def obey(self, command: CommandGiven) -> list[StateChanged]:
        """Carry out a person's order."""
        reason: Reason = {
            "start": "calibrating",
            "pause": "paused",
            "resume": "calibrating",
            "stop": "stopped",
        }[command.command]  # pyright: ignore[reportAssignmentType] - a literal mapping
        if command.command == "start" and self._started_ns is None:
            self._started_ns = command.at_ns
        return self._signal(command.command, reason, command.at_ns)

    def note_clock_jump(self, at_ns: int) -> list[StateChanged]:
        """The computer slept, or its clocks disagree: a person has to start again (F44)."""
        return self._signal("clock_jump", "clock_jump", at_ns)

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
        changes += self._check_ceilings(at_ns, bodies)
        if self._is_fresh(bodies):
            changes += self._go_on(at_ns)
        else:
            changes += self._hold(at_ns, bodies)
        return changes

    def _signal(self, signal: Signal, reason: Reason, at_ns: int) -> list[StateChanged]:
        after = TRANSITIONS[self._state].get(signal)
        if after is None:
            return []
        before, self._state = self._state, after
        self._reason = reason
        self._entered_ns = at_ns
        return [StateChanged(at_ns=at_ns, before=before, after=after, reason=reason)]

    def _check_time(self, at_ns: int) -> list[StateChanged]:
        elapsed_ns = at_ns - (self._started_ns or 0)
        ease_ns = min(EASE_BEFORE_LIMIT_NS, self._time_limit_ns // 2)
        if elapsed_ns >= self._time_limit_ns:
            return self._signal("stop", "time_limit", at_ns)
        if elapsed_ns >= self._time_limit_ns - ease_ns and self._state != "EASE":
            return self._signal("time_nearly_up", "time_limit", at_ns)
        in_ease_ns = at_ns - self._entered_ns
        patience_ns = EASE_BEFORE_LIMIT_NS if self._reason == "time_limit" else EASE_LIMIT_NS
        if self._state == "EASE" and in_ease_ns >= patience_ns:
            return self._signal("eased", self._reason, at_ns)
        return []

    def _check_ceilings(self, at_ns: int, bodies: Sequence[BodyState]) -> list[StateChanged]:
        excess_bpm = max(
            (
                body.heart_rate_bpm - self._ceilings_bpm[body.wearer]
                for body in bodies
                if body.wearer in self._ceilings_bpm and body.heart_rate_bpm is not None
            ),
            default=0.0,
        )
        if excess_bpm <= 0:
            self._above_ceiling_ns = None
            return []
        if self._above_ceiling_ns is None:
            self._above_ceiling_ns = at_ns
        waited = at_ns - self._above_ceiling_ns >= CEILING_PATIENCE_NS
        if waited or excess_bpm > CEILING_EXCESS_BPM:
            return self._signal("heart_rate_high", "heart_rate_high", at_ns)
        return []

    def _is_fresh(self, bodies: Sequence[BodyState]) -> bool:
        verdicts = [self._freshness(body) for body in bodies]
        # One person whose sensor is silent doesn't stop a group; a missing ceiling guard does.
        return "fresh" in verdicts and "guard" not in verdicts

    def _go_on(self, at_ns: int) -> list[StateChanged]:
        if self._state == "CALIBRATE" and at_ns - self._entered_ns >= self._calibrate_ns:
            return self._signal("calibrated", "resting", at_ns)
        if self._state == "HOLD" and self._reason in {"stale_motion", "law_failed"}:
            return self._signal("fresh", "resting", at_ns)
        return self._check_hold_limit(at_ns)

    def _hold(self, at_ns: int, bodies: Sequence[BodyState]) -> list[StateChanged]:
        changes = self._signal("stale", "stale_motion", at_ns)
        if self._state == "HOLD" and any(self._heart_lost(body) for body in bodies):
            changes += self._signal("heart_lost", "motion_lost", at_ns)
        return changes + self._check_hold_limit(at_ns)

    def _check_hold_limit(self, at_ns: int) -> list[StateChanged]:
        if self._state == "HOLD" and at_ns - self._entered_ns >= HOLD_LIMIT_NS:
            return self._signal("held_too_long", "motion_lost", at_ns)
        return []

    def _freshness(self, body: BodyState) -> Literal["fresh", "stale", "guard"]:
        heart_fresh = body.heart_age_ms is not None and body.heart_age_ms <= HEART_STALE_MS
        if body.wearer in self._ceilings_bpm and not heart_fresh:
            return "guard"
        if not body.has_motion:
            return "fresh" if heart_fresh else "stale"
        rhythm = self._arrivals.setdefault(body.wearer, _PacketRhythm())
        return "fresh" if rhythm.is_fresh(body.motion_age_ms) else "stale"

    def _heart_lost(self, body: BodyState) -> bool:
        steers = body.wearer in self._ceilings_bpm or (body.has_heart and not body.has_motion)
        return steers and (body.heart_age_ms is None or body.heart_age_ms > HEART_LOST_MS)


class _PacketRhythm:
    """Learns how far apart a wearer's motion packets come.

    Some bands fill a packet for more than a second before they send it: an age is stale when it
    exceeds that band's own rhythm by half a second, not before.
    """

    def __init__(self) -> None:
        self._age_before_ms = 0.0
        self._interval_ms: float | None = None

    def is_fresh(self, age_ms: float | None) -> bool:
        """Judge the age of the newest valid sample at a control step."""
        if age_ms is None:
            return False
        if age_ms < self._age_before_ms:
            seen_ms = min(self._age_before_ms, LONGEST_PACKET_INTERVAL_MS)
            learned_ms = self._interval_ms if self._interval_ms is not None else seen_ms
            self._interval_ms = max(seen_ms, 0.98 * learned_ms)
        self._age_before_ms = age_ms
        interval_ms = LONGEST_PACKET_INTERVAL_MS if self._interval_ms is None else self._interval_ms
        return age_ms <= MOTION_STALE_MS + interval_ms
