"""Which steps of a trunk belong to the same foot, and which is the left one."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import EventDetected, MeasureTaken
from biofeedback.signals.gait.asymmetry import StepAsymmetry
from biofeedback.signals.gait.sides import Footfall, Sides
from biofeedback.signals.motion import Motion
from biofeedback.signals.resample import TICK_S

STEP_S = 0.55
TURN = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]


def trunk(contacts: list[float], feet: list[int], *, push: float = 1.0, noise: float = 0.2):
    """Ticks of a trunk (x left, z up) that is pushed towards the foot that lands; 0 is left."""
    t = np.arange(round((contacts[-1] + 1.0) / TICK_S)) * TICK_S
    a = np.random.default_rng(2).normal(0.0, noise, (len(t), 3))
    a[:, 2] += 9.81
    for contact, foot in zip(contacts, feet, strict=True):
        a[:, 0] += push * (1 - 2 * foot) * np.exp(-(((t - contact + 0.2) / 0.12) ** 2))
    return a


def follow(a: np.ndarray, contacts: list[float], *, left_axis=None, begins=(0.0,)) -> list:
    sides, found = Sides(left_axis), []
    sides.hear(0, [tuple(v) for v in a.tolist()])
    for contact in contacts:
        fall = sides.update(contact, step_s=STEP_S, begins=contact in begins)
        found.append((fall, None if fall is None else sides.name(fall)))
    return found


def walk(n: int) -> tuple[list[float], list[int]]:
    return [1.0 + STEP_S * i for i in range(n)], [i % 2 for i in range(n)]


@pytest.mark.parametrize("turn", [np.eye(3), TURN])
def test_after_eight_clear_steps_the_feet_are_told_apart_however_the_sensor_is_turned(turn) -> None:
    contacts, feet = walk(10)
    falls = [fall for fall, _ in follow(trunk(contacts, feet) @ turn, contacts)]
    assert falls[:7] == [None] * 7
    assert all(fall is not None and fall.sureness > 0.95 for fall in falls[7:])
    assert [f.foot for f in falls[7:]] in ([1, 0, 1], [0, 1, 0])


def test_a_step_that_was_missed_does_not_exchange_the_feet() -> None:
    contacts, feet = walk(20)
    a = trunk(contacts, feet)
    known, true = contacts[:12] + contacts[13:], feet[:12] + feet[13:]
    falls = [fall for fall, _ in follow(a, known)]
    same = {fall.foot == foot for fall, foot in zip(falls[7:], true[7:], strict=True)}
    assert len(same) == 1


def test_a_contact_too_many_does_not_exchange_the_feet() -> None:
    contacts, feet = walk(20)
    a = trunk(contacts, feet)
    extra = contacts[12] + 0.27
    falls = dict(zip([*contacts, extra], [None] * 21, strict=True))
    row = sorted(falls)
    told = {c: fall for c, (fall, _) in zip(row, follow(a, row), strict=True)}
    same = {told[c].foot == foot for c, foot in list(zip(contacts, feet, strict=True))[8:]}
    assert len(same) == 1


def test_a_trunk_that_is_pushed_to_no_side_tells_nothing() -> None:
    contacts, feet = walk(40)
    falls = [fall for fall, _ in follow(trunk(contacts, feet, push=0.0), contacts)]
    assert sum(fall is not None for fall in falls) <= 4


def test_left_is_told_only_where_the_mounting_was() -> None:
    contacts, feet = walk(12)
    a = trunk(contacts, feet)
    names = ["left" if foot == 0 else "right" for foot in feet]
    assert [name for _, name in follow(a, contacts)] == [None] * 12
    assert [name for _, name in follow(a, contacts, left_axis="x")][8:] == names[8:]
    assert [name for _, name in follow(-a, contacts, left_axis="-x")][8:] == names[8:]


def test_a_mounting_that_contradicts_the_walk_is_not_believed() -> None:
    contacts, feet = walk(12)
    told = [name for _, name in follow(trunk(contacts, feet), contacts, left_axis="y")]
    assert told == [None] * 12


def test_uneven_steps_are_told_as_the_difference_of_the_means_over_their_mean() -> None:
    asymmetry, at, told = StepAsymmetry(), 0.0, []
    for i in range(20):
        told.append(asymmetry.update(at, Footfall(i % 2, 0.99), step_s=0.55))
        at += 0.5 if i % 2 else 0.6
    values = [value for value in told if value is not None]
    assert len(values) == 2
    assert values[-1] == pytest.approx((0.1 / 0.55, 0.98))


def test_steps_whose_foot_is_not_known_and_the_way_between_two_walks_do_not_count() -> None:
    asymmetry = StepAsymmetry()
    for i in range(40):
        fall = None if i % 3 == 0 else Footfall(i % 2, 0.99)
        asymmetry.restart()
        assert asymmetry.update(0.55 * i, fall, step_s=0.55) is None


def test_a_limp_is_found_at_the_waist_and_told_with_the_steps(feed) -> None:
    contacts = list(np.cumsum(np.tile([0.45, 0.65], 30)) + 1.0)
    t = np.arange(0, contacts[-1] + 1.0, 0.01)
    a = np.random.default_rng(1).normal(0, 0.05, (len(t), 3))
    a[:, 2] += 9.81
    for i, contact in enumerate(contacts):
        a[:, 2] += 4.0 * np.exp(-(((t - contact - 0.1) / 0.08) ** 2))
        a[:, 0] += (1 if i % 2 else -1) * np.exp(-(((t - contact + 0.2) / 0.12) ** 2))
    found = feed(Motion("w", "s", "waist", None), (np.round(t * 1e9).astype(np.int64), a))
    told = [f for f in found if isinstance(f, MeasureTaken) and f.measure == "step_asymmetry"]
    assert told
    assert told[-1].value == pytest.approx(0.2 / 0.55, abs=0.08)
    assert 0.5 <= told[-1].quality <= 0.6
    assert all(f.side is None for f in found if isinstance(f, EventDetected))
