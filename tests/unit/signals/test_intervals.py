from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import NS_PER_MS, NS_PER_S
from biofeedback.signals.intervals import Intervals, measure_variability


def feed(rr_ms, *, latency_ms=0.0):
    """One packet a second with the beats since the last one; returns what came out."""
    stream = Intervals()
    beats_ms = np.cumsum(rr_ms)
    found, variability = [], []
    done = 0
    for second in range(1, int(beats_ms[-1] / 1000) + 2):
        n = int(np.searchsorted(beats_ms, 1000 * second - latency_ms, side="right"))
        intervals, v = stream.update(rr_ms[done:n], [False] * (n - done), second * NS_PER_S)
        found += intervals
        variability += [] if v is None else [v]
        done = n
    return found, variability


def test_beats_follow_each_other_at_their_intervals() -> None:
    rr = [800.0 + 40 * np.sin(i / 3) for i in range(100)]
    found, _ = feed(rr)
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
        intervals, _ = stream.update([500.0, 490.0 + second % 7], [False, False], at_ns)
        assert all(i.beat_ns is None or i.beat_ns <= at_ns for i in intervals)


def test_beats_are_placed_near_the_truth() -> None:
    rr = [857.0] * 100
    found, _ = feed(rr)
    errors = np.array([i.beat_ns for i in found]) / NS_PER_MS - np.cumsum(rr)[: len(found)]
    assert np.abs(errors[30:]).max() < 60


def test_an_interval_far_from_the_others_is_an_artefact() -> None:
    stream = Intervals()
    at_ns = 0
    cleans = []
    for rr in [800.0] * 10 + [400.0, 1200.0] + [800.0] * 5:
        at_ns += round(rr * NS_PER_MS)
        (interval,), _ = stream.update([rr], [False], at_ns)
        cleans.append(interval.clean)
    assert cleans == [True] * 10 + [False, False] + [True] * 5


def test_what_the_device_doubts_is_an_artefact() -> None:
    (interval,), _ = Intervals().update([800.0], [True], NS_PER_S)
    assert not interval.clean
    assert interval.rr_ms == 800.0


def test_a_new_rate_is_accepted_after_five_agreeing_intervals() -> None:
    stream = Intervals()
    at_ns = 0
    cleans = []
    for rr in [900.0] * 10 + [600.0] * 8:
        at_ns += round(rr * NS_PER_MS)
        (interval,), _ = stream.update([rr], [False], at_ns)
        cleans.append(interval.clean)
    assert cleans[10:] == [False] * 4 + [True] * 4


def test_variability_is_that_of_the_task_force() -> None:
    rr = [800.0 + (30 if i % 2 else -30) for i in range(80)]
    _, variability = feed(rr)
    assert variability[-1].rmssd_ms == pytest.approx(60.0)
    assert variability[-1].sdnn_ms == pytest.approx(30.2, abs=0.3)
    assert variability[-1].valid_ratio == 1.0


def test_differences_across_an_artefact_are_not_taken() -> None:
    intervals = [(1000.0, True)] * 30 + [(1500.0, False)] + [(1000.0, True)] * 30
    variability = measure_variability(intervals)
    assert variability is not None
    assert variability.rmssd_ms == 0.0


def test_less_than_a_minute_or_too_many_artefacts_give_no_variability() -> None:
    assert measure_variability([(1000.0, True)] * 30) is None
    assert measure_variability([(1000.0, i % 4 > 0) for i in range(60)]) is None


def test_a_silence_of_ten_seconds_breaks_the_row() -> None:
    stream = Intervals()
    at_ns = 0
    for _ in range(70):
        at_ns += NS_PER_S
        stream.update([1000.0], [False], at_ns)
    at_ns += 30 * NS_PER_S
    answers = []
    for _ in range(30):
        at_ns += NS_PER_S
        answers.append(stream.update([1000.0], [False], at_ns)[1])
    assert answers == [None] * 30
