"""WHOOP 4: one reassembled proprietary record (R10) with 100 motion samples.

Reverse engineered by others and dependent on the firmware: for reading recorded files only. Live,
the heart rate broadcast is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np
from msgspec import Meta

from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biofeedback.decode.context import Context

RECORD_BYTES = 1920
RECORD_HEAD = b"\x2b\x0a"
SAMPLES = 100
CLOCK_AT, HEART_RATE_AT, ACCELERATION_AT, GYROSCOPE_AT = 7, 17, 85, 688

Counts = tuple[int, int, int]


class WhoopRecord(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Heart rate, and raw counts x, y, z of shape (100, 3) with what they are to be divided by."""

    device_clock: Annotated[int, Meta(ge=0, le=0xFFFFFFFF)]
    hr_bpm: Annotated[int, Meta(ge=0, le=255)]
    n: int
    accel_lsb_per_g: int
    accel_raw_first: Counts
    accel_raw_last: Counts
    accel_raw_sum: Counts
    accel_raw: NDArray[np.int16]
    gyro_lsb_per_dps: float
    gyro_raw_first: Counts
    gyro_raw_last: Counts
    gyro_raw: NDArray[np.int16]


def decode_whoop_record(payload: bytes, context: Context) -> WhoopRecord:
    """Decode one whole record."""
    del context
    if len(payload) != RECORD_BYTES:
        raise Malformed("bad_length", f"{len(payload)} bytes, a record has {RECORD_BYTES}")
    if payload[:2] != RECORD_HEAD:
        raise Malformed("unknown_type", f"records that begin with {payload[:2].hex()} are unknown")
    acceleration, gyroscope = _rows(payload, ACCELERATION_AT), _rows(payload, GYROSCOPE_AT)
    return WhoopRecord(
        device_clock=int.from_bytes(payload[CLOCK_AT : CLOCK_AT + 4], "little"),
        hr_bpm=payload[HEART_RATE_AT],
        n=SAMPLES,
        accel_lsb_per_g=4096,
        accel_raw_first=_counts(acceleration[0]),
        accel_raw_last=_counts(acceleration[-1]),
        accel_raw_sum=_counts(acceleration.sum(axis=0, dtype=np.int64)),
        accel_raw=acceleration,
        gyro_lsb_per_dps=16.384,
        gyro_raw_first=_counts(gyroscope[0]),
        gyro_raw_last=_counts(gyroscope[-1]),
        gyro_raw=gyroscope,
    )


def _rows(payload: bytes, at: int) -> NDArray[np.int16]:
    """All x, then all y, then all z become rows."""
    return np.frombuffer(payload, "<i2", 3 * SAMPLES, at).reshape(3, SAMPLES).T


def _counts(row: NDArray[np.int16] | NDArray[np.int64]) -> Counts:
    return (int(row[0]), int(row[1]), int(row[2]))
