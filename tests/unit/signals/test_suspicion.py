from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import NS_PER_S
from biofeedback.signals.heart.suspicion import Suspicion


def judge(bpm, cadence_spm, *, optical=True, step_s=1.0):
    stream = Suspicion()
    return np.array(
        [
            stream.update(
                round(h), round(i * step_s * NS_PER_S), cadence_spm=c or None, optical=optical
            )
            for i, (h, c) in enumerate(zip(bpm, cadence_spm, strict=True))
        ]
    )


def walk(n: int, seed: int = 0) -> np.ndarray:
    """A cadence as it is: slow drift and scatter."""
    rng = np.random.default_rng(seed)
    return 112 + 3 * np.sin(np.arange(n) / 40) + rng.normal(0, 1.0, n)


@pytest.mark.parametrize("factor", [1.0, 0.5])
@pytest.mark.parametrize("noise_bpm", [0.0, 1.0])
def test_a_rate_that_leaps_onto_the_cadence_is_flagged_within_75_s(factor, noise_bpm) -> None:
    cadence = walk(300)
    bpm = np.full(300, 92.0) + np.sin(np.arange(300) / 7)
    rng = np.random.default_rng(1)
    bpm[100:] = factor * cadence[100:] + rng.normal(0, noise_bpm, 200)
    flagged = judge(bpm, cadence)
    assert not flagged[:100].any()
    assert flagged[175:].all()


def test_a_late_and_smoothed_lock_is_flagged() -> None:
    cadence = walk(300)
    smooth = np.convolve(cadence, np.ones(8) / 8, "full")[:300]
    bpm = np.concatenate([np.full(100, 85.0), smooth[96:296]])
    assert judge(bpm, cadence)[180:].all()


def test_a_true_rate_that_passes_the_cadence_is_not_flagged() -> None:
    cadence = walk(600)
    bpm = 90 + 45 * (1 - np.exp(-np.arange(600) / 150)) + 2 * np.sin(np.arange(600) / 25)
    assert not judge(bpm, cadence).any()


def test_the_flag_goes_when_the_rate_leaves_the_cadence() -> None:
    cadence = walk(400)
    bpm = np.where(np.arange(400) < 100, 90.0, cadence)
    bpm[250:] = 95 + np.sin(np.arange(150) / 9)
    flagged = judge(bpm, cadence)
    assert flagged[200:250].all()
    assert not flagged[275:].any()


def test_an_electrical_sensor_does_not_lock() -> None:
    cadence = walk(200)
    assert not judge(cadence, cadence, optical=False).any()


def test_who_rests_is_not_locked() -> None:
    assert not judge(np.full(200, 60.0) + np.arange(200) % 3, np.zeros(200)).any()


def test_a_sensor_that_tells_every_third_second_is_judged_too() -> None:
    cadence = walk(120)
    bpm = np.where(np.arange(120) < 30, 88.0, cadence)
    assert judge(bpm, cadence, step_s=3.0)[58:].all()


def test_the_same_number_while_the_cadence_changes_is_frozen() -> None:
    cadence = np.concatenate([np.full(60, 100.0), np.full(60, 120.0)])
    assert judge(np.full(120, 77.0), cadence, optical=False)[85:100].all()
    assert not judge(np.full(120, 77.0), np.full(120, 100.0), optical=False).any()
