"""What holds for every ECG and optical signal, whatever comes in."""

from __future__ import annotations

import itertools
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from biofeedback.messages import NS_PER_S, EventDetected, MeasureTaken, NoticeGiven
from biofeedback.samples import EcgBlock, OpticalBlock
from biofeedback.signals.beats.moving_sum import MovingSum
from biofeedback.signals.body import Body


def hearts(seed: int, rate_hz: float, duration_s: float):
    """Beats, noise, a gap, a rail, doubled stamps and broken numbers."""
    rng = np.random.default_rng(seed)
    n = int(rate_hz * duration_s)
    t = np.arange(n) / rate_hz + rng.uniform(0, 0.2 / rate_hz, n)
    t[rng.random(n) < 0.005] -= 1.5 / rate_hz
    beats = np.cumsum(rng.uniform(0.45, 1.1, int(duration_s * 2)))
    signal = 900.0 * np.exp(-0.5 * ((t[:, None] - beats) / 0.012) ** 2).sum(axis=1)
    signal += 200.0 * np.exp(-0.5 * ((t[:, None] - beats - 0.25) / 0.04) ** 2).sum(axis=1)
    signal += rng.normal(0, rng.choice([5.0, 60.0, 300.0]), n)
    signal[rng.random(n) < 0.002] = rng.choice([np.nan, np.inf, 1e300])
    if seed % 3 == 0:
        signal[n // 3 : n // 3 + int(0.4 * rate_hz)] = 30_000.0
    if seed % 2:
        t[n // 2 :] += rng.choice([0.03, 0.3, 4.0])
    return np.round(t * 1e9).astype(np.int64), signal


def ectopics(seed: int, rate_hz: float, beats: int):
    """Every third to ninth beat is wide and upside down; some are early, some lie in noise."""
    rng = np.random.default_rng(seed)
    at_s = np.cumsum(rng.normal(0.7, 0.02, beats))
    t = np.arange(int(rate_hz * (at_s[-1] + 1.0))) / rate_hz
    signal = rng.normal(0, 10.0, t.size)
    odd = np.cumsum(rng.integers(3, 10, beats // 5))
    for i, beat_s in enumerate(at_s):
        width_s, height = (0.035, -1100.0) if i in odd else (0.012, 900.0)
        early_s = rng.choice([0.0, 0.15]) if i in odd else 0.0
        signal += height * np.exp(-0.5 * ((t - beat_s + early_s) / width_s) ** 2)
    near = np.abs(t - at_s[beats // 2]) < 0.2
    signal[near] += rng.normal(0, 400.0, near.sum())
    return np.round(t * 1e9).astype(np.int64), signal


def run(times, values, cuts, kind: str, *, origin_ns=0) -> list:
    """Feed in the blocks that ``cuts`` make; each block becomes known with its last sample."""
    body = Body("w")
    found = []
    edges = sorted({0, *(c % (times.size + 1) for c in cuts), times.size})
    for start, end in itertools.pairwise(edges):
        at_ns = origin_ns + int(times[start:end].max(initial=0))
        stamps = times[start:end] + origin_ns
        if kind == "ecg":
            block = EcgBlock(times_ns=stamps, ecg_uv=values[start:end], gap_before=False)
        else:
            light = np.column_stack([k * values[start:end] for k in (-1.0, 0.5, 0.25, 0.1)])
            block = OpticalBlock(times_ns=stamps, ppg=light, gap_before=False)
        found += body.update("s", block, at_ns)
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
    return lists


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    rate_hz=st.sampled_from([128, 130.16, 250, 360]),
    kind=st.sampled_from(["ecg", "ppg"]),
    cuts=st.lists(st.integers(0, 10_000), max_size=60),
)
def test_beats_do_not_depend_on_how_a_signal_is_cut_into_packets(seed, rate_hz, kind, cuts):
    times, values = hearts(seed, rate_hz, 14)
    whole = streams(run(times, values, [], kind))
    assert streams(run(times, values, cuts, kind)) == whole
    assert "signal_quality" in whole


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 1000),
    rate_hz=st.sampled_from([130.16, 250, 512]),
    cuts=st.lists(st.integers(0, 40_000), max_size=80),
)
def test_ectopic_beats_do_not_depend_on_how_a_signal_is_cut_into_packets(seed, rate_hz, cuts):
    times, values = ectopics(seed, rate_hz, 60)
    whole = streams(run(times, values, [], "ecg"))
    assert streams(run(times, values, cuts, "ecg")) == whole
    verdicts = [quality < 0.5 for _, quality in whole["rr_ms"]]
    assert any(verdicts)
    assert not all(verdicts)


def test_sample_by_sample_gives_the_same_as_all_at_once():
    for kind in ("ecg", "ppg"):
        times, values = hearts(3, 128, 12)
        one_by_one = streams(run(times, values, range(times.size), kind))
        assert one_by_one == streams(run(times, values, [], kind))
        assert len(one_by_one["beat"]) > 3


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), by_ns=st.integers(-(2**60), 2**60))
def test_a_shift_of_all_times_shifts_all_beats_and_changes_no_value(seed, by_ns):
    times, values = hearts(seed, 130, 10)
    here = run(times, values, [400, 900], "ecg")
    there = run(times, values, [400, 900], "ecg", origin_ns=by_ns)
    assert [type(f) for f in here] == [type(f) for f in there]
    for a, b in zip(here, there, strict=True):
        assert b.at_ns - a.at_ns == by_ns
        if isinstance(a, EventDetected):
            assert b.event_ns - a.event_ns == by_ns
        if isinstance(a, MeasureTaken):
            assert (a.value, a.quality) == (b.value, b.quality)


@settings(max_examples=40, deadline=None)
@given(
    values=arrays(
        np.float64,
        st.integers(1, 700),
        elements=st.floats(allow_nan=True, allow_infinity=True, width=64),
    ),
    steps=st.lists(st.sampled_from([0, 1, 2_000_000, 7_700_000, 500_000_000]), min_size=1),
    kind=st.sampled_from(["ecg", "ppg"]),
    cuts=st.lists(st.integers(0, 700), max_size=8),
)
def test_no_input_whatsoever_gets_a_broken_number_out(values, steps, kind, cuts):
    times = np.cumsum(np.resize(np.array(steps, np.int64), values.size))
    for f in run(times, values, cuts, kind):
        if isinstance(f, MeasureTaken):
            assert math.isfinite(f.value)
            assert 0.0 <= f.quality <= 1.0
        elif isinstance(f, EventDetected):
            assert 0.0 <= f.quality <= 1.0
            assert f.strength is None or math.isfinite(f.strength)
            assert f.event_ns <= int(times[-1]) + NS_PER_S // 10


@given(
    values=st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=60),
    width=st.integers(1, 20),
    cut=st.integers(0, 60),
)
def test_a_moving_sum_is_the_sum_of_the_newest(values, width, cut):
    past = [values[0]] * width + values
    expected = [sum(past[i + 1 : i + 1 + width]) for i in range(len(values))]
    moving = MovingSum(width)
    got = []
    for piece in (values[:cut], values[cut:]):
        if piece:
            got += moving.update(np.array(piece, np.int64)).tolist()
    assert got == expected
