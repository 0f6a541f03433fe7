from __future__ import annotations

import math

import numpy as np
import pytest

from biofeedback.signals.heart.variability import VariabilityWindow


def measure(rows, *, window_s=60.0):
    window = VariabilityWindow(window_s=window_s)
    for rr_ms, normal in rows:
        window.take(rr_ms, normal=normal)
    return window.measure()


def test_rmssd_and_sdnn_by_hand() -> None:
    # 20 intervals of 800, 810, 830, 790: differences 10, 20, -40, 10.
    rows = [(rr, True) for rr in [800.0, 810.0, 830.0, 790.0] * 5]
    found = measure(rows, window_s=16.5)
    assert found is not None
    squares = 5 * (100 + 400 + 1600) + 4 * 100
    assert found.rmssd_ms == pytest.approx(math.sqrt(squares / 19), rel=1e-12)
    mean = 807.5
    spread = 5 * sum((rr - mean) ** 2 for rr in (800.0, 810.0, 830.0, 790.0))
    assert found.sdnn_ms == pytest.approx(math.sqrt(spread / 19), rel=1e-12)
    assert found.valid_ratio == 1.0


def test_the_sums_stay_those_of_the_window_after_hours() -> None:
    rng = np.random.default_rng(3)
    rr = rng.normal(850, 40, 12_000)
    window = VariabilityWindow(window_s=60.0)
    for value in rr:
        window.take(float(value), normal=True)
    last = np.round(rr, 3)[-np.searchsorted(np.cumsum(rr[::-1]), 60_000.0) :]
    found = window.measure()
    assert found is not None
    assert found.rmssd_ms == pytest.approx(np.sqrt(np.mean(np.diff(last) ** 2)), rel=1e-9)
    assert found.sdnn_ms == pytest.approx(np.std(last, ddof=1), rel=1e-9)


def test_differences_across_an_artefact_are_not_taken() -> None:
    found = measure([(1000.0, True)] * 30 + [(1500.0, False)] + [(1000.0, True)] * 30)
    assert found is not None
    assert found.rmssd_ms == 0.0
    assert found.sdnn_ms == 0.0


def test_differences_across_a_gap_are_not_taken() -> None:
    window = VariabilityWindow(window_s=60.0)
    for rr_ms in [1000.0] * 30:
        window.take(rr_ms, normal=True)
    window.skip(4000.0)
    for rr_ms in [700.0] * 40:
        window.take(rr_ms, normal=True)
    found = window.measure()
    assert found is not None
    assert found.rmssd_ms == 0.0


def test_less_than_the_window_or_too_many_artefacts_give_nothing() -> None:
    assert measure([]) is None
    assert measure([(1000.0, True)] * 30) is None
    assert measure([(1000.0, i % 4 > 0) for i in range(60)]) is None
    assert measure([(1000.0, i % 8 > 0) for i in range(60)]) is not None


def test_a_long_gap_empties_the_window() -> None:
    window = VariabilityWindow(window_s=60.0)
    for _ in range(70):
        window.take(1000.0, normal=True)
    window.skip(1e305)
    assert window.measure() is None
