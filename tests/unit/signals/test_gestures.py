"""Swings, gestures and repetition, against movements that are known."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.signals.movement.cycle import Cycles
from biofeedback.signals.movement.gestures import Gestures, find_direction
from biofeedback.signals.movement.movement import Movement
from biofeedback.signals.movement.swings import PEAK_TICKS, Swings

G = 9.81
REST = (0.0, 0.0, G)


def vectors(signal, *, axis=(1.0, 0.0, 0.0)):
    """Acceleration along one direction, over gravity."""
    rows = np.outer(signal, axis) + np.array(REST)
    return [tuple(row) for row in rows.tolist()]


def sine(hertz: float, seconds: float, size: float, *, rest_s: float = 2.0):
    t = np.arange(0, seconds, 0.02)
    return np.concatenate([np.zeros(round(rest_s / 0.02)), size * np.sin(2 * np.pi * hertz * t)])


@pytest.mark.parametrize("hertz", [0.5, 1.0, 2.5, 5.0])
@pytest.mark.parametrize("axis", [(1.0, 0.0, 0.0), (0.0, 0.6, 0.8), (0.0, 0.0, -1.0)])
def test_each_cycle_of_a_swing_is_one_gesture(hertz, axis) -> None:
    rises = Swings().update(0, vectors(sine(hertz, 20, 8.0), axis=axis))
    found = Gestures().update(rises)
    assert len(found) == pytest.approx(20 * hertz, abs=2)
    assert np.diff([g.tick for g in found][2:]) == pytest.approx(50 / hertz, abs=1.01)


def test_a_circle_is_one_gesture_each_turn() -> None:
    t = np.arange(0, 20, 0.02)
    rows = np.column_stack([8 * np.cos(9 * t), 8 * np.sin(9 * t), np.full_like(t, G)])
    rises = Swings().update(0, [tuple(row) for row in rows.tolist()])
    found = Gestures().update(rises)
    assert len(found) == pytest.approx(20 * 9 / (2 * np.pi), abs=2)


def test_a_stroke_with_two_peaks_is_one_gesture() -> None:
    t = np.arange(0, 0.5, 0.02)
    stroke = 8 * np.sin(2 * np.pi * t / 0.5) + 2 * np.sin(2 * np.pi * 6 * t)
    whole = np.concatenate([np.zeros(100), *([stroke, np.zeros(50)] * 6)])
    rises = Swings().update(0, vectors(whole))
    assert len(Gestures().update(rises)) == pytest.approx(6, abs=1)


def test_an_onset_is_known_40_ms_after_it() -> None:
    swings = Swings()
    late = []
    for tick, vector in enumerate(vectors(sine(1.0, 10, 8.0))):
        late += [tick - rise.tick for rise in swings.update(tick, [vector])]
    assert late
    assert set(late) == {PEAK_TICKS}


def test_noise_at_rest_is_no_gesture() -> None:
    noise = np.random.default_rng(1).normal(0, 0.15, (3000, 3)) + np.array(REST)
    rises = Swings().update(0, [tuple(row) for row in noise.tolist()])
    assert Gestures().update(rises) == []


def test_a_hard_stroke_does_not_wait_for_a_slight_swing_to_end() -> None:
    slight = sine(0.5, 10, 0.8)
    slight[round(7.6 / 0.02) :][:15] += 12 * np.sin(np.linspace(0, np.pi, 15))
    found = Gestures().update(Swings().update(0, vectors(slight)))
    assert [g.tick * 0.02 for g in found] == [pytest.approx(7.66, abs=0.1)]


def test_two_onsets_are_at_least_160_ms_apart() -> None:
    rises = Swings().update(0, vectors(sine(9.0, 10, 10.0)))
    ticks = [g.tick for g in Gestures().update(rises)]
    assert len(ticks) > 20
    assert min(np.diff(ticks)) >= 8


def found_by(site, signal, *, walking):
    moves = Movement(site).update(0, vectors(signal), walking=walking)
    return moves.gestures, moves.cycles


def test_while_somebody_walks_the_swing_of_the_steps_is_neither_gesture_nor_repetition() -> None:
    gestures, cycles = found_by("wrist", sine(1.8, 20, 3.0), walking=True)
    assert (len(gestures), len(cycles)) == (0, 0)
    gestures, cycles = found_by("wrist", sine(1.8, 20, 3.0), walking=False)
    assert len(gestures) > 30
    assert len(cycles) > 25


def test_while_somebody_walks_a_wide_swing_of_the_hand_is_one_still() -> None:
    assert len(found_by("wrist", sine(1.8, 20, 8.0), walking=True)[0]) > 30
    # Elsewhere only the first one, out of rest.
    assert len(found_by("waist", sine(1.8, 20, 8.0), walking=True)[0]) == 1


def test_the_wide_arm_swing_of_a_long_walk_is_learned() -> None:
    swing = sine(1.8, 150, 6.0)
    movement = Movement("wrist")
    found = [
        gesture.tick * 0.02
        for first in range(0, len(swing), 10)
        for gesture in movement.update(
            first, vectors(swing[first : first + 10]), walking=True
        ).gestures
    ]
    assert len([t for t in found if t < 80]) > 100
    assert not [t for t in found if t > 95]


@pytest.mark.parametrize("tilt", [(0.0, 0.0, G), (G, 0.0, 0.0), (0.0, -0.6 * G, 0.8 * G)])
def test_direction_is_told_in_the_frame_of_gravity(tilt) -> None:
    up = np.array(tilt) / G
    across = np.cross(up, [0.3, 0.5, -0.2])
    across /= np.linalg.norm(across)
    assert find_direction(tuple(6 * up), tilt) == "up"
    assert find_direction(tuple(-6 * up), tilt) == "down"
    assert find_direction(tuple(6 * across), tilt) == "sideways"
    turned = G * (np.cos(0.7) * up + np.sin(0.7) * across)
    assert find_direction(tuple(turned - np.array(tilt)), tilt) == "rotation"


def test_without_gravity_a_direction_is_sideways() -> None:
    assert find_direction((1.0, 0.0, 0.0), (0.0, 0.0, 0.0)) == "sideways"
    assert find_direction((0.0, 0.0, 0.0), REST) == "sideways"


@pytest.mark.parametrize("hertz", [0.4, 0.9, 2.3])
def test_the_period_of_a_sine_is_told_to_a_few_ms_and_its_phase_is_where_it_rises(hertz) -> None:
    rises = Swings().update(0, vectors(sine(hertz, 30, 2.0)))
    found = Cycles().update(rises)
    assert len(found) > 20 * hertz / 2
    newest = found[-1]
    assert newest.period_s == pytest.approx(1 / hertz, rel=0.01)
    assert newest.regularity > 0.8
    # A rise is at 62 % of the range: asin(0.24) of a sine that began at 2 s, or of its opposite.
    turns = (newest.zero_ticks * 0.02 - 2.0) * hertz
    assert min(abs((turns - 0.039 + half + 0.5) % 1 - 0.5) for half in (0.0, 0.5)) < 0.09


def test_movement_without_a_rhythm_has_no_period() -> None:
    rng = np.random.default_rng(3)
    whole = [np.zeros(100)]
    for _ in range(30):
        whole += [5 * np.sin(np.linspace(0, 2 * np.pi, 20)), np.zeros(int(rng.integers(5, 120)))]
    found = Cycles().update(Swings().update(0, vectors(np.concatenate(whole))))
    assert len(found) <= 3
