from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import NS_PER_MS, NS_PER_S
from biofeedback.signals.heart.intervals import Intervals


def feed(rr_ms, *, latency_ms=0.0):
    """One packet a second with the beats since the last one; returns what came out."""
    stream = Intervals()
    beats_ms = np.cumsum(rr_ms)
    found = []
    done = 0
    for second in range(1, int(beats_ms[-1] / 1000) + 2):
        n = int(np.searchsorted(beats_ms, 1000 * second - latency_ms, side="right"))
        found += stream.update(rr_ms[done:n], [False] * (n - done), second * NS_PER_S)
        done = n
    return found


def test_beats_follow_each_other_at_their_intervals() -> None:
    rr = [800.0 + 40 * np.sin(i / 3) for i in range(100)]
    found = feed(rr)
    beats = [i.beat_ns for i in found]
    assert None not in beats
    apart = np.diff(beats[20:]) / NS_PER_MS
    errors = np.abs(apart - rr[21 : len(beats)])
    # Now and then an arrival shows that the whole row lies too late.
    assert np.mean(errors < 1) > 0.9
    assert errors.max() < 60


def test_no_beat_lies_after_the_packet_that_tells_of_it() -> None:
    stream = Intervals()
    for second in range(1, 60):
        at_ns = second * NS_PER_S
        intervals = stream.update([500.0, 490.0 + second % 7], [False, False], at_ns)
        assert all(i.beat_ns is None or i.beat_ns <= at_ns for i in intervals)


def test_beats_are_placed_near_the_truth() -> None:
    rr = [857.0] * 100
    found = feed(rr)
    errors = np.array([i.beat_ns for i in found]) / NS_PER_MS - np.cumsum(rr)[: len(found)]
    assert np.abs(errors[30:]).max() < 60


def test_an_interval_far_from_the_others_is_an_artefact() -> None:
    stream = Intervals()
    at_ns = 0
    cleans = []
    for rr in [800.0] * 10 + [400.0, 1200.0] + [800.0] * 5:
        at_ns += round(rr * NS_PER_MS)
        (interval,) = stream.update([rr], [False], at_ns)
        cleans.append(interval.clean)
    assert cleans == [True] * 10 + [False, False] + [True] * 5


def test_what_the_device_doubts_is_an_artefact() -> None:
    (interval,) = Intervals().update([800.0], [True], NS_PER_S)
    assert not interval.clean
    assert interval.rr_ms == 800.0


def test_a_new_rate_is_accepted_after_five_agreeing_intervals() -> None:
    stream = Intervals()
    at_ns = 0
    cleans = []
    for rr in [900.0] * 10 + [600.0] * 8:
        at_ns += round(rr * NS_PER_MS)
        (interval,) = stream.update([rr], [False], at_ns)
        cleans.append(interval.clean)
    assert cleans[10:] == [False] * 4 + [True] * 4


def test_a_silence_of_ten_seconds_is_a_gap_of_that_length() -> None:
    stream = Intervals()
    at_ns = 0
    for _ in range(10):
        at_ns += NS_PER_S
        (interval,) = stream.update([1000.0], [False], at_ns)
        assert interval.gap_ms == 0.0
    at_ns += 31 * NS_PER_S
    (interval,) = stream.update([1000.0], [False], at_ns)
    assert interval.gap_ms == 30_000.0


def test_intervals_that_a_lost_packet_took_along_are_a_gap() -> None:
    stream = Intervals()
    gaps = []
    for second in range(1, 40):
        if not 20 <= second < 24:
            gaps += [i.gap_ms for i in stream.update([1000.0], [False], second * NS_PER_S)]
    (gap_ms,) = [gap_ms for gap_ms in gaps if gap_ms]
    assert gap_ms == pytest.approx(4000.0, abs=10.0)


def test_a_burst_after_a_stalled_radio_is_no_gap() -> None:
    stream = Intervals()
    for second in range(1, 20):
        stream.update([1000.0], [False], second * NS_PER_S)
    found = stream.update([1000.0] * 14, [False] * 14, 33 * NS_PER_S)
    assert [i.gap_ms for i in found] == [0.0] * 14
