"""RELAX: from the resting pulse down by a third within minutes, thinner, darker, breathing.

* The tempo begins at the resting heart rate, brought into 60..84 by halving or clipping, and falls
  by 30 % within 6 to 10 minutes, evenly in proportion: at six minutes that is just 0.1 % a second.
  It never goes below 42, and it never rises: music that is slower already waits for the slope.
* Hearts don't lock to beats. Swell, sparseness, darkness, soft onsets and pauses carry the calming.
* While the heart rate rises nothing else rises either, neither level nor energy nor density.
* The own breathing rate and heart rate are learned in the first half minute and never again:
  swells that followed the breath they slow down would run away.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from biofeedback.control.calm import calm_music
from biofeedback.control.course import Course
from biofeedback.control.law import Wish
from biofeedback.control.limits import RELAX_SLEW_RATIO_PER_S, RestingHeartRateBpm
from biofeedback.control.swell import Swell, slower_than_own

if TYPE_CHECKING:
    from biofeedback.control.law import Moment
    from biofeedback.control.limits import Limits
    from biofeedback.messages import MusicParameters

START_BPM = (60.0, 84.0)
FLOOR_BPM = 42.0
RISING_BPM = 1.5
"""A heart that is this much faster than a quarter of a minute before is rising."""

RESPONSE_BPM = -3.0
FIXED_SWELL_BRPM = 6.0
SHALLOW, DEEP = 0.4, 0.75
PAUSE_EVERY_S = 150.0


class RelaxPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far and how fast; a resting heart rate from a baseline begins at once."""

    minutes: Annotated[float, Meta(ge=6, le=10)] = 8.0
    fall_ratio: Annotated[float, Meta(ge=0, le=0.3)] = 0.3
    resting_heart_rate_bpm: RestingHeartRateBpm | None = None
    swell: Literal["own", "six"] = "own"
    pause_s: Annotated[float, Meta(ge=0, le=60)] = 20.0


class RelaxLaw:
    """A slope that ends in stillness."""

    tempo_slew_ratio_per_s: ClassVar[float] = RELAX_SLEW_RATIO_PER_S

    def __init__(
        self, plan: RelaxPlan | None = None, *, limits: Limits, resting_tempo_bpm: float
    ) -> None:
        self._plan = plan or RelaxPlan()
        self._waiting_bpm = resting_tempo_bpm
        self._lowest_bpm = max(FLOOR_BPM, limits.tempo_low_bpm)
        self._heart, self._breath = Course(), Course()
        self._since_s = 0.0
        self._swell: Swell | None = None
        self._wished: MusicParameters | None = None

    @property
    def start_bpm(self) -> float | None:
        """Where the slope begins; None while the heart isn't known."""
        resting_bpm = self._plan.resting_heart_rate_bpm or self._heart.start
        return None if resting_bpm is None else choose_start_bpm(resting_bpm)

    def propose(self, moment: Moment) -> Wish:
        """Say what the music should be now."""
        self._heart.take(moment.first("heart_rate_bpm"), moment.elapsed_s)
        self._breath.take(moment.first("breathing_brpm"), moment.elapsed_s)
        start_bpm = self.start_bpm
        if start_bpm is None:
            still = calm_music(self._waiting_bpm, 0.5, swell=0.0, swell_brpm=FIXED_SWELL_BRPM)
            return Wish(self._not_above(still), "settling")
        self._since_s += moment.elapsed_s
        part = min(1.0, self._since_s / (60.0 * self._plan.minutes))
        tempo_bpm = max(start_bpm * math.exp(part * math.log1p(-self._plan.fall_ratio)), FLOOR_BPM)
        swell_brpm = self._swell_brpm(moment.elapsed_s)
        parameters = calm_music(
            max(tempo_bpm, self._lowest_bpm),
            0.5 * (1.0 - part),
            swell=SHALLOW + (DEEP - SHALLOW) * part if self._swell else 0.0,
            swell_brpm=swell_brpm,
        )
        pauses = self._since_s % PAUSE_EVERY_S > PAUSE_EVERY_S - self._plan.pause_s
        if pauses:
            parameters = msgspec.structs.replace(parameters, density=0.0)
        # Music that is slower already is met from below by the slope.
        tempo_bpm = min(parameters.tempo_bpm, moment.tempo_bpm)
        parameters = msgspec.structs.replace(parameters, tempo_bpm=tempo_bpm)
        rise_bpm = self._heart.rise()
        rises = rise_bpm is not None and rise_bpm > RISING_BPM
        if rises:
            parameters = self._not_above(parameters)
        self._wished = parameters
        return Wish(
            parameters, "heart_rising" if rises else "relaxing", cue="bed" if pauses else "full"
        )

    def outcomes(self) -> dict[str, float | None]:
        """Tell whether the person responded; none is as worth knowing as any."""
        change_bpm = self._heart.change
        responded = None if change_bpm is None else float(change_bpm <= RESPONSE_BPM)
        return {
            "heart_rate_start_bpm": self._heart.start,
            "heart_rate_change_bpm": change_bpm,
            "breathing_start_brpm": self._breath.start,
            "breathing_change_brpm": self._breath.change,
            "tempo_start_bpm": self.start_bpm,
            "responded": responded,
        }

    def _swell_brpm(self, elapsed_s: float) -> float:
        """Keep the swell silent until its rate is known, then let it stand there."""
        own_brpm = self._breath.start
        goal_brpm = FIXED_SWELL_BRPM
        if self._plan.swell == "own":
            if own_brpm is None:
                return goal_brpm
            goal_brpm = slower_than_own(own_brpm)
        if self._swell is None:
            self._swell = Swell(goal_brpm)
        return self._swell.glide(goal_brpm, elapsed_s)

    def _not_above(self, wanted: MusicParameters) -> MusicParameters:
        last = self._wished
        if last is None:
            return wanted
        return msgspec.structs.replace(
            wanted,
            tempo_bpm=min(wanted.tempo_bpm, last.tempo_bpm),
            energy=min(wanted.energy, last.energy),
            density=min(wanted.density, last.density),
            brightness=min(wanted.brightness, last.brightness),
            level_db=min(wanted.level_db, last.level_db),
        )


def choose_start_bpm(resting_heart_rate_bpm: float) -> float:
    """Bring a resting heart rate into 60..84, by halving where that fits, else by clipping."""
    low_bpm, high_bpm = START_BPM
    for tempo_bpm in (resting_heart_rate_bpm, resting_heart_rate_bpm / 2.0):
        if low_bpm <= tempo_bpm <= high_bpm:
            return tempo_bpm
    return min(max(resting_heart_rate_bpm, low_bpm), high_bpm)
