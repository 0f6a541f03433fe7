"""What ideal sensors would tell of a body: its state without packets, as late as the real chain.

It lets a control law be tried against a person for an hour in a second. What it leaves out on
purpose is everything that bytes, radio and signal processing add: for that there are wearables.
Steps become known a quarter of a second late, and the cadence is the slope of the last eight
seconds of them, as in the signals; the heart rate is the mean of five seconds; breathing is told
each five seconds as the mean of the last half minute.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal

import numpy as np

from biofeedback.messages import NS_PER_S, EventDetected, MeasureTaken
from biofeedback.samples import BodyState

if TYPE_CHECKING:
    from biofeedback.simulate.body import Body

STEP_DELAY_S = 0.25
_CADENCE_WINDOW_S = 8.0
_FEWEST_STEPS = 4
_HEART_WINDOW_S = 5.0
_BREATH_WINDOW_S = 30.0
_BREATH_EVERY_S = 5.0
_WALK_MPS2, _REACH_MPS2 = 4.0, 8.0
_REACH_S = 0.6
_TURN_RAD = 1.2


class Felt:
    """One body, felt ten times a second; times must ascend from call to call."""

    def __init__(self, body: Body, wearer: str = "p1") -> None:
        self._body = body
        self._wearer = wearer
        self._steps_s: deque[float] = deque(maxlen=64)
        self._beats: deque[tuple[float, float]] = deque(maxlen=128)
        self._told_s = 0.0
        self._breaths: deque[float] = deque(maxlen=round(_BREATH_WINDOW_S / _BREATH_EVERY_S))
        self._breath_told_s = 0.0
        self._reached_s = 0.0

    def feel(self, time_s: float) -> tuple[BodyState, list[MeasureTaken | EventDetected]]:
        """Tell the state at ``time_s`` and what became known since the last call."""
        at_ns = round(time_s * NS_PER_S)
        found: list[MeasureTaken | EventDetected] = []
        steps_s = self._body.steps.contacts_between(
            self._told_s - STEP_DELAY_S, time_s - STEP_DELAY_S
        )
        self._steps_s.extend(steps_s)
        found += [self._event("step", step_s, at_ns, 9.0) for step_s in steps_s]
        found += self._feel_heart(time_s, at_ns)
        found += self._feel_reaches(time_s, at_ns)
        self._told_s = time_s
        return self._state(time_s), found

    def _feel_heart(self, time_s: float, at_ns: int) -> list[MeasureTaken]:
        heart = self._body.heart
        heart.beat_until(time_s)
        known = [
            (beat_s, rr_s)
            for beat_s, rr_s in zip(heart.beat_times_s, heart.rr_s, strict=True)
            if self._told_s < beat_s <= time_s
        ]
        self._beats.extend(known)
        told = [
            MeasureTaken(
                at_ns=at_ns,
                wearer=self._wearer,
                sensor="ideal",
                measure="rr_ms",
                value=rr_s * 1000.0,
                quality=1.0,
            )
            for _, rr_s in known
        ]
        if time_s - self._breath_told_s >= _BREATH_EVERY_S:
            self._breath_told_s = time_s
            self._breaths.append(heart.breathing_brpm(time_s))
        return told

    def _feel_reaches(self, time_s: float, at_ns: int) -> list[EventDetected]:
        """Tell a reach as a gesture when its push is over, at a fifth of its way in time."""
        reaches = self._body.reaches
        reaches.reach_until(time_s)
        found: list[EventDetected] = []
        for reach in reaches.made:
            felt_s = reach.start_s + 0.2 * reach.duration_s
            if self._reached_s < felt_s <= time_s:
                push_mps2 = 5.8 * float(np.linalg.norm(reach.way_m)) / reach.duration_s**2
                found.append(self._event("gesture", felt_s, at_ns, push_mps2))
        self._reached_s = time_s
        return found

    def _state(self, time_s: float) -> BodyState:
        cadence_spm = self._cadence_spm(time_s)
        rates = [rr_s for beat_s, rr_s in self._beats if beat_s > time_s - _HEART_WINDOW_S]
        acceleration, turn = self._hand(time_s)
        activity_mps2 = acceleration + (_WALK_MPS2 if cadence_spm else 0.0)
        return BodyState(
            wearer=self._wearer,
            has_motion=True,
            has_heart=True,
            motion_age_ms=50.0,
            heart_age_ms=500.0,
            heart_rate_bpm=60.0 / float(np.mean(rates)) if rates else None,
            heart_quality=1.0,
            walking=cadence_spm is not None,
            cadence_spm=cadence_spm,
            last_step_ns=round(self._steps_s[-1] * NS_PER_S) if self._steps_s else None,
            activity_mps2=activity_mps2,
            activity_ratio=min(1.0, activity_mps2 / _REACH_MPS2),
            sustained_ratio=1.0 - min(1.0, acceleration / _REACH_MPS2),
            tilt_ratio=min(1.0, max(0.0, 0.5 + 0.5 * turn / _TURN_RAD)),
            motion_quality=1.0,
            breathing_brpm=float(np.mean(self._breaths)) if self._breaths else None,
        )

    def _cadence_spm(self, time_s: float) -> float | None:
        steps = [s for s in self._steps_s if s > self._steps_s[-1] - _CADENCE_WINDOW_S]
        # A longer rest parts one walk from the next.
        for index in range(len(steps) - 1, 0, -1):
            if steps[index] - steps[index - 1] > 1.5:
                steps = steps[index:]
                break
        if len(steps) < _FEWEST_STEPS:
            return None
        centre = (len(steps) - 1) / 2.0
        spread = sum((k - centre) ** 2 for k in range(len(steps)))
        period_s = sum((k - centre) * step_s for k, step_s in enumerate(steps)) / spread
        if time_s - steps[-1] > 2.0 * period_s + 0.75:
            return None
        return 60.0 / period_s

    def _hand(self, time_s: float) -> tuple[float, float]:
        times_s = np.linspace(max(0.0, time_s - _REACH_S), time_s, 7)
        reach = self._body.reaches.sample(times_s)
        if reach is None:
            return 0.0, 0.0
        acceleration, turn = reach
        return float(np.sqrt((acceleration**2).sum(axis=1)).mean()), float(turn[-1])

    def _event(
        self, event: Literal["step", "gesture"], event_s: float, at_ns: int, strength: float
    ) -> EventDetected:
        return EventDetected(
            at_ns=at_ns,
            wearer=self._wearer,
            sensor="ideal",
            event=event,
            event_ns=round(event_s * NS_PER_S),
            strength=strength,
            quality=1.0,
        )
