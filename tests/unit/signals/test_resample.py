from __future__ import annotations

import math

import numpy as np
import pytest

from biofeedback.signals.resample import TICK_NS, Resampler, Ticks

MS = 1_000_000


def run(times_ms: list[float], values: list[float]) -> list[Ticks]:
    return Resampler().update(
        np.array([round(t * MS) for t in times_ms], dtype=np.int64),
        np.array([(v, 0.0, -v) for v in values], dtype=float).reshape(-1, 3),
    )


def test_a_straight_line_is_read_in_the_middle_of_each_tick() -> None:
    (ticks,) = run([0, 33, 66, 99, 132], [0, 33, 66, 99, 132])
    assert ticks.first == 1
    assert [v[0] for v in ticks.vectors] == pytest.approx([10, 30, 50, 70, 90, 110])
    assert [v[2] for v in ticks.vectors] == pytest.approx([-10, -30, -50, -70, -90, -110])


def test_what_is_faster_than_the_grid_is_averaged_away() -> None:
    times = [i * 2.5 for i in range(400)]
    (ticks,) = run(times, [math.sin(2 * math.pi * 100 * t / 1000) for t in times])
    assert max(abs(v[0]) for v in ticks.vectors) < 0.02


def test_a_gap_begins_a_new_stretch_on_the_same_grid() -> None:
    before, after = run([0, 50, 100, 1011, 1050, 1100], [1, 1, 1, 5, 5, 5])
    assert np.array(before.vectors) == pytest.approx(np.array([(1, 0, -1)] * 5))
    assert not before.restarted
    assert after.restarted
    assert after.first == 1040 * MS // TICK_NS
    assert np.array(after.vectors) == pytest.approx(np.array([(5, 0, -5)] * 4))


def test_doubled_and_backward_stamps_are_left_out() -> None:
    (ticks,) = run([0, 40, 40, 20, 80], [1, 1, 9, 9, 1])
    assert [v[0] for v in ticks.vectors] == pytest.approx([1.0] * 4)


def test_a_stretch_of_single_samples_far_apart_tells_nothing() -> None:
    assert run([0, 500, 1000, 1500], [1, 2, 3, 4]) == []


def test_no_samples_are_no_ticks() -> None:
    assert run([], []) == []
