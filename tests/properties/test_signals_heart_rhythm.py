"""What holds for every row of beats and intervals."""

from __future__ import annotations

import itertools
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from biofeedback.messages import NS_PER_MS, MeasureTaken
from biofeedback.samples import HeartReading
from biofeedback.signals.beats.beat import Beat
from biofeedback.signals.beats.usual_form import Unlikeness
from biofeedback.signals.body import Body
from biofeedback.signals.breath.breathing import Breathing
from biofeedback.signals.heart.rhythm import HeartRhythm


def rr_row(seed: int, n: int) -> list[float]:
    """A heart with breath, artefacts and leaps, in 1/1024 s as straps tell it."""
    rng = np.random.default_rng(seed)
    rr = 850 + 40 * np.sin(np.arange(n) / rng.uniform(0.6, 2.0)) + rng.normal(0, 12, n)
    odd = rng.random(n) < 0.04
    rr[odd] *= rng.uniform(0.3, 2.3, odd.sum())
    rr[n // 2 :] *= rng.uniform(0.7, 1.3)
    return [round(float(x) * 1.024) / 1.024 for x in rr]


def measures(rr_ms, cuts, *, origin_ns=0) -> list[tuple]:
    """Feed a body with packets cut at ``cuts``; each comes with the last of its beats."""
    body, found = Body("w"), []
    edges = sorted({0, *(c % (len(rr_ms) + 1) for c in cuts), len(rr_ms)})
    at_ns = origin_ns
    for start, end in itertools.pairwise(edges):
        rr = tuple(rr_ms[start:end])
        at_ns += round(sum(rr) * NS_PER_MS)
        reading = HeartReading(
            heart_rate_bpm=None,
            rr_ms=rr,
            rr_suspect=(),
            contact=None,
            energy_kj=None,
            source="electrical",
        )
        found += [f for f in body.update("s", reading, at_ns) if isinstance(f, MeasureTaken)]
    return [(f.measure, f.value, f.quality) for f in found]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), cuts=st.lists(st.integers(0, 10_000), max_size=80))
def test_what_is_measured_does_not_depend_on_the_packets(seed, cuts):
    rr = rr_row(seed, 120)
    assert measures(rr, cuts) == measures(rr, range(len(rr)))


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000), by_ns=st.integers(1, 10**18))
def test_a_shift_in_time_changes_no_value(seed, by_ns):
    rr = rr_row(seed, 110)
    assert measures(rr, range(0, 110, 2), origin_ns=by_ns) == measures(rr, range(0, 110, 2))


number = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(250, 2500),
    st.sampled_from([0.0, -0.0, 5e-324, 1e305, 800.0]),
)


@settings(max_examples=60, deadline=None)
@given(numbers=st.lists(number, max_size=40), doubted=st.booleans(), repeats=st.integers(1, 12))
def test_whatever_intervals_say_what_leaves_is_finite(numbers, doubted, repeats):
    rhythm = HeartRhythm("w", "s", Breathing("w"))
    told = 0
    for rr_ms in numbers * repeats:
        for found in rhythm.take_interval(rr_ms, 0, doubted=doubted):
            assert math.isfinite(found.value)
            assert 0.0 <= found.quality <= 1.0
            told += found.measure == "rr_ms"
            if found.measure == "breathing_brpm":
                assert 3.0 <= found.value <= 40.0
            if found.measure == "coherence":
                assert 0.0 <= found.value <= 1.0
    good = [x for x in numbers * repeats if math.isfinite(x) and x > 0]
    assert told >= len(good) - 3


@settings(max_examples=60, deadline=None)
@given(
    beats=st.lists(
        st.tuples(
            number,
            st.floats(0, 1),
            st.booleans(),
            st.one_of(st.none(), number),
            st.one_of(st.none(), st.tuples(*[st.floats(0, 2)] * 2, st.floats(0, 50))),
        ),
        max_size=60,
    )
)
def test_whatever_beats_say_what_leaves_is_finite(beats):
    rhythm = HeartRhythm("w", "s", Breathing("w"))
    at_s = 0.0
    for step_ms, quality, gap, amplitude, before in beats:
        at_s += step_ms / 1000
        told = Beat(
            beat_s=at_s,
            quality=quality,
            gap_before=gap,
            amplitude=amplitude,
            before=None if before is None else Unlikeness(*before),
        )
        for found in rhythm.take_beat(told, 0):
            assert math.isfinite(found.value)
            assert 0.0 <= found.quality <= 1.0
