"""Commands and their replies, without a radio."""

from __future__ import annotations

import asyncio

import pytest

from biofeedback.ble.control_point import ControlPoint
from biofeedback.ble.reasons import Reason, SensorFailure
from biofeedback.decode.profile import find_stream
from biofeedback.profiles import load_profile

H10, SENSE = load_profile("polar_h10"), load_profile("polar_verity_sense")

CONTROL = "00000000-0000-0000-0000-00000000c0de"


class Device:
    """Answers each command with the next of these statuses; None is silence."""

    def __init__(self, *statuses: int | None, answers: bool = True) -> None:
        self.statuses = list(statuses)
        self.commands: list[str] = []
        self.written: list[tuple[str, bytes]] = []
        self.control = ControlPoint(
            self.write, CONTROL, answers=answers, reply_s=0.05, settle_s=0.0
        )

    async def write(self, uuid: str, command: bytes) -> None:
        self.written.append((uuid, command))
        self.commands.append(command.hex())
        status = self.statuses.pop(0) if self.statuses else 0
        if status is not None:
            # An older reply and other packets come first: only the right one counts.
            self.control.hear(bytes((0xF0, command[0], 0x3F, 0)))
            self.control.hear(b"")
            self.control.hear(b"\x77")
            self.control.hear(bytes((0xF0, command[0], command[1], status)))

    def start(self, profile, name: str, rate_hz: float | None = None) -> None:
        stream = find_stream(profile, name)
        asyncio.run(self.control.start(stream, start_of(stream, rate_hz)))

    def stop(self, profile, name: str, rate_hz: float | None = None) -> None:
        stream = find_stream(profile, name)
        asyncio.run(self.control.stop(stream, start_of(stream, rate_hz)))


def start_of(stream, rate_hz: float | None):
    """Give the first start, or the first of a rate."""
    return next(start for start in stream.starts if rate_hz in {None, start.rate_hz})


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (10, Reason.MTU_TOO_SMALL),
        (3, Reason.NOT_SUPPORTED),
        (2, Reason.NOT_SUPPORTED),
        (8, Reason.START_REFUSED),
        (13, Reason.START_REFUSED),
        (99, Reason.START_REFUSED),
        (None, Reason.START_REFUSED),
    ],
)
def test_a_refusal_has_a_reason(status, reason):
    with pytest.raises(SensorFailure) as failure:
        Device(status).start(H10, "acceleration")
    assert failure.value.reason is reason


def test_a_stream_that_runs_already_is_stopped_and_started_again():
    device = Device(6, 0, 0)
    device.start(H10, "acceleration")
    assert [command[:4] for command in device.commands] == ["0202", "0302", "0202"]


def test_a_mode_that_is_on_already_is_left_on():
    device = Device(6, 0)
    device.start(SENSE, "acceleration", rate_hz=416.0)
    assert [command[:4] for command in device.commands] == ["0209", "0202"]


def test_a_mode_that_can_not_be_entered_while_streaming_waits_for_the_stop():
    device = Device(12, 0, 0, 0)
    device.start(SENSE, "acceleration", rate_hz=416.0)
    assert [command[:4] for command in device.commands] == ["0209", "0302", "0209", "0202"]


def test_a_stop_also_ends_the_mode_that_the_start_switched_on():
    device = Device()
    device.stop(SENSE, "acceleration", rate_hz=416.0)
    assert device.commands == ["0302", "0309"]


def test_a_wearable_that_never_answers_is_not_waited_for():
    device = Device(None, answers=False)
    device.start(H10, "acceleration")
    device.stop(H10, "acceleration")
    assert [command[:4] for command in device.commands] == ["0202", "0302"]


def test_a_stop_by_the_device_is_noticed():
    device = Device()
    device.control.hear(b"\x01\x02")
    assert device.control.stopped.is_set()


def test_settings_are_written_to_their_own_characteristics_before_the_start():
    device = Device(None, None, answers=False)
    device.start(load_profile("sensortag"), "acceleration")
    period = "f000aa83-0451-4000-b000-000000000000"
    assert device.written == [(period, b"\x0a"), (CONTROL, b"\x7f\x02")]


def test_a_script_is_sent_line_by_line_in_chunks():
    device = Device(answers=False)
    asyncio.run(device.control.send_script((b"abcdefg\n", b"xy\n"), chunk_bytes=5))
    assert [value for _, value in device.written] == [b"abcde", b"fg\n", b"xy\n"]


def test_a_script_that_is_not_taken_is_a_refusal():
    async def never(_uuid: str, _value: bytes) -> None:
        await asyncio.Event().wait()

    async def send() -> None:
        control = ControlPoint(never, CONTROL, answers=False, reply_s=0.01, settle_s=0.0)
        await control.send_script((b"a\n",), chunk_bytes=20)

    with pytest.raises(SensorFailure) as failure:
        asyncio.run(send())
    assert failure.value.reason is Reason.START_REFUSED
