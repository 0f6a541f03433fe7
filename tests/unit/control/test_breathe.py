"""BREATHE: the pace, the search for a person's own resonance, coherence that survives artefacts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biofeedback.control.breathe import BreatheLaw, BreathePlan
from biofeedback.control.law import Moment
from biofeedback.control.limits import Limits
from biofeedback.control.resonance import RATES_BRPM, PacedWave, find_resonance_brpm
from biofeedback.control.swell import Swell, slower_than_own
from biofeedback.messages import NS_PER_S
from biofeedback.signals.breath.breathing import Breathing
from biofeedback.signals.heart.rhythm import HeartRhythm
from tests.law_stage import Stage, sitter

CALM = Limits(tempo_baseline_bpm=65.0, tempo_band_ratio=0.4)


def breathe(**plan) -> BreatheLaw:
    return BreatheLaw(BreathePlan(**plan), limits=CALM, resting_tempo_bpm=60.0)


@pytest.mark.parametrize("own_brpm", [4.8, 5.5, 6.2])
def test_the_search_finds_the_persons_own_rate_within_half_a_breath(own_brpm):
    law = breathe(rate="search")
    Stage(law, [sitter(breath_gain=1.0, resonance_brpm=own_brpm)], CALM, 60.0).play(602)
    assert law.resonance_brpm == pytest.approx(own_brpm, abs=0.5)


def test_after_the_search_the_swell_stands_at_what_was_found():
    law = breathe(rate="search")
    stage = Stage(law, [sitter(breath_gain=1.0, resonance_brpm=5.6)], CALM, 60.0).play(690)
    assert stage.rows[-1].allowed.swell_brpm == pytest.approx(law.resonance_brpm, abs=1e-6)
    assert stage.rows[-1].wish.reason == "pacing"


def test_somebody_who_does_not_breathe_along_has_no_resonance():
    law = breathe(rate="search")
    Stage(law, [sitter(breath_gain=0.0)], CALM, 60.0).play(602)
    assert law.resonance_brpm is None
    assert law.outcomes()["resonance_brpm"] is None


def test_slower_than_own_is_three_quarters_learned_once_and_never_followed_down():
    stage = Stage(breathe(rate="own"), [sitter(breath_gain=1.0, breathing_brpm=12.0)], CALM, 60.0)
    stage.play(240)
    assert stage.rows[-1].bodies[0].breathing_brpm == pytest.approx(9.0, abs=0.3)
    assert stage.rows[-1].allowed.swell_brpm == pytest.approx(9.0)


def test_coherence_brightens_and_is_not_fed_back_while_unknown(body):
    law = breathe()
    shown = {}
    for coherence in (None, 0.2, 0.9):
        for tick in range(3):
            wish = law.propose(Moment(tick * 10**8, [body(coherence=coherence)], 60.0, 0.1))
        shown[coherence] = wish.parameters.brightness
    assert shown[None] < shown[0.2] < shown[0.9]


@given(st.lists(st.tuples(st.floats(-50, 500), st.floats(0, 60)), min_size=1, max_size=30))
def test_H15_no_swell_leaves_four_to_ten_or_hurries_anybody(goals):
    swell = Swell(goals[0][0])
    for goal_brpm, elapsed_s in goals:
        before = swell.brpm
        now = swell.glide(goal_brpm, elapsed_s)
        assert 4.0 <= now <= 10.0
        assert abs(now - before) <= 0.5 * elapsed_s / 30.0 + 1e-9


@given(st.floats(0, 100))
def test_H15_slower_than_own_is_a_pace_for_everybody(own_brpm):
    assert 4.0 <= slower_than_own(own_brpm) <= 10.0


def test_a_wave_is_measured_through_drift_noise_and_artefacts():
    rng = np.random.default_rng(1)
    wave, time_s = PacedWave(6.0), 0.0
    while time_s < 90.0:
        rr_ms = 900.0 + time_s + 40.0 * np.sin(2 * np.pi * 0.1 * time_s) + rng.normal(0, 5)
        artefact = rng.random() < 0.05
        wave.take(
            rr_ms * 1.4 if artefact else rr_ms,
            0.2 if artefact else 1.0,
            at_ns=round(time_s * NS_PER_S),
        )
        time_s += rr_ms / 1000.0
    assert wave.amplitude_ms() == pytest.approx(40.0, rel=0.12)


def breathe_along(arrives_s, *, lost_s=(0.0, 0.0)) -> float | None:
    """Fit a wave of 60 ms; intervals of ``lost_s`` don't arrive, others ``arrives_s(time)``."""
    wave, time_s = PacedWave(6.0), 0.0
    while time_s < 90.0:
        rr_ms = 900.0 + 60.0 * math.sin(math.tau * 0.1 * time_s)
        time_s += rr_ms / 1000.0
        if not lost_s[0] < time_s < lost_s[1]:
            wave.take(rr_ms, 1.0, at_ns=round((1000.0 + arrives_s(time_s)) * NS_PER_S))
    return wave.amplitude_ms()


