"""ISO: meet somebody where they are, then lead by small steps, and wait when they don't come.

* Arousal is one number, 0..1: the mean of what is known of heart-rate reserve, movement, and at
  the start the person's own rating. The music begins there.
* It goes towards the plan's goal by a tenth of the whole distance in 30 s at most.
* Who hasn't followed within 90 s is waited for; who goes the other way is met by half a step back.

References:
    Heiderscheit & Madson (2015), Use of the iso principle as a central method in mood management,
    Music Ther Perspect 33. The numbers are our choice (therapies.md, control facts).
"""

from __future__ import annotations

from collections import deque
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from biofeedback.control.law import Wish
from biofeedback.control.limits import LEAD_SLEW_RATIO_PER_S, HeartRateBpm, RestingHeartRateBpm
from biofeedback.messages import MusicParameters

if TYPE_CHECKING:
    from biofeedback.control.law import Moment
    from biofeedback.control.limits import Limits
    from biofeedback.messages import Reason

STEP_S = 30.0
STEPS = 10
PATIENCE_STEPS = 3
MEET_S = 20.0
FOLLOWED_SHARE = 0.25
NEAR_STEPS = 2.0
SMOOTH_S = 10.0
MEAN_FROM_S = 15.0
SLOWEST_BPM, FASTEST_BPM = 52.0, 126.0


class IsoPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to lead; 0 is still, 1 is as lively as this person gets."""

    goal_ratio: Annotated[float, Meta(ge=0, le=1)] = 0.15
    self_rating: Annotated[float, Meta(ge=0, le=10)] | None = None
    rest_heart_rate_bpm: RestingHeartRateBpm = 65.0
    lively_heart_rate_bpm: HeartRateBpm = 120.0


class IsoLaw:
    """A slope that looks back every half minute."""

    tempo_slew_ratio_per_s: ClassVar[float] = LEAD_SLEW_RATIO_PER_S

    def __init__(
        self, plan: IsoPlan | None = None, *, limits: Limits, resting_tempo_bpm: float
    ) -> None:
        del resting_tempo_bpm
        self._plan = plan or IsoPlan()
        self._low_bpm = max(SLOWEST_BPM, limits.tempo_low_bpm)
        self._high_bpm = max(self._low_bpm, min(FASTEST_BPM, limits.tempo_high_bpm))
        self._arousal: float | None = None
        self._met_s = 0.0
        self._start = 0.0
        self._music: float | None = None
        self._elapsed_s = 0.0
        self._history: deque[tuple[float, float]] = deque(maxlen=PATIENCE_STEPS + 1)
        self._window: list[float] = []
        self._reason: Reason = "meeting"
        self._waited_s = self._led_s = 0.0

    def propose(self, moment: Moment) -> Wish:
        """Say what the music should be now."""
        felt = self.measure_arousal(moment)
        if felt is not None:
            share = min(1.0, moment.elapsed_s / SMOOTH_S)
            before = felt if self._arousal is None else self._arousal
            self._arousal = before + share * (felt - before)
        if self._music is None:
            self._meet(moment.elapsed_s)
        else:
            self._lead(self._music, moment.elapsed_s)
        shown = 0.5 if self._arousal is None else self._arousal
        return Wish(self._dress(shown if self._music is None else self._music), self._reason)

    def outcomes(self) -> dict[str, float | None]:
        """Tell where the person began and is, and how much of the time they came along."""
        led = self._waited_s + self._led_s
        return {
            "arousal_start_ratio": None if self._music is None else self._start,
            "arousal_now_ratio": self._arousal,
            "music_now_ratio": self._music,
            "waited_time_ratio": self._waited_s / led if led else None,
        }

    def measure_arousal(self, moment: Moment) -> float | None:
        """Average what is known of heart-rate reserve and movement, each 0..1."""
        plan = self._plan
        known: list[float] = []
        heart_rate_bpm = moment.first("heart_rate_bpm")
        if heart_rate_bpm is not None:
            reserve_bpm = max(1.0, plan.lively_heart_rate_bpm - plan.rest_heart_rate_bpm)
            known.append((heart_rate_bpm - plan.rest_heart_rate_bpm) / reserve_bpm)
        activity = moment.first("activity_ratio")
        if activity is not None:
            known.append(activity)
        return fmean(min(max(value, 0.0), 1.0) for value in known) if known else None

    def _meet(self, elapsed_s: float) -> None:
        if self._arousal is None:
            return
        self._met_s += elapsed_s
        if self._met_s < MEET_S:
            return
        rating = self._plan.self_rating
        self._start = self._arousal if rating is None else fmean((self._arousal, rating / 10.0))
        self._music = self._start
        self._history.append((self._start, self._arousal))

    def _lead(self, music: float, elapsed_s: float) -> None:
        distance = self._plan.goal_ratio - self._start
        step = distance / STEPS
        if self._reason not in {"waiting", "diverging"}:
            self._reason = "sloping"
            self._led_s += elapsed_s
            ahead = music + step * elapsed_s / STEP_S
            ends = sorted((self._start, self._plan.goal_ratio))
            self._music = min(max(ahead, ends[0]), ends[1])
        else:
            self._waited_s += elapsed_s
        self._elapsed_s += elapsed_s
        if self._arousal is not None and self._elapsed_s > MEAN_FROM_S:
            self._window.append(self._arousal)
        if self._elapsed_s >= STEP_S - 1e-9:
            self._look_back(step)

    def _look_back(self, step: float) -> None:
        self._elapsed_s = 0.0
        music = self._music
        window, self._window = self._window, []
        if music is None or not window or not step:
            return
        arousal = fmean(window)
        self._history.append((music, arousal))
        way = 1.0 if step > 0.0 else -1.0
        went = way * (arousal - self._history[0][1])
        behind = way * (music - arousal)
        patience_over = len(self._history) > PATIENCE_STEPS
        if went < -abs(step):
            # Away from the goal by more than a step: the music comes back half a step.
            self._reason = "diverging"
            self._music = music - min(abs(step) / 2.0, abs(music - self._start)) * way
        elif behind <= NEAR_STEPS * abs(step) or went >= self._expected():
            self._reason = "sloping"
        elif patience_over:
            self._reason = "waiting"

    def _expected(self) -> float:
        """Tell what following means: a part of what the music moved, at least half a step."""
        moved = abs(self._history[-1][0] - self._history[0][0])
        least = abs(self._plan.goal_ratio - self._start) / STEPS / 2.0
        return max(FOLLOWED_SHARE * moved, least)

    def _dress(self, arousal: float) -> MusicParameters:
        a = min(max(arousal, 0.0), 1.0)
        return MusicParameters(
            tempo_bpm=self._low_bpm + (self._high_bpm - self._low_bpm) * a,
            energy=a,
            density=0.2 + 0.6 * a,
            brightness=0.15 + 0.5 * a,
            articulation=0.1 + 0.5 * a,
            tension=0.1 + 0.3 * a,
            swell=0.5 * (1.0 - a),
            register=-0.3 + 0.5 * a,
            level_db=-8.0 * (1.0 - a),
        )
