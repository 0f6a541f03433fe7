"""The beat clock on invented times."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from biofeedback.messages import NS_PER_S, TICKS_PER_BEAT
from biofeedback.music.beats import BeatClock

START_NS = 123_456_789_012_345


def ramped() -> BeatClock:
    clock = BeatClock(START_NS, 90.0)
    clock.extend(START_NS + 5 * NS_PER_S, 90.0)
    clock.extend(START_NS + 15 * NS_PER_S, 130.0)
    clock.extend(START_NS + 40 * NS_PER_S, 61.7)
    return clock


def test_tick_zero_lies_at_the_start() -> None:
    clock = BeatClock(START_NS, 100.0)
    assert clock.end_ns == START_NS
    assert clock.first_tick_at(START_NS) == 0
    assert clock.time_ns(0) == START_NS
    assert clock.beats_at(START_NS) == 0.0
    assert clock.tempo_bpm(START_NS) == 100.0


def test_at_a_steady_tempo_each_beat_takes_its_time() -> None:
    clock = BeatClock(START_NS, 120.0)
    clock.extend(START_NS + 10 * NS_PER_S, 120.0)
    assert [clock.time_ns(n * TICKS_PER_BEAT) - START_NS for n in range(4)] == [
        0,
        500_000_000,
        1_000_000_000,
        1_500_000_000,
    ]
    assert clock.beats_at(START_NS + 250_000_000) == 0.5


def test_beats_are_the_integral_of_the_tempo() -> None:
    clock = ramped()
    span_s = np.linspace(0.0, 40.0, 400_001)
    tempo = np.interp(span_s, [0, 5, 15, 40], [90.0, 90.0, 130.0, 61.7])
    beats = np.concatenate([[0.0], np.cumsum((tempo[1:] + tempo[:-1]) / 2) * 1e-4 / 60.0])
    for index in range(0, len(span_s), 7_919):
        at_ns = START_NS + round(span_s[index] * NS_PER_S)
        assert clock.beats_at(at_ns) == pytest.approx(beats[index], abs=1e-6)
        assert clock.tempo_bpm(at_ns) == pytest.approx(tempo[index], abs=1e-9)


def test_time_of_a_tick_is_the_first_nanosecond_at_which_it_is_reached() -> None:
    clock = ramped()
    last = clock.first_tick_at(clock.end_ns)
    for tick in range(1, last):
        at_ns = clock.time_ns(tick)
        assert clock.first_tick_at(at_ns) == tick
        assert clock.first_tick_at(at_ns + 1) == tick + 1


def test_four_hours_in_pieces_neither_drift_nor_fill_memory() -> None:
    tempo_bpm = 103.7
    clock = BeatClock(START_NS, tempo_bpm)
    step_ns = NS_PER_S // 10
    for piece in range(1, 4 * 3600 * 10 + 1):
        at_ns = START_NS + piece * step_ns
        clock.extend(at_ns, tempo_bpm)
        clock.forget_before(at_ns - NS_PER_S)
    assert len(clock._times_ns) <= 13
    tick = clock.first_tick_at(clock.end_ns - NS_PER_S // 2)
    exact_ns = Fraction(tick * 60 * NS_PER_S, TICKS_PER_BEAT) / Fraction(tempo_bpm)
    assert abs(clock.time_ns(tick) - START_NS - exact_ns) <= 1


def test_forgetting_keeps_every_answer_about_what_is_left() -> None:
    full, lean = ramped(), ramped()
    at_ns = START_NS + 15 * NS_PER_S
    lean.forget_before(at_ns)
    first = full.first_tick_at(at_ns)
    assert lean.first_tick_at(at_ns) == first
    assert lean.time_ns(first) == full.time_ns(first)
    assert lean.beats_at(at_ns) == full.beats_at(at_ns)
    with pytest.raises(ValueError, match="before the remembered past"):
        lean.time_ns(3)
    with pytest.raises(ValueError, match="before the remembered past"):
        lean.beats_at(START_NS + 1)


def test_the_unknown_future_is_refused() -> None:
    clock = ramped()
    with pytest.raises(ValueError, match="beyond the known future"):
        clock.time_ns(clock.first_tick_at(clock.end_ns) + 1)
    with pytest.raises(ValueError, match="beyond the known future"):
        clock.tempo_bpm(clock.end_ns + 1)
    with pytest.raises(ValueError, match="beyond the known future"):
        clock.first_tick_at(clock.end_ns + 1)


@pytest.mark.parametrize("tempo_bpm", [float("nan"), float("inf"), 0.0, -60.0, 1001.0])
def test_what_is_no_tempo_is_refused(tempo_bpm: float) -> None:
    with pytest.raises(ValueError, match="tempo"):
        BeatClock(START_NS, tempo_bpm)
    clock = BeatClock(START_NS, 60.0)
    with pytest.raises(ValueError, match="tempo"):
        clock.extend(START_NS + 1, tempo_bpm)
    assert clock.end_ns == START_NS


def test_time_does_not_run_backwards() -> None:
    clock = ramped()
    with pytest.raises(ValueError, match="already known"):
        clock.extend(clock.end_ns, 80.0)
