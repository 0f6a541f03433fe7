import numpy as np
import pytest

from biofeedback.messages import NS_PER_S, PlayNote
from biofeedback.simulate.gait import StepClock
from biofeedback.simulate.story import Act, Person, Story

STEADY = Person(step_time_cv=0.0, asymmetry_ratio=0.0, fatigue_per_min=0.0, wander_ratio=0.0)


def walk(cadence_spm: float, start_s: float = 5.0) -> Story:
    return Story(
        (
            Act(start_s=0.0, doing="rest"),
            Act(start_s=start_s, doing="walk", cadence_spm=(cadence_spm, cadence_spm)),
        )
    )


def contacts(clock: StepClock, until_s: float) -> np.ndarray:
    found: list[float] = []
    for second in range(int(until_s)):
        found += clock.contacts_between(float(second), float(second + 1))
    return np.array(found)


def kick(at_s: float, tick: int) -> PlayNote:
    return PlayNote(
        at_ns=0,
        start_ns=round(at_s * NS_PER_S),
        duration_ns=1,
        layer="kick",
        pitch_midi=None,
        velocity=1.0,
        tick=tick,
    )


def test_nobody_steps_before_the_walk_begins() -> None:
    clock = StepClock(STEADY, walk(110.0), np.random.default_rng(1))
    steps_s = contacts(clock, 20.0)
    assert 5.2 < steps_s[0] < 6.0


def test_a_steady_person_keeps_the_cadence() -> None:
    clock = StepClock(STEADY, walk(110.0), np.random.default_rng(1))
    assert np.diff(contacts(clock, 30.0)) == pytest.approx(60.0 / 110.0)


def test_step_times_vary_as_much_as_the_person_does() -> None:
    person = Person(step_time_cv=0.03, asymmetry_ratio=0.0, fatigue_per_min=0.0, wander_ratio=0.0)
    clock = StepClock(person, walk(110.0), np.random.default_rng(1))
    times_s = np.diff(contacts(clock, 600.0))
    assert np.std(times_s) / np.mean(times_s) == pytest.approx(0.03, rel=0.15)


def test_asymmetry_makes_every_other_step_longer() -> None:
    person = Person(step_time_cv=0.0, asymmetry_ratio=0.05, fatigue_per_min=0.0, wander_ratio=0.0)
    times_s = np.diff(contacts(StepClock(person, walk(100.0), np.random.default_rng(1)), 60.0))
    one, other = times_s[2:40:2].mean(), times_s[3:41:2].mean()
    assert abs(one - other) / (one + other) == pytest.approx(0.05, rel=0.01)


def test_fatigue_slows_the_walk() -> None:
    person = Person(step_time_cv=0.0, asymmetry_ratio=0.0, fatigue_per_min=0.02, wander_ratio=0.0)
    times_s = np.diff(contacts(StepClock(person, walk(110.0), np.random.default_rng(1)), 300.0))
    assert times_s[-5:].mean() > 1.05 * times_s[:5].mean()


def test_standing_gives_no_phase_and_walking_gives_one_step_per_whole_number() -> None:
    clock = StepClock(STEADY, walk(110.0), np.random.default_rng(1))
    assert clock.sample(np.linspace(0.0, 1.0, 20)) is None
    sampled = clock.sample(np.linspace(10.0, 20.0, 2001))
    assert sampled is not None
    phase, amplitude, running = sampled
    assert phase[-1] - phase[0] == pytest.approx(110.0 / 6.0, abs=0.01)
    assert running is None
    assert amplitude is not None
    assert (amplitude > 0.8).all()


def test_a_stop_ends_the_steps_within_a_second() -> None:
    story = Story(
        (
            Act(start_s=0.0, doing="walk", cadence_spm=(110.0, 110.0)),
            Act(start_s=10.0, doing="rest"),
        )
    )
    clock = StepClock(STEADY, story, np.random.default_rng(1))
    assert contacts(clock, 20.0)[-1] < 10.8
    assert clock.sample(np.linspace(11.5, 20.0, 100)) is None


def test_one_who_hears_the_beat_is_drawn_to_its_tempo_and_phase() -> None:
    person = Person(
        step_time_cv=0.01,
        asymmetry_ratio=0.0,
        fatigue_per_min=0.0,
        wander_ratio=0.0,
        phase_gain=0.25,
        period_gain=0.6,
    )
    clock = StepClock(person, walk(104.0, 0.1), np.random.default_rng(3))
    beat_s = 60.0 / 110.0
    steps_s: list[float] = []
    for beat in range(100):
        clock.hear([kick(beat * beat_s, beat * 480)])
        steps_s += clock.contacts_between(beat * beat_s - beat_s, beat * beat_s)
    late = np.array(steps_s[-40:])
    assert 60.0 / np.diff(late).mean() == pytest.approx(110.0, rel=0.01)
    off_s = (late + beat_s / 2) % beat_s - beat_s / 2
    # Who would rather walk slower stays a little behind the beat.
    assert 0.02 < off_s.mean() < 0.1
    assert off_s.std() < 0.03


@pytest.mark.parametrize(
    "orders",
    [
        [],
        [kick(0.0, 0)],
        [kick(b * 0.3, b * 480 + 7) for b in range(50)],
        [kick(b * 0.02, b * 480) for b in range(50)],
        [kick(5.0 - b, b * 480) for b in range(5)],
    ],
)
def test_no_beat_that_fits_leaves_the_walk_alone(orders: list[PlayNote]) -> None:
    person = Person(
        step_time_cv=0.0,
        asymmetry_ratio=0.0,
        fatigue_per_min=0.0,
        wander_ratio=0.0,
        phase_gain=0.3,
        period_gain=0.5,
    )
    clock = StepClock(person, walk(110.0), np.random.default_rng(1))
    clock.hear(orders)
    assert np.diff(contacts(clock, 30.0)) == pytest.approx(60.0 / 110.0)
