from __future__ import annotations

import numpy as np
import pytest

from biofeedback.signals.gait.freezing import EMIT_TICKS, FreezeIndex

T = np.arange(500) * 0.02


def indices(signal, block: int = 10) -> list[float]:
    freezing = FreezeIndex()
    found = []
    for i in range(0, len(signal), block):
        found += freezing.update(i, list(signal[i : i + block]))
    return found


def test_swinging_legs_have_a_low_index_and_trembling_legs_a_high_one() -> None:
    assert max(indices(2.0 * np.sin(2 * np.pi * 1.8 * T))) < 0.1
    assert min(indices(np.sin(2 * np.pi * 5.0 * T))) > 5.0


def test_a_walk_that_freezes_raises_the_index_within_the_window() -> None:
    signal = np.where(T < 5, 2.0 * np.sin(2 * np.pi * 1.8 * T), 0.8 * np.sin(2 * np.pi * 5.0 * T))
    found = indices(signal)
    assert found[0] < 0.2
    assert found[-1] > 2.0


def test_standing_still_has_none() -> None:
    assert indices(np.random.default_rng(1).normal(0, 0.02, T.size)) == []


def test_one_answer_a_second_from_the_fourth_on() -> None:
    assert len(indices(np.sin(2 * np.pi * 1.8 * T))) == T.size // EMIT_TICKS - 4


@pytest.mark.parametrize("block", [1, 7, 50, 333, 500])
def test_the_size_of_a_packet_changes_nothing(block: int) -> None:
    signal = np.random.default_rng(2).normal(0, 1, T.size)
    assert indices(signal, block) == indices(signal)


def test_a_gap_begins_a_new_window() -> None:
    freezing = FreezeIndex()
    signal = list(np.sin(2 * np.pi * 1.8 * T))
    freezing.update(0, signal[:190])
    freezing.restart()
    assert freezing.update(400, signal[:190]) == []
