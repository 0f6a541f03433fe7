"""What is told of a sensor that falls silent and comes back: seldom enough, and true in the end."""

from __future__ import annotations

import itertools

import pytest

from biofeedback.messages import NS_PER_S, NoticeGiven
from biofeedback.notices import Notices


def tell(packets_s: set[float], until_s: float) -> list[tuple[str, float]]:
    """Watch one sensor ten times a second; list the notices with their seconds."""
    notices, outputs = Notices(), []
    packets_ns = {round(at_s * NS_PER_S) for at_s in packets_s}
    for at_ns in range(0, round(until_s * NS_PER_S) + 1, NS_PER_S // 10):
        if at_ns in packets_ns:
            notices.hear("w", "s", at_ns)
        notices.watch(at_ns, outputs)
    assert all(isinstance(notice, NoticeGiven) for notice in outputs)
    return [(notice.code, notice.at_ns / NS_PER_S) for notice in outputs]


def test_silence_and_return_are_told_at_once():
    assert tell({0.0, 10.0, 12.0, 14.0}, 15.0) == [("sensor_stale", 3.1), ("sensor_back", 10.0)]


@pytest.mark.parametrize("period_s", [3.3, 4.7, 5.0, 7.0, 31.0])
def test_a_sensor_that_comes_and_goes_gets_one_notice_of_a_kind_in_half_a_minute(period_s):
    told = tell({round(i * period_s, 1) for i in range(round(600 / period_s))}, 600.0)
    assert len(told) >= 8
    for code in ("sensor_stale", "sensor_back"):
        times_s = [at_s for kind, at_s in told if kind == code]
        assert all(b - a >= 30.0 - 1e-9 for a, b in itertools.pairwise(times_s))
    kinds = [code for code, _ in told]
    assert kinds == (["sensor_stale", "sensor_back"] * len(kinds))[: len(kinds)]


def test_a_sensor_that_is_back_is_never_left_as_silent():
    silent_often = {0.0, 5.0, 34.0}
    steady = {35.0 + i for i in range(60)}
    for pauses in (0.0, 1.0, 4.0, 8.0):
        told = tell({at_s + pauses for at_s in silent_often | steady}, 90.0 + pauses)
        assert told[-1][0] == "sensor_back"


def test_silence_soon_after_a_return_is_told_once_half_a_minute_is_over_if_it_lasts():
    told = tell({0.0, 10.0}, 60.0)
    assert told == [("sensor_stale", 3.1), ("sensor_back", 10.0), ("sensor_stale", 40.0)]
