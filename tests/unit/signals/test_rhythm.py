from __future__ import annotations

import numpy as np
import pytest

from biofeedback.signals.gait.rhythm import NEEDED_SAMPLES, RHYTHM_RATE_HZ, find_rhythm

T = np.arange(NEEDED_SAMPLES) / RHYTHM_RATE_HZ


def gait(spm: float, stride_share: float) -> np.ndarray:
    phase = 2 * np.pi * spm / 60 * T
    return np.cos(phase) + 0.3 * np.cos(2 * phase) + stride_share * np.cos(0.5 * phase + 0.7)


@pytest.mark.parametrize("spm", [70, 90, 110, 130])
@pytest.mark.parametrize("stride_share", [0.0, 0.3, 0.7])
def test_the_step_is_found_however_strong_the_stride_is(spm: float, stride_share: float) -> None:
    rhythm = find_rhythm(gait(spm, stride_share), site="wrist", step_before_s=None)
    assert rhythm is not None
    assert 60 / rhythm.step_s == pytest.approx(spm, rel=0.03)
    assert rhythm.similarity > 0.75


@pytest.mark.parametrize("spm", [80, 110, 140])
def test_at_the_ankle_the_strong_period_is_the_stride(spm: float) -> None:
    stride = 2 * np.pi * spm / 120 * T
    signal = np.cos(stride) + 0.4 * np.cos(2 * stride + 1) + 0.3 * np.cos(3 * stride)
    rhythm = find_rhythm(signal, site="ankle", step_before_s=None)
    assert rhythm is not None
    assert 60 / rhythm.step_s == pytest.approx(spm, rel=0.03)


def test_what_was_found_before_decides_between_octaves() -> None:
    signal = np.cos(2 * np.pi * 80 / 60 * T)
    assert find_rhythm(signal, site="wrist", step_before_s=60 / 80).step_s == pytest.approx(
        60 / 80, rel=0.03
    )


def test_noise_is_not_similar_to_itself() -> None:
    noise = np.random.default_rng(1).normal(size=NEEDED_SAMPLES)
    rhythm = find_rhythm(noise, site="wrist", step_before_s=None)
    assert rhythm is None or rhythm.similarity < 0.5


def test_silence_and_short_signals_have_no_rhythm() -> None:
    assert find_rhythm(np.zeros(NEEDED_SAMPLES), site="wrist", step_before_s=None) is None
    assert find_rhythm(gait(110, 0)[:55], site="wrist", step_before_s=None) is None
