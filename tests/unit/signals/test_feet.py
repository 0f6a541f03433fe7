from __future__ import annotations

import pytest

from biofeedback.signals.gait.feet import Feet

MS = 1_000_000


def walk(feet: Feet, *, onto_left_ms: int, onto_right_ms: int, strides: int = 30) -> list[float]:
    told = []
    at_ms = 0
    for _ in range(strides):
        for foot, step_ms in (("left", onto_left_ms), ("right", onto_right_ms)):
            at_ms += step_ms
            told.append(feet.update(foot, at_ms * MS))
    return [value for value in told if value is not None]


def test_alike_steps_have_no_asymmetry_and_a_limp_its_own() -> None:
    assert walk(Feet(), onto_left_ms=550, onto_right_ms=550)[-1] == pytest.approx(0.0)
    limp = walk(Feet(), onto_left_ms=600, onto_right_ms=500)
    assert limp[-1] == pytest.approx(100 / 550)


def test_one_foot_alone_tells_nothing() -> None:
    feet = Feet()
    assert all(feet.update("left", 1100 * i * MS) is None for i in range(50))


def test_five_steps_of_each_foot_are_needed() -> None:
    assert walk(Feet(), onto_left_ms=550, onto_right_ms=500, strides=5) == []


def test_a_pause_and_a_contact_that_wasnt_one_are_no_steps() -> None:
    feet = Feet()
    walk(feet, onto_left_ms=550, onto_right_ms=550)
    later_ms = 60_000
    feet.update("left", later_ms * MS)
    feet.update("right", (later_ms + 60) * MS)
    found = [
        feet.update(foot, (later_ms + 1100 * i + after_ms) * MS)
        for i in range(1, 10)
        for foot, after_ms in (("left", 0), ("right", 550))
    ]
    told = [value for value in found if value is not None]
    assert told[-1] == pytest.approx(0.0)


def test_a_foot_that_lost_its_sensor_is_forgotten() -> None:
    feet = Feet()
    walk(feet, onto_left_ms=550, onto_right_ms=550)
    feet.forget("left")
    assert all(feet.update("right", (90_000 + 1100 * i) * MS) is None for i in range(20))
