"""What holds for every input of the signals stage."""

from __future__ import annotations

import itertools
import math

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from biofeedback.messages import (
    NS_PER_S,
    EventDetected,
    MeasureTaken,
    NoticeGiven,
)
from biofeedback.samples import (
    AccelerationBlock,
    HeartReading,
)
from biofeedback.signals.body import Body
from biofeedback.signals.resample import Resampler


def recording(seed: int, rate_hz: float, duration_s: float):
    """A rest, a walk and hand movements, with jitter, doubled stamps, gaps and broken numbers."""
    rng = np.random.default_rng(seed)
    n = int(rate_hz * duration_s)
    t = np.arange(n) / rate_hz + rng.uniform(0, 0.3 / rate_hz, n)
    t[rng.random(n) < 0.01] += 0.4 / rate_hz
    t = np.maximum.accumulate(t)
    if seed % 2:
        t[n // 2 :] += rng.choice([0.15, 0.4, 3.0])
    spm = rng.uniform(70, 140)
    phase = 2 * np.pi * spm / 60 * t
    walks = (t > 2) & (t < 0.7 * duration_s)
    a = rng.normal(0, 0.2, (n, 3))
    a[:, 0] += np.where(walks, 0.8 * np.sin(phase / 2), 5 * np.sin(9 * t))
    a[:, 2] += 9.81 + walks * 3 * np.cos(phase)
    a[rng.random(n) < 0.003, 1] = np.nan
    return np.round(t * 1e9).astype(np.int64), a


def run(times, values, cuts, *, origin_ns=0, site="wrist", range_mps2=20.0) -> list:
    """Feed in the blocks that ``cuts`` make; each block becomes known with its last sample."""
    body = Body("w")
    body.attach("s", site, declared_hz=60.0)
    found = []
    edges = sorted({0, *(c % (times.size + 1) for c in cuts), times.size})
    for start, end in itertools.pairwise(edges):
        block = AccelerationBlock(
            times_ns=times[start:end] + origin_ns,
            acceleration_mps2=values[start:end],
            gap_before=False,
            range_mps2=range_mps2,
        )
        at_ns = int(times[end - 1]) + origin_ns
        found += body.update("s", block, at_ns)
    found.append(body.state(int(times[-1]) + origin_ns))
    return found


def streams(found) -> dict[str, list]:
    """Everything but the arrival, one list for each measure, event and notice."""
    lists: dict[str, list] = {}
    for f in found:
        if isinstance(f, MeasureTaken):
            lists.setdefault(f.measure, []).append((f.value, f.quality))
        elif isinstance(f, EventDetected):
            lists.setdefault(f.event, []).append((f.event_ns, f.strength, f.quality))
        elif isinstance(f, NoticeGiven):
            lists.setdefault("notices", []).append(f.code)
        else:
            # How long a silence is usual is a matter of the arrival.
            lists["state"] = [
                msgspec.structs.astuple(msgspec.structs.replace(f, motion_limit_ms=0))
            ]
    return lists


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 1000),
    rate_hz=st.sampled_from([10, 25, 52, 100, 200]),
    site=st.sampled_from(["wrist", "waist", "ankle", "pocket", "unknown"]),
    range_mps2=st.sampled_from([None, 20.0, 12.0]),
    cuts=st.lists(st.integers(0, 10_000), max_size=60),
)
def test_results_do_not_depend_on_how_samples_are_cut_into_blocks(
    seed, rate_hz, site, range_mps2, cuts
):
    times, values = recording(seed, rate_hz, 16)
    whole = streams(run(times, values, [], site=site, range_mps2=range_mps2))
    pieces = streams(run(times, values, cuts, site=site, range_mps2=range_mps2))
    assert pieces == whole
    assert "signal_quality" in whole


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 1000))
def test_sample_by_sample_gives_the_same_as_all_at_once(seed):
    times, values = recording(seed, 52, 14)
    assert streams(run(times, values, range(times.size))) == streams(run(times, values, []))


