"""How long a silence is usual for a sensor."""

from __future__ import annotations

import pytest

from biofeedback.messages import NS_PER_MS
from biofeedback.signals.packet_rhythm import PacketRhythm


def limit_ms(arrivals_ms) -> float:
    rhythm = PacketRhythm()
    for arrival_ms in arrivals_ms:
        rhythm.hear(round(arrival_ms * NS_PER_MS))
    return rhythm.limit_ns / NS_PER_MS


def test_until_a_rhythm_is_known_the_longest_counts():
    assert limit_ms([]) == 2500.0
    assert limit_ms([7.0]) == 2500.0


@pytest.mark.parametrize("apart_ms", [20.0, 69.0, 180.0, 690.0, 1440.0, 2000.0])
def test_the_limit_is_half_a_second_and_the_time_between_packets(apart_ms):
    assert limit_ms(n * apart_ms for n in range(40)) == pytest.approx(500.0 + apart_ms, abs=1.0)


def test_packets_that_come_at_once_count_as_one():
    bursts = [n * 1800.0 + k for n in range(20) for k in (0.0, 4.0, 9.0)]
    assert limit_ms(bursts) == pytest.approx(2300.0, abs=20.0)


def test_a_loss_teaches_nothing():
    even = [n * 180.0 for n in range(40)]
    assert limit_ms([*even, even[-1] + 5000.0]) == limit_ms(even)