@pytest.mark.parametrize("packet_s", [0.1, 1.0, 2.0])
def test_a_wave_is_measured_through_lost_intervals(packet_s):
    def arrives_s(time_s):
        return math.ceil(time_s / packet_s) * packet_s

    whole_ms = breathe_along(arrives_s)
    assert whole_ms == pytest.approx(60.0, rel=0.02)
    lost_ms = breathe_along(arrives_s, lost_s=(40.0, 45.0))
    assert lost_ms == pytest.approx(60.0, rel=0.1)


def test_when_intervals_arrive_matters_as_little_as_packets_do():
    exact_ms = breathe_along(lambda time_s: time_s)
    jittering_ms = breathe_along(lambda time_s: time_s + 2.5 * (0.5 + 0.5 * math.sin(time_s)))
    assert jittering_ms == exact_ms


@settings(max_examples=50)
@given(top=st.floats(4.5, 6.5), high=st.floats(20, 200), bend=st.floats(1, 20))
def test_the_top_of_an_exact_parabola_is_found(top, high, bend):
    amplitudes = [high - bend * (rate - top) ** 2 for rate in RATES_BRPM]
    assert find_resonance_brpm(amplitudes) == pytest.approx(top, abs=1e-6)


def coherences(intervals_ms) -> list[float]:
    rhythm, at_ms, told = HeartRhythm("p1", "strap", Breathing("p1")), 0.0, []
    for rr_ms in intervals_ms:
        at_ms += rr_ms
        for measure in rhythm.take_interval(rr_ms, round(at_ms * 1e6), doubted=False):
            if measure.measure == "coherence":
                assert at_ms >= 64_000.0
                told.append(measure.value)
    return told


@pytest.mark.parametrize("kind", ["missed", "extra", "displaced"])
def test_coherence_stays_within_15_per_cent_with_an_artefact_each_ten_seconds(kind):
    stage = Stage(breathe(pace_brpm=5.5), [sitter(breath_gain=1.0)], CALM, 60.0)
    clean = []
    feel = stage.felt[0].feel

    def listen(time_s):
        state, found = feel(time_s)
        clean.extend(f.value for f in found if getattr(f, "measure", "") == "rr_ms")
        return state, found

    stage.felt[0].feel = listen
    stage.play(200)
    spoilt, time_ms, due_ms, index = [], 0.0, 10_000.0, 0
    while index < len(clean) - 1:
        one, other = clean[index], clean[index + 1]
        if time_ms < due_ms:
            spoilt.append(one)
            index += 1
            time_ms += one
            continue
        due_ms += 10_000.0
        time_ms += one + other
        index += 2
        if kind == "missed":
            spoilt.append(one + other)
        elif kind == "extra":
            spoilt += [0.4 * one, 0.6 * one, other]
        else:
            spoilt += [0.7 * one, other + 0.3 * one]
    assert np.median(coherences(spoilt)) == pytest.approx(np.median(coherences(clean)), rel=0.15)
