from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import resample_poly

from biofeedback.sound.limiter import CEILING_DBTP, Limiter

RATE_HZ = 48_000
CEILING = 10 ** (CEILING_DBTP / 20)


def limit(samples: np.ndarray, *, block: int) -> np.ndarray:
    limiter = Limiter(rate_hz=RATE_HZ)
    return np.concatenate(
        [limiter.update(samples[i : i + block]) for i in range(0, len(samples), block)]
    )


def true_peak(samples: np.ndarray) -> float:
    return max(np.abs(resample_poly(samples[:, c], 8, 1)).max() for c in range(2))


def test_quiet_sound_passes_unchanged_and_only_late():
    samples = np.random.default_rng(1).uniform(-0.2, 0.2, (9600, 2))
    delay = Limiter(rate_hz=RATE_HZ).delay_frames
    assert np.array_equal(limit(samples, block=128)[delay:], samples[:-delay])


@pytest.mark.parametrize("block", [128, 512])
@pytest.mark.parametrize("kind", ["square", "noise", "impulses", "high_tone", "bursts"])
def test_true_peak_stays_below_the_ceiling(kind, block):
    at = np.arange(24_000)
    rng = np.random.default_rng(2)
    wave = {
        "square": 4.0 * np.sign(np.sin(at * 2 * np.pi * 110 / RATE_HZ)),
        "noise": rng.standard_normal(len(at)),
        "impulses": 4.0 * (at % 1777 == 0),
        "high_tone": 2.0 * np.sin(at * 2 * np.pi * 11_900 / RATE_HZ + 0.7),
        "bursts": 3.0 * np.sin(at * 2 * np.pi * 440 / RATE_HZ) * (at // 3000 % 2),
    }[kind]
    assert true_peak(limit(np.stack((wave, -wave), axis=1), block=block)) <= CEILING


def test_a_long_tone_is_turned_down_without_distortion():
    at = np.arange(48_000)
    wave = 2.0 * np.sin(at * 2 * np.pi * 1000 / RATE_HZ)
    out = limit(np.stack((wave, wave), axis=1), block=128)[24_000:, 0]
    spectrum = np.abs(np.fft.rfft(out * np.hanning(len(out))))
    spectrum /= spectrum.max()
    tone = round(1000 * len(out) / RATE_HZ)
    assert np.delete(spectrum, np.arange(tone - 5, tone + 6)).max() < 10 ** (-60 / 20)


def test_gain_comes_back_after_a_peak():
    samples = np.full((48_000, 2), 0.1)
    samples[4800:4848] = 3.0
    out = limit(samples, block=128)
    assert out[4800 + 1000, 0] < 0.1
    assert out[-1, 0] == pytest.approx(0.1, abs=1e-9)


def test_result_does_not_depend_on_the_size_of_the_blocks():
    samples = np.random.default_rng(6).standard_normal((9600, 2)) * 0.6
    assert np.allclose(limit(samples, block=128), limit(samples, block=480), atol=1e-9)


def test_an_empty_block_is_nothing():
    assert len(Limiter(rate_hz=RATE_HZ).update(np.zeros((0, 2)))) == 0
