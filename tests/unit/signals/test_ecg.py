"""R peaks: the beats that were put into an ECG are found, when they can be."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from biofeedback.samples import EcgBlock
from biofeedback.signals.beats.ecg import EcgBeats

START_NS = 7_000_000_000
WAVES = ((-0.17, 0.025, 90), (-0.027, 0.009, -120), (0, 0.011, 1000), (0.03, 0.01, -240))
T_WAVE = (0.25, 0.045, 300)


def times(rate_hz: float, duration_s: float):
    return START_NS + np.round(np.arange(0, duration_s, 1 / rate_hz) * 1e9).astype(np.int64)


def heart(rate_hz: float, beats, duration_s: float):
    """P, Q, R, S and T waves round each beat, and a little noise."""
    t = np.arange(0, duration_s, 1 / rate_hz)
    ecg = np.random.default_rng(1).normal(0, 8, t.size)
    for at, width, height in (*WAVES, T_WAVE):
        ecg += height * np.exp(-0.5 * ((t[:, None] - beats - at) / width) ** 2).sum(axis=1)
    return ecg


def steady(bpm: float, duration_s: float):
    return np.arange(0.5, duration_s - 0.4, 60 / bpm)


def find(stamps, ecg, block: int = 26):
    """Return the beats and when each was known."""
    search = EcgBeats()
    found = []
    for i in range(0, stamps.size, block):
        piece = slice(i, i + block)
        samples = EcgBlock(times_ns=stamps[piece], ecg_uv=ecg[piece], gap_before=False)
        for heard in search.update(samples):
            found += heard.beats
    return [beat for _, beat in found], [known_s - beat.beat_s for known_s, beat in found]


def missed_and_false(beats, truth, within_s: float = 0.02) -> tuple[int, int]:
    found = np.array([beat.beat_s for beat in beats])
    apart = np.abs(found[:, None] - np.asarray(truth))
    missed = int((apart.min(axis=0) > within_s).sum())
    return missed, int((apart.min(axis=1) > within_s).sum())


@pytest.mark.parametrize("rate_hz", [125, 128, 130.16, 256, 360, 512])
def test_every_beat_is_found_within_five_milliseconds_at_every_rate(rate_hz):
    truth = steady(72, 20)
    beats, delays_s = find(times(rate_hz, 20), heart(rate_hz, truth, 20))
    assert missed_and_false(beats, truth, 0.005) == (0, 0)
    assert all(beat.quality > 0.9 for beat in beats)
    assert max(delays_s[3:]) < 0.2


@pytest.mark.parametrize("bpm", [38, 60, 150, 190])
def test_slow_and_fast_hearts_are_followed(bpm):
    truth = steady(bpm, 25)
    beats, _ = find(times(130, 25), heart(130, truth, 25))
    assert missed_and_false(beats, truth) == (0, 0)


def test_a_lead_that_is_upside_down_gives_the_same_beats():
    truth = steady(80, 15)
    ecg = heart(130, truth, 15)
    upright, _ = find(times(130, 15), ecg)
    turned, _ = find(times(130, 15), -ecg)
    for a, b in zip(upright, turned, strict=True):
        assert a.beat_s == pytest.approx(b.beat_s, abs=1e-4)


def test_size_does_not_matter():
    truth = steady(80, 15)
    ecg = heart(130, truth, 15)
    for factor in (0.15, 40.0):
        beats, _ = find(times(130, 15), factor * ecg)
        assert missed_and_false(beats, truth) == (0, 0)


def test_amplitude_tells_the_height_of_the_r_wave():
    truth = steady(75, 20)
    ecg = heart(250, truth, 20)
    small, _ = find(times(250, 20), ecg)
    large, _ = find(times(250, 20), 2 * ecg)
    ratio = np.mean([b.amplitude for b in large]) / np.mean([b.amplitude for b in small])
    assert ratio == pytest.approx(2.0, abs=0.02)


def test_ectopic_beats_of_another_form_are_beats():
    truth = steady(70, 40)
    early = truth[5::6] - 0.3
    t = np.arange(0, 40, 1 / 250)
    ecg = heart(250, np.delete(truth, np.s_[5::6]), 40)
    ecg -= 1300 * np.exp(-0.5 * ((t[:, None] - early) / 0.03) ** 2).sum(axis=1)
    beats, _ = find(times(250, 40), ecg)
    everything = np.sort(np.concatenate((np.delete(truth, np.s_[5::6]), early)))
    assert missed_and_false(beats, everything, 0.06) == (0, 0)


def test_large_t_waves_are_no_beats():
    truth = steady(65, 20)
    t = np.arange(0, 20, 1 / 130)
    ecg = heart(130, truth, 20)
    ecg += 900 * np.exp(-0.5 * ((t[:, None] - truth - 0.26) / 0.045) ** 2).sum(axis=1)
    beats, _ = find(times(130, 20), ecg)
    assert missed_and_false(beats, truth) == (0, 0)


def test_baseline_wander_and_mains_hum_change_nothing():
    truth = steady(90, 20)
    t = np.arange(0, 20, 1 / 256)
    ecg = heart(256, truth, 20) + 2000 * np.sin(2.2 * t) + 200 * np.sin(2 * np.pi * 50 * t)
    beats, _ = find(times(256, 20), ecg)
    assert missed_and_false(beats, truth) == (0, 0)


def test_running_steps_are_no_beats():
    truth = steady(165, 60)
    t = np.arange(0, 60, 1 / 130)
    steps = 700 * np.sin(2 * np.pi * 2.7 * t) + 300 * np.sin(2 * np.pi * 5.4 * t + 1)
    beats, _ = find(times(130, 60), heart(130, truth, 60) + steps)
    sure = [beat for beat in beats if beat.quality >= 0.5]
    missed, false = missed_and_false(sure, truth, 0.05)
    assert missed <= 2
    assert false == 0


def test_the_first_beat_after_a_gap_says_so_and_time_goes_on():
    truth = steady(72, 30)
    stamps, ecg = times(130, 30), heart(130, truth, 30)
    t = (stamps - START_NS) * 1e-9
    kept = (t < 12) | (t > 14.5)
    beats, _ = find(stamps[kept], ecg[kept])
    assert [b.gap_before for b in beats if b.beat_s < 12] == [True] + [False] * 13
    after = [b for b in beats if b.beat_s > 12]
    assert [b.gap_before for b in after] == [True] + [False] * (len(after) - 1)
    assert after[0].beat_s < 15.5
    assert missed_and_false(after, truth[truth > 14.7])[0] == 0


def test_lost_packets_leave_gaps_not_wrong_intervals():
    truth = steady(72, 60)
    stamps, ecg = times(130, 60), heart(130, truth, 60)
    packets = np.arange(stamps.size) // 73
    lost = np.random.default_rng(4).random(packets[-1] + 1) < 0.1
    beats, _ = find(stamps[~lost[packets]], ecg[~lost[packets]])
    pairs = itertools.pairwise(beats)
    intervals = [b.beat_s - a.beat_s for a, b in pairs if not b.gap_before]
    assert len(intervals) > 20
    assert max(abs(rr - 60 / 72) for rr in intervals) < 0.02


def test_a_saturated_amplifier_makes_no_beats():
    truth = steady(72, 40)
    ecg = heart(130, truth, 40)
    t = np.arange(0, 40, 1 / 130)
    for start in (10.2, 20.6, 30.1):
        ecg[(t > start) & (t < start + 1.2)] = 16_000.0
    beats, _ = find(times(130, 40), ecg)
    sure = [beat for beat in beats if beat.quality >= 0.5]
    _, false = missed_and_false(sure, truth, 0.03)
    assert false == 0
    assert len(sure) > 0.8 * truth.size


def test_a_lead_that_falls_off_gives_nothing_and_is_found_again():
    truth = steady(72, 40)
    ecg = heart(130, truth, 40)
    t = np.arange(0, 40, 1 / 130)
    off = (t > 12) & (t < 24)
    ecg[off] = np.random.default_rng(2).normal(0, 3, off.sum())
    beats, _ = find(times(130, 40), ecg)
    while_off = [b for b in beats if 12.3 < b.beat_s < 23.9 and b.quality >= 0.5]
    assert while_off == []
    after = truth[truth > 29.5]
    assert missed_and_false([b for b in beats if b.beat_s > 29], after)[0] == 0


def test_noise_alone_is_withheld():
    noise = np.random.default_rng(5).normal(0, 300, 60 * 130)
    beats, _ = find(times(130, 60), noise)
    sure = [beat for beat in beats if beat.quality >= 0.5]
    assert len(sure) < 0.35 * len(beats)


def test_broken_numbers_and_backward_stamps_are_left_out():
    truth = steady(72, 20)
    stamps, ecg = times(130, 20), heart(130, truth, 20)
    rng = np.random.default_rng(6)
    ecg[rng.choice(ecg.size, 40, replace=False)] = np.nan
    stamps[rng.choice(np.arange(200, ecg.size), 20, replace=False)] -= 30_000_000
    beats, _ = find(stamps, ecg)
    assert missed_and_false(beats, truth, 0.03) == (0, 0)


def test_a_rate_that_no_ecg_has_gives_nothing():
    assert find(times(25, 30), heart(25, steady(70, 30), 30))[0] == []
