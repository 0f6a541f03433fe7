from __future__ import annotations

import numpy as np
import pytest

from biofeedback.signals.gait.steps import EVALUATE_TICKS, Steps
from biofeedback.signals.gait.strolling import STROLL_SAMPLES, Strolling
from biofeedback.signals.resample import TICK_S

LOOK_TICKS = 4 * EVALUATE_TICKS


def landings(seconds: float, *, apart_s: float, height_mps2: float, width_s: float) -> np.ndarray:
    """Short pushes upwards at the ticks; a foot that lands, felt at a wrist."""
    t = np.arange(round(seconds / TICK_S)) * TICK_S
    since = (t + apart_s / 2) % apart_s - apart_s / 2
    return height_mps2 * np.exp(-0.5 * (since / width_s) ** 2)


def walk(steps: Steps, vectors: np.ndarray, *, begin: int = 0, ticks: int = 20) -> list[float]:
    """Feed it; return the contacts in s after the begin."""
    found = []
    lengths = np.linalg.norm(vectors, axis=1)
    for first in range(0, len(vectors), ticks):
        part = slice(first, first + ticks)
        told = [(x, y, z) for x, y, z in vectors[part].tolist()]
        found += steps.update(begin + first, lengths[part].tolist(), told)
    return [step.contact_s - begin * TICK_S for step in found]


def only_length(lengths: np.ndarray) -> np.ndarray:
    return np.column_stack([0.0 * lengths, 0.0 * lengths, lengths])


def stroll(seconds: float, seed: int = 0) -> np.ndarray:
    """Steps of 1.3-1.7 s of changing weight: no two seconds are alike."""
    rng = np.random.default_rng(seed)
    n = round(seconds / TICK_S)
    t = np.arange(n) * TICK_S
    lengths = np.full(n, 9.81)
    at = 1.0
    while at < seconds:
        lengths += rng.uniform(1.0, 3.0) * np.exp(-0.5 * ((t - at) / 0.09) ** 2)
        at += rng.uniform(1.3, 1.7)
    return lengths


def test_ten_seconds_of_landings_are_a_stroll_after_three_looks() -> None:
    strolling = Strolling()
    signal = landings(10.0, apart_s=1.5, height_mps2=2.0, width_s=0.1)[::2]
    signal = signal - signal.mean()
    peaks = [(75.0 * i, 1.7) for i in range(7)]
    told = []
    for _ in range(4):
        strolling.look(signal, peaks, 500)
        told.append(strolling.step_s)
    assert told[:2] == [None, None]
    assert told[2:] == [pytest.approx(1.5)] * 2


def test_one_look_at_something_else_ends_it() -> None:
    strolling = Strolling()
    signal = landings(10.0, apart_s=1.5, height_mps2=2.0, width_s=0.1)[::2]
    peaks = [(75.0 * i, 1.7) for i in range(7)]
    for _ in range(3):
        strolling.look(signal - signal.mean(), peaks, 500)
    assert strolling.step_s is not None
    t = np.arange(STROLL_SAMPLES) / 25
    strolling.look(2.0 * np.sin(2 * np.pi * 2.5 * t), [(20.0 * i, 2.0) for i in range(25)], 500)
    assert strolling.step_s is None


@pytest.mark.parametrize("size", [0.0, 1e-3])
def test_rest_is_no_stroll(size: float) -> None:
    strolling = Strolling()
    for _ in range(5):
        strolling.look(np.full(STROLL_SAMPLES, size), [], 500)
    assert strolling.step_s is None


def test_less_than_ten_seconds_are_not_judged() -> None:
    strolling = Strolling()
    signal = landings(8.0, apart_s=1.5, height_mps2=2.0, width_s=0.1)[::2]
    for _ in range(5):
        strolling.look(signal - signal.mean(), [(75.0 * i, 1.7) for i in range(6)], 400)
    assert strolling.step_s is None


def test_a_wrist_that_tells_only_a_length_counts_a_stroll() -> None:
    found = walk(Steps("wrist"), only_length(stroll(60.0)))
    assert 25 <= len(found) <= 44
    assert found == sorted(found)


def test_after_a_gap_a_stroll_is_found_as_if_it_were_the_first() -> None:
    fresh, used = Steps("wrist"), Steps("wrist")
    walk(used, only_length(stroll(30.0, seed=1)))
    used.restart()
    again = walk(used, only_length(stroll(40.0)), begin=100 * LOOK_TICKS)
    assert again == pytest.approx(walk(fresh, only_length(stroll(40.0))))
    assert again


@pytest.mark.parametrize("ticks", [1, 7, 64])
def test_packets_change_nothing_of_a_stroll(ticks: int) -> None:
    vectors = only_length(stroll(30.0))
    assert walk(Steps("wrist"), vectors, ticks=ticks) == walk(Steps("wrist"), vectors)


def test_where_lifting_is_known_it_decides() -> None:
    vectors = only_length(stroll(40.0))
    sideways = np.sin(2 * np.pi * 0.9 * TICK_S * np.arange(len(vectors)))
    vectors[:, 0] = 5.0 * sideways
    vectors[:, 2] = np.sqrt(vectors[:, 2] ** 2 - vectors[:, 0] ** 2)
    assert walk(Steps("wrist"), vectors) == []
