from __future__ import annotations

import numpy as np
import pytest

from biofeedback.signals.even_series import EvenSeries
from biofeedback.signals.spectrum import take_spectrum


@pytest.mark.parametrize("hz", [0.07, 0.1, 0.21, 0.333])
def test_the_peak_of_a_wave_is_found_between_bins(hz: float) -> None:
    t = np.arange(256) / 4.0
    wave = 900 + 0.7 * t + 30 * np.sin(2 * np.pi * hz * t + 1)
    spectrum = take_spectrum(wave, rate_hz=4.0)
    assert spectrum is not None
    assert spectrum.find_peak_hz(0.04, 0.5) == pytest.approx(hz, abs=0.002)
    near = spectrum.sum_between(hz - 0.03, hz + 0.03)
    assert near > 0.97 * spectrum.sum_between(0.0, 2.0)


def test_the_powers_of_axes_are_added() -> None:
    t = np.arange(160) / 4.0
    one, two = np.sin(1.3 * t), np.cos(0.7 * t)
    parts = [take_spectrum(axis, rate_hz=4.0) for axis in (one, two)]
    both = take_spectrum(np.column_stack((one, two)), rate_hz=4.0)
    assert both is not None
    np.testing.assert_allclose(both.power, parts[0].power + parts[1].power, rtol=1e-9)


def test_a_trend_alone_has_no_spectrum() -> None:
    t = np.arange(128) / 4.0
    assert take_spectrum(np.full(128, 800.0), rate_hz=4.0) is None
    assert take_spectrum(800 - 2 * t, rate_hz=4.0) is None
    assert take_spectrum(800 - 2 * t + 0.1 * t * t, rate_hz=4.0, trend_degree=2) is None


def test_a_band_without_a_maximum_has_no_peak() -> None:
    t = np.arange(256) / 4.0
    spectrum = take_spectrum(np.sin(2 * np.pi * 0.1 * t), rate_hz=4.0)
    assert spectrum is not None
    assert spectrum.find_peak_hz(0.105, 0.11) is None


def test_more_values_than_the_transform_holds_are_refused() -> None:
    with pytest.raises(ValueError, match="1025"):
        take_spectrum(np.arange(1025.0) ** 3, rate_hz=4.0)


def test_an_even_series_is_a_straight_line_between_its_values() -> None:
    series = EvenSeries(window_s=10.0)
    for time_ms in (0.0, 700.0, 2100.0, 2900.0, 4000.0):
        series.take(time_ms, 2 * time_ms, sure=True)
    found = series.read(3.0)
    assert found is not None
    np.testing.assert_allclose(found, 2 * np.arange(1250.0, 4001.0, 250.0))


def test_a_series_that_is_too_short_or_was_cleared_reads_nothing() -> None:
    series = EvenSeries(window_s=10.0)
    assert series.read(2.0) is None
    series.take(0.0, 1.0, sure=True)
    series.take(1000.0, 1.0, sure=False)
    assert series.read(2.0) is None
    assert series.sure_ratio == 0.5
    series.clear()
    assert series.sure_ratio == 0.0
