"""CONTOUR: the arc of an imagery session: start, build, peak, return; the guide's, not the body's.

* The arc is chosen by staff: 10, 20 or 40 minutes, the last three of them the return (one of two
  minutes shows it in a demo). Tempo stays within 50..70, onsets stay soft.
* The body only nudges the density, by 15 % at most: who is still and calm gets a little more of
  what the arc has, who is stirred a little less.
* A heart rate above rest + 15 for 30 s, or the guide's key, brings *holding* music: narrow range,
  few notes, a steady tempo. It ends by the guide's key; without a guide also when the heart has
  been near rest for a minute.
* Arousal is never escalated automatically: after holding the arc stays at or below where it was
  until the guide says ``go_on``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from biofeedback.control.calm import calm_music
from biofeedback.control.course import Course
from biofeedback.control.law import Wish
from biofeedback.control.limits import LEAD_SLEW_RATIO_PER_S, RestingHeartRateBpm
from biofeedback.control.swell import Swell, slower_than_own

if TYPE_CHECKING:
    from biofeedback.control.law import Moment
    from biofeedback.control.limits import Limits

SLOWEST_BPM, FASTEST_BPM = 50.0, 70.0
RETURN_S = 180.0
LONGEST_RETURN_RATIO = 0.3
BUILD_FROM, PEAK_FROM = 0.15, 0.6
"""Parts of the time before the return at which the arc begins to build and reaches its peak."""

LOW = 0.15
NUDGE_RATIO = 0.15
NUDGE_S = 10.0
STIRRED_BPM, STIRRED_FOR_S = 15.0, 30.0
SETTLED_BPM, SETTLED_FOR_S = 10.0, 60.0
HOLDING = 0.1
DEPTH = 0.5
FIRST_SWELL_BRPM = 6.0


class ContourPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arc; at home, without a guide, holding ends by itself."""

    minutes: Literal[2, 10, 20, 40] = 20
    peak_ratio: Annotated[float, Meta(ge=0.2, le=1)] = 0.7
    resting_heart_rate_bpm: RestingHeartRateBpm | None = None
    guided: bool = True


class ContourLaw:
    """An arc with a hand on it."""

    tempo_slew_ratio_per_s: ClassVar[float] = LEAD_SLEW_RATIO_PER_S

    def __init__(
        self, plan: ContourPlan | None = None, *, limits: Limits, resting_tempo_bpm: float
    ) -> None:
        del limits, resting_tempo_bpm
        self._plan = plan or ContourPlan()
        self._return_s = min(RETURN_S, LONGEST_RETURN_RATIO * 60.0 * self._plan.minutes)
        self._since_s = 0.0
        self._heart, self._breath = Course(), Course()
        self._stirred_s = self._settled_s = 0.0
        self._holds = False
        self._ceiling = 1.0
        self._calm = 0.0
        self._swell: Swell | None = None
        self._held_s = 0.0
        self._holdings = 0

    def propose(self, moment: Moment) -> Wish:
        """Say what the music should be now."""
        elapsed_s = moment.elapsed_s
        self._since_s += elapsed_s
        heart_rate_bpm = moment.first("heart_rate_bpm")
        self._heart.take(heart_rate_bpm, elapsed_s)
        self._breath.take(moment.first("breathing_brpm"), elapsed_s)
        self._watch(moment, heart_rate_bpm)
        self._feel_calm(moment.first("activity_ratio"), heart_rate_bpm, elapsed_s)
        swell_brpm = self._swell_brpm(elapsed_s)
        swell = DEPTH if self._swell else 0.0
        if self._holds:
            self._held_s += elapsed_s
            parameters = calm_music(moment.tempo_bpm, HOLDING, swell=swell, swell_brpm=swell_brpm)
            held = msgspec.structs.replace(parameters, register=0.0, tension=0.1)
            return Wish(held, "holding")
        height = min(self._height(), self._ceiling)
        tempo_bpm = SLOWEST_BPM + (FASTEST_BPM - SLOWEST_BPM) * height
        parameters = calm_music(tempo_bpm, height, swell=swell, swell_brpm=swell_brpm)
        nudged = parameters.density * (1.0 + NUDGE_RATIO * self._calm)
        parameters = msgspec.structs.replace(parameters, density=nudged)
        returning = self._since_s >= 60.0 * self._plan.minutes - self._return_s
        return Wish(parameters, "returning" if returning else "journey")

    def outcomes(self) -> dict[str, float | None]:
        """Tell how the heart went, and how often holding was needed."""
        return {
            "heart_rate_start_bpm": self._heart.start,
            "heart_rate_change_bpm": self._heart.change,
            "breathing_change_brpm": self._breath.change,
            "holdings": float(self._holdings),
            "held_s": self._held_s,
        }

    def _rest_bpm(self) -> float | None:
        return self._plan.resting_heart_rate_bpm or self._heart.start

    def _height(self) -> float:
        """Tell how high the arc stands, 0..1."""
        before_return_s = 60.0 * self._plan.minutes - self._return_s
        peak = self._plan.peak_ratio
        if self._since_s >= before_return_s:
            returned = (self._since_s - before_return_s) / self._return_s
            return peak + (LOW / 2 - peak) * _smooth(returned)
        part = self._since_s / before_return_s
        return LOW + (peak - LOW) * _smooth((part - BUILD_FROM) / (PEAK_FROM - BUILD_FROM))

    def _watch(self, moment: Moment, heart_rate_bpm: float | None) -> None:
        """Begin and end holding."""
        rest_bpm = self._rest_bpm()
        if heart_rate_bpm is not None and rest_bpm is not None:
            over_bpm = heart_rate_bpm - rest_bpm
            self._stirred_s = self._stirred_s + moment.elapsed_s if over_bpm > STIRRED_BPM else 0.0
            self._settled_s = self._settled_s + moment.elapsed_s if over_bpm < SETTLED_BPM else 0.0
        if not self._holds and (moment.pressed("hold") or self._stirred_s >= STIRRED_FOR_S):
            self._holds = True
            self._holdings += 1
            self._settled_s = 0.0
            self._ceiling = min(self._ceiling, self._height())
        elif self._holds and not self._plan.guided and self._settled_s >= SETTLED_FOR_S:
            self._holds = False
        if moment.pressed("go_on"):
            self._holds = False
            self._ceiling = 1.0
            self._stirred_s = 0.0

    def _feel_calm(
        self, activity_ratio: float | None, heart_rate_bpm: float | None, elapsed_s: float
    ) -> None:
        """Follow how calm the person is, -1 (stirred) to 1 (still)."""
        rest_bpm = self._rest_bpm()
        signs = [] if activity_ratio is None else [activity_ratio]
        if heart_rate_bpm is not None and rest_bpm is not None:
            signs.append((heart_rate_bpm - rest_bpm) / STIRRED_BPM)
        if not signs:
            return
        calm = 1.0 - 2.0 * min(max(*signs, 0.0), 1.0)
        self._calm += (calm - self._calm) * min(1.0, elapsed_s / NUDGE_S)

    def _swell_brpm(self, elapsed_s: float) -> float:
        own_brpm = self._breath.start
        if own_brpm is None:
            return FIRST_SWELL_BRPM
        if self._swell is None:
            self._swell = Swell(slower_than_own(own_brpm))
        return self._swell.glide(slower_than_own(own_brpm), elapsed_s)


def _smooth(part: float) -> float:
    x = min(max(part, 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x)
