"""What is told of steps, and how a walker is tracked."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.control.law import Moment, Step
from biofeedback.control.stepping import Stepping, resultant_length, with_beat_ratio
from biofeedback.control.tracker import StepTracker
from biofeedback.messages import NS_PER_S


def steps(times_s, phases=None) -> list[Step]:
    phases = np.zeros(len(times_s)) if phases is None else phases
    return [
        Step("p1", round(s * NS_PER_S), float(phase))
        for s, phase in zip(times_s, phases, strict=True)
    ]


def test_cadence_variability_and_asymmetry_are_those_of_the_step_times():
    times_s = np.cumsum([0.0, *([0.5, 0.54] * 40)])
    stepping = Stepping()
    stepping.take(steps(times_s))
    told = stepping.outcomes()
    assert told["cadence_spm"] == pytest.approx(60.0 / 0.52)
    assert told["step_time_cv"] == pytest.approx(0.02 / 0.52)
    assert told["step_asymmetry"] == pytest.approx(0.04 / 1.04)
    assert told["steps"] == 80.0


def test_a_constant_offset_hides_in_r_and_shows_in_the_share():
    phases = np.full(60, 0.3)
    assert resultant_length(phases) == pytest.approx(1.0)
    assert with_beat_ratio(phases) == 0.0
    spread = np.arange(60) / 60.0 - 0.5
    assert resultant_length(spread) == pytest.approx(0.0, abs=1e-9)


def test_a_window_is_thirty_step_times_and_a_pause_is_none_of_them():
    stepping = Stepping()
    walk_s = np.arange(20) * 0.5
    assert stepping.take(steps(walk_s)) == []
    (window,) = stepping.take(steps(30.0 + np.arange(12) * 0.5))
    assert window.step_time_cv == pytest.approx(0.0, abs=1e-9)
    assert window.with_beat_ratio == 1.0
    stepping.begin_window()
    assert stepping.take(steps(36.0 + np.arange(29) * 0.5)) == []


def test_few_steps_tell_nothing():
    stepping = Stepping()
    stepping.take(steps([0.0, 0.5, 1.0]))
    told = stepping.outcomes()
    assert told["cadence_spm"] is None
    assert told["resultant_length"] is None


def track(body, times_s, *, spm=110.0, tempo_bpm=110.0, off_beats=0.0) -> StepTracker:
    tracker, pending = StepTracker(), list(times_s)
    for tick in range(1, round(times_s[-1] * 10) + 8):
        now_s = tick / 10
        known = [s for s in pending if s + 0.25 <= now_s]
        pending = pending[len(known) :]
        new = []
        for at_s in known:
            beats = at_s * tempo_bpm / 60.0 + off_beats
            new.append(Step("p1", round(at_s * NS_PER_S), beats - round(beats)))
        walker = body(walking=True, cadence_spm=spm)
        tracker.update(Moment(round(now_s * NS_PER_S), [walker], tempo_bpm, 0.1, new))
    return tracker


def test_the_period_of_a_steady_walker_is_found_whatever_the_first_guess(body):
    tracker = track(body, np.arange(1, 120) * 0.6, spm=104.0)
    assert tracker.period_s == pytest.approx(0.6, rel=1e-3)


@pytest.mark.parametrize("off_beats", [-0.3, 0.2])
def test_the_distance_is_carried_on_to_where_the_tempo_is_still_open(body, off_beats):
    """Music as fast as the walker keeps its distance; faster music will be further ahead."""
    times_s = np.arange(1, 80) * (60.0 / 110.0)
    same = track(body, times_s, off_beats=off_beats)
    assert same.ahead_beats == pytest.approx(off_beats, abs=1e-3)
    wanted = same.chase_bpm(goal_bpm=110.0, slew_ratio_per_s=0.02)
    assert np.sign(wanted - 110.0) == -np.sign(off_beats)


def test_a_missed_step_is_one_long_interval_and_no_slow_walker(body):
    times_s = [s for n, s in enumerate(np.arange(1, 80) * 0.55) if n not in {30, 31, 50}]
    tracker = track(body, times_s, spm=60.0 / 0.55, tempo_bpm=60.0 / 0.55)
    assert tracker.period_s == pytest.approx(0.55, rel=0.002)


def test_a_pause_while_the_cadence_is_withheld_makes_no_slow_walker(body):
    """The sensor clips when somebody walks on after a pause: they are tracked anew behind that."""
    tracker, period_s = StepTracker(), 0.55
    times_s = [*np.arange(1.0, 12.0, period_s), *np.arange(15.0, 30.0, period_s)]
    for at_s in times_s:
        cadence_spm = None if 12.0 < at_s < 17.0 else 60.0 / period_s
        walker = body(walking=True, cadence_spm=cadence_spm)
        step = Step("p1", round(at_s * NS_PER_S), 0.0)
        tracker.update(Moment(step.at_ns, [walker], 60.0 / period_s, period_s, [step]))
        assert tracker.own_bpm == pytest.approx(60.0 / period_s, rel=1e-6)


def test_a_chase_brakes_in_time():
    tracker = StepTracker()
    tracker.ahead_beats, tempo_bpm, passed = 0.4, 110.0, []
    for _ in range(400):
        wanted_bpm = tracker.chase_bpm(goal_bpm=110.0, slew_ratio_per_s=0.02)
        change_bpm = tempo_bpm * 0.002
        tempo_bpm = min(max(wanted_bpm, tempo_bpm - change_bpm), tempo_bpm + change_bpm)
        tracker.ahead_beats += (tempo_bpm - 110.0) / 600.0
        passed.append(tracker.ahead_beats)
    assert min(passed) > -0.05
    assert abs(passed[-1]) < 0.01
