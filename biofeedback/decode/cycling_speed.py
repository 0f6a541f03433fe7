"""Cycling Speed and Cadence 1816: measurement 2A5B, and the cadence between two of them.

Revolutions and event times (1/1024 s) roll over; the same event time twice means that no
revolution was completed in between, not that nobody pedals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from biofeedback.decode.context import Context

FLAG_WHEEL, FLAG_CRANK = 0x01, 0x02
RESERVED_FLAGS = 0xFC
TICKS_PER_S = 1024
STILL_AFTER_NS = 3_000_000_000
MAX_CADENCE_RPM = 300.0
"""Beyond, the counter was reset or a packet was lost for longer than the roll-over of 64 s."""

Count16 = Annotated[int, Meta(ge=0, le=0xFFFF)]


class CyclingSpeed(msgspec.Struct, frozen=True, kw_only=True):
    """Cumulative revolutions, and the time of the last one; None for what isn't measured."""

    wheel_revs: Annotated[int, Meta(ge=0, le=0xFFFFFFFF)] | None
    wheel_time_1024: Count16 | None
    crank_revs: Count16 | None
    crank_time_1024: Count16 | None


def decode_cycling_speed(payload: bytes, context: Context) -> CyclingSpeed:
    """Decode a cycling speed and cadence measurement (2A5B)."""
    del context
    flags = payload[0]
    crank_at = 7 if flags & FLAG_WHEEL else 1
    size = crank_at + 4 if flags & FLAG_CRANK else crank_at
    if len(payload) < size or (len(payload) > size and not flags & RESERVED_FLAGS):
        raise Malformed("bad_length", f"{len(payload)} bytes, the flags announce {size}")

    def number(at: int, size: int, flag: int) -> int | None:
        return int.from_bytes(payload[at : at + size], "little") if flags & flag else None

    return CyclingSpeed(
        wheel_revs=number(1, 4, FLAG_WHEEL),
        wheel_time_1024=number(5, 2, FLAG_WHEEL),
        crank_revs=number(crank_at, 2, FLAG_CRANK),
        crank_time_1024=number(crank_at + 2, 2, FLAG_CRANK),
    )


class CrankCadence:
    """Cadence from two measurements in a row."""

    def __init__(self) -> None:
        self._before: tuple[int, int] | None = None
        self._moved_at_ns = 0
        self._cadence_rpm: float | None = None

    def update(self, measurement: CyclingSpeed, at_ns: int) -> float | None:
        """Return the cadence in revolutions per minute.

        Without a new revolution the last value stays for 3 s, then it is 0. None while unknown.
        """
        revs, ticks = measurement.crank_revs, measurement.crank_time_1024
        if revs is None or ticks is None:
            return None
        before, self._before = self._before, (revs, ticks)
        if before is None:
            self._moved_at_ns = at_ns
            return None
        turned = (revs - before[0]) & 0xFFFF
        elapsed = (ticks - before[1]) & 0xFFFF
        if not turned or not elapsed:
            if at_ns - self._moved_at_ns > STILL_AFTER_NS:
                self._cadence_rpm = 0.0
            return self._cadence_rpm
        self._moved_at_ns = at_ns
        cadence_rpm = turned * 60 * TICKS_PER_S / elapsed
        self._cadence_rpm = cadence_rpm if cadence_rpm <= MAX_CADENCE_RPM else None
        return self._cadence_rpm
