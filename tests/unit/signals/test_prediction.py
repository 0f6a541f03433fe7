from __future__ import annotations

import itertools

import numpy as np
import pytest

from biofeedback.signals.gait.prediction import StepPrediction


def follow(contacts, *, step_s: float, steps_apart: int = 1) -> StepPrediction:
    prediction = StepPrediction(steps_apart=steps_apart)
    for contact_s in contacts:
        prediction.update(contact_s, step_s=step_s)
    return prediction


def test_nothing_is_foretold_before_the_walk_has_shown_its_pace() -> None:
    assert follow([0.0, 0.5, 1.0], step_s=0.5).next_step(1.1) is None
    assert follow([0.0, 0.5, 1.0, 1.5], step_s=0.5).next_step(1.6) is not None


def test_a_machine_is_foretold_to_the_millisecond() -> None:
    expected = follow(np.arange(60) * 0.5, step_s=0.5).next_step(29.6)
    assert expected is not None
    assert expected.contact_s == pytest.approx(30.0, abs=1e-3)
    assert expected.sd_s == pytest.approx(0.010, abs=0.002)


def test_a_limp_is_learned_long_after_short_and_short_after_long() -> None:
    steps_s = np.resize([0.62, 0.48], 60)
    contacts = np.concatenate(([0.0], np.cumsum(steps_s)))
    for n in (58, 59):
        expected = follow(contacts[:n], step_s=0.55).next_step(float(contacts[n - 1]) + 0.1)
        assert expected is not None
        assert expected.contact_s == pytest.approx(contacts[n], abs=0.02)


def test_a_missed_contact_keeps_the_sides_apart() -> None:
    steps_s = np.resize([0.62, 0.48], 60)
    contacts = np.concatenate(([0.0], np.cumsum(steps_s)))
    seen = np.delete(contacts, 50)
    expected = follow(seen[:-1], step_s=0.55).next_step(float(seen[-2]) + 0.1)
    assert expected is not None
    assert expected.contact_s == pytest.approx(contacts[-1], abs=0.03)


@pytest.mark.parametrize("sd_s", [0.015, 0.03, 0.05])
def test_the_error_is_near_the_walkers_own_and_the_told_uncertainty_is_honest(sd_s) -> None:
    rng = np.random.default_rng(4)
    steps_s = rng.normal(0.55, sd_s, 400)
    contacts = np.cumsum(steps_s)
    prediction = StepPrediction(steps_apart=1)
    missed, within = [], 0
    for before, after in itertools.pairwise(contacts):
        prediction.update(float(before), step_s=0.55)
        expected = prediction.next_step(float(before) + 0.15)
        if expected is not None:
            missed.append(after - expected.contact_s)
            within += abs(after - expected.contact_s) <= 2.0 * expected.sd_s
    assert np.std(missed) <= 1.25 * sd_s
    assert 0.88 <= within / len(missed) <= 0.99


def test_a_step_that_didnt_come_moves_the_expectation_on_and_widens_it() -> None:
    prediction = follow(np.arange(12) * 0.5, step_s=0.5)
    soon, late = prediction.next_step(5.7), prediction.next_step(6.4)
    assert soon is not None
    assert late is not None
    assert late.contact_s == pytest.approx(soon.contact_s + 0.5)
    assert late.sd_s >= soon.sd_s


@pytest.mark.parametrize("missed", [1, 2, 3])
def test_the_sides_are_kept_apart_over_steps_that_didnt_come(missed: int) -> None:
    steps_s = np.resize([0.62, 0.48], 60)
    contacts = np.concatenate(([0.0], np.cumsum(steps_s)))
    for n in (50, 51):
        prediction = follow(contacts[:n], step_s=0.55)
        soon = prediction.next_step(float(contacts[n - 1]) + 0.1)
        assert soon is not None
        expected = prediction.next_step(soon.contact_s + 0.31 + 0.55 * (missed - 1))
        assert expected is not None
        assert expected.contact_s == pytest.approx(contacts[n + missed], abs=0.02)


def test_one_foot_gives_every_second_step_and_foretells_its_own() -> None:
    expected = follow(np.arange(10) * 1.1, step_s=0.55, steps_apart=2).next_step(10.0)
    assert expected is not None
    assert expected.contact_s == pytest.approx(11.0, abs=0.01)


def test_another_pace_and_another_bout_are_learned_anew() -> None:
    prediction = follow(np.arange(10) * 0.5, step_s=0.5)
    prediction.update(5.3, step_s=0.8)
    assert prediction.next_step(5.4) is None
    prediction = follow(np.arange(10) * 0.5, step_s=0.5)
    prediction.restart()
    prediction.update(60.0, step_s=0.5)
    assert prediction.next_step(60.1) is None
