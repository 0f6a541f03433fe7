"""The manner of a movement, against movements whose manner is known."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.signals.movement.manner import (
    Manner,
    rate_abrupt,
    rate_suddenness,
    share_of_tremor,
)
from biofeedback.signals.seconds import Seconds

G = 9.81
T = np.arange(0, 4, 0.02)


def along_x(signal):
    return np.column_stack([signal, np.zeros_like(signal), np.full_like(signal, G)])


def rate(rows) -> list[tuple[str, float]]:
    manner = Manner()
    seconds = Seconds().update(1, [tuple(row) for row in rows.tolist()])
    return [(name, value) for second in seconds for name, value, _ in manner.update(second)]


def told(signal, *, noise: float = 0.03) -> dict[str, list[float]]:
    rows = along_x(signal) + np.random.default_rng(5).normal(0, noise, (len(signal), 3))
    found: dict[str, list[float]] = {}
    for measure, value in rate(rows):
        found.setdefault(measure, []).append(value)
    return found


@pytest.mark.parametrize(
    ("hertz", "share"), [(1.0, 0.0), (4.0, 1.0), (6.0, 1.0), (11.0, 1.0), (15.0, 0.0)]
)
def test_a_pure_sine_lies_wholly_within_the_tremor_band_or_outside(hertz, share) -> None:
    assert share_of_tremor(along_x(np.sin(2 * np.pi * hertz * T))) == pytest.approx(share, abs=0.01)


def test_two_sines_of_one_size_share_the_power() -> None:
    both = np.sin(2 * np.pi * 1.0 * T) + np.sin(2 * np.pi * 5.0 * T)
    assert share_of_tremor(along_x(both)) == pytest.approx(0.5, abs=0.02)


def test_stillness_has_no_tremor_nor_suddenness() -> None:
    found = told(np.zeros(500))
    assert max(found["tremor_ratio"]) < 0.2
    assert max(found["suddenness_ratio"]) < 0.2
    assert found["stillness_ratio"][-1] == 1.0
    assert "smoothness_sparc" not in found


def test_a_sine_is_not_sudden_rare_strokes_are() -> None:
    assert rate_suddenness(np.sin(2 * np.pi * 1.0 * T)) == 0.0
    rare = np.where(T % 1.0 < 0.1, 8.0, 0.0) + 0.1 * np.sin(9 * T)
    assert rate_suddenness(rare) == 1.0


def test_normal_noise_is_not_sudden_and_cauchy_noise_is() -> None:
    rng = np.random.default_rng(2)
    assert rate_suddenness(rng.normal(size=20_000)) == pytest.approx(0.0, abs=0.03)
    assert rate_suddenness(rng.standard_cauchy(size=20_000)) == pytest.approx(1.0, abs=0.1)


def test_a_slow_sine_flows_and_a_fast_one_is_abrupt() -> None:
    assert rate_abrupt(np.sin(2 * np.pi * 1.0 * T)) == pytest.approx(0.0, abs=0.02)
    assert rate_abrupt(np.sin(2 * np.pi * 3.0 * T)) == pytest.approx(0.5, abs=0.05)
    assert rate_abrupt(np.sin(2 * np.pi * 7.0 * T)) == 1.0


def test_tilt_is_the_inclination_of_the_first_axis() -> None:
    slope = np.radians(30.0)
    rows = np.tile([G * np.sin(slope), 0.0, G * np.cos(slope)], (260, 1))
    values = [value for name, value in rate(rows) if name == "tilt_deg"]
    assert values[-1] == pytest.approx(30.0, abs=0.01)


def reach(duration_s: float, size: float):
    tau = np.arange(0, duration_s, 0.02) / duration_s
    return size * (60 * tau - 180 * tau**2 + 120 * tau**3) / 5.7735


def test_each_movement_between_rests_is_told_once_with_its_smoothness() -> None:
    signal = np.concatenate([np.zeros(120), *([reach(0.8, 4.0), np.zeros(80)] * 4)])
    found = told(signal, noise=0.01)
    assert len(found["smoothness_sparc"]) == 4
    assert np.median(found["smoothness_sparc"]) == pytest.approx(-1.45, abs=0.15)
    assert np.median(found["smoothness_ldlj"]) == pytest.approx(-np.log(21.6), abs=0.5)


def test_a_trembling_reach_is_less_smooth_by_both_measures() -> None:
    smooth = np.concatenate([np.zeros(120), *([reach(1.2, 4.0), np.zeros(80)] * 4)])
    shaky = smooth + np.where(
        smooth != 0, 4.0 * np.sin(2 * np.pi * 4 * 0.02 * np.arange(len(smooth))), 0
    )
    for measure in ("smoothness_sparc", "smoothness_ldlj"):
        assert np.median(told(shaky)[measure]) < np.median(told(smooth)[measure]) - 0.2


def test_a_movement_that_goes_on_is_told_every_five_seconds() -> None:
    found = told(3 * np.sin(2 * np.pi * 1.3 * np.arange(0, 31, 0.02)))
    assert len(found["smoothness_sparc"]) == 6


def test_weight_is_placed_within_the_persons_own_range() -> None:
    size = np.repeat([1.0, 1.0, 1.0, 8.0, 8.0, 1.0, 1.0], 1000)
    found = told(size * np.sin(2 * np.pi * 1.0 * np.arange(0, 140, 0.02)))
    weight = found["weight_ratio"]
    assert weight[45] > 0.9
    assert weight[65] < 0.3


def test_after_a_gap_four_whole_seconds_are_waited_for() -> None:
    manner, seconds = Manner(), Seconds()
    rows = [tuple(row) for row in along_x(np.sin(T)).tolist()]
    assert [manner.update(second) for second in seconds.update(1, rows)][-1]
    manner.restart()
    seconds.restart()
    assert not any(manner.update(second) for second in seconds.update(1001, rows[:199]))
    (last,) = seconds.update(1200, rows[:1])
    assert manner.update(last)
