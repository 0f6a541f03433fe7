"""The delay behind the device is found in what a microphone took."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.sound.loopback import find_delays, judge, make_chirp

RATE_HZ = 48_000


def record(delay_ms, *, noise=0.02, echo=0.3, seed=1):
    random = np.random.default_rng(seed)
    places = np.round(np.cumsum(random.uniform(0.5, 0.7, 8)) * RATE_HZ).astype(np.int64)
    heard = noise * random.normal(size=int(places[-1]) + RATE_HZ)
    chirp = 0.1 * make_chirp(RATE_HZ)
    for place in places:
        at = int(place) + round(delay_ms * RATE_HZ / 1000)
        heard[at : at + len(chirp)] += chirp
        heard[at + 900 : at + 900 + len(chirp)] += echo * chirp  # a wall
    return heard, places


@pytest.mark.parametrize("delay_ms", [-12.0, 0.0, 3.0, 45.0, 180.0, 320.0])
def test_a_delay_is_found_in_noise_and_echo(delay_ms):
    heard, places = record(delay_ms)
    found = find_delays(heard, places, rate_hz=RATE_HZ) / RATE_HZ * 1000
    told = judge(found, device_ms=30.0)
    assert told.problem is None
    assert told.delay_ms == pytest.approx(delay_ms, abs=0.2)
    assert told.spread_ms < 1.0


def test_silence_is_said_in_words():
    heard, places = record(50.0)
    heard[:] = np.random.default_rng(2).normal(size=len(heard)) * 0.02
    told = judge(find_delays(heard, places, rate_hz=RATE_HZ) / RATE_HZ * 1000, device_ms=30.0)
    assert told.delay_ms is None
    assert "microphone" in told.problem


def test_chirps_that_do_not_agree_give_no_number():
    random = np.random.default_rng(3)
    told = judge(random.uniform(0.0, 400.0, 8), device_ms=30.0)
    assert told.delay_ms is None
    assert "agree" in told.problem
