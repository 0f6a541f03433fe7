"""Smoothness against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from biofeedback.signals.movement.smoothness import integrate_speed, measure_ldlj, measure_sparc

RATE_HZ = 50.0


def minimum_jerk(duration_s: float, *, rate_hz: float = RATE_HZ):
    """Speed and acceleration of a reach of 1 m (Flash & Hogan 1985)."""
    tau = np.arange(0, duration_s + 0.5 / rate_hz, 1 / rate_hz) / duration_s
    speed = (30 * tau**2 - 60 * tau**3 + 30 * tau**4) / duration_s
    along = (60 * tau - 180 * tau**2 + 120 * tau**3) / duration_s**2
    return speed, np.column_stack([along, 0 * along, 0 * along])


@pytest.mark.parametrize("duration_s", [0.6, 1.0, 2.0])
def test_sparc_of_a_minimum_jerk_reach_is_what_the_reference_gives(duration_s) -> None:
    speed, _ = minimum_jerk(duration_s)
    sparc = measure_sparc(speed, RATE_HZ)
    assert sparc == pytest.approx(reference_sparc(speed), abs=1e-9)
    assert sparc == pytest.approx(-1.41, abs=0.03)


def reference_sparc(speed, *, rate_hz: float = RATE_HZ) -> float:
    """The algorithm as the authors published it, with the whole transform."""
    length = int(2 ** (np.ceil(np.log2(len(speed))) + 4))
    f = np.arange(0, rate_hz, rate_hz / length)
    size = np.abs(np.fft.fft(speed, length))
    size /= size.max()
    chosen = np.nonzero(f <= 10.0)[0]
    f, size = f[chosen], size[chosen]
    above = np.nonzero(size >= 0.05)[0]
    f, size = f[above[0] : above[-1] + 1], size[above[0] : above[-1] + 1]
    return -float(np.sqrt((np.diff(f) / (f[-1] - f[0])) ** 2 + np.diff(size) ** 2).sum())


def test_two_strokes_with_a_halt_are_less_smooth_than_one() -> None:
    one, _ = minimum_jerk(1.0)
    two = np.concatenate([one, np.zeros(10), one])
    assert measure_sparc(two, RATE_HZ) < measure_sparc(one, RATE_HZ) - 0.4


def test_sparc_does_not_depend_on_the_size_of_the_movement() -> None:
    speed, _ = minimum_jerk(1.0)
    assert measure_sparc(7 * speed, RATE_HZ) == pytest.approx(measure_sparc(speed, RATE_HZ))


@pytest.mark.parametrize("duration_s", [0.5, 1.0, 3.0])
def test_ldlj_of_a_minimum_jerk_reach_is_minus_the_logarithm_of_21_6(duration_s) -> None:
    # T / a_peak^2 times the integral of jerk^2 = 720 / (10 / sqrt 3)^2.
    _, acceleration = minimum_jerk(duration_s, rate_hz=1000.0)
    assert measure_ldlj(acceleration) == pytest.approx(-math.log(21.6), abs=0.01)


def test_ldlj_does_not_depend_on_size_or_direction_and_tremor_lowers_it() -> None:
    _, reach = minimum_jerk(1.0)
    turned = 3 * reach[:, [2, 0, 1]]
    assert measure_ldlj(turned) == pytest.approx(measure_ldlj(reach))
    t = np.arange(len(reach)) / RATE_HZ
    shaky = reach + 0.5 * np.sin(2 * np.pi * 8 * t)[:, None]
    assert measure_ldlj(shaky) < measure_ldlj(reach) - 0.5


def test_speed_is_regained_from_acceleration_between_rests_whatever_the_offset() -> None:
    speed, acceleration = minimum_jerk(1.0)
    found = integrate_speed(acceleration + 0.3, RATE_HZ, from_rest_to_rest=True)
    assert np.abs(found - speed).max() < 0.02 * speed.max()


def test_speed_of_an_ongoing_sine_is_regained() -> None:
    t = np.arange(0, 4, 1 / RATE_HZ)
    omega = 2 * np.pi * 1.5
    acceleration = np.column_stack([-omega * np.sin(omega * t), 0 * t, 0 * t])
    found = integrate_speed(acceleration, RATE_HZ, from_rest_to_rest=False)
    assert np.abs(found - np.abs(np.cos(omega * t))).max() < 0.06


@pytest.mark.parametrize("n", [0, 3])
def test_too_little_has_no_smoothness(n) -> None:
    assert measure_sparc(np.ones(n), RATE_HZ) is None
    assert measure_ldlj(np.ones((n, 3))) is None


def test_stillness_has_no_smoothness() -> None:
    assert measure_sparc(np.zeros(50), RATE_HZ) is None
    assert measure_ldlj(np.full((50, 3), 9.81)) is None
