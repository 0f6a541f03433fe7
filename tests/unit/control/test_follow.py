"""What FOLLOW wants from given bodies."""

from __future__ import annotations

import pytest

from biofeedback.control.follow import FollowLaw
from biofeedback.control.law import Moment, Step, Wish
from biofeedback.control.limits import Limits

RESTING_BPM = 80.0


@pytest.fixture
def law() -> FollowLaw:
    return FollowLaw(limits=Limits(), resting_tempo_bpm=RESTING_BPM)


def propose(law, bodies, *, tempo_bpm=100.0, times=1, asynchrony_beats=None) -> Wish:
    for _ in range(times):
        steps = [] if asynchrony_beats is None else [Step("p1", 0, asynchrony_beats)]
        wish = law.propose(Moment(0, bodies, tempo_bpm, 0.1, steps))
    return wish


def test_tempo_is_the_cadence_of_somebody_who_walks(law, body):
    wish = propose(law, [body(walking=True, cadence_spm=108.0)])
    assert wish.parameters.tempo_bpm == pytest.approx(108.0)
    assert wish.reason == "walking"


def test_tempo_settles_to_the_resting_pulse_when_nobody_walks(law, body):
    assert propose(law, [body()]).parameters.tempo_bpm == RESTING_BPM


@pytest.mark.parametrize(("cadence_spm", "tempo_bpm"), [(170.0, 85.0), (150.0, 75.0), (50, 100)])
def test_a_cadence_outside_the_band_is_halved_or_doubled(law, body, cadence_spm, tempo_bpm):
    wish = propose(law, [body(walking=True, cadence_spm=cadence_spm)])
    assert wish.parameters.tempo_bpm == pytest.approx(tempo_bpm)


def test_the_multiple_once_chosen_is_kept_while_it_fits(law, body):
    assert propose(law, [body(walking=True, cadence_spm=130.0)]).parameters.tempo_bpm == 130.0
    nearly = propose(law, [body(walking=True, cadence_spm=132.0)], tempo_bpm=94.0)
    assert nearly.parameters.tempo_bpm == 132.0


def test_one_wearer_with_a_wrong_cadence_does_not_pull_a_group_away(law, body):
    group = [
        body(wearer=name, walking=True, cadence_spm=spm)
        for name, spm in (("a", 100.0), ("b", 101.0), ("c", 99.0), ("d", 60.0))
    ]
    assert propose(law, group).parameters.tempo_bpm == pytest.approx(99.5)


def test_music_that_is_ahead_of_the_steps_slows_down_a_little(law, body):
    walker = [body(walking=True, cadence_spm=100.0)]
    ahead = propose(law, walker, times=20, asynchrony_beats=0.2)
    assert 97.0 <= ahead.parameters.tempo_bpm < 100.0
    behind = propose(law, walker, times=40, asynchrony_beats=-0.2)
    assert 100.0 < behind.parameters.tempo_bpm <= 103.0


def test_at_half_tempo_a_step_between_beats_is_in_phase(law, body):
    runner = [body(walking=True, cadence_spm=170.0)]
    propose(law, runner)
    assert propose(law, runner, times=20, asynchrony_beats=0.5).parameters.tempo_bpm == 85.0
    assert propose(law, runner, times=20, asynchrony_beats=-0.5).parameters.tempo_bpm == 85.0


def test_energy_follows_the_activity_within_seconds(law, body):
    vigorous = propose(law, [body(activity_ratio=1.0)], times=20).parameters
    assert vigorous.energy > 0.9
    still = propose(law, [body(activity_ratio=0.0)], times=50).parameters
    assert still.energy < 0.1
    assert vigorous.level_db > still.level_db
    assert vigorous.density > still.density


def test_abrupt_movement_is_brighter_and_shorter_than_flowing_movement(law, body):
    flowing = propose(law, [body(activity_ratio=0.5, sustained_ratio=1.0)], times=60).parameters
    abrupt = propose(law, [body(activity_ratio=0.5, sustained_ratio=0.0)], times=60).parameters
    assert abrupt.brightness > flowing.brightness
    assert abrupt.articulation > flowing.articulation


def test_a_raised_arm_raises_the_register(law, body):
    low = propose(law, [body(tilt_ratio=0.0)], times=60).parameters.register
    high = propose(law, [body(tilt_ratio=1.0)], times=60).parameters.register
    assert high > low + 0.5


def test_without_motion_the_heart_rate_gives_the_energy(law, body):
    heart_only = {"has_motion": False, "activity_ratio": None, "motion_age_ms": None}
    calm = propose(law, [body(heart_rate_bpm=60.0, **heart_only)], times=50).parameters.energy
    excited = propose(law, [body(heart_rate_bpm=140.0, **heart_only)], times=50).parameters.energy
    assert excited > calm + 0.5


def test_without_any_wearer_the_law_says_so(law):
    assert propose(law, []).reason == "no_sensor"
