"""Music that falls asleep is only ever less than what is wished."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.control.falling_asleep import FallingAsleep
from biofeedback.control.follow import neutral_music

WISH = msgspec.structs.replace(neutral_music(80.0), energy=0.6, brightness=0.5, level_db=-3.0)


def test_the_first_third_goes_on_as_wished():
    asleep = FallingAsleep(900.0)
    assert asleep.soften(WISH, 0.0) == asleep.soften(WISH, 300.0) == WISH


def test_at_the_end_it_is_silent_and_an_eighth_slower():
    end = FallingAsleep(900.0).soften(WISH, 900.0)
    assert (end.energy, end.density, end.brightness) == (0.0, 0.0, 0.0)
    assert end.level_db == -60.0
    assert end.tempo_bpm == pytest.approx(70.0)
    assert FallingAsleep(900.0).soften(WISH, 5000.0) == end


@given(
    duration_s=st.floats(60.0, 3600.0), earlier=st.floats(0.0, 4000.0), later=st.floats(0.0, 4000.0)
)
def test_it_never_comes_back_and_never_relaxes_faster_than_it_may(duration_s, earlier, later):
    earlier, later = sorted((earlier, later))
    asleep = FallingAsleep(duration_s)
    before, after = asleep.soften(WISH, earlier), asleep.soften(WISH, later)
    for name in ("tempo_bpm", "energy", "density", "brightness", "level_db"):
        assert getattr(after, name) <= getattr(before, name) <= getattr(WISH, name)
    fall_ratio = (before.tempo_bpm - after.tempo_bpm) / WISH.tempo_bpm
    # 0.1 % a second from 188 s of fade on; a shorter one is somebody's wish in a plan.
    if duration_s >= 188.0:
        assert fall_ratio <= 0.001 * (later - earlier) + 1e-9
