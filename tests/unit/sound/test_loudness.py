from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest
from scipy.signal import sosfilt

from biofeedback.sound.loudness import (
    BlockFilter,
    GatedLoudness,
    KWeighting,
    ShortTermLoudness,
    TruePeak,
    design_k_weighting,
    lufs_to_power,
    power_to_lufs,
)

RATE_HZ = 48_000


def tone(*, hz: float, peak: float, seconds: float, rate_hz: int = RATE_HZ) -> np.ndarray:
    at_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.repeat((peak * np.sin(2 * np.pi * hz * at_s))[:, None], 2, axis=1)


def measure(samples: np.ndarray, *, rate_hz: int, block: int) -> float | None:
    weighting, gated = KWeighting(rate_hz=rate_hz), GatedLoudness()
    for start in range(0, len(samples), block):
        for power in weighting.update(samples[start : start + block]):
            gated.update(power)
    return gated.integrated_lufs()


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_a_stereo_tone_of_997_hz_reads_as_the_standard_says(rate_hz):
    # a full-scale 997 Hz sine in one channel is -3.01 LKFS; in both 0.0
    read = measure(tone(hz=997, peak=0.1, seconds=5, rate_hz=rate_hz), rate_hz=rate_hz, block=128)
    assert read == pytest.approx(-20.0, abs=0.05)


def test_noise_with_loud_and_quiet_parts_reads_as_pyloudnorm_does():
    rng = np.random.default_rng(3)
    gains = np.repeat([0.1, 0.01, 0.3, 0.0, 0.05], 4 * RATE_HZ)
    samples = rng.standard_normal((len(gains), 2)) * gains[:, None] * 0.3
    theirs = pyloudnorm.Meter(RATE_HZ).integrated_loudness(samples)
    assert measure(samples, rate_hz=RATE_HZ, block=512) == pytest.approx(theirs, abs=0.15)


def test_loudness_does_not_depend_on_the_size_of_the_blocks():
    samples = np.random.default_rng(4).standard_normal((2 * RATE_HZ, 2)) * 0.1
    reads = {measure(samples, rate_hz=RATE_HZ, block=block) for block in (128, 511, 9600, 96_000)}
    assert len(reads) == 1


def test_silence_has_no_loudness():
    assert measure(np.zeros((RATE_HZ, 2)), rate_hz=RATE_HZ, block=128) is None


def test_short_term_loudness_forgets_after_three_seconds():
    window = ShortTermLoudness()
    for _ in range(30):
        loud = window.update(lufs_to_power(-20.0))
    assert loud == pytest.approx(-20.0)
    for _ in range(30):
        quiet = window.update(lufs_to_power(-50.0))
    assert quiet == pytest.approx(-50.0)


def test_power_and_lufs_are_inverse():
    assert power_to_lufs(lufs_to_power(-23.0)) == pytest.approx(-23.0)


def test_true_peak_sees_the_peak_between_the_samples():
    # a quarter of the rate, 45 degrees off: every sample is 3 dB below the wave's peak
    at = np.arange(4800)
    wave = np.sin(2 * np.pi * at / 4 + np.pi / 4)
    peaks = TruePeak().measure(np.stack((wave, wave), axis=1))
    assert np.abs(wave).max() == pytest.approx(0.7071, abs=1e-3)
    assert peaks[100:].max() == pytest.approx(1.0, abs=0.02)


def test_true_peak_skips_only_what_can_not_be_that_high():
    rng = np.random.default_rng(5)
    for level in (0.1, 0.3, 0.6):
        block = rng.uniform(-level, level, (512, 2))
        if TruePeak().measure(block, ignore_below=0.8) is None:
            assert TruePeak().measure(block).max() < 0.8


def test_the_filter_in_pieces_is_the_filter():
    sos = design_k_weighting(RATE_HZ)
    samples = np.random.default_rng(6).standard_normal((1200, 2))
    pieces = BlockFilter(sos, runs=4, run_frames=30)
    out = np.concatenate([pieces.update(samples[k : k + 120]) for k in range(0, 1200, 120)])
    assert out == pytest.approx(sosfilt(sos, samples, axis=0), abs=1e-9)
