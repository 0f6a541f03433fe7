"""Ectopic beats by the form of their wave, in ECGs in which each beat is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from biofeedback.messages import MeasureTaken
from biofeedback.samples import EcgBlock
from biofeedback.signals.body import Body

START_NS = 3_000_000_000
USUAL = ((-0.17, 0.025, 90), (-0.027, 0.009, -120), (0, 0.011, 1000), (0.03, 0.01, -240))
WIDE = ((0, 0.038, -1300), (0.06, 0.03, 500))
"""Another way through the heart: wide and upside down."""
WIDE_UPRIGHT = ((0, 0.036, 1200),)
FUSED = (*((at, width, 0.5 * uv) for at, width, uv in USUAL), (0, 0.036, 600))
T_WAVE = (0.25, 0.045, 300)


def rhythm(n: int, *, seed: int = 0, mean_s: float = 0.8):
    """Instants of n beats of a heart that breathes a little; nothing is early."""
    rng = np.random.default_rng(seed)
    i = np.arange(n)
    return 1.0 + np.cumsum(mean_s + 0.012 * np.sin(i / 0.8) + rng.normal(0, 0.004, n))


def draw(beats, forms, *, rate_hz: float = 130.0, noise_uv: float = 8.0, seed: int = 0):
    """Draw an ECG; ``forms`` are the waves of each beat."""
    t = np.arange(0, beats[-1] + 1.5, 1 / rate_hz)
    ecg = np.random.default_rng(seed).normal(0, noise_uv, t.size)
    for at, waves in zip(beats, forms, strict=True):
        for late, width, height in (*waves, T_WAVE):
            ecg += height * np.exp(-0.5 * ((t - at - late) / width) ** 2)
    return t, ecg


def flags_of(t, ecg, beats, *, block: int = 36):
    """For each beat whether an interval that ends with it was told as no normal one, shape (n,)."""
    body = Body("w")
    stamps = START_NS + np.round(t * 1e9).astype(np.int64)
    found = []
    for i in range(0, stamps.size, block):
        piece = slice(i, i + block)
        samples = EcgBlock(times_ns=stamps[piece], ecg_uv=ecg[piece], gap_before=False)
        found += body.update("s", samples, int(stamps[piece][-1]))
    rows = [f for f in found if isinstance(f, MeasureTaken) and f.measure == "rr_ms"]
    # The first interval ends with the second beat that was found; all are, here.
    first = len(beats) - len(rows) - 3
    flags = np.zeros(len(beats), dtype=bool)
    flags[first : first + len(rows)] = [row.quality < 0.5 for row in rows]
    expected_ms = np.diff(beats)[first - 1 : first - 1 + len(rows)] * 1000
    assert [row.value for row in rows] == pytest.approx(expected_ms.tolist(), abs=80)
    return flags


def with_odd(n: int, odd, waves):
    return [waves if i in odd else USUAL for i in range(n)]


@pytest.mark.parametrize("rate_hz", [130, 250, 512])
@pytest.mark.parametrize("waves", [WIDE, WIDE_UPRIGHT])
def test_ectopic_beats_at_the_heart_s_own_rate_are_found_by_their_form(waves, rate_hz) -> None:
    beats = rhythm(120)
    odd = {30, 47, 60, 75, 76, 90, 104}
    flags = flags_of(*draw(beats, with_odd(120, odd, waves), rate_hz=rate_hz), beats)
    # The first two of a kind might be noise; the interval after a beat isn't normal either.
    for i in odd - {30, 47}:
        assert flags[i]
        assert flags[i + 1]
    beside = {i for k in odd for i in (k - 1, k, k + 1, k + 2)}
    assert not [i for i in range(120) if flags[i] and i not in beside]


def test_intervals_alone_do_not_show_them() -> None:
    beats = rhythm(120)
    assert not flags_of(*draw(beats, [USUAL] * 120), beats).any()


def test_a_run_at_the_heart_s_own_rate_is_found() -> None:
    beats = rhythm(120)
    odd = {30, 40, *range(60, 72)}
    flags = flags_of(*draw(beats, with_odd(120, odd, WIDE)), beats)
    assert all(flags[60:73])
    assert not flags[75:].any()


def test_fusion_beats_are_found_once_ectopic_ones_are_known() -> None:
    beats = rhythm(120)
    forms = with_odd(120, {20, 30, 40, 50}, WIDE_UPRIGHT)
    for i in (70, 90):
        forms[i] = FUSED
    flags = flags_of(*draw(beats, forms), beats)
    assert flags[70]
    assert flags[90]


@pytest.mark.parametrize("noise_uv", [8.0, 40.0, 100.0])
def test_noise_is_not_flagged(noise_uv) -> None:
    beats = rhythm(200)
    t, ecg = draw(beats, [USUAL] * 200, noise_uv=noise_uv, rate_hz=250)
    rng = np.random.default_rng(5)
    for i in range(30, 190, 9):
        # Muscles round single beats.
        near = np.abs(t - beats[i]) < 0.15
        ecg[near] += rng.normal(0, 2.0 * noise_uv, near.sum())
    assert flags_of(t, ecg, beats).sum() <= 2


def test_a_wave_that_breath_makes_larger_and_smaller_is_usual() -> None:
    beats = rhythm(150)
    sizes = 1.0 + 0.35 * np.sin(2 * np.pi * beats / 4.0)
    forms = [[(at, w, s * uv) for at, w, uv in USUAL] for s in sizes]
    assert not flags_of(*draw(beats, forms), beats).any()


@pytest.mark.parametrize("waves", [WIDE, ((0, 0.009, -900), (0.03, 0.012, 400))])
def test_a_form_that_stays_becomes_the_usual_one(waves) -> None:
    # As when somebody turns over, or the strap slips.
    beats = rhythm(150)
    forms = [USUAL] * 70 + [waves] * 80
    flags = flags_of(*draw(beats, forms), beats)
    assert not flags[:69].any()
    assert not flags[70 + 26 :].any()


def test_of_two_peaks_of_one_size_either_is_the_same_beat() -> None:
    beats = rhythm(150)
    rng = np.random.default_rng(2)
    forms = [
        [(0, 0.011, 700 * a), (0.035, 0.011, -700 * b)]
        for a, b in 1.0 + 0.08 * rng.normal(size=(150, 2))
    ]
    assert flags_of(*draw(beats, forms, rate_hz=250), beats).sum() <= 2


def test_variability_leaves_them_out() -> None:
    beats = rhythm(140)
    odd = set(range(20, 130, 11))
    late = beats.copy()
    # Early beats with the pause after them: a tenth of the interval, and wide.
    for i in odd:
        late[i] -= 0.08

    def rmssd(forms, at) -> list[float]:
        t, ecg = draw(at, forms)
        stamps = START_NS + np.round(t * 1e9).astype(np.int64)
        body = Body("w")
        found = []
        for start, end in itertools.pairwise(range(0, stamps.size, 30)):
            samples = EcgBlock(times_ns=stamps[start:end], ecg_uv=ecg[start:end], gap_before=False)
            found += body.update("s", samples, int(stamps[end - 1]))
        return [f.value for f in found if getattr(f, "measure", "") == "rmssd_ms"]

    truth = rmssd([USUAL] * 140, beats)
    assert rmssd(with_odd(140, odd, WIDE), late)[-1] == pytest.approx(truth[-1], abs=3.0)
