"""Rows F12 and F26-F35 of the fault catalogue for raw heart signals, and hazard H04."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import NS_PER_S, EventDetected, MeasureTaken
from biofeedback.samples import AccelerationBlock, EcgBlock, OpticalBlock
from biofeedback.signals.body import Body

START_NS = 5_000_000_000
RATE_HZ = 130


def times(n: int):
    return START_NS + np.round(np.arange(n) * 1e9 / RATE_HZ).astype(np.int64)


def ecg(beats, duration_s: float):
    t = np.arange(0, duration_s, 1 / RATE_HZ)
    noise = np.random.default_rng(3).normal(0, 6, t.size)
    return noise + 900 * np.exp(-0.5 * ((t[:, None] - beats) / 0.012) ** 2).sum(axis=1)


def feed(body: Body, stamps, signal, block: int = 26) -> list:
    found = []
    for i in range(0, stamps.size, block):
        piece = slice(i, i + block)
        samples = EcgBlock(times_ns=stamps[piece], ecg_uv=signal[piece], gap_before=False)
        found += body.update("belt", samples, int(stamps[piece][-1]))
    return found


def measures(found, name: str) -> list[MeasureTaken]:
    return [f for f in found if isinstance(f, MeasureTaken) and f.measure == name]


def test_F12_a_strap_that_was_taken_off_has_no_heart_rate() -> None:
    signal = ecg(np.arange(0.5, 20, 0.8), 40)
    signal[20 * RATE_HZ :] = 0.0
    body = Body("w")
    found = feed(body, times(signal.size), signal)
    assert max(f.at_ns for f in measures(found, "heart_rate_bpm")) < START_NS + 24 * NS_PER_S
    state = body.state(START_NS + 40 * NS_PER_S)
    assert state.heart_rate_bpm is None
    assert state.heart_age_ms > 15_000


@pytest.mark.parametrize("interval_s", [2.3, 0.255])
def test_F26_a_rate_outside_30_to_220_is_not_told(interval_s: float) -> None:
    signal = ecg(np.arange(0.5, 40, interval_s), 40)
    for rate in measures(feed(Body("w"), times(signal.size), signal), "heart_rate_bpm"):
        assert 30 <= rate.value <= 220


def test_F28_an_interval_of_more_than_two_seconds_has_low_quality_and_spares_the_rate() -> None:
    beats = np.concatenate((np.arange(0.5, 12, 0.8), np.arange(14.0, 30, 0.8)))
    found = feed(Body("w"), times(30 * RATE_HZ), ecg(beats, 30))
    long = [rr for rr in measures(found, "rr_ms") if rr.value > 2000]
    assert all(rr.quality <= 0.2 for rr in long)
    after = [f.value for f in measures(found, "heart_rate_bpm") if f.at_ns > START_NS + 24e9]
    assert after == pytest.approx([75.0] * len(after), abs=0.5)


def test_F29_a_tenth_of_missed_beats_does_not_move_the_rate() -> None:
    beats = np.arange(0.5, 60, 0.8)
    seen = np.delete(beats, np.s_[9::10])
    found = feed(Body("w"), times(60 * RATE_HZ), ecg(seen, 60))
    rates = [f.value for f in measures(found, "heart_rate_bpm") if f.at_ns > START_NS + 15e9]
    assert np.mean(np.abs(np.array(rates) - 75.0)) < 1.5


@pytest.mark.parametrize("gap_s", [1.0, 5.0, 30.0])
def test_F35_no_interval_and_no_rate_is_made_across_a_gap(gap_s: float) -> None:
    beats = np.arange(0.5, 60, 0.8)
    stamps, signal = times(60 * RATE_HZ), ecg(beats, 60)
    t = (stamps - START_NS) / NS_PER_S
    kept = (t < 15) | (t > 15 + gap_s)
    found = feed(Body("w"), stamps[kept], signal[kept])
    assert all(abs(rr.value - 800) < 20 for rr in measures(found, "rr_ms"))
    instants_s = [(f.event_ns - START_NS) / NS_PER_S for f in found if isinstance(f, EventDetected)]
    assert not [at_s for at_s in instants_s if 15 < at_s < 15 + gap_s]


@pytest.mark.parametrize("spm", [80, 110, 160])
def test_H04_pulses_that_steps_make_are_no_heart_rate(spm: int) -> None:
    t = np.arange(0, 90, 1 / RATE_HZ)
    phase = 2 * np.pi * spm / 60 * t
    stamps = times(t.size)
    light = np.column_stack((40_000 + 800 * np.sin(phase) + 300 * np.sin(2 * phase), 0 * t))
    walk = np.zeros((t.size, 3))
    walk[:, 0] = 0.8 * np.sin(phase / 2)
    walk[:, 2] = 9.81 + 3.0 * np.cos(phase)
    body = Body("w")
    found = []
    for i in range(0, t.size, 26):
        piece = slice(i, i + 26)
        at_ns = int(stamps[piece][-1])
        moved = AccelerationBlock(
            times_ns=stamps[piece],
            acceleration_mps2=walk[piece],
            gap_before=False,
            range_mps2=None,
        )
        found += body.update("arm", moved, at_ns)
        seen = OpticalBlock(times_ns=stamps[piece], ppg=light[piece], gap_before=False)
        found += body.update("arm", seen, at_ns)
    assert len(measures(found, "signal_quality")) > 80
    assert measures(found, "heart_rate_bpm") == []
    assert body.state(int(stamps[-1])).heart_rate_bpm is None
