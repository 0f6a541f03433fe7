from __future__ import annotations

import pytest

from biofeedback.messages import MeasureTaken
from biofeedback.samples import CadenceReading
from biofeedback.signals.body import Body

S = 1_000_000_000


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
