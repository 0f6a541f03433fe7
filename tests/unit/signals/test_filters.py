from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import sosfilt, sosfilt_zi

from biofeedback.signals.filters import Biquads, design_butterworth, phase_delay_s


@pytest.mark.parametrize(("order", "kind"), [(1, "highpass"), (2, "lowpass"), (3, "lowpass")])
def test_the_loop_computes_what_scipy_computes(order: int, kind: str) -> None:
    sections = design_butterworth(order, 3.0, kind, 50.0)
    signal = np.random.default_rng(0).normal(9.81, 1, 200)
    expected, _ = sosfilt(sections, signal, zi=sosfilt_zi(sections) * signal[0])
    assert Biquads(sections).update(signal.tolist()) == pytest.approx(expected.tolist(), abs=1e-12)


def test_gravity_makes_no_step_at_the_start() -> None:
    highpass = Biquads(design_butterworth(1, 0.3, "highpass", 50.0))
    assert highpass.update([9.81] * 50) == pytest.approx([0.0] * 50, abs=1e-12)


def test_an_empty_block_changes_nothing() -> None:
    lowpass = Biquads(design_butterworth(2, 5.0, "lowpass", 50.0))
    assert lowpass.update([]) == []
    assert lowpass.update([1.0]) == pytest.approx([1.0])


def test_after_a_reset_the_next_value_is_the_first() -> None:
    lowpass = Biquads(design_butterworth(2, 5.0, "lowpass", 50.0))
    lowpass.update([100.0, -100.0])
    lowpass.reset()
    assert lowpass.update([2.0, 2.0]) == pytest.approx([2.0, 2.0])


def test_the_phase_delay_is_what_a_sine_shows() -> None:
    sections = design_butterworth(2, 3.5, "lowpass", 50.0)
    t = np.arange(0, 20, 0.02)
    out = np.array(Biquads(sections).update(np.sin(2 * np.pi * 2 * t).tolist()))[500:]
    shift = np.angle(np.sum(out * np.exp(-2j * np.pi * 2 * t[500:]))) + np.pi / 2
    assert phase_delay_s(sections, 2.0, 50.0) == pytest.approx(-shift / (4 * np.pi), abs=1e-3)
