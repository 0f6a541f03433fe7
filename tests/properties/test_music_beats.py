"""The beat clock under any tempi and any pieces."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from biofeedback.messages import NS_PER_S, TICKS_PER_BEAT
from biofeedback.music.beats import BeatClock

tempi = st.floats(min_value=40.0, max_value=180.0)
spans = st.integers(min_value=1, max_value=20 * NS_PER_S)
knots = st.lists(st.tuples(spans, tempi), min_size=1, max_size=8)
starts = st.integers(min_value=-(2**62), max_value=2**62)


def build(start_ns: int, tempo_bpm: float, path: list[tuple[int, float]]) -> BeatClock:
    clock = BeatClock(start_ns, tempo_bpm)
    for span_ns, target_bpm in path:
        clock.extend(clock.end_ns + span_ns, target_bpm)
    return clock


@given(tempi, knots)
def test_ticks_go_forward_and_time_inverts_beats(
    tempo_bpm: float, path: list[tuple[int, float]]
) -> None:
    clock = build(0, tempo_bpm, path)
    end = clock.first_tick_at(clock.end_ns)
    before = -1
    for tick in range(0, end, max(1, end // 50)):
        at_ns = clock.time_ns(tick)
        assert at_ns > before
        before = at_ns
        distance_ns = (
            (clock.beats_at(at_ns) - tick / TICKS_PER_BEAT) * 60e9 / clock.tempo_bpm(at_ns)
        )
        assert -1.0 <= distance_ns <= 1e3


@given(tempi, knots, st.data())
def test_first_tick_is_the_smallest_that_is_not_before(
    tempo_bpm: float, path: list[tuple[int, float]], data: st.DataObject
) -> None:
    clock = build(0, tempo_bpm, path)
    at_ns = data.draw(st.integers(min_value=0, max_value=clock.end_ns))
    tick = clock.first_tick_at(at_ns)
    if tick * 1.0 <= clock.beats_at(clock.end_ns) * TICKS_PER_BEAT - 1:
        assert clock.time_ns(tick) >= at_ns
    if tick > 0:
        assert clock.time_ns(tick - 1) < at_ns


@given(starts, tempi, knots)
def test_extending_tells_the_first_tick_of_the_end(
    start_ns: int, tempo_bpm: float, path: list[tuple[int, float]]
) -> None:
    clock = BeatClock(start_ns, tempo_bpm)
    for span_ns, target_bpm in path:
        told = clock.extend(clock.end_ns + span_ns, target_bpm)
        assert told == clock.first_tick_at(clock.end_ns)


@given(starts, starts, tempi, knots, st.data())
def test_shifted_times_shift_the_answers_bit_for_bit(
    one_ns: int, other_ns: int, tempo_bpm: float, path: list[tuple[int, float]], data: st.DataObject
) -> None:
    here, there = build(one_ns, tempo_bpm, path), build(other_ns, tempo_bpm, path)
    elapsed_ns = data.draw(st.integers(min_value=0, max_value=here.end_ns - one_ns))
    assert here.beats_at(one_ns + elapsed_ns) == there.beats_at(other_ns + elapsed_ns)
    assert here.tempo_bpm(one_ns + elapsed_ns) == there.tempo_bpm(other_ns + elapsed_ns)
    tick = here.first_tick_at(one_ns + elapsed_ns)
    assert tick == there.first_tick_at(other_ns + elapsed_ns)
    if tick > 0:
        assert here.time_ns(tick - 1) - one_ns == there.time_ns(tick - 1) - other_ns


@given(tempi, tempi, st.integers(min_value=2, max_value=300))
@settings(deadline=None)
def test_a_ramp_in_small_pieces_is_the_same_ramp(
    from_bpm: float, to_bpm: float, pieces: int
) -> None:
    step_ns = NS_PER_S // 10
    whole = BeatClock(0, from_bpm)
    whole.extend(pieces * step_ns, to_bpm)
    split = BeatClock(0, from_bpm)
    for piece in range(1, pieces + 1):
        split.extend(piece * step_ns, from_bpm + (to_bpm - from_bpm) * piece / pieces)
    for tick in range(0, whole.first_tick_at(whole.end_ns - 1), 37):
        assert abs(whole.time_ns(tick) - split.time_ns(tick)) <= 1


@given(tempi, knots, st.data())
def test_forgetting_changes_no_later_answer(
    tempo_bpm: float, path: list[tuple[int, float]], data: st.DataObject
) -> None:
    full, lean = build(0, tempo_bpm, path), build(0, tempo_bpm, path)
    at_ns = data.draw(st.integers(min_value=0, max_value=full.end_ns))
    later_ns = data.draw(st.integers(min_value=at_ns, max_value=full.end_ns))
    lean.forget_before(at_ns)
    assert lean.first_tick_at(later_ns) == full.first_tick_at(later_ns)
    assert lean.beats_at(later_ns) == full.beats_at(later_ns)
    tick = full.first_tick_at(at_ns)
    if tick < full.first_tick_at(full.end_ns):
        assert lean.time_ns(tick) == full.time_ns(tick)
