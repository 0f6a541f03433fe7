"""REWARD: the ladder, the schedules, and twenty sessions with people who learn or don't."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.control.behaviour import Behaviour
from biofeedback.control.follow import neutral_music
from biofeedback.control.ladder import Ladder, decide_reward
from biofeedback.control.law import Moment, Press
from biofeedback.control.learning import Session, judge_learning, trend_z
from biofeedback.control.limits import Limits
from biofeedback.control.reward import RewardLaw, RewardPlan
from biofeedback.control.safety import Safety
from biofeedback.messages import MeasureTaken
from biofeedback.simulate.learner import Learner

ROOM = Limits(tempo_baseline_bpm=90.0)
GOAL = 100.0


class Block:
    """A law, the gate, and somebody who does what they are told to."""

    def __init__(self, body, **plan) -> None:
        settings = {"goal": GOAL, "baseline": 80.0, "criterion": 90.0} | plan
        self.law = RewardLaw(RewardPlan(**settings), limits=ROOM, resting_tempo_bpm=90.0)
        self.safety = Safety(ROOM, neutral_music(90.0))
        self.body = body
        self.at_ns = 0
        self.allowed = self.safety.last
        self.energies: list[float] = []

    def do(self, seconds, cadence_spm, *, key=None):
        for tick in range(round(seconds * 10)):
            self.at_ns += 10**8
            presses = [Press(key, self.at_ns)] if key and tick == 0 else []
            someone = self.body(walking=True, cadence_spm=cadence_spm)
            self.wish = self.law.propose(Moment(self.at_ns, [someone], 90.0, 0.1, presses=presses))
            self.allowed = self.safety.limit(
                self.wish.parameters, state="RUN", elapsed_s=0.1, may_rise=True
            ).parameters
            self.energies.append(self.allowed.energy)
        return self.wish


def test_the_whole_music_comes_within_a_second_of_the_response(body):
    block = Block(body)
    block.do(10, 80.0)
    poor = block.allowed
    block.do(1.9, 91.0)
    assert block.wish.reason == "working"
    block.do(1.1, 91.0)
    full = block.law.propose(Moment(0, [], 90.0, 0.0)).parameters
    assert block.allowed.energy == pytest.approx(0.7, abs=0.01)
    assert block.allowed.level_db == pytest.approx(0.0, abs=0.1)
    assert block.allowed.tension < poor.tension
    assert full.tempo_bpm == poor.tempo_bpm


def test_the_music_decays_in_the_planned_time_when_the_behaviour_ends(body):
    block = Block(body, decay_s=5.0)
    block.do(10, 91.0)
    block.do(2.5, 60.0)
    assert block.allowed.energy == pytest.approx(0.25 + 0.45 * 0.5, abs=0.02)
    block.do(2.6, 60.0)
    assert block.allowed.energy == pytest.approx(0.25, abs=0.01)


def test_coming_near_brings_some_of_the_music_in_levels(body):
    shown = set()
    for cadence_spm in (80.0, 82.6, 85.1, 87.6, 89.9, 91.0):
        block = Block(body, levels=5)
        block.do(12, cadence_spm)
        shown.add(round((block.allowed.energy - 0.25) / 0.45, 2))
    assert shown == {0.0, 0.25, 0.5, 0.75, 1.0}


def test_each_fourth_block_is_a_silent_probe(body):
    block = Block(body, block_s=20.0)
    cues = []
    for _ in range(8):
        block.do(10, 91.0)
        cues.append(block.wish.cue)
        block.do(10, 91.0)
    assert [index for index, cue in enumerate(cues) if cue == "silent"] == [3, 7]
    assert block.law.outcomes()["probes"] == 2.0
    assert block.law.outcomes()["probe_value"] == pytest.approx(91.0)


def test_without_a_schedule_nothing_sounds_and_everything_is_a_probe(body):
    block = Block(body, block_s=20.0, schedule="none")
    for _ in range(4):
        block.do(10, 95.0)
        assert block.wish.cue == "silent"
        block.do(10, 95.0)
    told = block.law.outcomes()
    assert (told["probes"], told["blocks"], told["responses"]) == (4.0, 0.0, 0.0)
    assert told["probe_in_criterion_ratio"] == pytest.approx(1.0)
    assert told["criterion"] == 90.0, "what isn't rewarded moves no criterion"
    assert not any(decide_reward("none", response, seed=1) for response in range(20))


def test_pain_never_costs_the_music_and_raises_nothing(body):
    block = Block(body, block_s=20.0)
    block.do(5, 95.0)
    block.do(1, 95.0, key="pain")
    block.do(12, 50.0)
    assert block.allowed.energy >= 0.25 + 0.45 * 0.5 - 0.01
    before = block.law.criterion
    block.do(120, 95.0)
    assert block.law.criterion == before


@pytest.mark.parametrize("schedule", ["continuous", "none"])
def test_after_pain_no_block_is_silent(body, schedule):
    """Pain is told in the second block; the fourth would be a probe, or all of them."""
    block = Block(body, block_s=20.0, schedule=schedule)
    block.do(25, 60.0)
    block.do(2, 60.0, key="pain")
    for _ in range(150):
        wish = block.do(1, 60.0)
        assert wish.cue == "full"
        assert block.allowed.energy >= 0.25 + 0.45 * 0.5 - 0.01
    assert not block.law.is_probe


def test_pain_ends_a_probe_at_once(body):
    block = Block(body, block_s=20.0)
    assert block.do(65, 91.0).cue == "silent"
    assert block.do(1, 91.0, key="pain").cue == "full"
    assert block.law.outcomes()["probes"] == 0.0


def test_less_can_be_asked_too(body):
    plan = RewardPlan(counted="breathing_brpm", goal=8.0, baseline=14.0, criterion=11.0)
    law = RewardLaw(plan, limits=ROOM, resting_tempo_bpm=60.0)
    for tick in range(40):
        slow = body(breathing_brpm=10.0)
        wish = law.propose(Moment(tick * 10**8, [slow], 60.0, 0.1))
    assert wish.reason == "rewarded"


def test_behaviours_are_read_from_bodies_and_from_measures(body):
    smooth = MeasureTaken(
        at_ns=0, wearer="p1", sensor="w", measure="smoothness_sparc", value=-1.6, quality=1.0
    )
    reader = Behaviour("smoothness_sparc")
    assert reader.read(Moment(0, [body()], 90.0, 0.1)) is None
    assert reader.read(Moment(10**9, [body()], 90.0, 0.1, findings=[smooth])) == -1.6
    assert reader.read(Moment(5 * 10**9, [body()], 90.0, 0.1)) == -1.6
    assert reader.read(Moment(20 * 10**9, [body()], 90.0, 0.1)) is None
    still = Moment(0, [body(activity_ratio=0.1)], 90.0, 0.1)
    assert Behaviour("stillness_ratio").read(still) == pytest.approx(0.9)
    assert Behaviour("cadence_spm").read(Moment(0, [body()], 90.0, 0.1)) == 0.0
    assert Behaviour("cadence_spm").read(Moment(0, [], 90.0, 0.1)) is None


@pytest.mark.parametrize(
    "seen",
    [
        {"motion_age_ms": 600_000.0},
        {"motion_age_ms": None},
        {"has_motion": False, "motion_age_ms": None},
        {"walking": True},
    ],
)
def test_who_is_not_seen_to_stand_has_an_unknown_cadence(body, seen):
    """Silent for long, never heard, with a heart strap alone, or walking while the sensor clips."""
    reader = Behaviour("cadence_spm")
    assert reader.read(Moment(0, [body(**seen)], 90.0, 0.1)) is None
    stands = body(wearer="p2", motion_age_ms=3000.0)
    assert reader.read(Moment(0, [body(**seen), stands], 90.0, 0.1)) == 0.0


# ------------------------------------------------------------ ladder and schedules


@given(st.lists(st.floats(0, 1), max_size=60), st.sampled_from([60.0, 120.0]))
def test_the_criterion_moves_one_step_in_two_blocks_at_most_and_stays_between(shares, goal):
    ladder = Ladder(baseline=80.0, criterion=88.0, goal=goal, step=8.0)
    low, high = sorted((80.0, goal))
    changed_before = False
    for share in shares:
        before = ladder.criterion
        change = ladder.close_block(share)
        assert abs(ladder.criterion - before) <= 8.0 + 1e-9
        assert low <= ladder.criterion <= high
        assert not (change and changed_before)
        changed_before = change is not None


def test_two_good_blocks_raise_and_two_bad_ones_lower():
    ladder = Ladder(baseline=80.0, criterion=88.0, goal=120.0, step=8.0)
    assert [ladder.close_block(share) for share in (0.8, 0.79, 0.9, 0.8)] == [
        None,
        None,
        None,
        "raised",
    ]
    assert [ladder.close_block(share) for share in (0.4, 0.5, 0.4, 0.4)] == [
        None,
        None,
        None,
        "lowered",
    ]


@pytest.mark.parametrize(
    ("schedule", "share"), [("continuous", 1.0), ("second", 0.5), ("variable", 0.5)]
)
def test_schedules_reward_the_share_that_they_promise(schedule, share):
    rewarded = [decide_reward(schedule, n, seed=7) for n in range(400)]
    assert rewarded[0]
    assert np.mean(rewarded) == pytest.approx(share, abs=0.06)
    gaps = np.diff(np.flatnonzero(rewarded))
    assert gaps.max() <= 4


def test_another_seed_rewards_other_responses():
    one, other = ([decide_reward("variable", n, seed=s) for n in range(60)] for s in (1, 2))
    assert one != other


# ------------------------------------------------------------ twenty sessions


def learn(body, learns_per_s: float, seed: int = 1):
    """Live through twenty sessions of eight blocks of 30 s."""
    learner = Learner(habit=80.0, scatter_ratio=0.05, learns_per_s=learns_per_s, seed=seed)
    baseline = criterion = None
    sessions, outcomes = [], []
    for number in range(20):
        block = Block(body, baseline=baseline, criterion=criterion, block_s=30.0, seed=number)
        for _ in range(3000 - 300 * (number > 0) - 300):
            block.do(0.1, learner.act(0.1))
            quality = 0.0 if block.wish.cue == "silent" else (block.allowed.energy - 0.25) / 0.45
            learner.hear(quality, 0.1)
        told = block.law.outcomes()
        outcomes.append(told)
        baseline, criterion = told["baseline"], told["criterion"]
        sessions.append(
            Session(
                criterion=criterion,
                in_criterion_ratio=told["in_criterion_ratio"],
                probe_value=told["probe_value"],
            )
        )
    return sessions, outcomes, baseline


def test_twenty_sessions_bring_a_learner_to_the_goal(body):
    sessions, outcomes, baseline = learn(body, 0.05)
    verdicts = [judge_learning(sessions[:n], baseline=baseline, goal=GOAL) for n in range(1, 21)]
    assert verdicts[0] == "too_early"
    assert "reached" in verdicts
    for told in outcomes:
        assert told["probes"] >= 1
        assert told["steps_up"] + told["steps_down"] <= told["blocks"] / 2


def test_somebody_who_does_not_learn_is_shown_as_such(body):
    sessions, _, baseline = learn(body, 0.0)
    assert judge_learning(sessions, baseline=baseline, goal=GOAL) == "not_learning"


def test_trends_are_those_of_mann_and_kendall():
    # Gilbert (1987), Statistical methods, example of a strictly rising row: S = n (n - 1) / 2.
    assert trend_z(range(10)) == pytest.approx((45 - 1) / np.sqrt(10 * 9 * 25 / 18))
    assert trend_z([1.0] * 10) == 0.0
    assert trend_z([3.0, 1.0, 2.0]) == pytest.approx(0.0, abs=0.6)
