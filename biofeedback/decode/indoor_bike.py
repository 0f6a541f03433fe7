"""Fitness Machine 1826: indoor bike data 2AD2.

Bit 0 is inverted: the speed is there when it is clear. The fields follow in the order of their
bits. Resistance is s16 by one edition of the text and u8 by another: the length decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from biofeedback.decode.context import Context

NO_SPEED = 0x0001
RESERVED_FLAGS = 0xE000
RESISTANCE_BIT = 5
FIELDS: Final[tuple[tuple[int, str, int, bool], ...]] = (
    (0, "speed", 2, False),
    (1, "average_speed", 2, False),
    (2, "cadence", 2, False),
    (3, "average_cadence", 2, False),
    (4, "distance", 3, False),
    (RESISTANCE_BIT, "resistance", 2, True),
    (6, "power", 2, True),
    (7, "average_power", 2, True),
    (8, "energy", 2, False),
    (8, "energy_per_hour", 2, False),
    (8, "energy_per_minute", 1, False),
    (9, "heart_rate", 1, False),
    (10, "equivalent", 1, False),
    (11, "elapsed", 2, False),
    (12, "remaining", 2, False),
)
"""(bit of the flags, what, bytes, signed), in the order of the packet."""


class IndoorBike(msgspec.Struct, frozen=True, kw_only=True):
    """One packet; None for what it doesn't hold. ``hr_bpm`` 0 means that there is none."""

    speed_kmh: Annotated[float, Meta(ge=0, le=655.35)] | None
    cadence_rpm: Annotated[float, Meta(ge=0, le=32767.5)] | None
    power_w: Annotated[int, Meta(ge=-32768, le=32767)] | None
    distance_m: Annotated[int, Meta(ge=0, lt=1 << 24)] | None
    hr_bpm: Annotated[int, Meta(ge=0, le=255)] | None


def decode_indoor_bike(payload: bytes, context: Context) -> IndoorBike:
    """Decode indoor bike data (2AD2)."""
    del context
    if len(payload) < 2:
        raise Malformed("too_short", "1 byte, the flags alone have 2")
    flags = int.from_bytes(payload[:2], "little") ^ NO_SPEED
    size = 2 + sum([width for bit, _, width, _ in FIELDS if flags >> bit & 1])
    narrow = bool(flags >> RESISTANCE_BIT & 1) and len(payload) == size - 1
    if not narrow and (len(payload) < size or (len(payload) > size and not flags & RESERVED_FLAGS)):
        raise Malformed("bad_length", f"{len(payload)} bytes, the flags announce {size}")
    found: dict[str, int] = {}
    at = 2
    for bit, name, width, signed in FIELDS:
        if not flags >> bit & 1:
            continue
        end = at + (1 if narrow and bit == RESISTANCE_BIT else width)
        found[name] = int.from_bytes(payload[at:end], "little", signed=signed)
        at = end
    return IndoorBike(
        speed_kmh=found["speed"] / 100 if "speed" in found else None,
        cadence_rpm=found["cadence"] / 2 if "cadence" in found else None,
        power_w=found.get("power"),
        distance_m=found.get("distance"),
        hr_bpm=found.get("heart_rate"),
    )
