"""RELAX: the slope, what never rises, and responses that are told either way."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.control.course import Course
from biofeedback.control.limits import Limits
from biofeedback.control.relax import RelaxLaw, RelaxPlan, choose_start_bpm
from biofeedback.simulate.story import Act
from tests.law_stage import Stage, sitter

CALM = Limits(tempo_baseline_bpm=65.0, tempo_band_ratio=0.4)
REST = Act(start_s=0.0, doing="rest")


def relax(**plan) -> RelaxLaw:
    return RelaxLaw(RelaxPlan(**plan), limits=CALM, resting_tempo_bpm=70.0)


@pytest.mark.parametrize(
    ("heart_bpm", "tempo_bpm"),
    [(50, 60.0), (66, 66.0), (84, 84.0), (100, 84.0), (130, 65.0), (190, 84.0)],
)
def test_the_slope_begins_at_the_resting_heart_rate_or_its_half(heart_bpm, tempo_bpm):
    assert choose_start_bpm(heart_bpm) == tempo_bpm


def test_the_tempo_falls_by_thirty_per_cent_at_a_tenth_of_a_per_cent_a_second():
    law = relax(minutes=6.0, resting_heart_rate_bpm=70.0)
    stage = Stage(law, [sitter()], CALM, 70.0).play(400)
    tempi = stage.tempi()
    assert tempi[0] == pytest.approx(70.0, rel=0.01)
    assert tempi[-1] == pytest.approx(49.0, rel=0.01)
    assert stage.fastest_change_ratio_per_s() <= 0.001 + 1e-9
    assert np.all(np.diff(tempi) <= 1e-9)


def test_the_floor_holds():
    law = relax(minutes=6.0, resting_heart_rate_bpm=60.0, fall_ratio=0.3)
    stage = Stage(law, [sitter()], Limits(tempo_baseline_bpm=60.0), 60.0).play(420)
    assert stage.tempi().min() >= 42.0 - 1e-9


def test_texture_gets_thinner_darker_and_breathes_deeper():
    stage = Stage(relax(), [sitter(breathing_brpm=12.0)], CALM, 70.0).play(520)
    begin, end = stage.rows[400].allowed, stage.rows[-1].allowed
    assert end.density < begin.density
    assert end.brightness < begin.brightness
    assert end.articulation < begin.articulation
    assert end.level_db < begin.level_db
    assert end.swell > begin.swell
    assert end.swell_brpm == pytest.approx(9.0)


def test_nothing_rises_while_the_heart_rate_rises():
    worry = Act(start_s=100.0, doing="rest", effort_ratio=(0.0, 0.25))
    acts = (REST, worry, Act(start_s=220.0, doing="rest"))
    stage = Stage(relax(), [sitter(acts=acts)], CALM, 70.0).play(240)
    rising = [row.wish.reason == "heart_rising" for row in stage.rows]
    assert sum(rising) > 600
    for before, row, rises in zip(stage.rows, stage.rows[1:], rising[1:], strict=False):
        if rises:
            assert row.allowed.tempo_bpm <= before.allowed.tempo_bpm + 1e-9
            assert row.allowed.level_db <= before.allowed.level_db + 1e-9
            assert row.allowed.energy <= before.allowed.energy + 1e-9


def test_a_response_is_told_and_so_is_its_absence():
    for calming_bpm, responded in ((7.0, 1.0), (0.0, 0.0)):
        law = relax(minutes=6.0)
        Stage(law, [sitter(calming_bpm=calming_bpm)], CALM, 70.0).play(400)
        assert law.outcomes()["responded"] == responded


def test_without_a_heart_the_music_waits(body):
    stage = Stage(relax(), [], CALM, 70.0).play(60)
    assert {row.wish.reason for row in stage.rows} == {"settling"}
    assert stage.tempi()[-1] == 70.0


def test_a_course_knows_its_start_its_end_and_whether_it_rises():
    course = Course()
    for tick in range(1200):
        course.take(60.0 if tick < 600 else 60.0 + (tick - 600) * 0.01, 0.1)
    assert course.start == pytest.approx(60.0)
    assert course.change == pytest.approx(4.5, abs=0.1)
    assert course.rise() == pytest.approx(1.5, abs=0.05)
    assert Course().rise() is None
