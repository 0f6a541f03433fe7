"""Raw heart signals in the body: what is told, and which source is followed."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import NS_PER_S, EventDetected, MeasureTaken
from biofeedback.samples import AccelerationBlock, EcgBlock, HeartReading, OpticalBlock
from biofeedback.signals.body import Body

START_NS = 11_000_000_000
RATE_HZ = 125


def steady(bpm: float, duration_s: float):
    return np.arange(0.5, duration_s, 60 / bpm)


def ecg(beats, duration_s: float):
    t = np.arange(0, duration_s, 1 / RATE_HZ)
    return 900 * np.exp(-0.5 * ((t[:, None] - beats) / 0.012) ** 2).sum(axis=1)


def ppg(beats, duration_s: float):
    t = np.arange(0, duration_s, 1 / RATE_HZ)
    since = t[:, None] - beats - 0.15
    wave = np.exp(-0.5 * (since / 0.09) ** 2) * (since < 0)
    wave += np.exp(-np.maximum(since, 0) / 0.25) * (since >= 0)
    return np.column_stack((50_000 - 900 * wave.sum(axis=1), np.zeros(t.size)))


def swing(duration_s: float, size_mps2: float, spm: float = 110):
    t = np.arange(0, duration_s, 1 / RATE_HZ)
    rest = np.zeros((t.size, 3))
    rest[:, 2] = 9.81 + size_mps2 * np.sin(2 * np.pi * spm / 60 * t)
    return rest


def stepping(duration_s: float, size_uv: float, seed: int, spm: float = 165.0):
    """What a strap picks up with each step, from 20 s on: a swing of ever another form."""
    rng = np.random.default_rng(seed)
    t = np.arange(0, duration_s, 1 / RATE_HZ)
    noise = rng.normal(0, 0.05 * size_uv, t.size)
    for at in np.arange(20, duration_s, 60 / spm):
        since = t - at - rng.normal(0, 0.01)
        form = np.sin(2 * np.pi * rng.uniform(4, 7) * since) * np.exp(-np.maximum(since, 0) / 0.09)
        noise += size_uv * rng.normal(0.5, 0.12) * np.where(since > 0, form, 0)
    return noise


def trusted_rates(signal):
    found = play(Body("w"), ("belt", blocks("ecg", signal)))
    rates = [f for f in found if isinstance(f, MeasureTaken) and f.measure == "heart_rate_bpm"]
    late = [f for f in rates if f.at_ns > START_NS + 28 * NS_PER_S]
    return np.array([f.value for f in late if f.quality >= 0.5])


def blocks(kind: str, values, n: int = 25):
    stamps = START_NS + np.round(np.arange(len(values)) * 1e9 / RATE_HZ).astype(np.int64)
    for i in range(0, len(values), n):
        piece = slice(i, i + n)
        at_ns = int(stamps[piece][-1])
        if kind == "ecg":
            yield (
                at_ns,
                EcgBlock(times_ns=stamps[piece], ecg_uv=values[piece], gap_before=False),
            )
        elif kind == "ppg":
            yield (
                at_ns,
                OpticalBlock(times_ns=stamps[piece], ppg=values[piece], gap_before=False),
            )
        else:
            block = AccelerationBlock(
                times_ns=stamps[piece],
                acceleration_mps2=values[piece],
                gap_before=False,
                range_mps2=None,
            )
            yield at_ns, block


def reading(bpm: int, *, rr_ms: tuple[float, ...] = (), source="electrical") -> HeartReading:
    return HeartReading(
        heart_rate_bpm=bpm,
        rr_ms=rr_ms,
        rr_suspect=(False,) * len(rr_ms),
        contact=None,
        energy_kj=None,
        source=source,
    )


def play(body: Body, *streams):
    """Feed (sensor, blocks) streams in the order of their arrival."""
    items = [(at_ns, sensor, block) for sensor, stream in streams for at_ns, block in stream]
    found = []
    for at_ns, sensor, block in sorted(items, key=lambda item: item[0]):
        found += body.update(sensor, block, at_ns)
    return found


def values(found, measure: str, sensor: str | None = None) -> list[float]:
    return [
        f.value
        for f in found
        if isinstance(f, MeasureTaken) and f.measure == measure and sensor in (None, f.sensor)
    ]


def beats_of(found, sensor: str):
    return [f for f in found if isinstance(f, EventDetected) and f.sensor == sensor]


def test_an_ecg_gives_beats_intervals_a_rate_and_its_quality():
    found = play(Body("w"), ("belt", blocks("ecg", ecg(steady(75, 30), 30))))
    instants_s = [(b.event_ns - START_NS) / NS_PER_S for b in beats_of(found, "belt")]
    assert instants_s == pytest.approx(steady(75, 29.9)[: len(instants_s)].tolist(), abs=0.003)
    assert values(found, "rr_ms") == pytest.approx([800.0] * (len(instants_s) - 4), abs=3)
    assert set(np.rint(values(found, "heart_rate_bpm"))) == {75}
    assert values(found, "signal_quality")[-1] > 0.9


def test_a_rate_is_told_at_least_once_a_second_and_known_to_the_state():
    body = Body("w")
    found = play(body, ("belt", blocks("ecg", ecg(steady(60, 30), 30))))
    told_ns = [f.at_ns for f in found if isinstance(f, MeasureTaken) and "rate" in f.measure]
    assert max(np.diff(told_ns)) <= 1.3 * NS_PER_S
    state = body.state(START_NS + 30 * NS_PER_S)
    assert state.heart_rate_bpm == pytest.approx(60.0, abs=0.3)
    assert state.has_heart
    assert 0 < state.heart_age_ms < 1500


def test_silence_makes_a_rate_old_and_then_unknown():
    body = Body("w")
    play(body, ("belt", blocks("ecg", ecg(steady(60, 20), 20))))
    assert body.state(START_NS + 22 * NS_PER_S).heart_rate_bpm is not None
    late = body.state(START_NS + 24 * NS_PER_S)
    assert late.heart_rate_bpm is None
    assert late.heart_age_ms > 4000


def test_a_flat_line_is_no_heart_rate():
    body = Body("w")
    signal = np.concatenate((ecg(steady(60, 20), 20), np.zeros(RATE_HZ * 6)))
    found = play(body, ("belt", blocks("ecg", signal)))
    last_ns = max(f.at_ns for f in found if isinstance(f, MeasureTaken) and "rate" in f.measure)
    assert last_ns <= START_NS + 23.5 * NS_PER_S
    assert body.state(START_NS + 26 * NS_PER_S).heart_rate_bpm is None
    assert values(found, "signal_quality")[-1] == 0.0


def test_beats_of_an_ecg_are_followed_before_a_told_rate_and_that_before_pulses():
    body = Body("w")
    told = [(START_NS + k * NS_PER_S, reading(90)) for k in range(30)]
    optical = ("arm", blocks("ppg", ppg(steady(66, 30), 30)))
    play(body, optical)
    at_ns = START_NS + 30 * NS_PER_S
    assert body.state(at_ns).heart_rate_bpm == pytest.approx(66, abs=1)
    play(body, ("strap", told))
    assert body.state(at_ns).heart_rate_bpm == 90
    play(body, ("belt", blocks("ecg", ecg(steady(75, 30), 30))))
    assert body.state(at_ns).heart_rate_bpm == pytest.approx(75, abs=0.5)


def test_a_belt_that_sends_both_tells_each_beat_once():
    told = [(START_NS + k * NS_PER_S, reading(75, rr_ms=(800.0,))) for k in range(1, 30)]
    streams = (("belt", blocks("ecg", ecg(steady(75, 30), 30))), ("belt", told))
    found = play(Body("w"), *streams)
    instants = [b.event_ns for b in beats_of(found, "belt")]
    assert min(np.diff(instants)) > 0.7 * NS_PER_S
    other = play(Body("w"), streams[0], ("watch", told))
    assert beats_of(other, "watch")


def test_a_told_rate_is_passed_on_while_the_raw_signal_says_nothing():
    told = [(START_NS + k * NS_PER_S, reading(75)) for k in range(1, 30)]
    noise = np.random.default_rng(1).normal(0, 2, 30 * RATE_HZ)
    found = play(Body("w"), ("belt", blocks("ecg", noise)), ("belt", told))
    assert len(values(found, "heart_rate_bpm")) > 20


def test_pulses_at_rest_are_sure_and_under_movement_withheld():
    signal = ppg(steady(66, 30), 30)
    calm = play(Body("w"), ("arm", blocks("acc", swing(30, 0.1))), ("arm", blocks("ppg", signal)))
    assert set(np.rint(values(calm, "heart_rate_bpm"))) == {66}
    assert np.mean([b.quality for b in beats_of(calm, "arm") if b.event == "beat"]) > 0.8
    moved = play(Body("w"), ("arm", blocks("acc", swing(30, 5.0))), ("arm", blocks("ppg", signal)))
    assert values(moved, "heart_rate_bpm") == []
    assert all(b.quality < 0.5 for b in beats_of(moved, "arm") if b.event == "beat")


def test_movement_of_the_wearer_counts_when_the_optical_sensor_has_none():
    signal = ppg(steady(66, 30), 30)
    moved = play(Body("w"), ("foot", blocks("acc", swing(30, 5.0))), ("arm", blocks("ppg", signal)))
    assert values(moved, "heart_rate_bpm") == []


def test_a_sensor_that_left_is_forgotten():
    body = Body("w")
    play(body, ("belt", blocks("ecg", ecg(steady(60, 20), 20))))
    body.detach("belt")
    assert not body.state(START_NS + 20 * NS_PER_S).has_heart


@pytest.mark.parametrize("bpm", [70, 120, 150])
def test_steps_as_strong_as_the_heart_do_not_move_the_rate(bpm):
    signal = ecg(steady(bpm, 60), 60) + stepping(60, 1200, seed=1)
    told = trusted_rates(signal)
    assert told.size > 40
    assert np.abs(told - bpm).max() < 3


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_rate_that_steps_drown_is_withheld(seed):
    signal = ecg(steady(70, 60), 60) + stepping(60, 2600, seed=seed)
    assert trusted_rates(signal).size < 5
