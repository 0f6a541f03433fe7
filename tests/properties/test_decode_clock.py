from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.decode.clock import ArrivalClock, DeviceClock, FrameTimes
from biofeedback.decode.malformed import Malformed

S = 1_000_000_000

steps = st.tuples(
    st.integers(-3 * S, 3 * S) | st.just(180_000_000) | st.integers(-(2**62), 2**62),
    st.integers(1, 80),
    st.integers(0, 3 * S) | st.integers(0, 1000),
)


def walk(
    moves: list[tuple[int, int, int]], shift_ns: int, device_shift_ns: int
) -> list[FrameTimes | str]:
    clock = DeviceClock(200.0)
    stamp_ns, arrival_ns = 2**62 + device_shift_ns, shift_ns
    answers: list[FrameTimes | str] = []
    for stamp_step, samples, arrival_step in moves:
        stamp_ns += stamp_step
        arrival_ns += arrival_step
        try:
            answers.append(
                clock.update(device_last_ns=stamp_ns, samples=samples, arrival_ns=arrival_ns)
            )
        except Malformed as malformed:
            answers.append(malformed.reason)
    return answers


@given(st.lists(steps, max_size=60))
def test_time_never_runs_backwards_whatever_the_device_says(
    moves: list[tuple[int, int, int]],
) -> None:
    newest_ns = -(2**63)
    for answer in walk(moves, 0, 0):
        if isinstance(answer, str):
            assert answer in {"out_of_order", "future_stamp"}
            continue
        assert answer.times_ns[0] > newest_ns
        assert (np.diff(answer.times_ns) > 0).all()
        newest_ns = int(answer.times_ns[-1])


@given(st.lists(steps.map(lambda s: (s[0], s[1], s[2] + 10_000)), max_size=60))
def test_no_sample_is_later_than_its_packet(moves: list[tuple[int, int, int]]) -> None:
    arrival_ns = 0
    for (_, _, arrival_step), answer in zip(moves, walk(moves, 0, 0), strict=True):
        arrival_ns += arrival_step
        if not isinstance(answer, str):
            assert answer.times_ns[-1] <= arrival_ns


@given(
    st.lists(steps, max_size=40),
    st.integers(-(2**55), 2**55),
    st.integers(-(2**60), 2**60),
)
def test_shifting_the_host_or_the_device_shifts_the_times_and_nothing_else(
    moves: list[tuple[int, int, int]], shift_ns: int, device_shift_ns: int
) -> None:
    plain = walk(moves, 0, 0)
    shifted = walk(moves, shift_ns, device_shift_ns)
    for before, after in zip(plain, shifted, strict=True):
        if isinstance(before, str) or isinstance(after, str):
            assert before == after
            continue
        assert (before.times_ns + shift_ns == after.times_ns).all()
        assert (before.gap_before, before.clock_reset) == (after.gap_before, after.clock_reset)


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(100, 5 * S)), max_size=60))
def test_arrivals_alone_ascend_and_are_never_late(moves: list[tuple[int, int]]) -> None:
    clock = ArrivalClock(50.0)
    arrival_ns, newest_ns = 0, -(2**63)
    for samples, step in moves:
        arrival_ns += step
        times_ns = clock.update(samples=samples, arrival_ns=arrival_ns).times_ns
        assert times_ns[0] > newest_ns
        assert (np.diff(times_ns) > 0).all()
        newest_ns = int(times_ns[-1])
        assert newest_ns <= arrival_ns + samples
