"""ENSEMBLE: the group owns the tempo, each member a layer, and togetherness the harmony.

* Tempo: the weighted median of the members' own tempi, each brought near the sounding one by
  halves and doubles. Who is steady counts more; who joins comes in over ten seconds; who leaves
  takes nothing along. With nobody left the tempo stays: the music never stops for a member.
* Togetherness above chance makes harmony consonant and sound bright. It never silences anybody:
  each layer has a floor.
* Roles move the foreground only: all alike, one leader (whose tempo counts while they move), solos
  in turn, or pairs in turn.
* Shared calm: the median change of the members' heart rates, each from their own start.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import fmean, median, pstdev
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from biofeedback.control.course import Course
from biofeedback.control.freshness import is_present
from biofeedback.control.law import Wish
from biofeedback.control.limits import GROUP_SLEW_RATIO_PER_S
from biofeedback.control.togetherness import Togetherness
from biofeedback.messages import NS_PER_S, MusicParameters, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.control.law import Moment
    from biofeedback.control.limits import Limits
    from biofeedback.control.togetherness import Judgement
    from biofeedback.messages import Reason
    from biofeedback.samples import BodyState

JOIN_S = 10.0
STEADY_CV = 0.05
INTERVALS = 12
FEWEST_INTERVALS = 4
UNKNOWN_WEIGHT = 0.1
NEAREST = (0.5, 1.0, 2.0)
JUDGE_EVERY_S = 5.0
FLOOR, BEHIND = 0.35, 0.5
WIDTH = 0.8
SMOOTH_S = 4.0


class EnsemblePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is in front, and for how long."""

    role: Literal["all", "leader", "solo", "pairs"] = "all"
    leader: str | None = None
    turn_s: Annotated[float, Meta(ge=8, le=120)] = 20.0


class _Member:
    """What the group knows of one wearer."""

    def __init__(self) -> None:
        self.joined_s = 0.0
        self.heart = Course()
        self.voice_s = 0.0
        self.newest_ns: int | None = None
        self._intervals_s: deque[float] = deque(maxlen=INTERVALS)
        self._steadiness = UNKNOWN_WEIGHT

    def hear(self, at_ns: int) -> None:
        """Take the instant of a step or the phase 0 of a swing."""
        newest_ns, self.newest_ns = self.newest_ns, at_ns
        if newest_ns is not None and 0 < at_ns - newest_ns < 4 * NS_PER_S:
            self._intervals_s.append((at_ns - newest_ns) / NS_PER_S)
            if len(self._intervals_s) >= FEWEST_INTERVALS:
                cv = pstdev(self._intervals_s) / fmean(self._intervals_s)
                self._steadiness = 1.0 / (1.0 + (cv / STEADY_CV) ** 2)

    def weight(self) -> float:
        """Tell how much this member counts, 0..1: steady and not just arrived."""
        return self._steadiness * min(1.0, self.joined_s / JOIN_S)


