"""REWARD: the quality of the music is the consequence of what the person does.

* A baseline block with neutral sound, then blocks with a criterion; each fourth is a silent probe,
  in which nothing is fed back, to see what the person does without (therapies.md, behavioural).
* In criterion for the hold time: a response. A rewarded one brings the full sound within a second;
  it stays for ``RESPONSE_S``, then the next response is due. Outside, quality decays in 3 to 8 s.
  With the continuous schedule coming near already brings some of it, in as many levels as planned.
* The criterion goes up and down the ladder (``ladder.py``) towards the goal.
* The ``pain`` key: from then on quality stays at least half, nothing is raised and no block is a
  probe; music is never taken away from somebody whose movement is limited by pain. A baseline keeps
  its neutral sound.
"""

from __future__ import annotations

from statistics import fmean, median
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from biofeedback.control.behaviour import Behaviour, Counted
from biofeedback.control.ladder import Ladder, Schedule, decide_reward
from biofeedback.control.law import Wish
from biofeedback.control.limits import FOLLOW_SLEW_RATIO_PER_S
from biofeedback.messages import MusicParameters

if TYPE_CHECKING:
    from biofeedback.control.law import Moment
    from biofeedback.control.limits import Limits

ATTACK_S = 0.8
RESPONSE_S = 8.0
PAIN_QUALITY = 0.5
BASELINE_KEPT = 6000


class RewardPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What counts, from where to where, and how it is rewarded.

    Whether more or less is asked follows from where the goal lies. ``baseline`` and ``criterion``
    are those of the session before; without them the first block finds the baseline and the
    criterion begins one step from it. With the schedule ``none`` every block behind the baseline is
    a silent probe: the time without consequence of a design that takes turns, or of the next day.
    ``pain`` tells that the key was pressed in an earlier phase.
    """

    counted: Counted = "cadence_spm"
    goal: float = 100.0
    baseline: float | None = None
    criterion: float | None = None
    step_ratio: Annotated[float, Meta(ge=0.05, le=0.15)] = 0.1
    hold_s: Annotated[float, Meta(ge=0.5, le=8)] = 2.0
    block_s: Annotated[float, Meta(ge=20, le=180)] = 60.0
    probe_every: Annotated[int, Meta(ge=2, le=6)] = 4
    levels: Annotated[int, Meta(ge=4, le=6)] = 5
    decay_s: Annotated[float, Meta(ge=3, le=8)] = 5.0
    schedule: Schedule = "continuous"
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 1
    pain: bool = False


class RewardLaw:
    """Blocks, a criterion and a sound that has to be earned."""

    tempo_slew_ratio_per_s: ClassVar[float] = FOLLOW_SLEW_RATIO_PER_S

    def __init__(
        self, plan: RewardPlan | None = None, *, limits: Limits, resting_tempo_bpm: float
    ) -> None:
        del limits
        self._plan = plan or RewardPlan()
        self._tempo_bpm = resting_tempo_bpm
        self._behaviour = Behaviour(self._plan.counted)
        self._ladder: Ladder | None = None
        self._block = 0
        self._baseline = self._plan.baseline
        if self._baseline is not None:
            self._begin_ladder(self._baseline)
        self._block_s = 0.0
        self._values: list[float] = []
        self._in_s = self._known_s = 0.0
        self._held_s = 0.0
        self._response_s = 0.0
        self._responses = 0
        self._rewarded = False
        self._quality = 0.0
        self._pain = self._plan.pain
        self._shares: list[float] = []
        self._probe_shares: list[float] = []
        self._probe_values: list[float] = []
        self._raised = self._lowered = 0

    @property
    def criterion(self) -> float | None:
        """What is asked; None until the baseline is known."""
        return None if self._ladder is None else self._ladder.criterion

    @property
    def is_probe(self) -> bool:
        """This block is a silent probe."""
        if self._ladder is None or self._pain:
            return False
        return self._plan.schedule == "none" or self._block % self._plan.probe_every == 0

    def propose(self, moment: Moment) -> Wish:
        """Say what the music should be now."""
        self._pain = self._pain or moment.pressed("pain")
        value = self._behaviour.read(moment)
        meets = value is not None and self._meets(value)
        self._count(value, meets=meets, elapsed_s=moment.elapsed_s)
        if self._ladder is None:
            self._close_when_over(moment.elapsed_s)
            return Wish(self._dress(0.0), "baseline")
        if self.is_probe:
            self._quality = 0.0
            self._close_when_over(moment.elapsed_s)
            return Wish(self._dress(0.0), "probing", cue="silent")
        earned = self._earn(value, meets=meets, elapsed_s=moment.elapsed_s)
        self._move_quality(earned, moment.elapsed_s)
        self._close_when_over(moment.elapsed_s)
        return Wish(self._dress(self._quality), "rewarded" if earned >= 1.0 else "working")

    def outcomes(self) -> dict[str, float | None]:
        """Tell the criterion, how often it was met, and what stays when nothing is fed back."""
        return {
            "baseline": self._baseline,
            "criterion": self.criterion,
            "goal": self._plan.goal,
            "in_criterion_ratio": fmean(self._shares) if self._shares else None,
            "probe_in_criterion_ratio": fmean(self._probe_shares) if self._probe_shares else None,
            "probe_value": fmean(self._probe_values) if self._probe_values else None,
            "blocks": float(len(self._shares)),
            "probes": float(len(self._probe_shares)),
            "steps_up": float(self._raised),
            "steps_down": float(self._lowered),
            "responses": float(self._responses),
        }

    # ------------------------------------------------------------ behaviour

    def _begin_ladder(self, baseline: float) -> None:
        plan = self._plan
        size = abs(baseline) or abs(plan.goal)
        step = plan.step_ratio * size
        way = 1.0 if plan.goal >= baseline else -1.0
        first = baseline + way * step if plan.criterion is None else plan.criterion
        self._ladder = Ladder(baseline=baseline, criterion=first, goal=plan.goal, step=step)
        # Block 0 was the baseline; without one, counting begins after it all the same.
        self._block = 1

    def _meets(self, value: float) -> bool:
        if self._ladder is None or self._baseline is None:
            return False
        criterion = self._ladder.criterion
        return value >= criterion if self._plan.goal >= self._baseline else value <= criterion

    def _count(self, value: float | None, *, meets: bool, elapsed_s: float) -> None:
        self._block_s += elapsed_s
        if value is None:
            return
        self._known_s += elapsed_s
        self._in_s += elapsed_s * meets
        if len(self._values) < BASELINE_KEPT:
            self._values.append(value)

    def _close_when_over(self, elapsed_s: float) -> None:
        if self._block_s + elapsed_s / 2 < self._plan.block_s:
            return
        share = self._in_s / self._known_s if self._known_s else None
        if self._ladder is None:
            if self._values:
                self._baseline = median(self._values)
                self._begin_ladder(self._baseline)
        elif share is not None:
            self._judge_block(self._ladder, share)
            self._block += 1
        self._block_s = self._in_s = self._known_s = 0.0
        self._held_s = self._response_s = 0.0
        self._rewarded = False
        self._values = []

    def _judge_block(self, ladder: Ladder, share: float) -> None:
        if self.is_probe:
            self._probe_shares.append(share)
            self._probe_values.append(median(self._values))
            return
        self._shares.append(share)
        change = ladder.close_block(share, may_raise=not self._pain)
        self._raised += change == "raised"
        self._lowered += change == "lowered"

    # ------------------------------------------------------------ consequence

    def _earn(self, value: float | None, *, meets: bool, elapsed_s: float) -> float:
        """Tell which quality is earned now, 0..1, in the plan's levels."""
        if not meets:
            self._held_s = self._response_s = 0.0
            self._rewarded = False
            return self._near(value)
        self._held_s += elapsed_s
        if self._held_s + elapsed_s / 2 < self._plan.hold_s:
            return self._near(value)
        if self._response_s <= 0.0:
            plan = self._plan
            self._rewarded = decide_reward(plan.schedule, self._responses, seed=plan.seed)
            self._responses += 1
            self._response_s = RESPONSE_S
        self._response_s -= elapsed_s
        return 1.0 if self._rewarded else 0.0

    def _near(self, value: float | None) -> float:
        """Tell the level of coming near; the highest is kept for the criterion itself."""
        if value is None or self._ladder is None or self._baseline is None:
            return 0.0
        if self._plan.schedule != "continuous":
            return 0.0
        way = self._ladder.criterion - self._baseline
        part = (value - self._baseline) / way if way else 0.0
        top = self._plan.levels - 1
        return min(max(int(part * top), 0), top - 1) / top

    def _move_quality(self, earned: float, elapsed_s: float) -> None:
        if self._pain:
            earned = max(earned, PAIN_QUALITY)
        rise, fall = elapsed_s / ATTACK_S, elapsed_s / self._plan.decay_s
        self._quality = min(max(earned, self._quality - fall), self._quality + rise)

    def _dress(self, quality: float) -> MusicParameters:
        """Make neutral sound (0) or the whole music (1); the tempo stays.

        Energy and density rise by what the gate lets through in the attack time.
        """
        return MusicParameters(
            tempo_bpm=self._tempo_bpm,
            energy=0.25 + 0.45 * quality,
            density=0.2 + 0.4 * quality,
            brightness=0.2 + 0.4 * quality,
            articulation=0.4 - 0.1 * quality,
            tension=0.45 - 0.35 * quality,
            swell=0.0,
            register=-0.2 + 0.3 * quality,
            level_db=-5.0 + 5.0 * quality,
        )
