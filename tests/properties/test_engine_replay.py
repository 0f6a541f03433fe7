"""The same inputs give the same outputs: replayed, shifted in time, with extra wake-ups, cut."""

from __future__ import annotations

import builtins
import math

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from biofeedback.app import make_engine
from biofeedback.engine import STEP_NS
from biofeedback.errors import TraceCorrupt
from biofeedback.messages import (
    NS_PER_S,
    CommandGiven,
    DecisionMade,
    EventDetected,
    PacketReceived,
    PacketRejected,
    PlayNote,
    SteerSound,
    TimePassed,
)
from biofeedback.profiles import list_profiles
from biofeedback.settings import Settings
from biofeedback.simulate.scenarios import make_scenario
from biofeedback.trace.header import make_header
from biofeedback.trace.journal import Journal
from biofeedback.trace.reader import read_trace
from biofeedback.trace.replay import replay_trace

SECONDS = 25
TIME_FIELDS = ("at_ns", "event_ns", "start_ns", "expires_ns", "tempo_from_ns")
few = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def record(name="walk", *, seed=3, seconds=SECONDS):
    source = make_scenario(name, seed=seed, duration_s=seconds)
    inputs = [CommandGiven(at_ns=0, command="start")]
    while source.next_at_ns() is not None:
        inputs.append(source.take())
    inputs.append(CommandGiven(at_ns=seconds * NS_PER_S, command="stop"))
    return inputs


def answer(inputs, *, seed=5):
    engine = make_engine(Settings(seed=seed, calibrate_s=1.0))
    return [output for message in inputs for output in engine.handle(message)]


def shift(message, by_ns):
    fields = {n: getattr(message, n) + by_ns for n in TIME_FIELDS if hasattr(message, n)}
    return msgspec.structs.replace(message, **fields)


@pytest.fixture(scope="module")
def inputs():
    return record()


@pytest.fixture(scope="module")
def outputs(inputs):
    return answer(inputs)


def test_a_walk_gives_steps_decisions_and_notes(outputs):
    kinds = [type(output) for output in outputs]
    assert kinds.count(DecisionMade) == pytest.approx(SECONDS * NS_PER_S / STEP_NS, abs=1)
    steps = [o for o in outputs if isinstance(o, EventDetected) and o.event == "step"]
    assert len(steps) > SECONDS
    assert kinds.count(PlayNote) > SECONDS
    assert PacketRejected not in kinds


def test_other_seeds_play_other_notes_but_decide_alike(inputs, outputs):
    def kept(found, kind):
        return [o for o in found if isinstance(o, kind)]

    other = answer(inputs, seed=6)
    assert kept(other, DecisionMade) == kept(outputs, DecisionMade)
    assert kept(other, PlayNote) != kept(outputs, PlayNote)


def plain_sum(values, start=0):
    for value in values:
        start += value
    return start


def exact_sum(values, start=0):
    values = [*values]
    plain = plain_sum(values, start)
    return math.fsum([start, *values]) if isinstance(plain, float) else plain


@pytest.mark.parametrize("name", ["walk", "run", "rest", "dance"])
def test_how_a_python_sums_floats_changes_nothing(name, monkeypatch):
    """Since 3.12 ``sum`` is nearly exact; a trace of an older Python must replay."""
    inputs = record(name)
    monkeypatch.setattr(builtins, "sum", plain_sum)
    plain = answer(inputs)
    monkeypatch.setattr(builtins, "sum", exact_sum)
    assert answer(inputs) == plain


@few
@given(extra_ns=st.lists(st.integers(0, SECONDS * NS_PER_S), max_size=300))
def test_extra_wake_ups_change_nothing(inputs, outputs, extra_ns):
    ticks = [TimePassed(at_ns=at_ns) for at_ns in extra_ns]
    mixed = sorted([*inputs, *ticks], key=lambda m: (m.at_ns, isinstance(m, TimePassed)))
    last = mixed.index(inputs[-1])
    assert answer(mixed[: last + 1]) == outputs


@few
@given(by_ns=st.integers(0, 2**60))
def test_a_shift_in_time_shifts_the_outputs_and_nothing_else(inputs, outputs, by_ns):
    shifted = answer([shift(message, by_ns) for message in inputs])
    assert [shift(output, -by_ns) for output in shifted] == outputs


@few
@given(data=st.data())
def test_packets_of_random_bytes_change_time_but_break_nothing(inputs, data):
    """Whatever comes from the air, no exception escapes and limits hold."""
    packets = [i for i, m in enumerate(inputs) if isinstance(m, PacketReceived)]
    broken = list(inputs)
    for index in data.draw(st.lists(st.sampled_from(packets), max_size=60)):
        broken[index] = msgspec.structs.replace(inputs[index], payload=data.draw(st.binary()))
    tempo_bpm = None
    for output in answer(broken):
        if isinstance(output, DecisionMade):
            now_bpm = output.allowed.tempo_bpm
            assert 60.0 <= now_bpm <= 140.0
            assert tempo_bpm is None or abs(now_bpm / tempo_bpm - 1) <= 0.0021
            tempo_bpm = now_bpm


@pytest.fixture(scope="module")
def trace_bytes(inputs, tmp_path_factory):
    path = tmp_path_factory.mktemp("trace") / "walk.trace.jsonl"
    profiles = list_profiles()
    header = make_header(
        session_id="test",
        settings=Settings(seed=5, calibrate_s=1.0),
        profiles={profile.name: profile for profile in profiles},
        source="sim:walk",
        start_monotonic_ns=0,
    )
    engine = make_engine(Settings(seed=5, calibrate_s=1.0))
    with Journal(path, header) as journal:
        for message in inputs:
            journal.record(message)
            for output in engine.handle(message):
                journal.record(output)
    return path.read_bytes()


def test_a_recorded_session_replays_identically(trace_bytes, tmp_path, outputs):
    path = tmp_path / "walk.trace.jsonl"
    path.write_bytes(trace_bytes)
    engine = make_engine(Settings(seed=5, calibrate_s=1.0))
    result = replay_trace(read_trace(path), engine.handle)
    assert result.identical
    assert result.outputs == len(outputs)


@few
@given(share=st.floats(0.0, 1.0))
def test_a_trace_cut_at_any_byte_replays_identically_as_far_as_it_goes(
    trace_bytes, tmp_path_factory, share
):
    path = tmp_path_factory.mktemp("cut") / "walk.trace.jsonl"
    path.write_bytes(trace_bytes[: round(len(trace_bytes) * share)])
    header_bytes = trace_bytes.index(b"\n") + 1
    if round(len(trace_bytes) * share) < header_bytes:
        with pytest.raises(TraceCorrupt):
            read_trace(path, strict=False)
        return
    trace = read_trace(path, strict=False)
    engine = make_engine(Settings(seed=5, calibrate_s=1.0))
    assert replay_trace(trace, engine.handle).identical


def test_steering_orders_are_numbered_and_expire_within_two_seconds(outputs):
    orders = [o for o in outputs if isinstance(o, SteerSound)]
    assert [o.sequence for o in orders] == list(range(1, len(orders) + 1))
    assert all(0 < o.expires_ns - o.at_ns <= 2 * NS_PER_S for o in orders)
