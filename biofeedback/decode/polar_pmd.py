"""Polar Measurement Data, data characteristic: ECG, acceleration, optical, and the rest.

* Header: type (low 6 bits), u64 time in ns of the *last* sample, frame type (bit 7: delta frame).
* The layout is chosen by type and frame type, never by model: firmware versions differ.
* Floats are checked: NaN, infinity and values no body can produce are refused.
"""

from __future__ import annotations

import math
import struct
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from biofeedback.decode.context import read_number
from biofeedback.decode.delta_frames import decode_delta_frame, decode_delta_patterns, is_within
from biofeedback.decode.malformed import Malformed
from biofeedback.decode.polar_pmd_frames import (
    AccelerationFrame,
    EcgFrame,
    GyroscopeFrame,
    MagnetometerFrame,
    PpgFrame,
    PpiFrame,
    PpiSample,
    TemperatureFrame,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from biofeedback.decode.context import Context
    from biofeedback.decode.polar_pmd_frames import MeasurementType, PmdFrame

MEASUREMENT_TYPES: Final[dict[int, MeasurementType]] = {
    0: "ECG",
    1: "PPG",
    2: "ACC",
    3: "PPI",
    5: "GYRO",
    6: "MAG",
    7: "SKIN_TEMP",
    9: "SDK_MODE",
    10: "LOCATION",
    11: "PRESSURE",
    12: "TEMPERATURE",
    13: "OFFLINE_RECORDING",
    14: "OFFLINE_HR",
}
TYPE_MASK = 0x3F
HEADER_BYTES = 10
_HEADER: Final = struct.Struct("<BQB").unpack_from
FEW_VALUES = 24
"""Up to here Python's own floats are faster than arrays."""
_INT8: Final = np.dtype(np.int8)
_INT16: Final = np.dtype("<i2")
_INT32: Final = np.dtype("<i4")
_FLOAT32: Final = np.dtype("<f4")
_FLOAT64: Final = np.dtype(np.float64)
_EIGHT_BITS: Final = np.array(8, np.int32)
_WITHOUT_SIGN: Final = np.array(0x7FFFFFFF, np.int32)
PPI_BYTES = 6
PPI_BLOCKER, PPI_SKIN_CONTACT, PPI_CONTACT_SUPPORTED = 0x01, 0x02, 0x04
UNSET_CLOCK_NS = 599_616_000_000_000_000
"""2019-01-01 in ns since 2000: where a device counts from whose clock was never set."""

DEFAULT_ACC_FACTOR_G = 0.000244
"""g per count of a 0x80 acceleration frame when the start reply held no factor."""
DEFAULT_FACTOR = 1.0
_MILLIGAUSS_PER_GAUSS: Final = np.array(1000.0)
_PPI: Final = struct.Struct("<BHHB")
LIMIT_ACC_MG = 65_536.0
LIMIT_GYRO_DPS = 10_000.0
LIMIT_MAG_GAUSS = 1_000.0
LIMIT_TEMPERATURE_C = 150.0
FLOAT32_PATTERNS: Final[dict[float, int]] = {
    limit: int.from_bytes(struct.pack("<f", limit), "little")
    for limit in (LIMIT_GYRO_DPS, LIMIT_TEMPERATURE_C)
}
"""Limit -> its bit pattern as a float of 32 bits."""


def decode_polar_pmd(payload: bytes, context: Context) -> PmdFrame:
    """Decode one data frame.

    Args:
        payload: The notification.
        context: ``factor``: unit per count of a 0x80 frame (g, dps, gauss), from the start reply.

    Raises:
        Malformed: Cut, of a layout that isn't known, or with impossible values.
    """
    if len(payload) <= HEADER_BYTES:
        raise Malformed("too_short", f"{len(payload)} bytes, header and one sample need more")
    kind, stamp_ns, frame_type = _HEADER(payload)
    layout = LAYOUTS.get((kind & TYPE_MASK, frame_type))
    if layout is None:
        name = MEASUREMENT_TYPES.get(kind & TYPE_MASK, str(kind & TYPE_MASK))
        raise Malformed("unknown_type", f"{name} frames of type 0x{frame_type:02x} are not known")
    return layout(payload, stamp_ns, context)


def _count(payload: bytes, bytes_per_sample: int) -> int:
    samples, rest = divmod(len(payload) - HEADER_BYTES, bytes_per_sample)
    if rest:
        raise Malformed("bad_length", f"{rest} bytes left over, a sample has {bytes_per_sample}")
    return samples


def _signed_24(payload: bytes) -> NDArray[np.int32]:
    """Read the body as signed 24-bit values, shape (n,): the top of words that begin early."""
    samples = (len(payload) - HEADER_BYTES) // 3
    words: NDArray[np.int32] = np.ndarray((samples,), _INT32, payload, HEADER_BYTES - 1, (3,))
    return words >> _EIGHT_BITS


def _scaled(raw: NDArray[np.int64], factor: float, limit: float, reach: int) -> NDArray[np.float64]:
    scaled = raw.astype(_FLOAT64)
    # As an array: numpy takes longer for a number of Python than for all the rest.
    np.multiply(scaled, np.array(factor), scaled)
    # Few frames could leave the limit at all: no need to look at the others.
    if factor * reach > limit and not is_within(scaled, -limit, limit):
        raise Malformed("out_of_range", f"NaN, infinity or beyond {limit:g}")
    return scaled


@cache
def _few_floats(size: int) -> Callable[[bytes], tuple[float, ...]]:
    return struct.Struct(f"<{size // 4}f").unpack


def _checked_float32(patterns: bytes, limit: float) -> NDArray[np.float64]:
    """Read little-endian floats, shape (n,), all of them finite and within the limit.

    Without their sign, patterns are in the order of their floats, with infinity and NaN behind:
    for many, one comparison of integers refuses all that must not pass.
    """
    if len(patterns) <= 4 * FEW_VALUES:
        values = _few_floats(len(patterns))(patterns)
        # No value exceeds the root of the sum of the squares; a NaN makes it NaN.
        if math.hypot(*values) <= limit or all(abs(value) <= limit for value in values):
            return np.array(values)
    else:
        bits = np.frombuffer(patterns, _INT32)
        sizes = bits & _WITHOUT_SIGN
        if sizes.item(sizes.argmax()) <= FLOAT32_PATTERNS[limit]:
            return bits.view(_FLOAT32).astype(_FLOAT64)
    raise Malformed("out_of_range", f"NaN, infinity or beyond {limit:g}")


def _decode_ecg(payload: bytes, stamp_ns: int, context: Context) -> EcgFrame:
    del context
    n = _count(payload, 3)
    return EcgFrame(
        timestamp_ns=stamp_ns, frame_type=0, compressed=False, samples_uv=_signed_24(payload), n=n
    )


def _decode_acc_8(payload: bytes, stamp_ns: int, context: Context) -> AccelerationFrame:
    del context
    n = _count(payload, 3)
    mg: NDArray[np.int8] = np.ndarray((n, 3), _INT8, payload, HEADER_BYTES)
    return AccelerationFrame(
        timestamp_ns=stamp_ns, frame_type=0, compressed=False, samples_mg=mg, n=n
    )


def _decode_acc_16(payload: bytes, stamp_ns: int, context: Context) -> AccelerationFrame:
    del context
    n = _count(payload, 6)
    mg: NDArray[np.int16] = np.ndarray((n, 3), _INT16, payload, HEADER_BYTES)
    return AccelerationFrame(
        timestamp_ns=stamp_ns, frame_type=1, compressed=False, samples_mg=mg, n=n
    )


def _decode_acc_24(payload: bytes, stamp_ns: int, context: Context) -> AccelerationFrame:
    del context
    n = _count(payload, 9)
    mg = _signed_24(payload).reshape(n, 3)
    if not is_within(mg, -LIMIT_ACC_MG, LIMIT_ACC_MG):
        raise Malformed("out_of_range", f"acceleration beyond {LIMIT_ACC_MG:g} mg")
    return AccelerationFrame(
        timestamp_ns=stamp_ns, frame_type=2, compressed=False, samples_mg=mg, n=n
    )


def _decode_acc_delta_g(payload: bytes, stamp_ns: int, context: Context) -> AccelerationFrame:
    factor_mg = read_number(context, "factor", DEFAULT_ACC_FACTOR_G, most=1000) * 1000
    blocks, raw, reach = decode_delta_frame(payload, HEADER_BYTES, channels=3, resolution_bits=16)
    return AccelerationFrame(
        timestamp_ns=stamp_ns,
        frame_type=0,
        compressed=True,
        delta_blocks=blocks,
        samples_raw=raw,
        samples_mg=_scaled(raw, factor_mg, LIMIT_ACC_MG, reach),
        n=len(raw),
    )


def _decode_acc_delta_mg(payload: bytes, stamp_ns: int, context: Context) -> AccelerationFrame:
    del context  # counts are mg here; a factor learned for 0x80 frames doesn't apply
    blocks, raw, _ = decode_delta_frame(payload, HEADER_BYTES, channels=3, resolution_bits=16)
    return AccelerationFrame(
        timestamp_ns=stamp_ns,
        frame_type=1,
        compressed=True,
        delta_blocks=blocks,
        samples_raw=raw,
        samples_mg=raw.astype(_FLOAT64),
        n=len(raw),
    )


def _decode_ppg(payload: bytes, stamp_ns: int, context: Context) -> PpgFrame:
    del context
    n = _count(payload, 12)
    samples = _signed_24(payload).reshape(n, 4)
    return PpgFrame(timestamp_ns=stamp_ns, frame_type=0, compressed=False, samples=samples, n=n)


def _decode_ppg_delta(payload: bytes, stamp_ns: int, context: Context) -> PpgFrame:
    del context
    blocks, samples, _ = decode_delta_frame(payload, HEADER_BYTES, channels=4, resolution_bits=24)
    return PpgFrame(
        timestamp_ns=stamp_ns,
        frame_type=0,
        compressed=True,
        delta_blocks=blocks,
        samples=samples,
        n=len(samples),
    )


def _decode_ppi(payload: bytes, stamp_ns: int, context: Context) -> PpiFrame:
    del context
    n = _count(payload, PPI_BYTES)
    samples = tuple(
        [
            PpiSample(
                hr_bpm=hr_bpm,
                ppi_ms=ppi_ms,
                error_ms=error_ms,
                blocker=flags & PPI_BLOCKER > 0,
                skin_contact=flags & PPI_SKIN_CONTACT > 0,
                skin_contact_bit2=flags & PPI_CONTACT_SUPPORTED > 0,
            )
            for hr_bpm, ppi_ms, error_ms, flags in _PPI.iter_unpack(payload[HEADER_BYTES:])
        ]
    )
    return PpiFrame(timestamp_ns=stamp_ns, frame_type=0, compressed=False, samples=samples, n=n)


def _decode_gyro_delta(payload: bytes, stamp_ns: int, context: Context) -> GyroscopeFrame:
    factor_dps = read_number(context, "factor", DEFAULT_FACTOR, most=1000)
    blocks, raw, reach = decode_delta_frame(payload, HEADER_BYTES, channels=3, resolution_bits=16)
    return GyroscopeFrame(
        timestamp_ns=stamp_ns,
        frame_type=0,
        compressed=True,
        delta_blocks=blocks,
        samples_dps=_scaled(raw, factor_dps, LIMIT_GYRO_DPS, reach),
        n=len(raw),
    )


def _decode_gyro_delta_float(payload: bytes, stamp_ns: int, context: Context) -> GyroscopeFrame:
    del context
    blocks, patterns = decode_delta_patterns(payload, HEADER_BYTES, channels=3)
    dps = _checked_float32(patterns, LIMIT_GYRO_DPS).reshape(-1, 3)
    return GyroscopeFrame(
        timestamp_ns=stamp_ns,
        frame_type=1,
        compressed=True,
        delta_blocks=blocks,
        samples_dps=dps,
        n=len(dps),
    )


def _decode_mag_delta(payload: bytes, stamp_ns: int, context: Context) -> MagnetometerFrame:
    factor_gauss = read_number(context, "factor", DEFAULT_FACTOR, most=1000)
    blocks, raw, reach = decode_delta_frame(payload, HEADER_BYTES, channels=3, resolution_bits=16)
    return MagnetometerFrame(
        timestamp_ns=stamp_ns,
        frame_type=0,
        compressed=True,
        delta_blocks=blocks,
        samples_gauss=_scaled(raw, factor_gauss, LIMIT_MAG_GAUSS, reach),
        n=len(raw),
    )


def _decode_mag_delta_milligauss(
    payload: bytes, stamp_ns: int, context: Context
) -> MagnetometerFrame:
    del context
    blocks, raw, _ = decode_delta_frame(payload, HEADER_BYTES, channels=4, resolution_bits=16)
    gauss = raw[:, :3].astype(_FLOAT64)
    np.divide(gauss, _MILLIGAUSS_PER_GAUSS, gauss)
    return MagnetometerFrame(
        timestamp_ns=stamp_ns,
        frame_type=1,
        compressed=True,
        delta_blocks=blocks,
        samples_gauss=gauss,
        calibration=raw[:, 3],
        n=len(raw),
    )


def _temperature_type(payload: bytes) -> Literal["SKIN_TEMP", "TEMPERATURE"]:
    return "SKIN_TEMP" if payload[0] & TYPE_MASK == 7 else "TEMPERATURE"


def _decode_temperature(payload: bytes, stamp_ns: int, context: Context) -> TemperatureFrame:
    del context
    n = _count(payload, 4)
    return TemperatureFrame(
        type=_temperature_type(payload),
        timestamp_ns=stamp_ns,
        frame_type=0,
        compressed=False,
        samples_c=_checked_float32(payload[HEADER_BYTES:], LIMIT_TEMPERATURE_C),
        n=n,
    )


def _decode_temperature_delta(payload: bytes, stamp_ns: int, context: Context) -> TemperatureFrame:
    del context
    blocks, patterns = decode_delta_patterns(payload, HEADER_BYTES, channels=1)
    degc = _checked_float32(patterns, LIMIT_TEMPERATURE_C)
    return TemperatureFrame(
        type=_temperature_type(payload),
        timestamp_ns=stamp_ns,
        frame_type=0,
        compressed=True,
        delta_blocks=blocks,
        samples_c=degc,
        n=len(degc),
    )


LAYOUTS: Final[dict[tuple[int, int], Callable[[bytes, int, Context], PmdFrame]]] = {
    (0, 0x00): _decode_ecg,
    (1, 0x00): _decode_ppg,
    (1, 0x80): _decode_ppg_delta,
    (2, 0x00): _decode_acc_8,
    (2, 0x01): _decode_acc_16,
    (2, 0x02): _decode_acc_24,
    (2, 0x80): _decode_acc_delta_g,
    (2, 0x81): _decode_acc_delta_mg,
    (3, 0x00): _decode_ppi,
    (5, 0x80): _decode_gyro_delta,
    (5, 0x81): _decode_gyro_delta_float,
    (6, 0x80): _decode_mag_delta,
    (6, 0x81): _decode_mag_delta_milligauss,
    (7, 0x00): _decode_temperature,
    (7, 0x80): _decode_temperature_delta,
    (12, 0x00): _decode_temperature,
    (12, 0x80): _decode_temperature_delta,
}
"""(measurement type, frame type byte) -> how the body is laid out."""
