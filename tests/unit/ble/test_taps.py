"""Three taps, and what is not three taps."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.ble.taps import TapDetector
from biofeedback.messages import NS_PER_S
from biofeedback.samples import AccelerationBlock
from biofeedback.simulate.body import Body
from biofeedback.simulate.motion import SiteMotion
from biofeedback.simulate.scenarios import SCENARIOS, draw_person
from biofeedback.simulate.story import Story


def motion(scenario: str, *, seed: int, rate_hz: float, seconds: float, taps_s=(), site="wrist"):
    """Acceleration of a person, with knocks of 15 ms on top."""
    body = Body(draw_person(seed), Story(SCENARIOS[scenario]), seed=seed)
    times_s = np.arange(0.0, seconds, 1.0 / rate_hz)
    values = SiteMotion(body, site, body.sensor_rng()).measure(times_s)
    for tap_s in taps_s:
        values[:, 2] += 25.0 * np.exp(-(((times_s - tap_s) / 0.015) ** 2))
    return np.round(times_s * NS_PER_S).astype(np.int64), values


def detect(times_ns, values, *, chunk: int = 36) -> list[int]:
    detector, found = TapDetector(), []
    for start in range(0, len(times_ns), chunk):
        end = start + chunk
        block = AccelerationBlock(times_ns[start:end], values[start:end], False, None)
        tapped = detector.update(block)
        if tapped is not None:
            found.append(tapped)
    return found


@pytest.mark.parametrize("rate_hz", [50.0, 52.0, 100.0, 200.0])
def test_three_taps_are_found_at_any_usual_rate(rate_hz):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        taps_s = 3.0 + np.cumsum(rng.uniform(0.3, 1.4, 3))
        found = detect(*motion("rest", seed=seed, rate_hz=rate_hz, seconds=12.0, taps_s=taps_s))
        assert len(found) == 1
        assert abs(found[0] / NS_PER_S - taps_s[2]) < 0.05


@pytest.mark.parametrize("count", [1, 2, 4, 5])
def test_fewer_or_more_taps_are_not_three(count):
    taps_s = 3.0 + 0.6 * np.arange(count)
    assert not detect(*motion("rest", seed=1, rate_hz=200.0, seconds=12.0, taps_s=taps_s))


@pytest.mark.parametrize("scenario", ["rest", "walk", "run"])
@pytest.mark.parametrize("site", ["wrist", "chest", "ankle"])
def test_rest_and_gait_are_not_taps(scenario, site):
    for seed in range(3):
        assert not detect(*motion(scenario, seed=seed, rate_hz=200.0, seconds=60.0, site=site))


def test_taps_are_the_same_whatever_the_packets():
    times_ns, values = motion("rest", seed=1, rate_hz=200.0, seconds=12.0, taps_s=(4.0, 4.7, 5.5))
    assert len({tuple(detect(times_ns, values, chunk=n)) for n in (1, 7, 36, 5000)}) == 1
