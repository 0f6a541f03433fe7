"""Each axis is told within the person's own range, whatever the pieces in which samples come."""

from __future__ import annotations

import math

import pytest

from biofeedback.signals.activity import Activity

G = 9.81


def feel(tilts_deg, *, piece=17):
    """Tilt the first axis against the third; 50 samples a second."""
    activity = Activity(feels_axes=True)
    vectors = [
        (G * math.sin(math.radians(t)), 0.0, G * math.cos(math.radians(t))) for t in tilts_deg
    ]
    for start in range(0, len(vectors), piece):
        part = vectors[start : start + piece]
        activity.update(start, [math.hypot(*v) for v in part], part)
    return activity.axis_ratios


def test_a_tilt_moves_its_axes_and_leaves_the_third():
    low, level, high = (feel([tilt] * 150) for tilt in (-35.0, 0.0, 35.0))
    assert low[0] < 0.1 < 0.4 < level[0] < 0.6 < 0.9 < high[0]
    assert low[1] == level[1] == high[1] == pytest.approx(0.5)


def test_it_follows_within_half_a_second():
    before, after = feel([0.0] * 200), feel([0.0] * 200 + [35.0] * 25)
    assert after[0] - before[0] > 0.35


def test_small_movers_fill_the_range():
    small = [12.0 * math.sin(i / 40) for i in range(50 * 200)]
    crest = 50 * 190 + round((math.pi / 2 - 50 * 190 / 40) % (2 * math.pi) * 40)
    assert feel(small[:crest])[0] > 0.8


def test_pieces_change_nothing():
    path = [30.0 * math.sin(i / 30) for i in range(700)]
    assert feel(path, piece=1) == feel(path, piece=17) == feel(path, piece=700)


def test_nothing_is_told_before_anything_is_known():
    assert Activity(feels_axes=True).axis_ratios is None


def test_nobody_who_does_not_ask_is_told():
    activity = Activity()
    activity.update(0, [G] * 200, [(0.0, 0.0, G)] * 200)
    assert activity.axis_ratios is None
