from __future__ import annotations

import math

import pytest

from biofeedback.signals.activity import Activity, MovementRange, PersonalRange


def shake(amplitude: float, frequency_hz: float, n: int, start: int = 0) -> list[float]:
    ticks = range(start, start + n)
    return [9.81 + amplitude * math.sin(2 * math.pi * frequency_hz * i / 50) for i in ticks]


def test_quantity_of_motion_of_a_sine_is_its_mean_size() -> None:
    activity = Activity()
    _, taken = activity.update(1, shake(2.0, 2.5, 1000), [(0.0, 0.0, 0.0)] * 1000)
    assert taken[-1][1] == pytest.approx(2.0 * 2 / math.pi, rel=0.05)


def test_the_answer_comes_every_fifth_of_a_second_once_the_window_is_full() -> None:
    _, taken = Activity().update(1, shake(1.0, 2.0, 100), [(0.0, 0.0, 0.0)] * 100)
    assert [tick for tick, _ in taken] == [40, 50, 60, 70, 80, 90, 100]


def test_gravity_alone_is_stillness() -> None:
    activity = Activity()
    activity.update(1, [9.7] * 200, [(9.7, 0.0, 0.0)] * 200)
    assert activity.activity_mps2 == pytest.approx(0.0, abs=1e-9)
    assert activity.activity_ratio == pytest.approx(0.0, abs=1e-6)
    assert activity.sustained_ratio == pytest.approx(1.0)


def test_the_ratio_rises_with_the_activity() -> None:
    activity = Activity()
    ratios = []
    for i, amplitude in enumerate((0.2, 0.6, 1.0, 1.6, 2.0)):
        activity.update(1 + 100 * i, shake(amplitude, 2.0, 100), [(0.0, 0.0, 0.0)] * 100)
        ratios.append(activity.activity_ratio)
    assert ratios == sorted(ratios)
    assert ratios[-1] > ratios[0] + 0.5


def test_the_noise_of_a_resting_person_does_not_fill_the_range() -> None:
    activity = Activity()
    for i in range(400):
        activity.update(1 + 50 * i, shake(0.05, 3.0, 50, 50 * i), [(0.0, 0.0, 0.0)] * 50)
    assert activity.activity_ratio is not None
    assert activity.activity_ratio < 0.15


def test_a_small_mover_comes_to_fill_the_range() -> None:
    activity = Activity()
    for i in range(240):
        size = 1.2 if i % 4 < 2 else 0.1
        activity.update(1 + 50 * i, shake(size, 2.0, 50, 50 * i), [(0.0, 0.0, 0.0)] * 50)
        if i == 237:
            assert activity.activity_ratio is not None
            assert activity.activity_ratio > 0.9


def test_abrupt_movement_is_less_sustained_than_flowing_movement() -> None:
    flowing, abrupt = Activity(), Activity()
    flowing.update(1, shake(2.0, 1.0, 300), [(0.0, 0.0, 0.0)] * 300)
    abrupt.update(1, shake(2.0, 8.0, 300), [(0.0, 0.0, 0.0)] * 300)
    assert flowing.sustained_ratio is not None
    assert abrupt.sustained_ratio is not None
    assert flowing.sustained_ratio > 0.8
    assert abrupt.sustained_ratio < 0.2


def test_raising_the_first_axis_raises_the_tilt() -> None:
    activity = Activity()
    tilts = []
    for i, along in enumerate((-6.0, 0.0, 6.0)):
        activity.update(1 + 150 * i, [9.81] * 150, [(along, 0.0, 0.0)] * 150)
        tilts.append(activity.tilt_ratio)
    assert tilts == sorted(tilts)
    assert tilts[2] - tilts[0] > 0.5


def test_a_gap_hides_the_values_until_a_window_is_full_again() -> None:
    activity = Activity()
    activity.update(1, shake(1.0, 2.0, 100), [(0.0, 0.0, 0.0)] * 100)
    activity.restart()
    assert activity.activity_mps2 is None
    activity.update(301, shake(1.0, 2.0, 39), [(0.0, 0.0, 0.0)] * 39)
    assert activity.activity_mps2 is None


def test_the_range_forgets_after_five_minutes() -> None:
    learned = PersonalRange(0.0, 1.0, narrowest=0.1)
    for value in [10.0] * 100 + [1.0 + 0.01 * (i % 100) for i in range(400)]:
        learned.learn(value)
    assert learned.place(2.0) == 1.0


def test_a_steady_walk_is_not_the_middle_of_its_own_range() -> None:
    learned = MovementRange(0.0, 1.5, narrowest=0.8)
    for i in range(300):
        learned.learn(2.5 + 0.05 * (i % 3))
    assert learned.place(2.5) > 0.8
    assert learned.place(0.1) == 0.0
