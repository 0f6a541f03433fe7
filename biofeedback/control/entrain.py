"""ENTRAIN: the beat finds the steps, starts with them, stays with them, and fades away.

* The beat is heard once it is in phase: until then it follows the steps unheard, over a bed
  without pulse (finding a beat is hard, keeping one is easy: Moens & Leman 2015).
* ``follow``: the music does all the correcting. ``mutual``: it meets the walker half way to the
  prescribed tempo. ``fixed``: after the start in phase it keeps the prescribed tempo.
* After ``fade_after_s`` the cue leaves in steps; what is walked without it is told apart.
* A freeze is answered with a single steady pulse (``freeze.py``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from biofeedback.control.cue import fade_cue
from biofeedback.control.follow import FollowLaw
from biofeedback.control.freeze import Freeze
from biofeedback.control.law import Wish
from biofeedback.control.limits import FOLLOW_SLEW_RATIO_PER_S
from biofeedback.control.stepping import Stepping
from biofeedback.control.tracker import StepTracker

if TYPE_CHECKING:
    from biofeedback.control.law import Cue, Moment
    from biofeedback.control.limits import Limits

IN_PHASE_BEATS = 0.1
IN_PHASE_STEPS = 4
LONGEST_WAIT_S = 15.0
MUTUAL_GAIN = 0.5
JUST_STOPPED_S = 3.5
HANDOVER_S = 6.0


class EntrainPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who gives way to whom, and when the cue fades; ``fade_after_s`` None: never.

    ``starts``: over a bed until the beat is in phase, or at once, from a phase that had a beat.
    """

    starts: Literal["in_phase", "at_once"] = "in_phase"
    rule: Literal["follow", "mutual", "fixed"] = "follow"
    fade_after_s: Annotated[float, Meta(ge=0, le=3600)] | None = None
    fade_step_s: Annotated[float, Meta(ge=5, le=300)] = 20.0


class EntrainLaw:
    """Phase and period correction for one walker."""

    tempo_slew_ratio_per_s: ClassVar[float] = FOLLOW_SLEW_RATIO_PER_S

    def __init__(
        self, plan: EntrainPlan | None = None, *, limits: Limits, resting_tempo_bpm: float
    ) -> None:
        self._plan = plan or EntrainPlan()
        self._prescribed_bpm = limits.tempo_baseline_bpm
        self._slew = min(limits.tempo_slew_ratio_per_s, FOLLOW_SLEW_RATIO_PER_S)
        self._texture = FollowLaw(limits=limits, resting_tempo_bpm=resting_tempo_bpm)
        self._tracker = StepTracker()
        self._freeze = Freeze(slew_ratio_per_s=self._slew)
        self._cued = Stepping()
        self._uncued = Stepping()
        self._cued_s: float | None = 0.0 if self._plan.starts == "at_once" else None
        self._since_s = 0.0
        self._waited_s = 0.0
        self._in_phase = 0

    def propose(self, moment: Moment) -> Wish:
        """Say what the music should be now."""
        steps = self._tracker.update(moment)
        parameters = self._texture.propose(moment).parameters
        own_bpm = self._tracker.own_bpm
        cue = self._cue(moment.elapsed_s)
        armed = self._cued_s is not None and cue != "silent"
        answer = self._freeze.answer(moment, self._tracker, parameters, armed=armed)
        if answer is not None:
            return answer
        self._since_s += moment.elapsed_s
        if own_bpm is None and self._plan.starts == "at_once" and self._since_s < HANDOVER_S:
            # The beat of the phase before goes on until the steps are found again.
            parameters = msgspec.structs.replace(parameters, tempo_bpm=moment.tempo_bpm)
            return Wish(parameters, "matching" if cue == "full" else "fading", cue=cue)
        if own_bpm is None or not (self._walks(moment) or self._pauses()):
            self._wait_again()
            parameters = msgspec.structs.replace(parameters, tempo_bpm=self._prescribed_bpm)
            return Wish(parameters, "listening", cue="bed")
        (self._uncued if cue == "silent" else self._cued).take(steps)
        if self._cued_s is None:
            self._try_to_enter(len(steps), moment.elapsed_s)
        tempo_bpm = self._tempo_bpm(own_bpm) if self._walks(moment) else moment.tempo_bpm
        parameters = msgspec.structs.replace(parameters, tempo_bpm=tempo_bpm)
        if self._cued_s is None:
            return Wish(parameters, "listening", cue="bed")
        if cue == "silent":
            return Wish(parameters, "uncued", cue=cue)
        return Wish(parameters, "matching" if cue == "full" else "fading", cue=cue)

    def outcomes(self) -> dict[str, float | None]:
        """Tell how the person walked with the cue, without it, and what stayed."""
        with_cue, without = self._cued.outcomes(), self._uncued.outcomes()
        stays = {f"uncued_{name}": without[name] for name in ("cadence_spm", "step_time_cv")}
        return {**with_cue, **stays, "freezes": float(self._freeze.freezes)}

    def _walks(self, moment: Moment) -> bool:
        return any(body.walking and body.wearer == self._tracker.wearer for body in moment.bodies)

    def _pauses(self) -> bool:
        """Tell whether somebody with a cue has only just stopped: it may be a freeze."""
        newest_s = self._tracker.newest_s
        if self._cued_s is None or newest_s is None:
            return False
        return self._tracker.now_s - newest_s < JUST_STOPPED_S

    def _cue(self, elapsed_s: float) -> Cue:
        if self._cued_s is None:
            return "full"
        self._cued_s += elapsed_s
        fade_after_s = self._plan.fade_after_s
        if fade_after_s is None or self._cued_s < fade_after_s:
            return "full"
        return fade_cue(self._cued_s - fade_after_s, step_s=self._plan.fade_step_s)

    def _wait_again(self) -> None:
        """Start in phase again for somebody who stopped, unless the cue has already gone."""
        if self._cue(0.0) != "silent":
            self._cued_s = None
        self._waited_s = 0.0
        self._in_phase = 0

    def _try_to_enter(self, new_steps: int, elapsed_s: float) -> None:
        self._waited_s += elapsed_s
        ahead = self._tracker.ahead_beats
        if new_steps and ahead is not None:
            self._in_phase = self._in_phase + new_steps if abs(ahead) <= IN_PHASE_BEATS else 0
        if self._in_phase >= IN_PHASE_STEPS or self._waited_s > LONGEST_WAIT_S:
            self._cued_s = 0.0

    def _tempo_bpm(self, own_bpm: float) -> float:
        rule = self._plan.rule
        if rule == "follow" or self._cued_s is None:
            return self._tracker.chase_bpm(goal_bpm=own_bpm, slew_ratio_per_s=self._slew)
        if rule == "fixed":
            return self._prescribed_bpm
        between_bpm = math.sqrt(own_bpm * self._prescribed_bpm)
        return self._tracker.chase_bpm(
            goal_bpm=between_bpm, slew_ratio_per_s=self._slew, gain=MUTUAL_GAIN
        )
