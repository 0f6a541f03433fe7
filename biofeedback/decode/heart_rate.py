"""Heart Rate Service 180D: measurement 2A37, body sensor location 2A38, control point 2A39.

* Bits of the flags decide where a field lies; no flag byte is ever compared as a whole.
* The heart rate is unsigned. RR intervals are 1/1024 s, oldest first, 0..n of them.
* Reserved bits are ignored; bytes behind the announced fields are only allowed with them.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal

import msgspec

from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from biofeedback.decode.context import Context

FLAG_HEART_RATE_16_BIT = 0x01
FLAG_CONTACT_DETECTED = 0x02
FLAG_CONTACT_SUPPORTED = 0x04
FLAG_ENERGY = 0x08
FLAG_RR = 0x10
RESERVED_FLAGS = 0xE0
RR_TICKS_PER_S = 1024
RESET_ENERGY_EXPENDED = 0x01

BodyLocation = Literal["other", "chest", "wrist", "finger", "hand", "ear_lobe", "foot"]
BODY_LOCATIONS: tuple[BodyLocation, ...] = (
    "other",
    "chest",
    "wrist",
    "finger",
    "hand",
    "ear_lobe",
    "foot",
)


class HeartRateMeasurement(msgspec.Struct, frozen=True, kw_only=True):
    """One 2A37 packet as sent. ``hr_bpm`` 0 means that the device has no value."""

    hr_bpm: int
    contact: Literal["detected", "not_detected", "unsupported"]
    energy_kj: int | None
    rr_1024: tuple[int, ...]
    rr_ms: tuple[float, ...]


class BodySensorLocation(msgspec.Struct, frozen=True, kw_only=True):
    """Where the device says that it is worn."""

    body_sensor_location: BodyLocation


class HeartRateCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A write to the heart rate control point."""

    command: Literal["reset_energy_expended"]


def decode_heart_rate_measurement(payload: bytes, context: Context) -> HeartRateMeasurement:
    """Decode a heart rate measurement (2A37)."""
    del context
    size = len(payload)
    flags = payload[0]
    wide = flags & FLAG_HEART_RATE_16_BIT
    offset = 3 if wide else 2
    energy_at = offset
    if flags & FLAG_ENERGY:
        offset += 2
    if size < offset:
        raise Malformed("too_short", f"{size} bytes, the flags announce at least {offset}")
    rest = size - offset
    rr: tuple[int, ...] = ()
    if flags & FLAG_RR:
        if rest % 2:
            raise Malformed("bad_length", f"{rest} bytes of RR intervals, 2 are needed for each")
        rr = struct.unpack_from(f"<{rest // 2}H", payload, offset)
    elif rest and not flags & RESERVED_FLAGS:
        raise Malformed("bad_length", f"{rest} bytes behind the fields that the flags announce")
    return HeartRateMeasurement(
        hr_bpm=payload[1] | payload[2] << 8 if wide else payload[1],
        contact=_contact(flags),
        energy_kj=payload[energy_at] | payload[energy_at + 1] << 8 if flags & FLAG_ENERGY else None,
        rr_1024=rr,
        rr_ms=tuple([ticks * 1000 / RR_TICKS_PER_S for ticks in rr]),
    )


def _contact(flags: int) -> Literal["detected", "not_detected", "unsupported"]:
    if not flags & FLAG_CONTACT_SUPPORTED:
        return "unsupported"
    return "detected" if flags & FLAG_CONTACT_DETECTED else "not_detected"


def decode_body_sensor_location(payload: bytes, context: Context) -> BodySensorLocation:
    """Decode a body sensor location (2A38)."""
    del context
    if len(payload) != 1:
        raise Malformed("bad_length", f"{len(payload)} bytes, a location has 1")
    if payload[0] >= len(BODY_LOCATIONS):
        raise Malformed("unknown_type", f"location {payload[0]} is not assigned")
    return BodySensorLocation(body_sensor_location=BODY_LOCATIONS[payload[0]])


def decode_heart_rate_control_point(payload: bytes, context: Context) -> HeartRateCommand:
    """Decode a write to the heart rate control point (2A39)."""
    del context
    if len(payload) != 1:
        raise Malformed("bad_length", f"{len(payload)} bytes, a command has 1")
    if payload[0] != RESET_ENERGY_EXPENDED:
        raise Malformed("unknown_type", f"command {payload[0]} is not assigned")
    return HeartRateCommand(command="reset_energy_expended")
