"""Virtual people who fit a plan: a walker for gait, a group, a dancer, somebody at rest.

They wear what ``scenarios.py`` gives its people; members of a group wear a strap only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.simulate.body import Body
from biofeedback.simulate.group import make_group
from biofeedback.simulate.merge import MergedSource
from biofeedback.simulate.people import PEOPLE
from biofeedback.simulate.scenarios import draw_person
from biofeedback.simulate.story import Act
from biofeedback.simulate.taking_part import LivingStory, TakingPart
from biofeedback.simulate.wearables import (
    VirtualWearer,
    Wearing,
    wear_polar_h10,
    wear_polar_verity_sense,
)

if TYPE_CHECKING:
    from biofeedback.simulate.source import Source
    from biofeedback.simulate.story import Doing, Mood
    from biofeedback.therapies.plan import Phase, Plan

GROUP_SIZE = 4
EASY_EFFORT = 0.1
WALKS_AT_SHARE = 0.97
LEARNS_EVERY_S, LEARNS_SPM = 22.0, 4.0
MOODS: tuple[Mood, ...] = ("flowing", "abrupt", "small", "heavy")
MOOD_S = 20.0
REACHING = frozenset({"improvisation", "analytical", "songwriting"})
STILL_LAWS = frozenset({"breathe", "relax", "contour", "iso"})


def make_patients(plan: Plan, *, baseline_bpm: float, seed: int, answers: bool) -> TakingPart:
    """Make the people for a plan; their story ends when the plan does.

    Args:
        plan: What they take part in.
        baseline_bpm: The plan's baseline tempo: walkers go at about that pace.
        seed: The same seed gives the same people.
        answers: They answer questions and press keys.
    """
    stories: list[LivingStory] = []

    def begin(act: Act) -> LivingStory:
        del act
        stories.append(LivingStory(Act(start_s=0.0, doing="rest")))
        return stories[-1]

    source: Source
    if plan.therapy == "group":
        bodies = make_group(
            GROUP_SIZE, seed=seed, cadence_spm=baseline_bpm, together=True, tell=begin
        )
        source = MergedSource(
            [_wear_strap(body, f"p{number}") for number, body in enumerate(bodies, 1)]
        )
        paces = [baseline_bpm * (0.97 + 0.02 * index) for index in range(GROUP_SIZE)]
    else:
        person = draw_person(seed)
        if plan.therapy == "gait":
            person = PEOPLE["follows"]
        elif plan.therapy in {"guided-imagery", "movement"}:
            person = PEOPLE["responds"]
        body = Body(person, begin(Act(start_s=0.0, doing="rest")), seed=seed)
        source = _wear_both(body)
        paces = [baseline_bpm * WALKS_AT_SHARE]

    def act(phase: Phase | None, from_s: float) -> None:
        for story, pace_spm in zip(stories, paces, strict=True):
            story.go(_acts(plan, phase, from_s, pace_spm))

    return TakingPart(source, plan, answers=answers, act=act)


def _acts(plan: Plan, phase: Phase | None, from_s: float, pace_spm: float) -> list[Act]:
    """Say what somebody does in a phase."""
    if phase is None:
        return [_act("rest", from_s)]
    still = phase.kind in {"rest", "cool_down"} or phase.law in STILL_LAWS
    if still or plan.therapy == "guided-imagery":
        return [_act("rest", from_s)]
    if phase.law == "reward":
        # Somebody who learns: a little faster from time to time.
        return [
            _act("walk", from_s + LEARNS_EVERY_S * step, pace_spm + LEARNS_SPM * step)
            for step in range(5)
        ]
    if plan.therapy in {"gait", "group", "contingent"}:
        return [_act("walk", from_s, pace_spm)]
    if plan.therapy in REACHING:
        # Arms only.
        return [_act("dance", from_s, mood="changing")]
    steps_spm = pace_spm if plan.mode == "express" else 0.0
    turns = max(1, int(phase.most_s / MOOD_S))
    return [
        _act("dance", from_s + MOOD_S * turn, steps_spm, mood=MOODS[turn % len(MOODS)])
        for turn in range(turns)
    ]


def _act(doing: Doing, start_s: float, pace_spm: float = 0.0, *, mood: Mood = "changing") -> Act:
    effort = 0.0 if doing == "rest" else EASY_EFFORT
    return Act(
        start_s=start_s,
        doing=doing,
        cadence_spm=(pace_spm, pace_spm),
        effort_ratio=(effort, effort),
        mood=mood,
    )


def _wear_both(body: Body) -> VirtualWearer:
    chest = Wearing(wearer="p1", sensor="chest", site="chest")
    wrist = Wearing(wearer="p1", sensor="wrist", site="wrist")
    streams = [
        *wear_polar_h10(body, chest, acc_hz=200, ecg=False, until_s=None),
        *wear_polar_verity_sense(body, wrist, sdk_mode=True, ppi=False, until_s=None),
    ]
    return VirtualWearer(body, streams, duration_s=None)


def _wear_strap(body: Body, wearer: str) -> VirtualWearer:
    chest = Wearing(wearer=wearer, sensor="chest", site="chest")
    streams = wear_polar_h10(body, chest, acc_hz=50, ecg=False, until_s=None)
    return VirtualWearer(body, [*streams], duration_s=None)
