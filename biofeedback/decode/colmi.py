"""Colmi R02-R10 rings: packets of 16 bytes, the last one the sum of the others.

* A reply with bit 7 of the command set is an error, except raw data (A1).
* Raw acceleration lies Y, Z, X on the wire, 12 bits signed, 512 to the g.
* Pushed values are big-endian, logs are little-endian with dates in BCD.
* A start request and the reply "error 1" are the same bytes, so only the direction tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from biofeedback.decode.malformed import Malformed
from biofeedback.decode.triples import Triple  # noqa: TC001 - msgspec reads the types at run time

if TYPE_CHECKING:
    from collections.abc import Callable

    from biofeedback.decode.context import Context

PACKET_BYTES = 16
ERROR_BIT = 0x80
RAW = 0xA1
LSB_PER_G = 512
NO_DATA = 0xFF
STEPS_HEADER = 0xF0
READINGS: Final[dict[int, str]] = {
    1: "heart_rate",
    3: "spo2",
    6: "heart_rate",
    8: "stress",
    10: "hrv",
}
COMMANDS: Final[dict[bytes, str]] = {
    b"\x03": "read_battery",
    b"\x10": "blink",
    b"\x1e\x33": "keep_heart_rate_going",
    b"\x69\x01\x01": "start_heart_rate",
    b"\x69\x06\x01": "start_realtime_heart_rate",
    b"\x69\x03\x01": "start_spo2",
    b"\x69\x08\x01": "start_stress",
    b"\x69\x0a\x01": "start_hrv",
    b"\x6a\x01": "stop_heart_rate",
    b"\x6a\x03": "stop_spo2",
    b"\xa1\x02": "raw_sensor_off",
    b"\xa1\x03": "raw_sensor_snapshot",
    b"\xa1\x04": "raw_sensor_on",
}

Byte = Annotated[int, Meta(ge=0, le=255)]
Count16 = Annotated[int, Meta(ge=0, le=0xFFFF)]
Count24 = Annotated[int, Meta(ge=0, lt=1 << 24)]
Signed12 = Annotated[int, Meta(ge=-2048, le=2047)]


class ColmiBattery(msgspec.Struct, frozen=True, kw_only=True):
    """Charge; None when the ring sent a value outside 0..100."""

    battery_percent: Annotated[int, Meta(ge=0, le=100)] | None
    charging: bool


class ColmiReading(msgspec.Struct, frozen=True, kw_only=True):
    """A value the ring computed, or only its error (1: often not worn). 0 means none yet."""

    type: str
    error: Byte
    value: Byte | UnsetType = UNSET


class ColmiActivity(msgspec.Struct, frozen=True, kw_only=True):
    """Pushed totals of the day."""

    steps: Count24
    calories_kcal: Count24
    distance_m: Count24


class ColmiStepsRow(msgspec.Struct, frozen=True, kw_only=True):
    """Steps of one quarter of an hour (``time_index`` of the day)."""

    year: Annotated[int, Meta(ge=2000, le=2099)]
    month: Annotated[int, Meta(ge=1, le=12)]
    day: Annotated[int, Meta(ge=1, le=31)]
    time_index: Annotated[int, Meta(ge=0, le=95)]
    calories_raw: Count16
    steps: Count16
    distance_m: Count16


class ColmiStepsHeader(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows follow."""

    steps_rows: Byte


class ColmiNoSteps(msgspec.Struct, frozen=True, kw_only=True):
    """There are no steps of that day."""

    steps: Literal["no_data"] = "no_data"


class ColmiHeartLog(msgspec.Struct, frozen=True, kw_only=True):
    """An answer about the heart rate log; its parts are not read, it is no live data."""

    hr_log: Literal["no_data", "part"]


class ColmiHeartLogSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Whether and how often the ring logs the heart rate by itself."""

    hr_log_enabled: bool
    interval_min: Byte


class ColmiAcceleration(msgspec.Struct, frozen=True, kw_only=True):
    """One sample x, y, z, raw and in g."""

    raw: tuple[Signed12, Signed12, Signed12]
    accel_g: Triple


class ColmiPpg(msgspec.Struct, frozen=True, kw_only=True):
    """Raw optical value, 0 for a dropped one, with its recent extremes."""

    ppg_raw: Count16
    ppg_max: Count16
    ppg_min: Count16
    ppg_diff: Count16


class ColmiSpo2Raw(msgspec.Struct, frozen=True, kw_only=True):
    """Raw optical value of the oxygen measurement."""

    spo2_raw: Count16
    spo2_max: Byte
    spo2_min: Byte
    spo2_diff: Byte


class ColmiError(msgspec.Struct, frozen=True, kw_only=True):
    """The ring refused a command."""

    refused_command: Byte


class ColmiCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A request to the ring; ``set_time`` with its UTC time."""

    command: str | UnsetType = UNSET
    set_time: str | UnsetType = UNSET


ColmiPacket: TypeAlias = (
    ColmiBattery
    | ColmiReading
    | ColmiActivity
    | ColmiStepsRow
    | ColmiStepsHeader
    | ColmiNoSteps
    | ColmiHeartLog
    | ColmiHeartLogSettings
    | ColmiAcceleration
    | ColmiPpg
    | ColmiSpo2Raw
    | ColmiError
)


