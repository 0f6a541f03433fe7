"""Movesense, GATT sensor-data firmware: notifications, and the commands that cause them.

* A notification is: kind (1 result, 2 data, 3 second part of long data), reference, rest. The
  reference is whatever the client chose when it subscribed to a path; the ``path`` (context) tells
  the layout. A body without those two bytes is read too, as recordings keep it.
* IMU packets hold all acceleration rows, then all gyroscope rows, then all magnetometer rows.
* The time is that of the first sample, in ms since the sensor's start; Temp has it last.
"""

from __future__ import annotations

import math
import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from biofeedback.decode.malformed import Malformed
from biofeedback.decode.triples import (
    Triple,
    check_range,
    read_float32,
    read_int16,
    unpack_float32,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.decode.context import Context

RESULT, DATA, SECOND_PART = 1, 2, 3
COMMANDS: Final[tuple[str, ...]] = (
    "hello",
    "subscribe",
    "unsubscribe",
    "fetch_log",
    "get",
    "clear_log",
    "put_data_logger_config",
    "system_mode",
    "set_time",
    "data_logger_state",
)
WITH_PATH: Final = frozenset({"subscribe", "get"})
AXES: Final[dict[str, int]] = {"Acc": 1, "Gyro": 1, "Magn": 1, "IMU6": 2, "IMU9": 3}
"""What is measured -> triples of one sample."""
LIMIT_MPS2, LIMIT_DPS, LIMIT_UT, LIMIT_MV = 400.0, 10_000.0, 100_000.0, 1_000.0
_ACC, _GYRO, _MAG = ("accel_ms2", LIMIT_MPS2), ("gyro_dps", LIMIT_DPS), ("mag_ut", LIMIT_UT)
FIELDS: Final[dict[str, tuple[tuple[str, float], ...]]] = {
    "Acc": (_ACC,),
    "Gyro": (_GYRO,),
    "Magn": (_MAG,),
    "IMU6": (_ACC, _GYRO),
    "IMU9": (_ACC, _GYRO, _MAG),
}
"""What is measured -> its fields in the order of the packet, and what no value exceeds."""
LEAST_LIMIT = min(LIMIT_MPS2, LIMIT_DPS, LIMIT_UT)
"""A packet whose root of the sum of all squares isn't beyond this is within all limits."""
_TRIPLE: Final = struct.Struct("<3f")
COUNT_MV = 0.000381469726563
LIMIT_BPM, LEAST_KELVIN, MOST_KELVIN = 300.0, 200.0, 450.0

Byte = Annotated[int, Meta(ge=0, le=255)]
Clock = Annotated[int, Meta(ge=0, le=0xFFFFFFFF)]
Millivolt = Annotated[float, Meta(ge=-LIMIT_MV, le=LIMIT_MV)]


class MovesenseResult(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a command; 200 is success."""

    response: str = "command_result"
    ref: Byte
    status: Annotated[int, Meta(ge=0, le=0xFFFF)]


class MovesenseData(msgspec.Struct, frozen=True, kw_only=True):
    """One data packet. Which fields are set is told by the path."""

    response: str | UnsetType = UNSET
    ref: Byte | UnsetType = UNSET
    timestamp_ms: Clock | UnsetType = UNSET
    samples_per_packet: int | UnsetType = UNSET
    accel_ms2: tuple[Triple, ...] | UnsetType = UNSET
    gyro_dps: tuple[Triple, ...] | UnsetType = UNSET
    mag_ut: tuple[Triple, ...] | UnsetType = UNSET
    samples_mv: tuple[Millivolt, ...] | UnsetType = UNSET
    average_bpm: Annotated[float, Meta(ge=0, le=LIMIT_BPM)] | UnsetType = UNSET
    rr_ms: tuple[Annotated[int, Meta(ge=0, le=0xFFFF)], ...] | UnsetType = UNSET
    temperature_k: Annotated[float, Meta(ge=LEAST_KELVIN, le=MOST_KELVIN)] | UnsetType = UNSET


class MovesenseCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A command of the client; ``path`` only where there is one."""

    command: str
    ref: Byte
    path: str | UnsetType = UNSET


MovesensePacket: TypeAlias = MovesenseResult | MovesenseData


def decode_movesense(payload: bytes, context: Context) -> MovesensePacket:
    """Decode a whole notification, second part already joined, or the body of one."""
    size = len(payload)
    path = context.get("path")
    if payload[0] == RESULT and size == 4:
        return MovesenseResult(ref=payload[1], status=payload[2] | payload[3] << 8)
    if not isinstance(path, str):
        raise Malformed("unknown_type", "data of a reference that nothing was subscribed with")
    if payload[0] == DATA and fits(size - 2, path):
        return _decode_body(payload, 2, path, ref=payload[1])
    if fits(size, path):
        return _decode_body(payload, 0, path, ref=None)
    raise Malformed("bad_length", f"{size} bytes are no whole number of samples of {path}")


def decode_movesense_command(payload: bytes, context: Context) -> MovesenseCommand:
    """Decode a write: command, reference, and the path if there is one."""
    del context
    if len(payload) < 2:
        raise Malformed("too_short", "1 byte, command and reference have 2")
    if payload[0] >= len(COMMANDS):
        raise Malformed("unknown_type", f"command {payload[0]} is not known")
    command = COMMANDS[payload[0]]
    if command not in WITH_PATH:
        return MovesenseCommand(command=command, ref=payload[1])
    try:
        path = payload[2:].decode("ascii")
    except UnicodeDecodeError as error:
        raise Malformed("out_of_range", "the path is not ASCII") from error
    if not path.startswith("/") or not path.isprintable():
        raise Malformed("out_of_range", f"a path of {path[:40]!r}")
    return MovesenseCommand(command=command, ref=payload[1], path=path)


def rate_of_path(path: str) -> float | None:
    """Return the rate in Hz that a path names, None if it names none."""
    numbers = [int(part) for part in path.split("/") if part.isdecimal() and len(part) <= 4]
    return float(numbers[0]) if numbers and numbers[0] else None


def fits(size: int, path: str) -> bool:
    """Tell whether a body of this size is a whole one of its path."""
    kind = _kind(path)
    if kind in AXES:
        return size > 4 and (size - 4) % (12 * AXES[kind]) == 0
    if kind == "Ecg":
        return size > 4 and (size - 4) % (2 if path.endswith("/mV") else 4) == 0
    if kind == "HR":
        return size >= 4 and size % 2 == 0
    return kind == "Temp" and size == 8


@lru_cache(maxsize=64)
def _kind(path: str) -> str:
    parts = path.split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "Meas" else ""


def _decode_body(payload: bytes, at: int, path: str, *, ref: int | None) -> MovesenseData:
    kind = _kind(path)
    response = UNSET if ref is None else "data"
    reference = UNSET if ref is None else ref
    if kind == "HR":
        average_bpm = read_float32(payload, at, 1, limit=LIMIT_BPM)[0]
        check_range((average_bpm,), least=0.0, most=LIMIT_BPM)
        intervals = read_int16(payload, at + 4, (len(payload) - at - 4) // 2)
        return MovesenseData(
            response=response,
            ref=reference,
            average_bpm=average_bpm,
            rr_ms=tuple([interval & 0xFFFF for interval in intervals]),
        )
    if kind == "Temp":
        kelvin = read_float32(payload, at, 1, limit=MOST_KELVIN)[0]
        check_range((kelvin,), least=LEAST_KELVIN, most=MOST_KELVIN)
        return MovesenseData(
            response=response,
            ref=reference,
            timestamp_ms=int.from_bytes(payload[at + 4 : at + 8], "little"),
            temperature_k=kelvin,
        )
    stamp_ms = int.from_bytes(payload[at : at + 4], "little")
    if kind == "Ecg":
        samples_mv = _ecg_mv(payload, at + 4, scaled=path.endswith("/mV"))
        return MovesenseData(
            response=response,
            ref=reference,
            timestamp_ms=stamp_ms,
            samples_per_packet=len(samples_mv),
            samples_mv=samples_mv,
        )
    return _decode_motion(payload, at, kind, response=response, ref=reference)


def _decode_motion(
    payload: bytes, at: int, kind: str, *, response: str | UnsetType, ref: int | UnsetType
) -> MovesenseData:
    fields = FIELDS[kind]
    n = (len(payload) - at - 4) // (12 * len(fields))
    values = unpack_float32(payload, at + 4, 3 * n * len(fields))
    if not math.hypot(*values) <= LEAST_LIMIT:
        _check_fields(values, fields)
    each = tuple(_TRIPLE.iter_unpack(payload[at + 4 :]))
    rows = {name: each[n * place : n * (place + 1)] for place, (name, _) in enumerate(fields)}
    return MovesenseData(
        response=response,
        ref=ref,
        timestamp_ms=int.from_bytes(payload[at : at + 4], "little"),
        samples_per_packet=n,
        accel_ms2=rows.get("accel_ms2", UNSET),
        gyro_dps=rows.get("gyro_dps", UNSET),
        mag_ut=rows.get("mag_ut", UNSET),
    )


def _check_fields(values: Sequence[float], fields: Sequence[tuple[str, float]]) -> None:
    if not math.isfinite(sum(values)):
        raise Malformed("out_of_range", "NaN or infinity")
    each = len(values) // len(fields)
    for place, (_, limit) in enumerate(fields):
        part = values[each * place : each * (place + 1)]
        if math.hypot(*part) > limit and not -limit <= min(part) <= max(part) <= limit:
            raise Malformed("out_of_range", f"a value beyond {limit:g}")


def _ecg_mv(payload: bytes, at: int, *, scaled: bool) -> tuple[float, ...]:
    if scaled:
        return tuple([raw / 1000 for raw in read_int16(payload, at, (len(payload) - at) // 2)])
    samples_mv = tuple(
        [
            int.from_bytes(payload[place : place + 4], "little", signed=True) * COUNT_MV
            for place in range(at, len(payload), 4)
        ]
    )
    check_range(samples_mv, least=-LIMIT_MV, most=LIMIT_MV)
    return samples_mv


class SecondParts:
    """Join long data packets: a first part that is no whole body waits for its second."""

    def __init__(self) -> None:
        self._waiting: dict[int, bytes] = {}

    def update(self, payload: bytes, path: str | None) -> bytes | None:
        """Return a whole notification, None while its second part is missing.

        Raises:
            Malformed: A second part without a first, or a first whose second never came.
        """
        if len(payload) < 2 or path is None:
            return payload
        kind, ref = payload[0], payload[1]
        if kind == SECOND_PART:
            first = self._waiting.pop(ref, None)
            if first is None:
                raise Malformed("bad_block", f"a second part of {ref} without a first one")
            return first + payload[2:]
        if kind != DATA:
            return payload
        lost = self._waiting.pop(ref, None) is not None
        whole = fits(len(payload) - 2, path)
        if not whole:
            self._waiting[ref] = payload
        if lost and not whole:
            raise Malformed("bad_block", f"the second part of a packet of {ref} never came")
        return payload if whole else None
