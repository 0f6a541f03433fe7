"""Who moves together, and whether that is more than chance."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.signals.synchrony import GRID_NS, Synchrony

CELLS = 300


def wander(rng, cells: int = CELLS):
    """A smooth random row, as activity is."""
    return np.convolve(rng.normal(size=cells + 20), np.ones(10) / 10, "same")[10 : 10 + cells]


def together(rows, *, kind="level", origin_ns=0):
    synchrony = Synchrony(kind)
    for i in range(len(rows[0])):
        for name, row in zip("abcdefgh", rows, strict=False):
            synchrony.update(name, origin_ns + i * GRID_NS + 7, float(row[i]))
    return synchrony.evaluate(origin_ns + len(rows[0]) * GRID_NS)


def test_the_same_movement_is_full_synchrony_far_above_chance() -> None:
    row = wander(np.random.default_rng(0))
    (pair,) = together([row, row]).pairs
    assert pair.value == pytest.approx(1.0)
    assert pair.lag_s == 0.0
    assert pair.z > 5.0


def test_scale_and_offset_of_a_person_do_not_matter() -> None:
    row = wander(np.random.default_rng(0))
    assert together([row, 5 * row + 3]).value == pytest.approx(together([row, row]).value)


@pytest.mark.parametrize("cells", [-5, 3, 8])
def test_who_follows_is_told_with_the_lag(cells) -> None:
    whole = wander(np.random.default_rng(1), CELLS + 40)
    first, second = whole[20 : 20 + CELLS], whole[20 - cells : 20 - cells + CELLS]
    (pair,) = together([first, second]).pairs
    assert pair.lag_s == pytest.approx(cells * 0.2)
    assert pair.value > 0.9


def test_independent_people_are_at_chance() -> None:
    rng = np.random.default_rng(2)
    z = np.array([together([wander(rng), wander(rng)]).z for _ in range(60)])
    assert abs(z.mean()) < 0.5
    assert np.mean(z > 2.0) < 0.12


def test_a_group_that_shares_a_part_is_far_above_chance_and_strangers_are_not() -> None:
    rng = np.random.default_rng(3)
    common = wander(rng)
    shared = together([common + 0.7 * wander(rng) for _ in range(4)])
    strangers = together([wander(rng) for _ in range(4)])
    assert shared.z > 4.0
    assert abs(strangers.z) < 3.0
    assert len(shared.pairs) == 6


def test_phases_that_keep_their_difference_are_locked_whatever_it_is() -> None:
    rng = np.random.default_rng(4)
    turns = np.cumsum(0.2 * (1 + 0.15 * rng.normal(size=CELLS)))
    result = together([turns % 1, (turns + 0.3) % 1], kind="phase")
    assert result.value == pytest.approx(1.0)
    assert result.z > 3.0


def test_phases_of_two_tempos_are_not_locked() -> None:
    i = np.arange(CELLS)
    assert together([0.2 * i, 0.23 * i], kind="phase").value < 0.1


def test_two_steady_metronomes_are_locked_but_not_above_chance() -> None:
    i = np.arange(CELLS)
    (pair,) = together([0.2 * i, 0.2 * i + 0.1], kind="phase").pairs
    assert pair.value == pytest.approx(1.0)
    assert abs(pair.z) < 0.5


def test_a_shift_of_all_times_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    rows = [wander(rng) for _ in range(3)]
    assert together(rows) == together(rows, origin_ns=10**17 + 13)


def test_somebody_who_does_not_move_is_no_partner() -> None:
    row = wander(np.random.default_rng(6))
    result = together([row, np.full(CELLS, 0.2)])
    assert result.value == pytest.approx(0.0, abs=1e-9)
    assert abs(result.z) < 1.0


def test_too_little_is_told_as_nothing() -> None:
    row = wander(np.random.default_rng(7))
    assert Synchrony("level").evaluate(0) is None
    assert together([row]) is None
    assert together([row[:100], row[:100]]) is None


def test_a_silent_wearer_leaves_the_group_and_a_forgotten_one_too() -> None:
    rng = np.random.default_rng(8)
    synchrony = Synchrony("level")
    for i in range(CELLS):
        for name in "abc":
            if name != "c" or i < 200:
                synchrony.update(name, i * GRID_NS, float(rng.normal()))
    result = synchrony.evaluate(CELLS * GRID_NS)
    assert [(p.first, p.second) for p in result.pairs] == [("a", "b")]
    synchrony.forget("b")
    assert synchrony.evaluate(CELLS * GRID_NS) is None


def test_values_that_are_no_numbers_and_old_ones_are_left_out() -> None:
    row = wander(np.random.default_rng(9))
    synchrony = Synchrony("level")
    for i in range(CELLS):
        synchrony.update("a", i * GRID_NS, float(row[i]))
        synchrony.update("b", i * GRID_NS, float(row[i]))
        synchrony.update("b", i * GRID_NS, float("nan"))
        synchrony.update("b", (i - 3) * GRID_NS, 99.0)
    assert synchrony.evaluate(CELLS * GRID_NS).value == pytest.approx(1.0)


def test_a_window_that_leaves_no_room_for_surrogates_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        Synchrony("level", window_s=15.0)
