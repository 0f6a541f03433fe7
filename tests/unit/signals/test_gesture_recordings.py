"""Gestures on recordings of real hand movements; the recordings stay outside the project."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest
from scipy.signal import butter, find_peaks, sosfiltfilt

from biofeedback.signals.movement.gestures import Gestures
from biofeedback.signals.movement.swings import Swings
from biofeedback.signals.resample import Resampler

pytestmark = pytest.mark.shared

RATE_HZ = 60.0


def parts(shared, name: str) -> list[np.ndarray]:
    path = shared / "data" / "movement" / f"gesture_o_{name}.csv.gz"
    with gzip.open(path, "rt", newline="") as file:
        rows = np.array([*csv.reader(file)][1:], dtype=float)
    return [rows[rows[:, 0] == number, 1:] / 1000 for number in np.unique(rows[:, 0])]


def count_offline(acceleration: np.ndarray) -> int:
    """Count prominent maxima along the main direction, with the whole recording in sight."""
    band = butter(2, (0.3, 7.0), "bandpass", fs=RATE_HZ, output="sos")
    x = sosfiltfilt(band, acceleration - acceleration.mean(axis=0), axis=0)
    main = x @ np.linalg.eigh(x.T @ x)[1][:, -1]
    span = np.subtract(*np.percentile(main, [90, 10]))
    return len(find_peaks(main, prominence=0.5 * span)[0])


def count_live(acceleration: np.ndarray) -> int:
    times = np.round(np.arange(len(acceleration)) / RATE_HZ * 1e9).astype(np.int64)
    (ticks,) = Resampler().update(times, acceleration)
    return len(Gestures().update(Swings().update(ticks.first, ticks.vectors)))


@pytest.mark.parametrize("name", ["convex", "forward_backwards", "up_down"])
def test_each_repetition_of_a_steady_movement_is_one_gesture(shared, name) -> None:
    offline = [count_offline(part) for part in parts(shared, name)]
    live = [count_live(part) for part in parts(shared, name)]
    assert sum(live) == pytest.approx(sum(offline), rel=0.06)
    assert live == pytest.approx(offline, abs=4)
