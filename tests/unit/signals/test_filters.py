from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfilt, sosfilt_zi

from biofeedback.signals.filters import BandPass, design_highpass, design_lowpass, phase_delay_s


@pytest.mark.parametrize("edge_hz", [0.3, 0.8, 3.5, 10.0, 24.0])
def test_the_designs_are_the_butterworth_filters_of_scipy(edge_hz: float) -> None:
    lowpass = butter(2, edge_hz, "lowpass", fs=50.0, output="sos")
    highpass = butter(1, edge_hz, "highpass", fs=50.0, output="sos")
    assert design_lowpass(edge_hz, 50.0) == pytest.approx(lowpass, abs=1e-12)
    assert design_highpass(edge_hz, 50.0) == pytest.approx(highpass, abs=1e-12)


def test_the_loop_computes_what_scipy_computes() -> None:
    sections = np.vstack((design_highpass(0.3, 50.0), design_lowpass(3.0, 50.0)))
    signal = np.random.default_rng(0).normal(9.81, 1, 200)
    expected, _ = sosfilt(sections, signal, zi=sosfilt_zi(sections) * signal[0])
    band = BandPass(0.3, 3.0, 50.0)
    assert band.update(signal.tolist()) == pytest.approx(expected.tolist(), abs=1e-11)


def test_gravity_makes_no_step_at_the_start() -> None:
    band = BandPass(0.3, 3.0, 50.0)
    assert band.update([9.81] * 50) == pytest.approx([0.0] * 50, abs=1e-12)


def test_an_empty_block_changes_nothing() -> None:
    once, twice = BandPass(0.3, 5.0, 50.0), BandPass(0.3, 5.0, 50.0)
    assert once.update([]) == []
    assert once.update([1.0, 3.0]) == twice.update([1.0]) + twice.update([]) + twice.update([3.0])


def test_after_a_reset_the_next_value_is_the_first() -> None:
    band = BandPass(0.3, 5.0, 50.0)
    band.update([100.0, -100.0])
    band.reset()
    assert band.update([2.0, 2.0]) == pytest.approx([0.0, 0.0])


def test_the_phase_delay_is_what_a_sine_shows() -> None:
    sections = np.vstack((design_highpass(0.8, 50.0), design_lowpass(3.5, 50.0)))
    t = np.arange(0, 20, 0.02)
    out = np.array(BandPass(0.8, 3.5, 50.0).update(np.sin(2 * np.pi * 2 * t).tolist()))[500:]
    shift = np.angle(np.sum(out * np.exp(-2j * np.pi * 2 * t[500:]))) + np.pi / 2
    assert phase_delay_s(sections, 2.0, 50.0) == pytest.approx(-shift / (4 * np.pi), abs=1e-3)