def thigh(seed: int, duration_s: float):
    """Walk with a sensor that turns and is shaken as in a trouser pocket."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(60 * duration_s)) / 60
    stride = 2 * np.pi * t / 1.1
    turn = 0.24 * np.sin(stride)
    shock = 14 * np.maximum(0, np.cos(2 * stride)) ** 24 * (1 + 0.35 * np.cos(stride))
    along = 9.81 + 1.2 * np.cos(2 * stride) + shock
    across = along * np.sin(turn) + 1.2 * np.sin(2 * stride)
    a = np.column_stack([along * np.cos(turn), across, 0 * t]) + rng.normal(0, 0.05, (t.size, 3))
    return np.round(t * 1e9).astype(np.int64), a


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 1000), cuts=st.lists(st.integers(0, 1800), max_size=60))
def test_when_a_site_is_found_does_not_depend_on_how_samples_are_cut(seed, cuts):
    times, values = thigh(seed, 26)
    whole = streams(run(times, values, [], site="unknown", range_mps2=None))
    assert streams(run(times, values, cuts, site="unknown", range_mps2=None)) == whole
    assert "site_found" in whole["notices"]
    assert whole["site_confidence"][0][0] > 0.95
    assert len(whole["step"]) > 30


def test_the_recordings_above_hold_steps_gestures_and_notices():
    kinds: set[str] = set()
    for seed in range(6):
        kinds |= set(streams(run(*recording(seed, 52, 16), [100, 300], site="waist")))
    assert {
        "step",
        "cadence_spm",
        "step_time_cv",
        "freeze_index",
        "gesture",
        "activity_mps2",
        "notices",
    } <= kinds


def shifted(f, by_ns: int):
    changes = {}
    for name in ("at_ns", "event_ns", "last_step_ns", "next_step_ns", "swing_ns"):
        before = getattr(f, name, None)
        if before is not None:
            changes[name] = before + by_ns
    return msgspec.structs.replace(f, **changes)


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 1000),
    by_ns=st.integers(1, 10**17),
    cuts=st.lists(st.integers(0, 10_000), min_size=5, max_size=40),
)
def test_a_shift_in_time_shifts_the_outputs_bit_for_bit(seed, by_ns, cuts):
    times, values = recording(seed, 52, 14)
    here = run(times, values, cuts)
    there = run(times, values, cuts, origin_ns=by_ns)
    assert [shifted(f, by_ns) for f in here] == there


@settings(max_examples=25, deadline=None)
@given(
    values=arrays(
        np.float64,
        st.tuples(st.integers(1, 120), st.just(3)),
        elements=st.floats(allow_nan=True, allow_infinity=True, width=64),
    ),
    steps_ns=st.lists(st.integers(-(10**8), 10**9), min_size=120, max_size=120),
)
def test_no_input_whatsoever_makes_an_output_that_is_no_number(values, steps_ns):
    times = np.cumsum(np.array(steps_ns[: len(values)], dtype=np.int64))
    body = Body("w")
    block = AccelerationBlock(
        times_ns=times, acceleration_mps2=values, gap_before=True, range_mps2=None
    )
    found = body.update("s", block, int(times.max()))
    state = body.state(int(times.max()))
    numbers = [f.value for f in found if isinstance(f, MeasureTaken)]
    numbers += [f.strength for f in found if isinstance(f, EventDetected)]
    numbers += [v for v in msgspec.structs.astuple(state) if isinstance(v, float)]
    assert all(math.isfinite(v) for v in numbers)


readings = st.builds(
    HeartReading,
    heart_rate_bpm=st.one_of(st.none(), st.integers(0, 65535), st.integers(40, 180)),
    rr_ms=st.lists(st.one_of(st.floats(), st.floats(300, 2000)), max_size=4).map(tuple),
    rr_suspect=st.lists(st.booleans(), max_size=4).map(tuple),
    contact=st.sampled_from([None, True, False]),
    energy_kj=st.none(),
    source=st.sampled_from(["electrical", "optical", "unknown"]),
)
told = st.lists(st.tuples(readings, st.integers(0, 20 * NS_PER_S)), max_size=60)


def hear(packets, origin_ns: int) -> list:
    body = Body("w")
    found = []
    at_ns = origin_ns
    for reading, later_ns in packets:
        at_ns += later_ns
        found += body.update("s", reading, at_ns)
        found.append(body.state(at_ns))
    return found


@settings(max_examples=60, deadline=None)
@given(packets=told)
def test_whatever_a_heart_sensor_says_what_leaves_is_plausible_and_ordered(packets):
    found = hear(packets, 0)
    beats = [f.event_ns for f in found if isinstance(f, EventDetected)]
    assert beats == sorted(set(beats))
    for f in found:
        if isinstance(f, MeasureTaken):
            assert math.isfinite(f.value)
            assert 0.0 <= f.quality <= 1.0
            assert f.measure != "heart_rate_bpm" or 30 <= f.value <= 220
        elif isinstance(f, EventDetected):
            assert f.event_ns <= f.at_ns


@settings(max_examples=30, deadline=None)
@given(packets=told, by_ns=st.integers(1, 10**17))
def test_a_shift_in_time_shifts_beats_and_rates_bit_for_bit(packets, by_ns):
    assert [shifted(f, by_ns) for f in hear(packets, 0)] == hear(packets, by_ns)


@settings(max_examples=60, deadline=None)
@given(
    steps_ns=st.lists(st.integers(1, 250_000_000), min_size=2, max_size=80),
    cuts=st.lists(st.integers(0, 80), max_size=10),
)
def test_every_tick_comes_once_and_in_order(steps_ns, cuts):
    times = np.cumsum([0, *steps_ns])
    values = np.array([(float(i % 7), 1.0, -float(i % 3)) for i in range(len(times))])
    resampler = Resampler()
    edges = sorted({0, *(min(c, len(times)) for c in cuts), len(times)})
    ticks = []
    for start, end in itertools.pairwise(edges):
        for stretch in resampler.update(times[start:end], values[start:end]):
            ticks += range(stretch.first, stretch.first + len(stretch.vectors))
            assert all(0.0 <= v[0] <= 6.0 + 1e-9 for v in stretch.vectors)
    assert ticks == sorted(set(ticks))
    assert all(0 <= tick * 20_000_000 <= times[-1] for tick in ticks)
