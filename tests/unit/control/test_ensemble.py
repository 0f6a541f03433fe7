"""ENSEMBLE: a tempo that one noisy member can't move, togetherness against chance, roles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.control.ensemble import EnsembleLaw, EnsemblePlan, weighted_median
from biofeedback.control.law import Moment
from biofeedback.control.limits import Limits
from biofeedback.control.togetherness import Togetherness
from biofeedback.messages import NS_PER_S
from biofeedback.simulate.group import make_group
from tests.law_stage import Stage

ROOM = Limits(tempo_baseline_bpm=105.0, tempo_band_ratio=0.3)


def ensemble(**plan) -> EnsembleLaw:
    return EnsembleLaw(EnsemblePlan(**plan), limits=ROOM, resting_tempo_bpm=100.0)


@pytest.mark.parametrize("together", [True, False])
def test_the_tempo_of_four_with_one_noisy_is_that_of_the_others(together):
    group = make_group(4, seed=1, cadence_spm=108.0, together=together)
    stage = Stage(ensemble(), group, ROOM, 100.0).play(75)
    errors = []
    for row in stage.rows[300:]:
        own = [body.cadence_spm for body in row.bodies[:3] if body.cadence_spm]
        errors.append(abs(row.allowed.tempo_bpm / np.median(own) - 1.0))
    assert np.mean(errors) < 0.02
    assert stage.fastest_change_ratio_per_s() <= 0.01 + 1e-9


@pytest.mark.parametrize("together", [True, False])
def test_togetherness_is_above_chance_when_they_move_together_and_only_then(together):
    law = ensemble()
    Stage(law, make_group(4, seed=2, cadence_spm=108.0, together=together), ROOM, 100.0).play(130)
    share = law.outcomes()["together_time_ratio"]
    assert share > 0.5 if together else share < 0.15


def test_being_together_makes_harmony_consonant_and_sound_bright():
    sounds = {}
    for together in (True, False):
        group = make_group(5, seed=3, cadence_spm=108.0, together=together, noisy=0)
        sounds[together] = Stage(ensemble(), group, ROOM, 100.0).play(90).rows[-1].allowed
    assert sounds[True].tension < sounds[False].tension - 0.1
    assert sounds[True].brightness > sounds[False].brightness + 0.1


def test_a_member_who_leaves_and_returns_stops_nothing():
    group = make_group(3, seed=4, cadence_spm=108.0, together=True, noisy=0)
    stage = Stage(ensemble(), group, ROOM, 100.0).play(30)
    stage.absent = {"p2"}
    stage.play(20)
    stage.absent = set()
    stage.play(20)
    later = stage.rows[250:]
    assert all(row.allowed.energy >= 0.34 for row in later)
    assert all(row.wish.cue == "full" for row in later)
    assert np.ptp([row.allowed.tempo_bpm for row in later]) < 8.0


def test_with_nobody_left_the_tempo_stays(body):
    law = ensemble()
    for tick in range(100):
        walker = body(walking=True, cadence_spm=112.0, last_step_ns=tick * 10**8)
        law.propose(Moment(tick * 10**8, [walker], 112.0, 0.1))
    gone = body(motion_age_ms=60_000.0)
    wish = law.propose(Moment(11 * NS_PER_S, [gone], 112.0, 0.1))
    assert wish.parameters.tempo_bpm == pytest.approx(112.0)
    assert wish.reason == "listening"


def in_front(law, bodies, seconds):
    """Say who is in front at the end: the loudest of equally active people."""
    for tick in range(round(seconds * 10)):
        wish = law.propose(Moment(tick * 10**8, bodies, 100.0, 0.1))
    energies = [part.energy for part in wish.parts]
    return [b.wearer for b, e in zip(bodies, energies, strict=True) if e == max(energies)]


def test_each_role_puts_its_own_people_in_front_and_nobody_below_the_floor(body):
    names = ["a", "b", "c", "d"]
    bodies = [body(wearer=name, activity_ratio=0.8) for name in names]
    assert in_front(ensemble(), bodies, 1) == names
    assert in_front(ensemble(role="leader", leader="c"), bodies, 1) == ["c"]
    assert in_front(ensemble(role="solo", turn_s=10), bodies, 5) == ["a"]
    assert in_front(ensemble(role="solo", turn_s=10), bodies, 15) == ["b"]
    assert in_front(ensemble(role="pairs", turn_s=10), bodies, 5) == ["a", "b"]
    assert in_front(ensemble(role="pairs", turn_s=10), bodies, 15) == ["c", "d"]
    slow = [body(wearer="a", activity_ratio=0.0), body(wearer="b", activity_ratio=1.0)]
    wish = ensemble(role="solo").propose(Moment(0, slow, 100.0, 0.1))
    assert min(part.energy for part in wish.parts) >= 0.35
    assert [part.place for part in wish.parts] == [-0.8, 0.8]


def test_the_leaders_tempo_counts_while_they_move(body):
    law = ensemble(role="leader", leader="b")
    group = [
        body(wearer=name, walking=True, cadence_spm=spm, last_step_ns=0)
        for name, spm in (("a", 100.0), ("b", 118.0), ("c", 101.0))
    ]
    assert law.propose(Moment(0, group, 100.0, 0.1)).parameters.tempo_bpm == 118.0
    group[1] = body(wearer="b")
    assert law.propose(Moment(10**8, group, 100.0, 0.1)).parameters.tempo_bpm < 102.0


def test_seated_people_are_followed_by_their_swings(body):
    law = ensemble()
    for tick in range(200):
        swing_ns = tick // 12 * 12 * 10**8
        swaying = body(swing_ns=swing_ns, swing_period_s=1.2)
        wish = law.propose(Moment(tick * 10**8, [swaying], 100.0, 0.1))
    assert wish.parameters.tempo_bpm == pytest.approx(100.0)


def test_shared_calm_is_the_median_change_from_each_ones_own_start(body):
    law = ensemble()
    for tick in range(1200):
        fall = min(1.0, tick / 600)
        group = [
            body(wearer=name, heart_rate_bpm=rest - fall * drop)
            for name, rest, drop in (("a", 90.0, 10.0), ("b", 70.0, 4.0), ("c", 60.0, -2.0))
        ]
        law.propose(Moment(tick * 10**8, group, 100.0, 0.1))
    assert law.outcomes()["shared_calm_bpm"] == pytest.approx(-3.0, abs=1.2)


@given(st.lists(st.tuples(st.floats(40, 180), st.floats(0, 1)), min_size=1, max_size=8))
def test_a_weighted_median_lies_among_its_values(values):
    found = weighted_median(values)
    assert min(v for v, _ in values) <= found <= max(v for v, _ in values)


def test_a_light_member_hardly_moves_the_median():
    assert weighted_median([(100.0, 1.0), (101.0, 1.0), (60.0, 0.05)]) == pytest.approx(
        100.5, abs=0.1
    )


def test_r_is_one_for_one_movement_and_needs_half_a_minute():
    group = Togetherness()
    for tick in range(140):
        group.take(dict.fromkeys("abc", (tick * 0.36, 1.0)), 0.2)
    assert group.judge() is None
    for tick in range(140, 300):
        group.take(dict.fromkeys("abc", (tick * 0.36, 1.0)), 0.2)
    assert group.judge().value == pytest.approx(1.0)
    group.forget("a")
    group.forget("b")
    assert group.judge() is None