class EnsembleLaw:
    """Two to eight people and one music."""

    tempo_slew_ratio_per_s: ClassVar[float] = GROUP_SLEW_RATIO_PER_S

    def __init__(
        self, plan: EnsemblePlan | None = None, *, limits: Limits, resting_tempo_bpm: float
    ) -> None:
        self._plan = plan or EnsemblePlan()
        self._low_bpm, self._high_bpm = limits.tempo_low_bpm, limits.tempo_high_bpm
        self._goal_bpm = resting_tempo_bpm
        self._members: dict[str, _Member] = {}
        self._togetherness = Togetherness()
        self._judgement: Judgement | None = None
        self._since_s = self._judged_s = 0.0
        self._bond = self._energy = 0.0
        self._values: list[float] = []
        self._together = 0

    def propose(self, moment: Moment) -> Wish:
        """Say what the music should be now."""
        present = [body for body in moment.bodies if is_present(body)]
        self._know(moment, present)
        rhythms = {body.wearer: r for body in present if (r := _rhythm(body)) is not None}
        tempo_bpm = self._choose_tempo(rhythms, moment.tempo_bpm)
        self._judge(moment, rhythms)
        slow = min(1.0, moment.elapsed_s / SMOOTH_S)
        bond = 0.0
        if self._judgement is not None and self._judgement.is_together:
            room = 1.0 - self._judgement.chance
            bond = max(0.0, self._judgement.value - self._judgement.chance) / room if room else 1.0
        self._bond += slow * (bond - self._bond)
        activities = [body.activity_ratio for body in present if body.activity_ratio is not None]
        self._energy += slow * ((fmean(activities) if activities else 0.0) - self._energy)
        reason: Reason = "listening" if not rhythms else "together" if bond else "apart"
        return Wish(
            self._dress(tempo_bpm), reason, parts=self._parts(moment.bodies, moment.elapsed_s)
        )

    def outcomes(self) -> dict[str, float | None]:
        """Tell togetherness against chance, shared calm, and each one's share of the foreground."""
        changes = [m.heart.change for m in self._members.values() if m.heart.change is not None]
        voiced_s = math.fsum(member.voice_s for member in self._members.values())
        shares = {
            f"voice_share_{wearer}_ratio": member.voice_s / voiced_s if voiced_s else None
            for wearer, member in self._members.items()
        }
        judged = len(self._values)
        return {
            "togetherness": fmean(self._values) if judged else None,
            "togetherness_chance": self._judgement.chance if self._judgement else None,
            "together_time_ratio": self._together / judged if judged else None,
            "tempo_bpm": self._goal_bpm,
            "shared_calm_bpm": median(changes) if changes else None,
            **shares,
        }

    # ------------------------------------------------------------ members

    def _know(self, moment: Moment, present: Sequence[BodyState]) -> None:
        self._since_s += moment.elapsed_s
        for body in present:
            member = self._members.setdefault(body.wearer, _Member())
            member.joined_s += moment.elapsed_s
            member.heart.take(body.heart_rate_bpm, moment.elapsed_s)
            swing_ns = None if body.walking else body.swing_ns
            if swing_ns is not None and swing_ns != member.newest_ns:
                member.hear(swing_ns)
        for step in moment.steps:
            if step.wearer in self._members:
                self._members[step.wearer].hear(step.at_ns)
        here = {body.wearer for body in present}
        for wearer, member in self._members.items():
            if wearer not in here and member.joined_s > 0.0:
                member.joined_s = 0.0
                self._togetherness.forget(wearer)

    def _choose_tempo(self, rhythms: dict[str, _Rhythm], sounding_bpm: float) -> float:
        """Find the group's tempo, or keep it when nobody moves."""
        tempi: list[tuple[float, float]] = []
        for wearer, rhythm in rhythms.items():
            folded_bpm = self._fold(60.0 / rhythm.period_s, sounding_bpm)
            if folded_bpm is None:
                continue
            if self._plan.role == "leader" and wearer == self._plan.leader:
                self._goal_bpm = folded_bpm
                return folded_bpm
            tempi.append((folded_bpm, self._members[wearer].weight()))
        if tempi:
            self._goal_bpm = weighted_median(tempi)
        return self._goal_bpm

    def _fold(self, own_bpm: float, sounding_bpm: float) -> float | None:
        """Bring a tempo near the sounding one; None if no multiple is in reach."""
        reachable = [
            own_bpm * multiple
            for multiple in NEAREST
            if self._low_bpm <= own_bpm * multiple <= self._high_bpm
        ]
        if not reachable:
            return None
        return min(reachable, key=lambda bpm: abs(math.log(bpm / sounding_bpm)))

    def _judge(self, moment: Moment, rhythms: dict[str, _Rhythm]) -> None:
        turns = {
            wearer: (
                (moment.at_ns - rhythm.newest_ns) / NS_PER_S / rhythm.period_s,
                self._members[wearer].weight(),
            )
            for wearer, rhythm in rhythms.items()
        }
        self._togetherness.take(turns, moment.elapsed_s)
        self._judged_s += moment.elapsed_s
        if self._judged_s < JUDGE_EVERY_S:
            return
        self._judged_s = 0.0
        self._judgement = self._togetherness.judge()
        if self._judgement is not None:
            self._values.append(self._judgement.value)
            self._together += self._judgement.is_together

    # ------------------------------------------------------------ music

    def _dress(self, tempo_bpm: float) -> MusicParameters:
        energy, bond = self._energy, self._bond
        return MusicParameters(
            tempo_bpm=tempo_bpm,
            energy=max(FLOOR, energy),
            density=0.3 + 0.5 * energy,
            brightness=0.25 + 0.3 * energy + 0.4 * bond,
            articulation=0.35,
            tension=0.45 * (1.0 - bond),
            swell=0.1,
            register=0.0,
            level_db=-6.0 * (1.0 - energy),
        )

    def _parts(self, bodies: Sequence[BodyState], elapsed_s: float) -> tuple[Part, ...]:
        """Give each wearer a layer and a place, in their order; nobody falls below the floor."""
        here = [body.wearer for body in bodies if is_present(body)]
        front = self._front(here)
        parts: list[Part] = []
        for index, body in enumerate(bodies):
            own = body.activity_ratio or 0.0
            energy = FLOOR + (1.0 - FLOOR) * own
            if body.wearer not in here:
                energy = 0.0
            elif body.wearer in front:
                self._members[body.wearer].voice_s += elapsed_s
            else:
                energy = max(FLOOR, BEHIND * energy)
            spread = 2.0 * index / (len(bodies) - 1) - 1.0 if len(bodies) > 1 else 0.0
            parts.append(Part(energy=energy, place=WIDTH * spread))
        return tuple(parts)

    def _front(self, here: Sequence[str]) -> Sequence[str]:
        """Say who is in the foreground."""
        if not here or self._plan.role == "all":
            return here
        turn = int(self._since_s / self._plan.turn_s)
        match self._plan.role:
            case "leader":
                return [wearer for wearer in here if wearer == self._plan.leader] or here
            case "solo":
                return [here[turn % len(here)]]
            case "pairs":
                first = 2 * turn % len(here)
                return [here[first], here[(first + 1) % len(here)]]


class _Rhythm(msgspec.Struct, frozen=True):
    """When a member's newest cycle began, and how long one lasts."""

    newest_ns: int
    period_s: float


def weighted_median(values: Sequence[tuple[float, float]]) -> float:
    """Return the value at half of the weight, linear between the two nearest.

    Args:
        values: Pairs of value and weight; without any weight all count alike.
    """
    ordered = sorted(values)
    total = math.fsum(weight for _, weight in ordered)
    if total <= 0.0:
        return median(value for value, _ in ordered)
    reached = 0.0
    before: tuple[float, float] | None = None
    for value, weight in ordered:
        middle = reached + weight / 2.0
        if middle >= total / 2.0:
            if before is None:
                return value
            share = (total / 2.0 - before[1]) / (middle - before[1])
            return before[0] + share * (value - before[0])
        before = (value, middle)
        reached += weight
    return ordered[-1][0]


def _rhythm(body: BodyState) -> _Rhythm | None:
    """Tell the rhythm of steps, or else of a swing."""
    if body.walking and body.cadence_spm and body.last_step_ns is not None:
        return _Rhythm(body.last_step_ns, 60.0 / body.cadence_spm)
    if not body.walking and body.swing_ns is not None and body.swing_period_s:
        return _Rhythm(body.swing_ns, body.swing_period_s)
    return None
