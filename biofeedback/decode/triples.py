"""Rows of three axes out of a packet, without arrays: most packets hold one to four rows."""

from __future__ import annotations

import math
import struct
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from collections.abc import Sequence

Triple: TypeAlias = tuple[float, float, float]


@cache
def _reader(count: int, code: str) -> struct.Struct:
    return struct.Struct(f"<{count}{code}")


def read_int16(payload: bytes, offset: int, count: int) -> tuple[int, ...]:
    """Read little-endian signed 16-bit values; the caller has checked the size."""
    return _reader(count, "h").unpack_from(payload, offset)


def read_float32(payload: bytes, offset: int, count: int, *, limit: float) -> tuple[float, ...]:
    """Read little-endian floats; the caller has checked the size.

    Raises:
        Malformed: NaN, infinity, or beyond ``limit``.
    """
    values = _reader(count, "f").unpack_from(payload, offset)
    check_range(values, least=-limit, most=limit)
    return values


def unpack_float32(payload: bytes, offset: int, count: int) -> tuple[float, ...]:
    """Read little-endian floats, whatever they are; the caller checks sizes and values."""
    return _reader(count, "f").unpack_from(payload, offset)


def check_range(values: Sequence[float], *, least: float, most: float) -> None:
    """Refuse values that are no number or outside the limits.

    Raises:
        Malformed: The reason is ``out_of_range``.
    """
    # No value exceeds the root of the sum of the squares; a NaN makes that NaN.
    if math.hypot(*values) <= min(most, -least):
        return
    # A NaN or an infinity survives any sum; without them min and max can be trusted.
    if not math.isfinite(sum(values)) or min(values) < least or max(values) > most:
        raise Malformed("out_of_range", f"NaN, infinity or outside {least:g}..{most:g}")


def into_triples(values: Sequence[float]) -> tuple[Triple, ...]:
    """Group values x, y, z, x, y, z, ... into rows."""
    each = iter(values)
    return tuple(zip(each, each, each, strict=True))
