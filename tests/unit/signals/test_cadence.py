from __future__ import annotations

import itertools

import pytest

from biofeedback.signals.gait.cadence import Cadence, Line


def last_cadence(contacts, *, step_s: float, site="waist") -> float:
    cadence = Cadence(site)
    return [cadence.update(contact, step_s=step_s) for contact in contacts][-1]


def test_the_slope_of_a_line_is_its_step_period_whatever_was_forgotten() -> None:
    line = Line()
    for k, t in [(0, 0.0), (1, 2.0), (7, 3.0), (8, 3.5), (10, 4.5), (11, 5.0)]:
        line.add(k, t)
        line.keep_s(2.5)
    assert len(line.points) == 4
    assert line.slope_s() == pytest.approx(0.5)


@pytest.mark.parametrize("site", ["waist", "wrist"])
def test_a_missed_step_of_an_even_walk_does_not_slow_the_cadence(site) -> None:
    contacts = [0.5 * i for i in range(9)]
    contacts += [contacts[-1] + 1.0, contacts[-1] + 1.5]
    assert last_cadence(contacts, step_s=0.5, site=site) == pytest.approx(120)


def test_a_pause_between_uneven_steps_at_a_trunk_is_one_slow_step() -> None:
    contacts = [*itertools.accumulate([0.0, 0.5, 0.62, 0.45, 0.6, 0.5, 1.08, 0.55, 0.45])]
    counted = 60 * 8 / contacts[-1]
    assert last_cadence(contacts, step_s=0.53) == pytest.approx(counted, rel=0.05)
    assert last_cadence(contacts, step_s=0.53, site="wrist") > 1.07 * counted


def test_one_foot_gives_the_cadence_of_both() -> None:
    contacts = [1.0 * i for i in range(8)]
    assert last_cadence(contacts, step_s=0.5, site="ankle") == pytest.approx(120)


def test_at_a_hand_the_rhythm_decides_where_contacts_disagree_with_it() -> None:
    contacts = [0.0, 0.6, 1.2, 1.8, 2.4]
    assert last_cadence(contacts, step_s=0.5, site="wrist") == pytest.approx(120)
    assert last_cadence(contacts, step_s=0.5, site="waist") == pytest.approx(100)


def test_the_rhythm_alone_speaks_before_there_are_enough_contacts() -> None:
    assert last_cadence([1.0], step_s=0.5) == pytest.approx(120)


def test_one_badly_placed_contact_moves_the_cadence_by_less_than_one_per_cent() -> None:
    contacts = [0.5 * i for i in range(20)]
    contacts[-1] += 0.08
    assert last_cadence(contacts, step_s=0.5) == pytest.approx(120, rel=0.01)


def test_a_clear_change_of_pace_is_told_within_four_seconds() -> None:
    cadence = Cadence("waist")
    times = [*itertools.accumulate([0.6] * 15 + [0.5] * 8)]
    told = [cadence.update(t, step_s=0.6 if t <= 9.0 else 0.5) for t in times]
    assert told[14] == pytest.approx(100)
    assert told[-1] == pytest.approx(120, rel=0.01)


def test_a_few_badly_placed_contacts_at_a_hand_are_no_change_of_pace() -> None:
    contacts = [0.6 * i for i in range(14)]
    contacts[-3:] = [at - shift for at, shift in zip(contacts[-3:], (0.15, 0.3, 0.3), strict=True)]
    assert last_cadence(contacts, step_s=0.6, site="wrist") == pytest.approx(100, rel=0.05)
    assert last_cadence(contacts, step_s=0.53, site="wrist") == pytest.approx(113.2, rel=0.02)


@pytest.mark.parametrize("site", ["wrist", "waist"])
def test_the_pace_of_a_hand_that_hesitates_again_and_again_is_not_to_be_trusted(site) -> None:
    cadence = Cadence(site)
    at = 0.0
    for i in range(10):
        cadence.update(at, step_s=0.6)
        assert cadence.is_steady() == (i < 4 or site == "waist"), i
        at += 1.5 if i in {3, 5, 8} else 0.6


def test_where_each_contact_is_a_step_hesitations_are_counted_as_they_are() -> None:
    contacts = [*itertools.accumulate([0.0, 0.6, 0.6, 0.6, 1.5, 0.6, 1.5, 0.6, 0.6])]
    assert last_cadence(contacts, step_s=0.6) == pytest.approx(60 * 8 / contacts[-1], rel=0.05)


def test_uneven_legs_are_a_steady_pace() -> None:
    cadence = Cadence("waist")
    at = 0.0
    for i in range(12):
        cadence.update(at, step_s=0.55)
        at += 0.4 if i % 2 else 0.7
    assert cadence.is_steady()


def test_a_new_bout_does_not_count_the_way_from_the_last_one() -> None:
    cadence = Cadence("waist")
    for i in range(11):
        cadence.update(0.5 * i, step_s=0.5)
    cadence.restart()
    cadence.update(5.62, step_s=0.5)
    assert cadence.step_time_cv() == pytest.approx(0.0, abs=1e-9)


def test_variability_is_standard_deviation_over_mean() -> None:
    cadence = Cadence("waist")
    at = 0.0
    for i in range(31):
        cadence.update(at, step_s=0.5)
        at += 0.45 if i % 2 else 0.55
    assert cadence.step_time_cv() == pytest.approx(0.1, rel=0.05)


def test_ten_step_times_are_needed() -> None:
    cadence = Cadence("waist")
    for i in range(10):
        cadence.update(0.5 * i, step_s=0.5)
    assert cadence.step_time_cv() is None
