from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import MeasureTaken
from biofeedback.samples import AccelerationBlock, CadenceReading
from biofeedback.signals.body import Body

S = 1_000_000_000


def still() -> AccelerationBlock:
    times_ns = np.arange(50, dtype=np.int64) * 20_000_000 + S
    return AccelerationBlock(
        times_ns=times_ns,
        acceleration_mps2=np.tile([0.0, 0.0, 9.81], (50, 1)),
        gap_before=False,
        range_mps2=78.0,
    )


def reading(
    per_min: float, *, unit: str | None = None, running: bool | None = False, speed: float = 0.0
) -> CadenceReading:
    return CadenceReading(
        cadence_per_min=per_min,
        unit=unit,  # pyright: ignore[reportArgumentType]
        running=running,
        speed_mps=speed,
    )


def told(*readings: CadenceReading) -> list[float | None]:
    body = Body("w")
    body.attach("pod", "ankle")
    values: list[float | None] = []
    for index, each in enumerate(readings):
        answer = body.update("pod", each, index * S)
        assert all(isinstance(part, MeasureTaken) for part in answer)
        assert {part.measure for part in answer} <= {"cadence_spm"}
        values.append(answer[0].value if answer else None)
    return values


def test_a_walking_value_above_120_can_not_be_strides_and_settles_the_unit() -> None:
    assert told(reading(100), reading(124), reading(100)) == [None, 124, 100]


def test_a_runner_with_80_counts_has_strides() -> None:
    assert told(reading(80, running=True), reading(50)) == [160, 100]


def test_a_step_longer_than_a_leg_is_a_stride() -> None:
    assert told(reading(56, speed=1.25)) == [112]


def test_a_stride_shorter_than_two_feet_is_a_step() -> None:
    assert told(reading(110, speed=0.9)) == [110]


def test_steps_that_were_proved_late_replace_strides_that_seemed_so() -> None:
    assert told(reading(56, speed=1.25), reading(130), reading(100)) == [112, 130, 100]


def test_while_both_are_possible_nothing_is_told() -> None:
    assert told(reading(60), reading(60, speed=0.8), reading(0), reading(115, running=True)) == [
        None,
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(("unit", "value"), [("steps", 50), ("strides", 100), ("revolutions", 100)])
def test_a_unit_that_the_profile_knows_is_used_at_once(unit: str, value: float) -> None:
    assert told(reading(50, unit=unit)) == [value]


def test_a_cadence_that_no_legs_have_is_withheld() -> None:
    assert told(reading(200, unit="revolutions"), reading(0, unit="revolutions")) == [None, 0]


def test_a_sensor_that_left_is_learned_anew() -> None:
    body = Body("w")
    body.attach("pod", "ankle")
    assert body.update("pod", reading(130), 0)
    body.detach("pod")
    assert not body.update("pod", reading(60), S)


def test_more_than_80_at_walking_pace_are_steps() -> None:
    assert told(reading(107, speed=1.25)) == [107]
    assert told(reading(75, speed=1.0)) == [None]


def body_told(*per_min: float) -> Body:
    body = Body("w")
    body.attach("bike", "unknown")
    for index, value in enumerate(per_min):
        body.update("bike", reading(value, unit="revolutions", running=None), index * S)
    return body


def test_a_told_cadence_leads_when_nothing_else_moves() -> None:
    state = body_told(55, 55).state(2 * S)
    assert (state.has_motion, state.walking, state.cadence_spm) == (True, True, 110.0)
    assert state.motion_age_ms == 1000.0
    assert state.activity_ratio == pytest.approx(0.5)
    assert state.last_step_ns is None


def test_a_told_cadence_that_is_old_leads_nobody_and_its_age_goes_on() -> None:
    state = body_told(55, 55).state(5 * S)
    assert (state.walking, state.cadence_spm, state.activity_ratio) == (False, None, 0.0)
    assert state.motion_age_ms == 4000.0


def test_pedals_that_stand_still_are_rest_and_not_silence() -> None:
    state = body_told(55, 0).state(2 * S)
    assert (state.walking, state.cadence_spm, state.motion_age_ms) == (False, None, 1000.0)


def test_felt_movement_goes_before_a_told_cadence() -> None:
    body = body_told(55, 55)
    body.attach("strap", "chest")
    body.update("strap", still(), 2 * S)
    assert body.state(2 * S).cadence_spm is None
