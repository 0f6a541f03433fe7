from __future__ import annotations

import pytest

from biofeedback.signals.cadence import Cadence, estimate_cadence_spm


def test_a_missed_step_does_not_slow_the_cadence() -> None:
    contacts = [0.0, 0.5, 1.0, 2.0, 2.5, 3.0]
    assert estimate_cadence_spm(contacts, step_s=0.5) == pytest.approx(120)


def test_the_rhythm_decides_where_contacts_disagree_with_it() -> None:
    contacts = [0.0, 0.6, 1.2, 1.8, 2.4]
    assert estimate_cadence_spm(contacts, step_s=0.5) == pytest.approx(120)


def test_the_rhythm_alone_speaks_before_there_are_enough_contacts() -> None:
    assert estimate_cadence_spm([1.0], step_s=0.5) == pytest.approx(120)


def test_a_new_bout_does_not_count_the_way_from_the_last_one() -> None:
    cadence = Cadence(steps_apart=1)
    for i in range(11):
        cadence.update(0.5 * i, step_s=0.5)
    cadence.restart()
    cadence.update(5.62, step_s=0.5)
    assert cadence.step_time_cv() == pytest.approx(0.0, abs=1e-9)


def test_variability_is_standard_deviation_over_mean() -> None:
    cadence = Cadence(steps_apart=1)
    at = 0.0
    for i in range(31):
        cadence.update(at, step_s=0.5)
        at += 0.45 if i % 2 else 0.55
    assert cadence.step_time_cv() == pytest.approx(0.1, rel=0.05)


def test_ten_step_times_are_needed() -> None:
    cadence = Cadence(steps_apart=1)
    for i in range(10):
        cadence.update(0.5 * i, step_s=0.5)
    assert cadence.step_time_cv() is None
