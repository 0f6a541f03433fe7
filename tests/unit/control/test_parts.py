"""Who owns which part, and how it follows its owner."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.control.follow import FollowLaw, neutral_music
from biofeedback.control.law import Moment
from biofeedback.control.limits import Limits
from biofeedback.control.parts import AXIS_PLACES, MOST_PARTS, Parts
from biofeedback.control.safety import TEXTURE_RISE_PER_S, Safety
from biofeedback.messages import Part


def settle(parts, bodies, vigours, times=100):
    for _ in range(times):
        found = parts.follow(bodies, vigours, 0.1)
    return found


def test_somebody_alone_has_no_part_the_whole_music_is_theirs(body):
    assert settle(Parts("wearers"), [body()], [1.0]) == ()
    assert settle(Parts("wearers"), [], []) == ()


def test_each_wearer_of_a_group_is_heard_by_their_own_energy_at_their_own_place(body):
    parts = Parts("wearers")
    group = [body(wearer=name) for name in "abc"]
    first = settle(parts, group, [0.2, 0.9, None])
    assert [part.energy for part in first] == pytest.approx([0.2, 0.9, 0.0], abs=0.01)
    assert len({part.place for part in first}) == 3
    joined = settle(parts, [*group, body(wearer="d")], [0.2, 0.9, 0.5, 1.0])
    assert [part.place for part in joined[:3]] == [part.place for part in first]


def test_no_more_than_eight_have_a_part(body):
    group = [body(wearer=str(number)) for number in range(12)]
    assert len(settle(Parts("wearers"), group, [0.5] * 12)) == MOST_PARTS


def test_a_part_answers_within_a_second(body):
    parts = Parts("wearers")
    group = [body(wearer="a"), body(wearer="b")]
    assert settle(parts, group, [1.0, 0.0], times=10)[0].energy > 0.9


def test_three_axes_are_three_parts_also_of_somebody_alone(body):
    parts = Parts("axes")
    found = settle(parts, [body(axis_ratios=(0.1, 0.5, 0.9))], [0.3])
    assert [part.energy for part in found] == pytest.approx([0.1, 0.5, 0.9], abs=0.01)
    assert tuple(part.place for part in found) == AXIS_PLACES
    lost = settle(parts, [body(axis_ratios=None)], [None])
    assert [part.energy for part in lost] == pytest.approx([0.0, 0.0, 0.0], abs=0.01)


def test_the_law_proposes_the_parts_of_those_who_are_present(body):
    law = FollowLaw(limits=Limits(), resting_tempo_bpm=80.0)
    silent = body(wearer="b", activity_ratio=1.0, motion_age_ms=9000.0)
    group = [body(wearer="a", activity_ratio=0.8), silent]
    for _ in range(50):
        wish = law.propose(Moment(at_ns=0, bodies=group, tempo_bpm=80.0, elapsed_s=0.1))
    assert [part.energy for part in wish.parts] == pytest.approx([0.8, 0.0], abs=0.01)


anything = st.floats(allow_nan=True, allow_infinity=True)
wild = st.lists(st.builds(Part, energy=anything, place=anything), max_size=8).map(tuple)
states = st.sampled_from(["CALIBRATE", "RUN", "HOLD", "EASE"])


@given(steps=st.lists(st.tuples(wild, states, st.booleans()), min_size=1, max_size=30))
def test_whatever_a_law_wishes_parts_rise_slowly_and_only_while_they_may(steps):
    safety = Safety(Limits(), neutral_music(80.0))
    wish = neutral_music(80.0)
    for parts, state, may_rise in steps:
        before = safety.last_parts
        result = safety.limit(wish, state=state, elapsed_s=0.1, may_rise=may_rise, parts=parts)
        after = result.parts
        assert after == safety.last_parts
        if state == "HOLD":
            assert after == before
        for index, part in enumerate(after):
            last = before[index].energy if index < len(before) else 0.0
            rise = TEXTURE_RISE_PER_S * 0.1 if may_rise and state != "EASE" else 0.0
            assert 0.0 <= part.energy <= last + rise + 1e-9
            assert -1.0 <= part.place <= 1.0


def test_what_changed_a_part_leaves_its_word():
    safety = Safety(Limits(), neutral_music(80.0))
    wish = safety.last

    def limit(*energies, may_rise=True):
        parts = tuple(Part(energy=energy) for energy in energies)
        return safety.limit(wish, state="RUN", elapsed_s=0.1, may_rise=may_rise, parts=parts)

    assert "energy_rise" in limit(1.0).limits_hit
    assert limit(0.01).limits_hit == ()
    assert "heart_rate_ceiling" in limit(1.0, may_rise=False).limits_hit
    assert "not_finite" in limit(float("nan")).limits_hit
    assert safety.last_parts[0].energy == pytest.approx(0.01)
