"""LISTEN: no beat, only measuring: rest before and after, and walking without a cue."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from biofeedback.control.calm import calm_music
from biofeedback.control.course import Course
from biofeedback.control.law import Wish
from biofeedback.control.limits import RELAX_SLEW_RATIO_PER_S
from biofeedback.control.stepping import Stepping

if TYPE_CHECKING:
    from biofeedback.control.law import Moment
    from biofeedback.control.limits import Limits

STILL = 0.1


class ListenPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``bed`` leaves a quiet sound without pulse, so that the room isn't dead."""

    bed: bool = False


class ListenLaw:
    """Plays nothing and hears everything."""

    tempo_slew_ratio_per_s: ClassVar[float] = RELAX_SLEW_RATIO_PER_S

    def __init__(
        self, plan: ListenPlan | None = None, *, limits: Limits, resting_tempo_bpm: float
    ) -> None:
        del limits
        self._plan = plan or ListenPlan()
        self._still = calm_music(resting_tempo_bpm, STILL, swell=0.0, swell_brpm=6.0)
        self._stepping = Stepping()
        self._wearer: str | None = None
        self._heart, self._breath, self._activity = Course(), Course(), Course()

    def propose(self, moment: Moment) -> Wish:
        """Say that nothing has to sound."""
        if moment.steps and self._wearer is None:
            self._wearer = moment.steps[0].wearer
        self._stepping.take([step for step in moment.steps if step.wearer == self._wearer])
        self._heart.take(moment.first("heart_rate_bpm"), moment.elapsed_s)
        self._breath.take(moment.first("breathing_brpm"), moment.elapsed_s)
        self._activity.take(moment.first("activity_ratio"), moment.elapsed_s)
        parameters = msgspec.structs.replace(self._still, tempo_bpm=moment.tempo_bpm)
        walking = any(body.walking for body in moment.bodies)
        reason = "uncued" if walking else "listening"
        return Wish(parameters, reason, cue="bed" if self._plan.bed else "silent")

    def outcomes(self) -> dict[str, float | None]:
        """Tell what the person is like without music."""
        return {
            **self._stepping.outcomes(),
            "heart_rate_bpm": self._heart.now,
            "breathing_brpm": self._breath.now,
            "activity_ratio": self._activity.now,
        }
