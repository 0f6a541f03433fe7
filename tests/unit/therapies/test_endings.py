"""What ends a phase."""

from __future__ import annotations

import msgspec
import pytest

from biofeedback.control.law import Moment, Step
from biofeedback.control.limits import Limits
from biofeedback.control.listen import ListenLaw
from biofeedback.therapies.endings import Ending
from biofeedback.therapies.plan import Phase

LAW = ListenLaw(limits=Limits(), resting_tempo_bpm=80.0)


def phase(**more):
    return Phase(**({"name": "a", "law": "listen", "least_s": 5.0, "most_s": 60.0} | more))


def end_s(ending, moments):
    for index, moment in enumerate(moments, 1):
        why = ending.watch(moment, LAW, 0.1 * index)
        if why is not None:
            return pytest.approx(0.1 * index, abs=0.05), why
    return None


def quiet(tenths, **felt):
    return [
        Moment(k * 10**8, **({"bodies": (), "tempo_bpm": 80.0, "elapsed_s": 0.1} | felt))
        for k in range(tenths)
    ]


def test_time_ends_a_phase_and_nothing_else_does():
    ending = Ending(phase(), rest_bpm=None)
    ending.ask_on()
    assert end_s(ending, quiet(700)) == (60.0, "time")


def test_a_key_that_was_pressed_too_early_counts_at_the_least_time():
    ending = Ending(phase(ends="key"), rest_bpm=None)
    assert end_s(ending, quiet(100)) is None
    ending.ask_on()
    assert end_s(ending, quiet(600)) == (5.0, "key")


def walk(period_s, slips):
    """Steps that vary by a share of their period, up and down by turns."""
    moments, next_s, number = quiet(900), 0.0, 0
    for index, moment in enumerate(moments):
        if next_s <= 0.1 * index:
            step = Step("p1", round(next_s * 1e9), 0.0)
            moments[index] = msgspec.structs.replace(moment, steps=[step])
            next_s += period_s * (1.0 + slips * (-1) ** number)
            number += 1
    return moments


@pytest.mark.parametrize(("slips", "why"), [(0.02, "criterion"), (0.12, "time")])
def test_thirty_even_steps_are_steady(slips, why):
    ending = Ending(phase(ends="steady_cadence"), rest_bpm=None)
    at_s, found = end_s(ending, walk(0.55, slips))
    assert found == why
    if why == "criterion":
        assert at_s == pytest.approx(31 * 0.55, abs=1.0)


def test_a_rest_between_steps_begins_the_count_anew():
    moments = walk(0.55, 0.0)
    for index in range(120, 160):
        moments[index] = msgspec.structs.replace(moments[index], steps=())
    at_s, why = end_s(Ending(phase(ends="steady_cadence"), rest_bpm=None), moments)
    assert why == "criterion"
    assert at_s == pytest.approx(16.0 + 31 * 0.55, abs=1.0)


def test_a_heart_that_is_near_rest_for_half_a_minute_is_settled(body):
    near = quiet(600, bodies=[body(heart_rate_bpm=69.0)])
    assert end_s(Ending(phase(ends="settled"), rest_bpm=60.0), near) == (30.0, "criterion")
    far = quiet(700, bodies=[body(heart_rate_bpm=71.0)])
    assert end_s(Ending(phase(ends="settled"), rest_bpm=60.0), far) == (60.0, "time")
    assert end_s(Ending(phase(ends="settled"), rest_bpm=None), near) == (60.0, "time")
