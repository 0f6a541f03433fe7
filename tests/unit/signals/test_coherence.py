from __future__ import annotations

import numpy as np
import pytest

from biofeedback.signals.heart.coherence import measure_coherence

TIMES_S = np.arange(256) / 4.0


@pytest.mark.parametrize("hz", [0.06, 0.1, 0.15, 0.2])
def test_one_even_slow_wave_is_coherent(hz: float) -> None:
    coherence = measure_coherence(900 + 50 * np.sin(2 * np.pi * hz * TIMES_S))
    assert coherence is not None
    assert 0.9 <= coherence <= 1.0


def test_a_wave_beside_the_band_is_not() -> None:
    coherence = measure_coherence(
        900 + 50 * np.sin(2 * np.pi * 0.35 * TIMES_S) + 5 * np.sin(2 * np.pi * 0.1 * TIMES_S)
    )
    assert coherence is not None
    assert coherence < 0.05


def test_two_equal_waves_are_half_as_coherent_as_one() -> None:
    two = np.sin(2 * np.pi * 0.08 * TIMES_S) + np.sin(2 * np.pi * 0.2 * TIMES_S)
    coherence = measure_coherence(900 + 30 * two)
    assert coherence == pytest.approx(0.47, abs=0.05)


def test_noise_is_not_coherent() -> None:
    rng = np.random.default_rng(1)
    values = [measure_coherence(900 + rng.normal(0, 30, 256)) for _ in range(20)]
    assert max(v for v in values if v is not None) < 0.6
    assert np.mean([v for v in values if v is not None]) < 0.35


def test_intervals_that_never_change_have_no_coherence() -> None:
    assert measure_coherence(np.full(256, 800.0)) is None
