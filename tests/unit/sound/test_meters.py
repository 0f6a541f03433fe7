"""What is measured in pieces is what would be measured at once."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.sound.loudness import TruePeak
from biofeedback.sound.meters import Meters

RATE_HZ = 48_000


@pytest.mark.parametrize("frames", [32, 128, 256, 1000, 2048])
def test_no_peak_gets_lost_between_two_pieces(frames):
    at = np.arange(16_000)
    # between samples, and highest wherever the pieces meet
    wave = 0.5 * np.sin(2 * np.pi * at / 4 + np.pi / 4) * (1.0 + at / len(at))
    samples = np.stack((wave, 0.3 * wave), axis=1)
    meters = Meters(rate_hz=RATE_HZ)
    for start in range(0, len(samples), frames):
        meters.update(samples[start : start + frames])
    meters.flush()
    peaks = TruePeak()
    begun = np.concatenate((np.zeros((peaks.history_frames, 2)), samples))
    assert meters.peak == pytest.approx(float(peaks.measure(begun).max()), abs=1e-12)


def test_a_report_tells_the_peak_since_the_one_before():
    meters = Meters(rate_hz=RATE_HZ)
    loud, soft = np.full((4800, 2), 0.5), np.full((4800, 2), 0.05)
    meters.update(loud)
    assert meters.take_report_dbtp() == pytest.approx(-6.0, abs=1.5)
    for _ in range(2):
        meters.update(soft)
    meters.take_report_dbtp()
    meters.update(soft)
    assert meters.take_report_dbtp() == pytest.approx(-26.0, abs=1.0)
    assert meters.peak > 0.5
