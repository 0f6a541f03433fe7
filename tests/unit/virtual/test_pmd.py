"""The control point of a virtual Polar answers as captured devices do."""

from __future__ import annotations

import pytest

from biofeedback.decode.polar_pmd_control import decode_polar_pmd_control
from biofeedback.profiles import load_profile
from biofeedback.simulate.body import Body
from biofeedback.simulate.scenarios import SCENARIOS, draw_person
from biofeedback.simulate.story import Story
from biofeedback.virtual.wearables import make_device

MTU = 232
START_ACC = "02 02 00 01 c8 00 01 01 10 00 02 01 08 00"
START_ECG = "02 00 00 01 82 00 01 01 0e 00"
SENSE_ACC = "02 02 00 01 34 00 01 01 10 00 02 01 08 00 04 01 03"
SENSE_ACC_416 = "02 02 00 01 a0 01 01 01 10 00 02 01 08 00 04 01 03"


def control_of(profile: str):
    body = Body(draw_person(1), Story(SCENARIOS["rest"]), seed=1)
    return make_device(load_profile(profile), body, "chest", serial="1").control


def ask(control, request: str, mtu: int = MTU) -> str:
    return control.answer(bytes.fromhex(request), mtu=mtu).hex(" ")


@pytest.mark.parametrize(
    ("profile", "request_", "reply"),
    [
        ("polar_h10", "01 00", "f0 01 00 00 00 00 01 82 00 01 01 0e 00"),
        (
            "polar_h10",
            "01 02",
            "f0 01 02 00 00 00 04 19 00 32 00 64 00 c8 00 01 01 10 00 02 03 02 00 04 00 08 00",
        ),
        (
            "polar_verity_sense",
            "01 02",
            "f0 01 02 00 00 00 01 34 00 01 01 10 00 02 01 08 00 04 01 03",
        ),
        ("polar_h10", START_ECG, "f0 02 00 00 00 00"),
        ("polar_h10", "02 00", "f0 02 00 05"),
        ("polar_h10", START_ACC, "f0 02 02 00 00 00"),
        ("polar_h10", START_ACC + " 04 01 03", "f0 02 02 05"),
        ("polar_h10", START_ACC.replace("c8 00", "c9 00"), "f0 02 02 08"),
        ("polar_h10", "02 01", "f0 02 01 03"),
        ("polar_h10", "02 09", "f0 02 09 03"),
        ("polar_h10", "03 02", "f0 03 02 06 00"),
        ("polar_h10", "05 02", "f0 05 02 03"),
        ("polar_verity_sense", SENSE_ACC, "f0 02 02 00 00 00"),
        ("polar_verity_sense", SENSE_ACC_416, "f0 02 02 08"),
        ("polar_verity_sense", "02 03", "f0 02 03 00 00 00"),
    ],
)
def test_requests_are_answered_as_by_a_device(profile, request_, reply):
    assert ask(control_of(profile), request_) == reply


def test_a_small_mtu_ends_each_command_in_error_ten():
    assert ask(control_of("polar_h10"), START_ACC, mtu=23) == "f0 02 02 0a"


def test_what_runs_already_is_told_until_it_is_stopped():
    control = control_of("polar_h10")
    replies = [ask(control, request) for request in (START_ACC, START_ACC, "03 02", START_ACC)]
    statuses = [bytes.fromhex(reply)[3] for reply in replies]
    assert statuses == [0, 6, 0, 0]


def test_sdk_mode_opens_faster_rates_and_is_refused_while_something_runs():
    control = control_of("polar_verity_sense")
    ask(control, SENSE_ACC)
    assert ask(control, "02 09") == "f0 02 09 0c"
    ask(control, "03 02")
    assert ask(control, "02 09") == "f0 02 09 00 00"
    assert ask(control, "02 09") == "f0 02 09 06 00"
    assert ask(control, SENSE_ACC_416) == "f0 02 02 00 00 00"
    assert control.running == {2: 416}


def test_all_that_the_device_stops_by_itself_is_listed():
    control = control_of("polar_h10")
    ask(control, START_ACC)
    ask(control, START_ECG)
    stopped = decode_polar_pmd_control(control.stop_all(), {})
    assert set(stopped.types) == {"ACC", "ECG"}
    assert not control.running


def test_nonsense_is_answered_with_an_error_and_nothing_starts():
    control = control_of("polar_h10")
    for request in ("", "02", "ff ff", "02 02 07", "02 02 00"):
        assert bytes.fromhex(ask(control, request))[3] != 0
    assert not control.running
