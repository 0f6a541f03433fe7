"""Another rate for the device: same pitch, nothing added."""

from __future__ import annotations

import math

import numpy as np
import pytest

from biofeedback.sound.resampler import Resampler

FRAMES = 128


def pull(hz, *, from_hz, to_hz, seconds=2.0, blocks=FRAMES):
    at = 0

    def read():
        nonlocal at
        t = (at + np.arange(FRAMES)) / from_hz
        at += FRAMES
        tone = np.sin(2 * np.pi * hz * t)
        return np.stack((tone, 0.5 * tone), axis=1)

    resampler = Resampler(from_hz=from_hz, to_hz=to_hz)
    count = round(seconds * to_hz / blocks)
    return np.concatenate([resampler.pull(blocks, read) for _ in range(count)]), resampler, at


@pytest.mark.parametrize("to_hz", [44_100, 96_000, 32_000, 16_000, 8_000])
def test_the_pitch_is_exact_and_nothing_is_added(to_hz):
    hz = 440.0
    out, _, _ = pull(hz, from_hz=48_000, to_hz=to_hz)
    steady = out[2000:-2000, 0]
    t = np.arange(len(steady)) / to_hz
    basis = np.stack((np.sin(2 * np.pi * hz * t), np.cos(2 * np.pi * hz * t)), axis=1)
    fit, *_ = np.linalg.lstsq(basis, steady, rcond=None)
    rest = steady - basis @ fit
    # a wrong pitch would leave a rest that grows: 0.1 cent over 2 s is more than -40 dB
    assert math.hypot(*fit) == pytest.approx(1.0, abs=1e-3)
    assert np.abs(rest).max() < 1e-3
    assert out[2000:, 1] == pytest.approx(0.5 * out[2000:, 0], abs=1e-9)


def test_what_the_lower_rate_cannot_hold_is_taken_out():
    out, _, _ = pull(15_000.0, from_hz=48_000, to_hz=16_000)
    assert np.abs(out[500:]).max() < 10 ** (-60 / 20)


def test_blocks_of_any_size_give_the_same_samples():
    whole, _, _ = pull(1000.0, from_hz=48_000, to_hz=44_100, blocks=441)
    small, _, _ = pull(1000.0, from_hz=48_000, to_hz=44_100, blocks=63)
    size = min(len(whole), len(small))
    assert whole[:size] == pytest.approx(small[:size], abs=1e-12)


def test_it_says_how_many_frames_wait():
    out, resampler, read = pull(1000.0, from_hz=48_000, to_hz=44_100)
    used = len(out) * 48_000 / 44_100
    assert read - used == pytest.approx(resampler.waiting_frames, abs=1.5)
