"""Goals follow from the index of sessions; sessions start from where the last ended."""

from __future__ import annotations

import math

import pytest

from biofeedback.control.breathe import BreathePlan
from biofeedback.control.lead import LeadPlan
from biofeedback.control.limits import Limits
from biofeedback.control.reward import RewardLaw, RewardPlan
from biofeedback.errors import RecordsError
from biofeedback.records.goals import Goal, check_goal, describe_progress, follow_goal
from biofeedback.records.person import Person
from biofeedback.records.rows import read_record
from biofeedback.records.sessions import note_session
from biofeedback.records.start import start_values

WALK = Goal(name="walk", measure="cadence_spm", target=100.0, by="2027-03-31", minutes=20.0)


def note(number, *, goal="walk", minutes=18.0, therapy="contingent", **outcomes):
    return note_session(
        outcomes,
        session=f"s{number}",
        started_iso=f"2026-11-{number:02d}T10:00:00+01:00",
        therapy=therapy,
        minutes=minutes,
        goal=goal,
        trace=f"s{number}.trace.jsonl",
    )


def course(probes, *, met=0.8, criterion=88.0):
    return [
        note(n, baseline=80.0, criterion=criterion, in_criterion_ratio=met, probe_value=probe)
        for n, probe in enumerate(probes, start=1)
    ]


def person(*rows, **known):
    return read_record([Person(pseudonym="p7", **known), *rows])


def test_a_goal_without_sessions_is_too_early_to_tell():
    progress = follow_goal(WALK, [])
    assert (progress.verdict, progress.criterion, progress.minutes_per_session) == (
        "too_early",
        None,
        None,
    )
    assert "no session yet" in describe_progress(progress)


def test_dose_and_criterion_come_from_the_sessions():
    notes = [
        note(1, minutes=10.0, baseline=80.0, criterion=84.0),
        note(2, minutes=20.0, baseline=80.0, criterion=88.0),
        note(3, minutes=30.0),
        note(4, goal=None, minutes=60.0, criterion=999.0),
    ]
    progress = follow_goal(WALK, notes)
    assert (progress.minutes_per_session, progress.minutes_in_all) == (20.0, 60.0)
    assert (progress.baseline, progress.criterion) == (80.0, 88.0)
    assert [entry.criterion for entry in progress.history] == [84.0, 88.0, None]
    assert progress.judged == 0


def test_the_trend_is_that_of_the_silent_probes():
    rising = follow_goal(WALK, course([80, 82, 84, 85, 88, 90]))
    assert rising.verdict == "learning"
    flat = follow_goal(WALK, course([82, 80, 81, 80, 82, 81, 80, 81, 82, 80]))
    assert flat.verdict == "not_learning"
    assert "trend: not learning" in describe_progress(flat)
    there = follow_goal(WALK, course([90, 95], met=0.9, criterion=100.0))
    assert there.verdict == "reached"


def test_a_session_without_probe_is_left_out_of_the_trend_and_said_so():
    notes = [*course([80, 82, 84, 85, 88]), note(9, baseline=80.0, criterion=88.0)]
    progress = follow_goal(WALK, notes)
    assert progress.judged == 5
    assert any("from the 5 sessions with a silent probe" in s for s in describe_progress(progress))


def test_a_session_noted_twice_counts_once_as_it_was_noted_last():
    record = person(WALK, note(1, criterion=84.0), note(2), note(1, criterion=86.0))
    assert [s.session for s in record.sessions] == ["s1", "s2"]
    assert record.sessions[0].outcomes["criterion"] == 86.0


def test_a_number_that_is_not_finite_is_unknown_and_costs_the_session_nothing():
    made = note(1, probe_value=math.nan, criterion=math.inf, steps=3.0)
    assert made.outcomes == {"probe_value": None, "criterion": None, "steps": 3.0}


@pytest.mark.parametrize(
    "wrong",
    [
        {"started_iso": "yesterday"},
        {"started_iso": "2026-11-01T10:00:00"},
        {"minutes": -1.0},
        {"minutes": math.nan},
        {"session": ""},
        {"goal": "My Goal"},
    ],
)
def test_a_line_that_makes_no_sense_is_refused(wrong):
    right = {
        "session": "s1",
        "started_iso": "2026-11-01T10:00:00+01:00",
        "therapy": "gait",
        "minutes": 10.0,
    }
    with pytest.raises(RecordsError, match="session"):
        note_session({}, **(right | wrong))


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": 1000.0},
        {"target": math.nan},
        {"baseline": 100.0},
        {"criterion": 90.0},
        {"by": "2027-02-31"},
    ],
)
def test_a_goal_that_can_not_be_is_refused(wrong):
    known = {"name": "walk", "measure": "cadence_spm", "target": 100.0}
    with pytest.raises(RecordsError, match="goal walk"):
        check_goal(Goal(**(known | wrong)), None)


