from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import NS_PER_S
from biofeedback.signals.heart.recovery import HeartRateRecovery


def follow(bpm, *, moving=()):
    stream = HeartRateRecovery()
    told = []
    for second, value in enumerate(bpm):
        fall = stream.update(float(value), second * NS_PER_S, moving=second in moving)
        if fall is not None:
            told.append((second, fall))
    return told


def effort(*, top=140.0, rest=70.0, tau_s=50.0):
    up = np.linspace(rest, top, 120)
    down = rest + (top - rest) * np.exp(-np.arange(180) / tau_s)
    return np.concatenate([np.full(60, rest), up, down])


def test_the_fall_in_the_minute_after_the_peak_is_told_once() -> None:
    ((second, fall),) = follow(effort())
    assert 235 <= second <= 250
    assert fall == pytest.approx(70 * (1 - np.exp(-60 / 50)), abs=6)


def test_two_efforts_have_two_recoveries() -> None:
    assert len(follow(np.concatenate([effort(), effort()]))) == 2


def test_a_small_rise_is_no_effort() -> None:
    assert follow(effort(top=90.0)) == []


def test_who_walks_on_does_not_recover_at_rest() -> None:
    assert follow(effort(), moving=range(60, 300)) == []
    assert len(follow(effort(), moving=range(60, 185))) == 1


def test_nothing_is_told_across_a_silence() -> None:
    bpm = effort()
    stream = HeartRateRecovery()
    told = []
    for second, value in enumerate(bpm):
        if 190 <= second < 215:
            continue
        told.append(stream.update(float(value), second * NS_PER_S, moving=False))
    assert set(told) == {None}
