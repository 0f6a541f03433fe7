"""What every source promises: time order, the same bytes for the same seed, no fault too many."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from biofeedback.messages import Input, PacketReceived
from biofeedback.simulate.faults import (
    ClockJump,
    ClockReset,
    ContactLost,
    Corrupt,
    Duplicate,
    Fault,
    FaultySource,
    OutOfOrder,
    Silence,
    Stall,
)
from biofeedback.simulate.merge import MergedSource
from biofeedback.simulate.scenarios import SCENARIOS, make_scenario
from biofeedback.simulate.source import Source
from biofeedback.simulate.stamps import find_stretches

DURATION_S = 4.0


def drain(source: Source, asks: int = 1) -> list[Input]:
    taken: list[Input] = []
    while (due_ns := source.next_at_ns()) is not None:
        for _ in range(asks):
            assert source.next_at_ns() == due_ns
        message = source.take()
        assert message.at_ns == due_ns
        assert not taken or message.at_ns >= taken[-1].at_ns
        taken.append(message)
    return taken


def faults() -> st.SearchStrategy[list[Fault]]:
    span = st.tuples(st.floats(0.0, 3.0), st.floats(0.05, 3.0)).map(
        lambda drawn: {"from_s": drawn[0], "to_s": drawn[0] + drawn[1]}
    )
    one = st.one_of(
        span.map(lambda s: Silence(**s)),
        span.map(lambda s: Stall(**s)),
        st.floats(0.0, 4.0).map(lambda at_s: ClockReset(at_s=at_s)),
        st.tuples(st.floats(0.0, 4.0), st.floats(-1e6, 1e6)).map(
            lambda drawn: ClockJump(at_s=drawn[0], by_s=drawn[1])
        ),
        st.tuples(span, st.integers(1, 4)).map(lambda d: Duplicate(**d[0], every=d[1])),
        st.tuples(span, st.floats(0.0, 900.0)).map(lambda d: OutOfOrder(**d[0], late_ms=d[1])),
        span.map(lambda s: ContactLost(**s)),
        st.tuples(span, st.floats(0.0, 1.0), st.integers(0, 99)).map(
            lambda d: Corrupt(**d[0], share=d[1], seed=d[2])
        ),
    )
    return st.lists(one, max_size=4)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(SCENARIOS)), st.integers(0, 2**32), st.integers(1, 3))
def test_a_seed_decides_every_byte_however_often_one_asks(name: str, seed: int, asks: int) -> None:
    one = drain(make_scenario(name, seed=seed, duration_s=DURATION_S))
    again = drain(make_scenario(name, seed=seed, duration_s=DURATION_S), asks)
    assert one == again


@settings(max_examples=30, deadline=None)
@given(faults(), st.integers(0, 1000))
def test_no_fault_breaks_the_time_order(struck: list[Fault], seed: int) -> None:
    source = make_scenario("walk", seed=seed, duration_s=DURATION_S)
    messages = drain(FaultySource(source, struck))
    clean = drain(make_scenario("walk", seed=seed, duration_s=DURATION_S))
    joined = [m for m in clean if not isinstance(m, PacketReceived)]
    assert [m for m in messages if not isinstance(m, PacketReceived)] == joined


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=5))
def test_merging_loses_and_invents_nothing(seeds: list[int]) -> None:
    def wearers() -> list[Source]:
        return [
            make_scenario("walk", seed=seed, duration_s=2.0, wearer=f"p{index}")
            for index, seed in enumerate(seeds)
        ]

    merged = drain(MergedSource(wearers()))
    for index, alone in enumerate(wearers()):
        own = [m for m in merged if getattr(m, "wearer", "") == f"p{index}"]
        assert own == drain(alone)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.integers(2, 35)), max_size=4, unique_by=lambda s: s[0]
    ),
    st.sampled_from([25.0, 60.0, 100.0]),
)
def test_stalls_up_to_a_second_never_move_a_sample_by_more_than_a_period(
    stalls: list[tuple[int, int]], rate_hz: float
) -> None:
    true_s = np.arange(1000) / rate_hz
    seen_s = true_s.copy()
    for first, length in stalls:
        last = min(first + min(length, int(rate_hz)), 998)
        seen_s[first:last] = np.maximum(seen_s[first:last], true_s[last])
    stretches = find_stretches(seen_s)
    found_s = np.concatenate([stretch.times_s for stretch in stretches])
    assert len(found_s) == 1000
    assert np.abs(found_s - true_s).max() <= 1.0 / rate_hz
    assert (np.diff(found_s) >= 0.0).all()