def test_what_a_goal_counts_never_changes():
    other = Goal(name="walk", measure="coherence", target=0.8)
    with pytest.raises(RecordsError, match="another goal"):
        check_goal(other, WALK)


# ------------------------------------------------------------ the next session


def test_the_first_session_finds_the_baseline():
    start = start_values(person(WALK), RewardPlan())
    assert isinstance(start.plan, RewardPlan)
    assert (start.plan.goal, start.plan.baseline, start.plan.criterion) == (100.0, None, None)
    assert start.goal == "walk"
    assert "First session" in start.reason


def test_the_next_session_asks_what_the_last_one_asked_at_its_end():
    record = person(WALK, *course([80, 84]))
    start = start_values(record, RewardPlan(block_s=30.0))
    assert (start.plan.baseline, start.plan.criterion, start.plan.block_s) == (80.0, 88.0, 30.0)
    assert "2026-11-02" in start.reason
    law = RewardLaw(start.plan, limits=Limits(), resting_tempo_bpm=80.0)
    assert law.criterion == 88.0


def test_a_session_that_told_nothing_leaves_the_one_before():
    record = person(WALK, *course([80]), note(2))
    assert start_values(record, RewardPlan()).plan.criterion == 88.0


def test_a_target_that_moved_is_said():
    record = person(
        Goal(name="walk", measure="cadence_spm", target=85.0), *course([80], criterion=95.0)
    )
    start = start_values(record, RewardPlan())
    assert "target has moved" in start.reason
    law = RewardLaw(start.plan, limits=Limits(), resting_tempo_bpm=80.0)
    assert law.criterion == 85.0


def test_a_plan_without_a_goal_stays_as_it_is_and_two_have_to_be_told_apart():
    plan = RewardPlan(counted="coherence", goal=0.8)
    start = start_values(person(WALK), plan)
    assert (start.plan, start.goal) == (plan, None)
    other = Goal(name="hurry", measure="cadence_spm", target=120.0)
    with pytest.raises(RecordsError, match="walk, hurry"):
        start_values(person(WALK, other), RewardPlan())
    assert start_values(person(WALK, other), RewardPlan(), goal="hurry").plan.goal == 120.0
    with pytest.raises(RecordsError, match="no goal"):
        start_values(person(WALK), RewardPlan(), goal="swim")


def test_gait_starts_from_the_prescribed_tempo_and_from_where_the_ladder_was():
    gait = note(
        1, goal=None, lead_ratio=0.075, uncued_cadence_spm=101.24, uncued_step_time_cv=0.031
    )
    start = start_values(person(gait), LeadPlan())
    assert "101.2 steps/min; that prescribes nothing" in start.reason
    assert start.plan.baseline_step_time_cv == 0.031
    assert start.plan.start_ratio == pytest.approx(0.075)
    prescribed = start_values(person(gait, tempo_baseline_bpm=96.0), LeadPlan())
    assert prescribed.reason.startswith("The prescribed tempo is 96.")


@pytest.mark.parametrize(
    ("led", "most", "ratio"), [(0.1, 0.1, 0.1), (0.1, 0.05, 0.05), (0.06, 0.1, 0.05), (-1, 0.1, 0)]
)
def test_the_ladder_starts_on_a_step_of_the_plan_and_never_beyond_it(led, most, ratio):
    gait = note(1, goal=None, lead_ratio=led)
    start = start_values(person(gait), LeadPlan(most_ratio=most))
    assert start.plan.start_ratio == pytest.approx(ratio)
    assert start.plan.start_ratio <= most


def test_the_newest_walk_without_a_cue_counts_whatever_a_session_calls_it():
    before = note(1, goal=None, uncued_before_cadence_spm=95.0, uncued_after_cadence_spm=99.0)
    assert "last walked 99.0" in start_values(person(before), LeadPlan()).reason
    later = note(2, goal=None, uncued_before_cadence_spm=97.0, uncued_after_cadence_spm=None)
    assert "last walked 97.0" in start_values(person(before, later), LeadPlan()).reason


def test_nobody_who_was_not_measured_gets_an_invented_cadence():
    start = start_values(person(), LeadPlan())
    assert "isn't known yet" in start.reason
    assert start.plan == LeadPlan()
    strange = note(1, goal=None, uncued_cadence_spm=300.0)
    assert "isn't known yet" in start_values(person(strange), LeadPlan()).reason


def test_a_resonance_that_was_found_paces_the_next_session():
    found = note(1, goal=None, resonance_brpm=5.3)
    assert start_values(person(found, note(2)), BreathePlan()).plan.pace_brpm == 5.3
    assert start_values(person(found), BreathePlan(rate="search")).plan.rate == "search"
    assert start_values(person(), BreathePlan()).plan == BreathePlan()
    beyond = note(1, goal=None, resonance_brpm=12.0)
    assert start_values(person(beyond), BreathePlan()).plan == BreathePlan()
