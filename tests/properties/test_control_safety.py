"""No wish whatsoever gets past safety."""

from __future__ import annotations

import math

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.control.follow import neutral_music
from biofeedback.control.limits import Limits
from biofeedback.control.safety import Safety
from biofeedback.messages import MusicParameters

NAMES = MusicParameters.__struct_fields__
RATIOS = ("energy", "density", "brightness", "articulation", "tension", "swell")
anything = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-(10**400), 10**400),
    st.sampled_from([None, "loud", True]),
)
wishes = st.builds(MusicParameters, **dict.fromkeys(NAMES, anything))
states = st.sampled_from(["INIT", "CALIBRATE", "RUN", "HOLD", "EASE", "STOP"])
limits = st.builds(
    Limits,
    tempo_baseline_bpm=st.floats(40, 180),
    tempo_band_ratio=st.floats(0.01, 0.4),
    tempo_slew_ratio_per_s=st.floats(0.001, 0.02),
    level_max_db=st.floats(-60, 0),
    level_rise_db_per_s=st.floats(0.1, 6),
)
steps = st.lists(
    st.tuples(wishes, states, st.floats(allow_nan=True), st.booleans()), min_size=1, max_size=40
)


@given(limits=limits, resting_bpm=st.floats(50, 100), steps=steps)
def test_F59_limits_hold_whatever_a_law_wishes(limits, resting_bpm, steps):
    safety = Safety(limits, neutral_music(resting_bpm))
    tiny = 1e-9
    for wish, state, elapsed_s, may_rise in steps:
        before = safety.last
        allowed = safety.limit(wish, state=state, elapsed_s=elapsed_s, may_rise=may_rise).parameters
        assert all(math.isfinite(getattr(allowed, name)) for name in NAMES)
        assert limits.tempo_low_bpm - tiny <= allowed.tempo_bpm <= limits.tempo_high_bpm + tiny
        slew_bpm = before.tempo_bpm * limits.tempo_slew_ratio_per_s * 0.1
        largest_bpm = min(0.1, slew_bpm) if state == "EASE" else slew_bpm
        assert abs(allowed.tempo_bpm - before.tempo_bpm) <= largest_bpm + tiny
        assert allowed.level_db <= limits.level_max_db + tiny
        assert allowed.level_db <= before.level_db + limits.level_rise_db_per_s * 0.1 + tiny
        for name in RATIOS:
            assert 0 <= getattr(allowed, name) <= 1
        assert -1 <= allowed.register <= 1
        if state in {"INIT", "HOLD", "STOP"}:
            assert allowed == before
        if state == "EASE":
            assert all(getattr(allowed, n) <= getattr(before, n) for n in NAMES if n != "tempo_bpm")
        if not may_rise:
            assert all(getattr(allowed, name) <= getattr(before, name) for name in NAMES)


changes_db = st.one_of(st.sampled_from([-12.0, 12.0]), st.floats(allow_nan=True))
level_steps = st.lists(
    st.tuples(st.one_of(st.just("EASE"), states), st.lists(changes_db, max_size=3), st.booleans()),
    min_size=1,
    max_size=40,
)


@given(limits=limits, wished_db=st.floats(-60, 0), steps=level_steps)
def test_F59_no_level_rises_faster_than_allowed_however_staff_move_the_cap(
    limits, wished_db, steps
):
    safety = Safety(limits, neutral_music(80.0))
    wish = msgspec.structs.replace(neutral_music(80.0), level_db=wished_db)
    tiny = 1e-9
    for state, nudges_db, may_rise in steps:
        before_db = safety.last.level_db
        for nudge_db in nudges_db:
            # Several times, so that the cap also gets below where EASE ends.
            for _ in range(3):
                assert safety.cap_level(nudge_db) <= limits.level_max_db
        allowed = safety.limit(wish, state=state, elapsed_s=0.1, may_rise=may_rise)
        level_db = allowed.parameters.level_db
        assert level_db <= safety.cap_level(0.0)
        if may_rise and state in {"CALIBRATE", "RUN"}:
            before_db += limits.level_rise_db_per_s * 0.1 + tiny
        assert level_db <= before_db


usual_wishes = st.builds(
    MusicParameters,
    tempo_bpm=st.floats(30, 200),
    register=st.floats(-1, 1),
    level_db=st.floats(-60, 0),
    **dict.fromkeys(RATIOS, st.floats(0, 1)),
)


@given(wishes=st.lists(usual_wishes, min_size=1, max_size=40), may_rise=st.booleans())
def test_every_limited_wish_leaves_its_word(wishes, may_rise):
    safety = Safety(Limits(), neutral_music(80.0))
    for wish in wishes:
        # Now and then a wish that lies in reach, so that the other direction is tested too.
        near = msgspec.structs.replace(wish, tempo_bpm=safety.last.tempo_bpm, level_db=-60.0)
        for wanted in (wish, near):
            result = safety.limit(wanted, state="RUN", elapsed_s=0.1, may_rise=may_rise)
            kept = ("tempo_bpm", "energy", "density", "brightness", "level_db")
            same = all(getattr(result.parameters, n) == getattr(wanted, n) for n in kept)
            assert same == (not result.limits_hit)
    still = msgspec.structs.replace(safety.last, level_db=-60.0)
    assert safety.limit(still, state="RUN", elapsed_s=0.1, may_rise=may_rise).limits_hit == ()


@given(elapsed_s=st.floats(0.1, 1e6))
def test_F50_a_late_step_does_not_leap(elapsed_s):
    safety = Safety(Limits(), neutral_music(80.0))
    before = safety.last
    wish = msgspec.structs.replace(before, tempo_bpm=140.0, energy=1.0, level_db=0.0)
    allowed = safety.limit(wish, state="RUN", elapsed_s=elapsed_s, may_rise=True).parameters
    assert allowed.tempo_bpm <= before.tempo_bpm * 1.0021
    assert allowed.energy <= 0.051
    assert allowed.level_db <= before.level_db + 0.61
