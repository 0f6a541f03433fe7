"""Pulses: the beats that were put into an optical signal are found, when they can be."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.samples import OpticalBlock
from biofeedback.signals.beats.pulses import PulseBeats

START_NS = 3_000_000_000
DELAY_S = 0.12


def times(rate_hz: float, duration_s: float):
    return START_NS + np.round(np.arange(0, duration_s, 1 / rate_hz) * 1e9).astype(np.int64)


def pulse(rate_hz: float, beats, duration_s: float, *, noise: float = 0.02):
    """A steep rise, a slow fall and a dicrotic wave after each beat; height about 1."""
    t = np.arange(0, duration_s, 1 / rate_hz)
    since = t[:, None] - np.asarray(beats) - DELAY_S
    wave = np.exp(-0.5 * (since / 0.09) ** 2) * (since < 0)
    wave += np.exp(-np.maximum(since, 0) / 0.25) * (since >= 0) * (since < 2)
    wave += 0.3 * np.exp(-0.5 * ((since - 0.3) / 0.06) ** 2)
    return wave.sum(axis=1) + np.random.default_rng(1).normal(0, noise, t.size)


def steady(bpm: float, duration_s: float):
    return np.arange(0.5, duration_s - 0.6, 60 / bpm)


def light(signal, *, counts: float = 2000.0, level: float = 300_000.0):
    """One channel that sees the pulse, two that are dark, and ambient light."""
    dark = np.zeros(signal.size)
    return np.column_stack((level + counts * signal, dark, dark, dark + 40.0))


def find(stamps, ppg, block: int = 8):
    search = PulseBeats()
    found = []
    for i in range(0, stamps.size, block):
        piece = slice(i, i + block)
        samples = OpticalBlock(times_ns=stamps[piece], ppg=ppg[piece], gap_before=False)
        for heard in search.update(samples):
            found += heard.beats
    return [beat for _, beat in found], [known_s - beat.beat_s for known_s, beat in found]


def missed_and_false(beats, truth, within_s=0.06, *, from_s=0.0) -> tuple[int, int]:
    """Compare with the beats after taking off the way from the heart, which is constant."""
    found = np.array([beat.beat_s for beat in beats])
    way_s = np.median([np.min(found[found > b], initial=b + 1) - b for b in truth])
    apart = np.abs(found[:, None] - way_s - np.asarray(truth))
    missed = (apart.min(axis=0) > within_s) & (truth > from_s)
    false = (apart.min(axis=1) > within_s) & (found > from_s)
    return int(missed.sum()), int(false.sum())


@pytest.mark.parametrize("rate_hz", [25, 30, 55, 125])
@pytest.mark.parametrize("counts", [2000.0, -2000.0])
def test_every_pulse_is_found_at_every_rate_and_whichever_way_it_points(rate_hz, counts):
    truth = steady(66, 30)
    ppg = light(pulse(rate_hz, truth, 30), counts=counts)
    beats, delays_s = find(times(rate_hz, 30), ppg)
    missed, false = missed_and_false([b for b in beats if b.quality >= 0.5], truth)
    assert missed <= 1
    assert false == 0
    assert np.median(delays_s) < 0.6


@pytest.mark.parametrize("bpm", [42, 90, 140])
def test_slow_and_fast_pulses_are_followed(bpm):
    truth = steady(bpm, 30)
    beats, _ = find(times(50, 30), light(pulse(50, truth, 30)))
    # It may take some seconds until the rhythm is known.
    missed, false = missed_and_false(beats, truth, from_s=9.0)
    assert missed <= 1
    assert false == 0


def test_intervals_are_those_of_the_heart():
    rng = np.random.default_rng(2)
    truth = np.cumsum(rng.normal(0.85, 0.05, 60))
    beats, _ = find(times(125, 50), light(pulse(125, truth[truth < 49], 50, noise=0.0)))
    intervals = np.diff([b.beat_s for b in beats])
    expected = np.diff(truth[truth < 49])[-intervals.size :]
    assert np.abs(intervals - expected).mean() < 0.01


def test_drift_of_the_light_changes_nothing():
    truth = steady(66, 30)
    t = np.arange(0, 30, 1 / 55)
    drift = 1.0 * np.sin(2 * np.pi * 0.2 * t) + 0.2 * t
    beats, _ = find(times(55, 30), light(pulse(55, truth, 30) + drift))
    missed, false = missed_and_false([b for b in beats if b.quality >= 0.5], truth)
    assert missed <= 2
    assert false == 0


def test_the_channel_that_sees_the_pulse_is_found():
    truth = steady(66, 60)
    signal = pulse(30, truth, 60)
    noise = np.random.default_rng(8).normal(0, 1.0, (signal.size, 2))
    ppg = np.column_stack((1000 * noise[:, 0], 1000 * signal, 1000 * noise[:, 1], 0 * signal))
    beats, _ = find(times(30, 60), ppg)
    late = [b for b in beats if b.beat_s > 25]
    missed, false = missed_and_false(late, truth[truth > 25.5])
    assert missed <= 1
    assert false <= 1


def test_a_gap_is_told_by_the_beat_after_it():
    truth = steady(66, 40)
    stamps, ppg = times(55, 40), light(pulse(55, truth, 40))
    t = (stamps - START_NS) * 1e-9
    kept = (t < 15) | (t > 18)
    beats, _ = find(stamps[kept], ppg[kept])
    after = next(beat for beat in beats if beat.beat_s > 15.2)
    assert after.gap_before
    assert sum(beat.gap_before for beat in beats) == 2


def test_the_dark_has_no_pulse():
    noise = np.random.default_rng(3).normal(0, 0.1, (55 * 40, 4))
    assert find(times(55, 40), noise)[0] == []


def test_one_channel_is_enough():
    truth = steady(66, 20)
    ppg = 2000 * pulse(55, truth, 20)[:, None]
    assert len(find(times(55, 20), ppg)[0]) >= truth.size - 1
