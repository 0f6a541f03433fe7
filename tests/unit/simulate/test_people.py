"""Virtual people who take music in different ways."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import NS_PER_S, MusicParameters, SteerSound
from biofeedback.simulate.body import Body
from biofeedback.simulate.felt import Felt
from biofeedback.simulate.gait import StepClock
from biofeedback.simulate.group import make_group
from biofeedback.simulate.heart import Heart
from biofeedback.simulate.learner import Learner
from biofeedback.simulate.motion import SiteMotion
from biofeedback.simulate.people import PEOPLE
from biofeedback.simulate.story import Act, Person, Story

REST = Story((Act(start_s=0.0, doing="rest"),))
STEADY = {"step_time_cv": 0.0, "asymmetry_ratio": 0.0, "fatigue_per_min": 0.0, "wander_ratio": 0.0}


def walk(*acts: Act, cadence_spm: float = 110.0) -> Story:
    return Story((Act(start_s=0.0, doing="walk", cadence_spm=(cadence_spm, cadence_spm)), *acts))


def step_times_s(person: Person, story: Story, until_s: float, beat_s: float | None = None):
    clock = StepClock(person, story, np.random.default_rng(1))
    found = []
    for tick in range(round(until_s * 10)):
        now_s = tick / 10
        if beat_s is not None:
            beat = int((now_s + 0.3) / beat_s)
            clock.hear_beat(beat * beat_s, beat * 480)
        found += clock.contacts_between(now_s, now_s + 0.1)
    return np.array(found)


def music(**known) -> list[SteerSound]:
    values = dict.fromkeys(MusicParameters.__struct_fields__, 0.0) | {"tempo_bpm": 42.0} | known
    parameters = MusicParameters(**values)
    return [SteerSound(at_ns=0, sequence=1, expires_ns=1, parameters=parameters, may_rise=True)]


def test_a_pace_drifts_up_and_down_by_five_per_cent_at_its_rate():
    person = Person(**STEADY, drift_ratio_per_min=0.05)
    steps_s = step_times_s(person, walk(), 245.0)
    periods_s = np.diff(steps_s)

    def near(at_s):
        return periods_s[np.abs(steps_s[1:] - at_s) < 2].mean() / (60.0 / 110.0)

    assert near(60.0) == pytest.approx(1.05, abs=0.003)
    assert near(120.0) == pytest.approx(1.0, abs=0.004)
    assert near(180.0) == pytest.approx(0.95, abs=0.003)
    assert near(240.0) == pytest.approx(1.0, abs=0.004)


@pytest.mark.parametrize(("memory", "correlation"), [(0.0, 0.0), (0.5, 0.5)])
def test_slips_remember_each_other_as_much_as_they_are_told(memory, correlation):
    person = Person(**(STEADY | {"step_time_cv": 0.03}), step_time_memory=memory)
    periods_s = np.diff(step_times_s(person, walk(), 900.0))
    assert np.std(periods_s) / np.mean(periods_s) == pytest.approx(0.03, rel=0.1)
    found = np.corrcoef(periods_s[:-1], periods_s[1:])[0, 1]
    assert found == pytest.approx(correlation, abs=0.08)


def test_who_follows_takes_the_tempo_over_and_who_is_eager_goes_beyond_it():
    beat_s = 60.0 / 114.0
    for person, spm in (
        (Person(**STEADY, phase_gain=0.3, period_gain=1.0), 114.0),
        (Person(**STEADY, period_gain=1.0, eager_ratio=0.02), 114.0 * 1.02),
        (Person(**STEADY), 110.0),
    ):
        steps_s = step_times_s(person, walk(), 60.0, beat_s)
        assert 60.0 / np.diff(steps_s)[-40:].mean() == pytest.approx(spm, rel=0.004)


def test_who_freezes_makes_no_step_and_trembles_at_the_ankle():
    story = walk(
        Act(start_s=10.0, doing="freeze"),
        Act(start_s=16.0, doing="walk", cadence_spm=(110.0, 110.0)),
    )
    steps_s = step_times_s(Person(**STEADY), story, 25.0)
    assert np.diff(steps_s).max() > 5.5
    body = Body(Person(), story, seed=1)
    motion = SiteMotion(body, "ankle", np.random.default_rng(1))
    times_s = np.arange(12.0, 15.0, 0.01)
    felt = motion.measure(times_s)
    spectrum = np.abs(np.fft.rfft(felt - felt.mean(axis=0), axis=0)).sum(axis=1)
    assert 3.0 <= np.fft.rfftfreq(len(times_s), 0.01)[spectrum.argmax()] <= 8.0


def breath_rate(heart: Heart, from_s: float, to_s: float) -> float:
    return float(np.mean([heart.breathing_brpm(s) for s in np.arange(from_s, to_s, 1.0)]))


def test_a_breather_follows_a_swell_that_is_heard_or_does_not():
    for gain, brpm in ((1.0, 6.0), (0.5, 9.5), (0.0, 13.0)):
        heart = Heart(Person(breath_gain=gain), REST, np.random.default_rng(1))
        heart.hear(music(swell=0.6, swell_brpm=6.0))
        assert breath_rate(heart, 0.0, 10.0) == pytest.approx(brpm)
        heart.hear(music(swell=0.0, swell_brpm=6.0))
        assert breath_rate(heart, 0.0, 10.0) == pytest.approx(13.0)


def test_the_heart_swings_most_at_the_persons_own_resonance():
    swings = {}
    for brpm in (4.5, 5.5, 6.5, 13.0):
        person = Person(resonance_brpm=5.5, breathing_brpm=brpm)
        heart = Heart(person, REST, np.random.default_rng(1))
        rr_s = [rr for second in range(0, 300, 10) for rr in heart.rr_between(second, second + 10)]
        swings[brpm] = np.std(rr_s)
    assert max(swings, key=swings.get) == 5.5
    assert swings[5.5] > 1.5 * swings[13.0]


def test_calm_music_calms_whom_it_calms():
    rates = {}
    for calming_bpm in (0.0, 8.0):
        heart = Heart(Person(calming_bpm=calming_bpm), REST, np.random.default_rng(1))
        heart.hear(music(energy=0.0))
        heart.beat_until(240.0)
        rates[calming_bpm] = 60.0 / np.mean(heart.rr_s[-40:])
    assert rates[0.0] - rates[8.0] == pytest.approx(8.0, abs=1.5)


def reach_sizes(mood: str) -> tuple[float, float]:
    dance = Act(start_s=0.0, doing="dance", cadence_spm=(100.0, 100.0), mood=mood)
    body = Body(Person(), Story((dance,)), seed=2)
    sizes, durations = [], []
    for second in range(40):
        body.reaches.reach_until(float(second))
        for reach in body.reaches.made:
            sizes.append(np.linalg.norm(reach.way_m))
            durations.append(reach.duration_s)
    return float(np.mean(sizes)), float(np.mean(durations))


def test_moods_move_differently():
    flowing, abrupt, small, heavy = map(reach_sizes, ("flowing", "abrupt", "small", "heavy"))
    assert abrupt[1] < 0.4 < flowing[1]
    assert small[0] < 0.5 * flowing[0] < heavy[0]
    assert heavy[1] > 1.2 * flowing[1]


def test_a_group_has_one_who_can_not_keep_a_rhythm_and_others_who_can():
    group = make_group(5, seed=1, cadence_spm=105.0, together=True)
    variations = []
    for body in group:
        steps_s = [s for t in range(60) for s in body.steps.contacts_between(t, t + 1.0)]
        variations.append(np.std(np.diff(steps_s)) / np.mean(np.diff(steps_s)))
    assert max(variations[:4]) < 0.05 < variations[4]
    with pytest.raises(ValueError, match="2 to 8"):
        make_group(9, seed=1, cadence_spm=105.0, together=True)


def test_a_learner_learns_from_what_follows_and_somebody_else_does_not():
    habits = {}
    for learns in (0.05, 0.0):
        learner = Learner(habit=80.0, scatter_ratio=0.05, learns_per_s=learns, seed=1)
        for _ in range(18_000):
            learner.hear(1.0 if learner.act(0.1) > 82.0 else 0.0, 0.1)
        habits[learns] = learner.habit
    assert habits[0.05] > 82.0
    assert habits[0.0] == 80.0


def test_what_is_felt_is_what_the_body_does_a_little_late():
    body = Body(Person(**STEADY), walk(), seed=1)
    felt = Felt(body)
    known = {}
    for tick in range(1, 301):
        state, found = felt.feel(tick / 10)
        for event in found:
            if getattr(event, "event", "") == "step":
                known[event.event_ns] = tick / 10
    lateness_s = np.array([at_s - ns / NS_PER_S for ns, at_s in known.items()])
    assert lateness_s.min() >= 0.25
    assert lateness_s.max() <= 0.36
    assert state.cadence_spm == pytest.approx(110.0, rel=1e-3)
    assert state.heart_rate_bpm == pytest.approx(66.0, abs=4.0)


@pytest.mark.parametrize("name", PEOPLE)
def test_everybody_can_be_made(name):
    body = Body(PEOPLE[name], walk(), seed=1)
    assert len(body.steps.contacts_between(0.0, 20.0)) > 30
