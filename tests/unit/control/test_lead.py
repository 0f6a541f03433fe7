"""LEAD with walkers: up with success, back after failures, never too fast or too far."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.control.law import Moment, Step
from biofeedback.control.lead import LeadLaw, LeadPlan
from biofeedback.control.limits import Limits
from biofeedback.messages import NS_PER_S
from tests.law_stage import Stage, walker

GAIT = Limits(tempo_baseline_bpm=110.0, tempo_band_ratio=0.1)


def lead(**plan) -> LeadLaw:
    return LeadLaw(LeadPlan(**plan), limits=GAIT, resting_tempo_bpm=110.0)


class Treadmill:
    """Steps with a given asynchrony and variability, at whatever tempo the law is."""

    def __init__(self, law: LeadLaw, body) -> None:
        self.law = law
        self.body = body
        self.tempo_bpm = 110.0
        self.at_s = 0.0
        self.next_s = 0.5
        self.count = 0

    def walk(self, steps: int, *, off_beats: float = 0.0, cv: float = 0.02):
        until = self.count + steps
        while self.count < until:
            self.at_s += 0.1
            new = []
            if self.next_s <= self.at_s:
                new.append(Step("p1", round(self.next_s * NS_PER_S), off_beats))
                self.count += 1
                # Two steps of two, so that the variability is exact.
                slip = cv if self.count % 4 < 2 else -cv
                self.next_s += 60.0 / self.tempo_bpm * (1.0 + slip)
            walking = self.body(walking=True, cadence_spm=self.tempo_bpm)
            moment = Moment(round(self.at_s * NS_PER_S), [walking], self.tempo_bpm, 0.1, new)
            self.wish = self.law.propose(moment)
            before_bpm, self.tempo_bpm = self.tempo_bpm, self.wish.parameters.tempo_bpm
            assert abs(self.tempo_bpm / before_bpm - 1.0) <= 0.0004 + 1e-12
        return self.law.goal_bpm


def test_thirty_good_steps_lead_one_step_up_and_ten_per_cent_is_the_end(body):
    treadmill = Treadmill(lead(), body)
    assert treadmill.walk(25) == pytest.approx(110.0)
    assert treadmill.walk(10) == pytest.approx(112.75)
    assert treadmill.walk(400) == pytest.approx(121.0)
    assert treadmill.tempo_bpm <= 121.0


def test_steps_beside_the_beat_hold_and_two_failed_windows_lead_one_step_back(body):
    treadmill = Treadmill(lead(), body)
    assert treadmill.walk(100) == pytest.approx(115.5)
    # One failed window holds ...
    assert treadmill.walk(38, off_beats=0.3) == pytest.approx(115.5)
    # ... the second leads back.
    assert treadmill.walk(30, off_beats=0.3) == pytest.approx(112.75)
    assert treadmill.wish.reason == "stepping_back"
    assert treadmill.walk(300, off_beats=0.3) == pytest.approx(110.0)


def test_variability_that_rises_by_more_than_a_quarter_holds(body):
    treadmill = Treadmill(lead(baseline_step_time_cv=0.02), body)
    assert treadmill.walk(35, cv=0.027) == pytest.approx(110.0)
    assert Treadmill(lead(baseline_step_time_cv=0.02), body).walk(35, cv=0.024) > 110.0


@pytest.mark.parametrize("gain", [0.0, 0.25, 0.6, 1.2])
def test_lead_never_exceeds_its_slew_nor_ten_per_cent(gain):
    person = {"phase_gain": gain, "period_gain": min(gain, 1.0), "drift_ratio_per_min": 0.0}
    stage = Stage(lead(), [walker(110.0, step_time_memory=0.0, **person)], GAIT, 110.0).play(150)
    assert stage.fastest_change_ratio_per_s() <= 0.004 + 1e-9
    assert stage.tempi().max() <= 121.0 + 1e-9


def test_somebody_who_goes_along_is_led_up_and_somebody_who_does_not_is_not():
    person = {"step_time_cv": 0.02, "step_time_memory": 0.0, "drift_ratio_per_min": 0.0}
    follows = walker(110.0, phase_gain=0.5, period_gain=0.5, **person)
    law = lead()
    stage = Stage(law, [follows], GAIT, 110.0).play(240)
    assert law.goal_bpm == pytest.approx(121.0)
    assert np.mean(stage.tempi()[-100:]) == pytest.approx(121.0, rel=0.02)
    assert law.outcomes()["time_at_plus_10_percent_s"] > 60.0
    stubborn = lead()
    Stage(stubborn, [walker(104.0, **person)], GAIT, 110.0).play(150)
    assert stubborn.goal_bpm == pytest.approx(110.0)


def test_the_beat_goes_away_when_the_walker_has_left(body):
    treadmill = Treadmill(lead(), body)
    treadmill.walk(20)
    for tick in range(400):
        at_ns = round((treadmill.at_s + 0.1 * tick) * NS_PER_S)
        wish = treadmill.law.propose(Moment(at_ns, [body()], treadmill.tempo_bpm, 0.1))
    assert (wish.reason, wish.cue) == ("listening", "bed")
    assert treadmill.law.outcomes()["freezes"] == 1.0


def test_it_begins_on_the_step_where_an_earlier_session_ended():
    assert lead(start_ratio=0.05).goal_bpm == pytest.approx(1.05 * GAIT.tempo_baseline_bpm)
    assert lead(start_ratio=0.1, most_ratio=0.05).goal_bpm <= 1.05 * GAIT.tempo_baseline_bpm
