"""A person's own limits can only make a plan stricter; unknown stays unknown."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.control.limits import Limits
from biofeedback.records.person import Person, describe_person, lay_limits
from biofeedback.settings import Person as WearerLimits
from biofeedback.settings import Settings


def maybe(low, high):
    return st.none() | st.floats(low, high)


@given(
    st.builds(
        Person,
        pseudonym=st.just("p7"),
        heart_rate_ceiling_bpm=maybe(60, 200),
        tempo_baseline_bpm=maybe(40, 180),
        tempo_band_ratio=maybe(0.01, 0.4),
        level_max_db=maybe(-60, 0),
        time_limit_s=maybe(60, 3600),
    ),
    maybe(60, 200),
    st.floats(0.01, 0.4),
    st.floats(60, 3600),
)
def test_no_person_widens_a_plan(person, ceiling_bpm, band_ratio, time_limit_s):
    plan = Settings(
        limits=Limits(tempo_band_ratio=band_ratio, time_limit_s=time_limit_s),
        persons={"p1": WearerLimits(heart_rate_ceiling_bpm=ceiling_bpm)},
    )
    laid = lay_limits(plan, wearer="p1", person=person)
    assert laid.limits.tempo_band_ratio <= band_ratio
    assert laid.limits.time_limit_s <= time_limit_s
    assert laid.limits.level_max_db <= plan.limits.level_max_db
    ceilings = [c for c in (ceiling_bpm, person.heart_rate_ceiling_bpm) if c is not None]
    told = laid.persons["p1"].heart_rate_ceiling_bpm
    assert told == (min(ceilings) if ceilings else None)
    # What comes out is a plan that its own bounds accept.
    assert msgspec.convert(msgspec.to_builtins(laid), Settings) == laid


def test_the_prescribed_tempo_takes_the_plans_place():
    laid = lay_limits(Settings(), wearer="p1", person=Person(pseudonym="p", tempo_baseline_bpm=88))
    assert laid.limits.tempo_baseline_bpm == 88
    assert lay_limits(Settings(), wearer="p1", person=Person(pseudonym="p")).limits == Limits()


def test_what_was_not_asked_is_told_as_such():
    lines = describe_person(Person(pseudonym="p", pacemaker=False))
    assert "beta-blocker: not asked" in lines
    assert "pacemaker: no" in lines
    assert "heart rate ceiling: not set" in lines


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("heart_rate_ceiling_bpm", 250),
        ("tempo_baseline_bpm", 20),
        ("time_limit_s", 7200),
        ("pseudonym", "Anna"),
    ],
)
def test_bounds_are_those_of_the_plan(field, value):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"type": "Person", "pseudonym": "p", field: value}, Person)