def decode_colmi(payload: bytes, context: Context) -> ColmiPacket:
    """Decode a packet from the ring."""
    del context
    _check(payload)
    command = payload[0]
    decode = REPLIES.get(command)
    if decode is not None:
        return decode(payload)
    if command & ERROR_BIT and command != RAW:
        return ColmiError(refused_command=command & ~ERROR_BIT)
    raise Malformed("unknown_type", f"replies to command {command:02x} are not known")


def decode_colmi_command(payload: bytes, context: Context) -> ColmiCommand:
    """Decode a packet to the ring."""
    del context
    _check(payload)
    if payload[0] == 0x01:
        year, month, day, hour, minute, second = [_bcd(byte) for byte in payload[1:7]]
        _check_date(month, day)
        if hour > 23 or minute > 59 or second > 59:
            raise Malformed("out_of_range", "no time of day")
        return ColmiCommand(
            set_time=f"20{year:02}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    for size in (3, 2, 1):
        command = COMMANDS.get(payload[:size])
        if command is not None:
            return ColmiCommand(command=command)
    raise Malformed("unknown_type", f"command {payload[:3].hex()} is not known")


def _check(payload: bytes) -> None:
    if len(payload) != PACKET_BYTES:
        raise Malformed("bad_length", f"{len(payload)} bytes, a packet has {PACKET_BYTES}")
    if sum(payload[:-1]) & 0xFF != payload[-1]:
        raise Malformed("bad_block", "the checksum is wrong")


def _bcd(byte: int) -> int:
    tens, ones = byte >> 4, byte & 0x0F
    if tens > 9 or ones > 9:
        raise Malformed("out_of_range", f"{byte:02x} is no BCD number")
    return 10 * tens + ones


def _check_date(month: int, day: int) -> None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        raise Malformed("out_of_range", f"month {month}, day {day}")


def _signed_12(high: int, low: int) -> int:
    value = high << 4 | low & 0x0F
    return value - 4096 if value >= 2048 else value


def _battery(percent: int, charging: int) -> ColmiBattery:
    return ColmiBattery(
        battery_percent=percent if percent <= 100 else None, charging=bool(charging)
    )


def _decode_reading(payload: bytes) -> ColmiReading:
    name = READINGS.get(payload[1])
    if name is None:
        raise Malformed("unknown_type", f"readings of type {payload[1]} are not known")
    if payload[2]:
        return ColmiReading(type=name, error=payload[2])
    return ColmiReading(type=name, error=0, value=payload[3])


def _decode_pushed(payload: bytes) -> ColmiPacket:
    if payload[1] == 0x0C:
        return _battery(payload[2], payload[3])
    if payload[1] != 0x12:
        raise Malformed("unknown_type", f"pushed values of type {payload[1]:02x} are not known")
    return ColmiActivity(
        steps=int.from_bytes(payload[2:5], "big"),
        calories_kcal=int.from_bytes(payload[5:8], "big") // 1000,
        distance_m=int.from_bytes(payload[8:11], "big"),
    )


def _decode_steps(payload: bytes) -> ColmiPacket:
    if payload[1] == NO_DATA:
        return ColmiNoSteps()
    if payload[1] == STEPS_HEADER:
        return ColmiStepsHeader(steps_rows=payload[2])
    year, month, day = [_bcd(byte) for byte in payload[1:4]]
    _check_date(month, day)
    if payload[4] > 95:
        raise Malformed("out_of_range", f"quarter of an hour {payload[4]} of a day")
    return ColmiStepsRow(
        year=2000 + year,
        month=month,
        day=day,
        time_index=payload[4],
        calories_raw=int.from_bytes(payload[7:9], "little"),
        steps=int.from_bytes(payload[9:11], "little"),
        distance_m=int.from_bytes(payload[11:13], "little"),
    )


def _decode_raw(payload: bytes) -> ColmiPacket:
    kind = payload[1]
    if kind == 3:
        y, z, x = [_signed_12(payload[at], payload[at + 1]) for at in (2, 4, 6)]
        return ColmiAcceleration(
            raw=(x, y, z), accel_g=(x / LSB_PER_G, y / LSB_PER_G, z / LSB_PER_G)
        )
    if kind == 2:
        raw, most, least, diff = [
            int.from_bytes(payload[at : at + 2], "big") for at in range(2, 10, 2)
        ]
        return ColmiPpg(ppg_raw=raw, ppg_max=most, ppg_min=least, ppg_diff=diff)
    if kind == 1:
        return ColmiSpo2Raw(
            spo2_raw=int.from_bytes(payload[2:4], "big"),
            spo2_max=payload[5],
            spo2_min=payload[7],
            spo2_diff=payload[9],
        )
    raise Malformed("unknown_type", f"raw data of type {kind} are not known")


def _decode_heart_log_settings(payload: bytes) -> ColmiHeartLogSettings:
    return ColmiHeartLogSettings(hr_log_enabled=payload[2] == 1, interval_min=payload[3])


REPLIES: Final[dict[int, Callable[[bytes], ColmiPacket]]] = {
    0x03: lambda payload: _battery(payload[1], payload[2]),
    0x69: _decode_reading,
    0x73: _decode_pushed,
    0x43: _decode_steps,
    0x15: lambda payload: ColmiHeartLog(hr_log="no_data" if payload[1] == NO_DATA else "part"),
    0x16: _decode_heart_log_settings,
    RAW: _decode_raw,
}
"""Command -> how its reply is read."""
