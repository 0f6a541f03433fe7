"""Polar Measurement Data, control point: features, requests, replies, stops.

The first byte tells what a packet from the device is: 0x0F features (read), 0xF0 a reply,
0x01 measurements that the device stopped by itself, 0x00 a bare list of settings.
Settings are (type u8, count u8, values). Error replies may end after the status.
"""

from __future__ import annotations

import math
import struct
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

from biofeedback.decode.malformed import Malformed
from biofeedback.decode.polar_pmd import MEASUREMENT_TYPES, TYPE_MASK
from biofeedback.decode.polar_pmd_frames import (
    MeasurementType,  # noqa: TC001 - msgspec reads the types at run time
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from biofeedback.decode.context import Context

OFFLINE = 0x80
OP_GET_SETTINGS, OP_START, OP_STOP, OP_GET_SDK_SETTINGS = 1, 2, 3, 4

Settings: TypeAlias = dict[str, tuple[float, ...]]
Status = Literal[
    "success",
    "invalid_op",
    "invalid_type",
    "not_supported",
    "invalid_length",
    "invalid_parameter",
    "already_in_state",
    "invalid_resolution",
    "invalid_rate",
    "invalid_range",
    "invalid_mtu",
    "invalid_channels",
    "invalid_state",
    "in_charger",
    "disk_full",
    "unknown",
]
STATUSES: Final[tuple[Status, ...]] = (
    "success",
    "invalid_op",
    "invalid_type",
    "not_supported",
    "invalid_length",
    "invalid_parameter",
    "already_in_state",
    "invalid_resolution",
    "invalid_rate",
    "invalid_range",
    "invalid_mtu",
    "invalid_channels",
    "invalid_state",
    "in_charger",
    "disk_full",
)
RequestName = Literal[
    "get_settings",
    "start",
    "stop",
    "get_sdk_settings",
    "get_status",
    "get_sdk_status",
    "get_offline_trigger",
    "set_offline_trigger",
    "set_offline_trigger_settings",
]
REQUESTS: Final[dict[int, RequestName]] = {
    OP_GET_SETTINGS: "get_settings",
    OP_START: "start",
    OP_STOP: "stop",
    OP_GET_SDK_SETTINGS: "get_sdk_settings",
    5: "get_status",
    6: "get_sdk_status",
    7: "get_offline_trigger",
    8: "set_offline_trigger",
    9: "set_offline_trigger_settings",
}
SETTINGS: Final[dict[int, tuple[str, int, str]]] = {
    0: ("sample_rate", 2, "H"),
    1: ("resolution", 2, "H"),
    2: ("range", 2, "H"),
    3: ("range_milliunit", 4, "I"),
    4: ("channels", 1, "B"),
    5: ("factor", 4, "f"),
    6: ("security", 16, ""),
}
"""Setting -> name, bytes and struct code of a value. Rates in Hz, resolution in bits, range in g,
dps or gauss, factor in the unit of the stream per count."""
FEATURE_BITS: Final[tuple[tuple[int, int, MeasurementType], ...]] = (
    (1, 0, "ECG"),
    (1, 1, "PPG"),
    (1, 2, "ACC"),
    (1, 3, "PPI"),
    (1, 5, "GYRO"),
    (1, 6, "MAG"),
    (1, 7, "SKIN_TEMP"),
    (2, 1, "SDK_MODE"),
    (2, 2, "LOCATION"),
    (2, 3, "PRESSURE"),
    (2, 4, "TEMPERATURE"),
    (2, 5, "OFFLINE_RECORDING"),
    (2, 6, "OFFLINE_HR"),
)
"""(byte, bit, what it stands for) of the features."""


class PmdFeatures(msgspec.Struct, frozen=True, kw_only=True):
    """What the device can measure."""

    features: tuple[MeasurementType, ...]


class PmdReply(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a request. Of an error reply only the status is to be relied on."""

    kind: Literal["response"] = "response"
    op: int
    type: MeasurementType
    status: Status
    status_code: int
    more: bool
    settings: Settings | msgspec.UnsetType = msgspec.UNSET


class PmdStopped(msgspec.Struct, frozen=True, kw_only=True):
    """The device stopped these measurements by itself."""

    kind: Literal["stopped_by_device"] = "stopped_by_device"
    types: tuple[MeasurementType, ...]


class PmdSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A bare list of settings: the rest of a reply that came in parts."""

    settings: Settings


class PmdRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of the device."""

    op: RequestName
    type: MeasurementType
    offline: bool | msgspec.UnsetType = msgspec.UNSET
    settings: Settings | msgspec.UnsetType = msgspec.UNSET


PmdControl: TypeAlias = PmdFeatures | PmdReply | PmdStopped | PmdSettings


def decode_polar_pmd_control(payload: bytes, context: Context) -> PmdControl:
    """Decode what the device says on its control point (read or indication).

    Raises:
        Malformed: Cut, or not one of the known kinds.
    """
    del context
    match payload[0]:
        case 0x0F:
            return _decode_features(payload)
        case 0xF0:
            return _decode_reply(payload)
        case 0x01:
            if len(payload) < 2:
                raise Malformed("too_short", "a stop without a list of measurements")
            return PmdStopped(types=tuple(measurement_type(byte) for byte in payload[1:]))
        case 0x00:
            return PmdSettings(settings=decode_settings(payload))
        case first:
            raise Malformed("unknown_type", f"a control packet of kind 0x{first:02x}")


def decode_polar_pmd_request(payload: bytes, context: Context) -> PmdRequest:
    """Decode what is written to the control point.

    Raises:
        Malformed: Cut, or not a known request.
    """
    del context
    if len(payload) < 2:
        raise Malformed("too_short", "a request has an operation and a type")
    op = REQUESTS.get(payload[0])
    if op is None:
        raise Malformed("unknown_type", f"operation {payload[0]} is not known")
    settings = decode_settings(payload[2:]) if len(payload) > 2 else msgspec.UNSET
    return PmdRequest(
        op=op,
        type=measurement_type(payload[1]),
        offline=True if payload[1] & OFFLINE else msgspec.UNSET,
        settings=settings,
    )


def measurement_type(byte: int) -> MeasurementType:
    """Name a measurement type; only the low 6 bits count."""
    return MEASUREMENT_TYPES.get(byte & TYPE_MASK, "UNKNOWN")


def decode_settings(payload: bytes) -> Settings:
    """Decode a list of settings; the security setting holds no number and is left out.

    Raises:
        Malformed: A setting is cut, unknown or not a number.
    """
    settings: Settings = {}
    position = 0
    while position < len(payload):
        if len(payload) - position < 2:
            raise Malformed("bad_length", "one byte where a setting of at least 2 should be")
        kind, count = payload[position], payload[position + 1]
        setting = SETTINGS.get(kind)
        if setting is None:
            raise Malformed("unknown_type", f"setting {kind} is not known")
        name, size, code = setting
        start = position + 2
        position = start + size * count
        if position > len(payload):
            missing = position - len(payload)
            raise Malformed("too_short", f"{name} needs {missing} bytes more than sent")
        if not code:
            continue
        values = _reader(count, code)(payload, start)
        if code == "f" and not math.isfinite(sum(values)):
            raise Malformed("out_of_range", "a factor that is not a number")
        settings[name] = values
    return settings


@cache
def _reader(count: int, code: str) -> Callable[[bytes, int], tuple[float, ...]]:
    return struct.Struct(f"<{count}{code}").unpack_from


def _decode_features(payload: bytes) -> PmdFeatures:
    if len(payload) < 2:
        raise Malformed("too_short", "features without a mask")
    names: list[MeasurementType] = [
        name
        for byte, bit, name in FEATURE_BITS
        if payload[byte : byte + 1] and payload[byte] >> bit & 1
    ]
    return PmdFeatures(features=tuple(names))


def _decode_reply(payload: bytes) -> PmdReply:
    if len(payload) < 4:
        raise Malformed("too_short", f"{len(payload)} bytes, a reply has at least 4")
    op, status_code = payload[1], payload[3]
    parameters = payload[5:]
    # A start reply may end with one reserved byte of any value.
    has_settings = status_code == 0 and len(parameters) > (1 if op == OP_START else 0)
    return PmdReply(
        op=op,
        type=measurement_type(payload[2]),
        status=STATUSES[status_code] if status_code < len(STATUSES) else "unknown",
        status_code=status_code,
        more=op in {OP_GET_SETTINGS, OP_GET_SDK_SETTINGS} and len(payload) > 4 and payload[4] != 0,
        settings=decode_settings(parameters)
        if has_settings and op in _WITH_SETTINGS
        else msgspec.UNSET,
    )


_WITH_SETTINGS: Final = frozenset({OP_GET_SETTINGS, OP_START, OP_GET_SDK_SETTINGS})
