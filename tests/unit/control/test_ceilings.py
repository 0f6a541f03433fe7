"""Heart-rate ceilings of several wearers, seen alone."""

from __future__ import annotations

import pytest

from biofeedback.control.ceilings import Ceilings
from biofeedback.messages import NS_PER_S


class Group:
    """Two wearers with a ceiling of 120, looked at ten times a second."""

    def __init__(self, body) -> None:
        self._body = body
        self.ceilings = Ceilings({"a": 120.0, "b": 120.0})
        self._at_ns = 0

    def feel(self, a_bpm, b_bpm, seconds, **facts):
        """Return whether the session had to ease."""
        eases = False
        for _ in range(round(seconds * 10)):
            self._at_ns += NS_PER_S // 10
            bodies = [
                self._body(wearer="a", heart_rate_bpm=a_bpm, **facts),
                self._body(wearer="b", heart_rate_bpm=b_bpm),
            ]
            eases = self.ceilings.is_exceeded(self._at_ns, bodies) or eases
        return eases


@pytest.fixture
def group(body):
    return Group(body)


def test_H01_who_was_above_and_is_unknown_stays_above_while_another_is_below(group):
    assert not group.feel(125.0, 80.0, 1)
    assert not group.feel(None, 80.0, 60)
    assert not group.ceilings.may_rise


def test_H01_all_may_rise_when_who_was_above_is_known_to_be_below_for_five_seconds(group):
    group.feel(125.0, 80.0, 1)
    group.feel(None, 80.0, 60)
    group.feel(110.0, 80.0, 5)
    assert not group.ceilings.may_rise
    group.feel(110.0, 80.0, 0.1)
    assert group.ceilings.may_rise


def test_H01_a_silence_is_no_time_below(group):
    group.feel(125.0, 80.0, 1)
    group.feel(110.0, 80.0, 2)
    group.feel(None, 80.0, 10)
    group.feel(110.0, 80.0, 2)
    assert not group.ceilings.may_rise


def test_H01_somebody_who_was_never_above_need_not_be_known(group):
    group.feel(125.0, 80.0, 1)
    group.feel(110.0, None, 5.1)
    assert group.ceilings.may_rise


def test_H01_above_again_after_an_unknown_time_counts_from_the_first_time(group):
    group.feel(125.0, 80.0, 1)
    group.feel(None, 80.0, 10)
    assert group.feel(125.0, 80.0, 0.1)


def test_H01_somebody_who_left_for_good_is_not_waited_for(group):
    group.feel(125.0, 80.0, 1)
    group.feel(None, 80.0, 5.2, has_heart=False, has_motion=False)
    assert group.ceilings.may_rise


def test_H01_the_time_above_is_counted_for_each_wearer(group):
    group.feel(125.0, 80.0, 1)
    group.feel(None, 80.0, 10)
    assert not group.feel(None, 121.0, 4)
    assert group.feel(None, 121.0, 1.2)
