"""Running Speed and Cadence 1814: measurement 2A53.

The cadence is per minute, but of what is not sure: the text says of one leg (strides), many
products send steps. So it is given as sent, and who uses it has to find out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from biofeedback.decode.context import Context

FLAG_STRIDE_LENGTH, FLAG_TOTAL_DISTANCE, FLAG_RUNNING = 0x01, 0x02, 0x04
RESERVED_FLAGS = 0xF8


class RunningSpeed(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement; ``running`` False means walking."""

    speed_mps: Annotated[float, Meta(ge=0, lt=256)]
    cadence_raw: Annotated[int, Meta(ge=0, le=255)]
    stride_length_m: Annotated[float, Meta(ge=0, lt=656)] | None
    total_distance_m: Annotated[float, Meta(ge=0, lt=429_496_730)] | None
    running: bool


def decode_running_speed(payload: bytes, context: Context) -> RunningSpeed:
    """Decode a running speed and cadence measurement (2A53)."""
    del context
    flags = payload[0]
    has_stride = bool(flags & FLAG_STRIDE_LENGTH)
    has_distance = bool(flags & FLAG_TOTAL_DISTANCE)
    size = 4 + 2 * has_stride + 4 * has_distance
    if len(payload) < size or (len(payload) > size and not flags & RESERVED_FLAGS):
        raise Malformed("bad_length", f"{len(payload)} bytes, the flags announce {size}")
    distance_at = 6 if has_stride else 4
    return RunningSpeed(
        speed_mps=int.from_bytes(payload[1:3], "little") / 256,
        cadence_raw=payload[3],
        stride_length_m=int.from_bytes(payload[4:6], "little") / 100 if has_stride else None,
        total_distance_m=int.from_bytes(payload[distance_at : distance_at + 4], "little") / 10
        if has_distance
        else None,
        running=bool(flags & FLAG_RUNNING),
    )
