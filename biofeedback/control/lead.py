"""LEAD: the music invites to walk a little faster, a step at a time, and never insists.

The tempo stands a whole number of steps of 2.5 % above the prescribed baseline, at most 10 %. After
thirty steps of which four fifths are within 15 % of the beat and whose variability has not risen
by more than a quarter, one step up; after two windows in a row that fail, one step back; otherwise
it holds (therapies.md, gait: phase c). It never moves faster than 0.4 % a second. Within that the
beat leans towards the steps by at most 1.5 %, or who keeps a constant distance from the beat would
never be with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from biofeedback.control.follow import FollowLaw
from biofeedback.control.freeze import GIVEN_UP_AFTER_S, Freeze
from biofeedback.control.law import Wish
from biofeedback.control.limits import LEAD_SLEW_RATIO_PER_S
from biofeedback.control.stepping import Stepping
from biofeedback.control.tracker import StepTracker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.control.law import Moment, Step
    from biofeedback.control.limits import Limits
    from biofeedback.control.stepping import Window
    from biofeedback.messages import Reason

FAILURES_TO_STEP_BACK = 2
LEAN_RATIO = 0.015
LEAN_GAIN = 0.5


class LeadPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far and on which conditions; without a baseline CV the first window gives it.

    ``start_ratio`` is how far above the baseline it begins: where an earlier session ended.
    """

    step_ratio: Annotated[float, Meta(gt=0, le=0.05)] = 0.025
    most_ratio: Annotated[float, Meta(ge=0, le=0.1)] = 0.1
    with_beat_ratio: Annotated[float, Meta(ge=0.5, le=1)] = 0.8
    cv_rise_ratio: Annotated[float, Meta(ge=0, le=1)] = 0.25
    baseline_step_time_cv: Annotated[float, Meta(gt=0, le=0.5)] | None = None
    start_ratio: Annotated[float, Meta(ge=0, le=0.1)] = 0.0


class LeadLaw:
    """A staircase that goes up with success."""

    tempo_slew_ratio_per_s: ClassVar[float] = LEAD_SLEW_RATIO_PER_S

    def __init__(
        self, plan: LeadPlan | None = None, *, limits: Limits, resting_tempo_bpm: float
    ) -> None:
        self._plan = plan or LeadPlan()
        self._baseline_bpm = limits.tempo_baseline_bpm
        self._texture = FollowLaw(limits=limits, resting_tempo_bpm=resting_tempo_bpm)
        self._tracker = StepTracker()
        self._stepping = Stepping()
        self._freeze = Freeze(slew_ratio_per_s=LEAD_SLEW_RATIO_PER_S)
        # A hair more, or 0.075 / 0.025 would count as two steps.
        begins = min(self._plan.start_ratio, self._plan.most_ratio)
        self._level = int((begins + 1e-9) / self._plan.step_ratio)
        self._failures = 0
        self._changing_s = 0.0
        self._stepped_back = False
        self._baseline_cv = self._plan.baseline_step_time_cv
        self._seconds: dict[int, float] = {}

    @property
    def goal_bpm(self) -> float:
        """The tempo that is invited to."""
        ratio = min(self._level * self._plan.step_ratio, self._plan.most_ratio)
        return self._baseline_bpm * (1.0 + ratio)

    def propose(self, moment: Moment) -> Wish:
        """Say what the music should be now."""
        steps = self._tracker.update(moment)
        parameters = self._texture.propose(moment).parameters
        answer = self._freeze.answer(moment, self._tracker, parameters, armed=True)
        if answer is not None:
            self._stepping.begin_window()
            return answer
        if self._has_left():
            self._stepping.begin_window()
            return Wish(parameters, "listening", cue="bed")
        self._seconds[self._level] = self._seconds.get(self._level, 0.0) + moment.elapsed_s
        self._judge(steps, moment.elapsed_s)
        tempo_bpm = self._next_bpm(moment)
        reason: Reason = "stepping_back" if self._stepped_back else "leading"
        return Wish(msgspec.structs.replace(parameters, tempo_bpm=tempo_bpm), reason)

    def outcomes(self) -> dict[str, float | None]:
        """Tell how the person walked, how far the music led, and how long at each tempo."""
        times = {
            f"time_at_plus_{100 * level * self._plan.step_ratio:g}_percent_s": seconds
            for level, seconds in sorted(self._seconds.items())
        }
        return {
            **self._stepping.outcomes(),
            **times,
            "lead_ratio": self.goal_bpm / self._baseline_bpm - 1.0,
            "freezes": float(self._freeze.freezes),
        }

    def _has_left(self) -> bool:
        """Tell whether somebody who walked has been standing for longer than a freeze is."""
        newest_s = self._tracker.newest_s
        return newest_s is not None and self._tracker.now_s - newest_s > GIVEN_UP_AFTER_S

    def _judge(self, steps: Sequence[Step], elapsed_s: float) -> None:
        windows = self._stepping.take(steps)
        self._changing_s -= elapsed_s
        if self._changing_s > 0.0:
            # On the way to a new tempo nothing is judged.
            self._stepping.begin_window()
            return
        level = self._level
        for window in windows:
            self._climb(window)
        if self._level != level:
            self._changing_s = self._plan.step_ratio / LEAD_SLEW_RATIO_PER_S

    def _climb(self, window: Window) -> None:
        plan = self._plan
        reference_cv = self._baseline_cv
        if reference_cv is None:
            reference_cv = self._baseline_cv = window.step_time_cv
        steady = window.step_time_cv <= reference_cv * (1.0 + plan.cv_rise_ratio)
        if steady and window.with_beat_ratio >= plan.with_beat_ratio:
            self._failures = 0
            self._stepped_back = False
            if (self._level + 1) * plan.step_ratio <= plan.most_ratio + 1e-9:
                self._level += 1
            return
        self._failures += 1
        if self._failures >= FAILURES_TO_STEP_BACK:
            self._failures = 0
            self._stepped_back = self._level > 0
            self._level = max(0, self._level - 1)

    def _next_bpm(self, moment: Moment) -> float:
        """Move towards the goal at the lead's own pace, leaning to the steps."""
        goal_bpm, tempo_bpm = self.goal_bpm, moment.tempo_bpm
        leaning_bpm = self._tracker.chase_bpm(
            goal_bpm=goal_bpm, slew_ratio_per_s=LEAD_SLEW_RATIO_PER_S, gain=LEAN_GAIN
        )
        low_bpm, high_bpm = goal_bpm * (1.0 - LEAN_RATIO), goal_bpm * (1.0 + LEAN_RATIO)
        high_bpm = min(high_bpm, self._baseline_bpm * (1.0 + self._plan.most_ratio))
        wanted_bpm = min(max(leaning_bpm, low_bpm), high_bpm)
        change_bpm = tempo_bpm * LEAD_SLEW_RATIO_PER_S * moment.elapsed_s
        return min(max(wanted_bpm, tempo_bpm - change_bpm), tempo_bpm + change_bpm)
