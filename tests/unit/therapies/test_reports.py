"""Each therapy tells its own outcomes; what nobody knows is unknown."""

from __future__ import annotations

from typing import get_args

import pytest

from biofeedback.control import LAWS
from biofeedback.control.law import Moment
from biofeedback.therapies import THERAPIES
from biofeedback.therapies.plan import Phase, TherapyName
from biofeedback.therapies.therapy import RATING_BOUNDS, PhaseRecord, Report
from biofeedback.therapies.watch import Watch
from biofeedback.vocabulary import Rating


def record(name, law, outcomes, *, kind="work", seconds=60.0):
    return PhaseRecord(Phase(name=name, law=law, kind=kind, most_s=100.0), seconds, outcomes)


def test_every_therapy_can_be_planned_and_uses_laws_that_exist():
    assert tuple(THERAPIES) == get_args(TherapyName)
    for name, therapy in THERAPIES.items():
        assert therapy.name == name
        assert therapy.laws <= set(LAWS)
        assert "listen" in therapy.laws
    assert set(RATING_BOUNDS) == set(get_args(Rating))


@pytest.mark.parametrize("name", THERAPIES)
def test_a_session_of_which_nothing_is_known_has_a_report_of_unknowns(name):
    therapy = THERAPIES[name]
    told = therapy.report(Report())
    assert tuple(told)[: len(therapy.names)] == therapy.names
    assert all(value in {None, 0.0} for value in told.values())


def test_gait_tells_what_stays_without_the_beat():
    walk = {"cadence_spm": 100.0, "step_time_cv": 0.04, "step_asymmetry": 0.02, "steps": 40.0}
    lead = {**walk, "cadence_spm": 110.0, "with_beat_ratio": 0.9, "steps": 60.0}
    lead |= {"time_at_plus_2.5_percent_s": 30.0, "lead_ratio": 0.05, "freezes": 1.0}
    match = {**walk, "cadence_spm": 105.0, "with_beat_ratio": 0.8, "freezes": 0.0, "steps": 20.0}
    report = Report(
        records=(
            record("before", "listen", walk, kind="uncued"),
            record("match", "entrain", match),
            record("lead", "lead", lead),
            record("after", "listen", {**walk, "cadence_spm": 104.0}, kind="uncued"),
        ),
        asked_before=("pain", "tiredness"),
        asked_after=("pain", "tiredness", "effort"),
        before={"pain": 3.0, "tiredness": 2.0},
        after={"pain": 2.0, "effort": 11.0},
    )
    told = THERAPIES["gait"].report(report)
    assert told["uncued_change_cadence_spm"] == pytest.approx(4.0)
    assert told["cued_cadence_spm"] == pytest.approx((105.0 * 20 + 110.0 * 60) / 80)
    assert told["cued_with_beat_ratio"] == pytest.approx((0.8 * 20 + 0.9 * 60) / 80)
    assert told["time_at_plus_2.5_percent_s"] == 30.0
    assert told["steps"] == 160.0
    assert told["freezes"] == 1.0
    assert (told["pain_change"], told["tiredness_change"], told["effort_after"]) == (
        -1.0,
        None,
        11.0,
    )


def test_with_one_uncued_walk_there_is_no_change_to_tell():
    walk = {"cadence_spm": 100.0, "steps": 40.0}
    told = THERAPIES["gait"].report(Report(records=(record("a", "listen", walk, kind="uncued"),)))
    assert told["uncued_before_cadence_spm"] == 100.0
    assert told["uncued_after_cadence_spm"] is None
    assert told["uncued_change_cadence_spm"] is None


def test_playing_is_told_over_all_phases_by_their_length():
    report = Report(
        records=(
            record("a", "improvise", {"notes_per_min": 10.0, "interval_cv": None}, seconds=30.0),
            record("b", "improvise", {"notes_per_min": 40.0, "interval_cv": 0.5}, seconds=60.0),
        )
    )
    told = THERAPIES["improvisation"].report(report)
    assert told["notes_per_min"] == pytest.approx(30.0)
    assert told["interval_cv"] == pytest.approx(0.5)
    profile = THERAPIES["analytical"].report(report)
    assert profile["profile_variability"] == pytest.approx(0.5)
    assert profile["profile_tension"] is profile["profile_congruence"] is None


class Felt:
    def __init__(self, body):
        self.body, self.watch = body, Watch()

    def take(self, seconds, kind, **felt):
        for tenth in range(round(seconds * 10)):
            ratio = {"activity_ratio": (tenth % 97) / 97} if kind == "work" else {}
            moment = Moment(0, [self.body(**(felt | ratio))], 80.0, 0.1)
            self.watch.take(moment, kind)
        return self


def test_hearts_are_told_from_rest_and_ranges_between_percentiles(body):
    felt = Felt(body).take(20, "rest", heart_rate_bpm=60.0).take(60, "work", heart_rate_bpm=80.0)
    felt.take(20, "cool_down", heart_rate_bpm=66.0)
    told = felt.watch.outcomes()
    assert told["heart_rate_rest_bpm"] == 60.0
    assert told["heart_rate_end_minus_rest_bpm"] == 6.0
    assert told["heart_rate_work_minus_end_bpm"] == 14.0
    assert told["activity_range_ratio"] == pytest.approx(0.8, abs=0.1)
    assert told["tilt_range_ratio"] == 0.0
    assert felt.watch.ceilings_bpm() == {"p1": 80.0}


def test_a_heart_rate_that_is_doubted_or_short_is_no_baseline(body):
    short = Felt(body).take(4, "rest", heart_rate_bpm=60.0).watch
    assert short.rest_bpm() is None
    assert short.ceilings_bpm() == {}
    doubted = Felt(body).take(20, "rest", heart_rate_bpm=60.0, heart_rate_doubted=True).watch
    assert doubted.outcomes()["heart_rate_rest_bpm"] is None


def test_turns_with_and_without_music_stand_side_by_side():
    def reward(**outcomes):
        return record("turn", "reward", {"baseline": 80.0, **outcomes})

    report = Report(
        records=(
            reward(probe_in_criterion_ratio=0.2, probes=4.0, criterion=88.0, blocks=0.0),
            reward(in_criterion_ratio=0.6, probes=1.0, criterion=88.0, blocks=5.0, steps_up=1.0),
            reward(probe_in_criterion_ratio=0.3, probes=4.0, criterion=88.0, blocks=0.0),
            reward(in_criterion_ratio=0.8, probes=1.0, criterion=96.0, blocks=5.0, steps_up=1.0),
        )
    )
    told = THERAPIES["contingent"].report(report)
    assert told["in_criterion_ratio"] == pytest.approx(0.7)
    assert told["probe_in_criterion_ratio"] == pytest.approx(0.25)
    assert told["criterion"] == 96.0
    assert (told["probes"], told["blocks"], told["steps_up"]) == (10.0, 10.0, 2.0)
