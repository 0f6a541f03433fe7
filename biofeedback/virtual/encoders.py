"""Movement as packets of each format: the counterpart of ``decode``."""

from __future__ import annotations

import json
import math
import struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biofeedback.decode.plain import CODES, SIZES, UNITS
from biofeedback.simulate.motion import GRAVITY_MPS2
from biofeedback.virtual.senses import Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from biofeedback.decode.plain import Field, Layout
    from biofeedback.virtual.senses import Encode, Senses

BATTERY_PERCENT: Final = 76
SPO2_PERCENT: Final = 97
UT_PER_GAUSS: Final = 100.0
_STILL: Final[dict[str, tuple[float, float, float]]] = {
    "gyroscope": (0.0, 0.0, 0.0),
    "magnetometer": (0.2, 0.0, -0.4),
}
"""What the body model knows nothing of: no turning, and a field of half a gauss."""


def plain_encoder(
    layout: Layout, senses: Senses, context: dict[str, float], uptime_s: float
) -> Encode:
    """Encode by a layout of a profile: what a field feeds is felt, all else is 0."""

    def encode(times_s: NDArray[np.float64], number: int) -> bytes:
        payload = bytearray(layout.size)
        acceleration = None
        for field in layout.fields:
            if field.feeds == "acceleration" and acceleration is None:
                acceleration = senses.acceleration_mps2(times_s)
            if field.feeds is None:
                continue
            _put(payload, field, _values(field, senses, times_s, number, uptime_s), context)
        if acceleration is not None:
            # Raw counts often stand at the same place as what they mean: that is written last.
            for field in layout.fields:
                if field.feeds == "acceleration":
                    factor = UNITS["acceleration"][field.unit or "m/s2"]
                    _put(payload, field, acceleration.ravel() / factor, context)
        return bytes(payload)

    return encode


def _values(
    field: Field, senses: Senses, times_s: NDArray[np.float64], number: int, uptime_s: float
) -> NDArray[np.float64]:
    now_s = float(times_s[-1])
    if field.feeds == "ppg":
        return _pulse_wave(senses, times_s)
    if field.feeds in {"gyroscope", "magnetometer"}:
        factor = UNITS[field.feeds][field.unit or ""]
        return np.tile(np.array(_STILL[field.feeds]) / factor, field.rows or 1)
    value = 0.0
    if field.feeds == "clock":
        value = round((uptime_s + now_s) * 1e9 / UNITS["clock"][field.unit or ""])
    elif field.feeds == "counter":
        value = number
    elif field.feeds == "battery":
        value = BATTERY_PERCENT
    elif field.feeds == "heart_rate":
        value = senses.heart_rate_bpm(now_s)
    return np.array([value], np.float64)


def _pulse_wave(senses: Senses, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draw light that is swallowed a little more after each beat."""
    rate_hz = senses.heart_rate_bpm(float(times_s[-1])) / 60.0
    wave = 100_000.0 - 800.0 * np.maximum(np.sin(times_s * (math.tau * rate_hz)), 0.0)
    senses.told.append(Told("ppg", times_s, np.rint(wave)))
    return wave


def _put(
    payload: bytearray, field: Field, values: NDArray[np.float64], context: dict[str, float]
) -> None:
    scale = (field.scale or 1.0) * (context[field.scale_by] if field.scale_by else 1.0)
    order = ">" if field.endian == "big" else "<"
    size = SIZES[field.type]
    for number, value in enumerate((values / scale).tolist()):
        at = field.offset + number * size
        if field.type == "f32":
            struct.pack_into(order + "f", payload, at, value)
            continue
        signed = field.type.startswith("s")
        bits = 8 * size
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        whole = round(value)
        if field.feeds in {"clock", "counter"}:
            whole %= 1 << bits
        whole = min(max(whole, low), high)
        if size == 3:
            end = "big" if field.endian == "big" else "little"
            payload[at : at + 3] = whole.to_bytes(3, end, signed=signed)
        else:
            struct.pack_into(order + CODES[field.type], payload, at, whole)


def movesense_encoder(senses: Senses, path: str, ref: int, uptime_s: float) -> Encode:
    """Encode acceleration, angular rate or field of a Movesense: kind, reference, ms, floats."""

    def encode(times_s: NDArray[np.float64], number: int) -> bytes:
        del number
        stamp_ms = round((uptime_s + float(times_s[0])) * 1000) & 0xFFFFFFFF
        if "/Acc/" in path:
            rows = senses.acceleration_mps2(times_s)
        else:
            still = _STILL["gyroscope" if "/Gyro/" in path else "magnetometer"]
            rows = np.tile(
                np.array(still) * (1.0 if "/Gyro/" in path else 100.0), (len(times_s), 1)
            )
        return struct.pack("<BBI", 2, ref, stamp_ms) + rows.astype("<f4").tobytes()

    return encode


def movesense_heart_encoder(senses: Senses, ref: int) -> Encode:
    """Encode the newest heart rate and interval of a Movesense."""

    def encode(times_s: NDArray[np.float64], number: int) -> bytes:
        del number
        now_s = float(times_s[-1])
        rr_ms = [round(1000 * rr) for rr in senses.rr_s(now_s - 1.0, now_s)]
        head = struct.pack("<BBf", 2, ref, senses.heart_rate_bpm(now_s))
        return head + struct.pack(f"<{len(rr_ms)}H", *rr_ms)

    return encode


def metawear_encoder(senses: Senses, lsb_per_g: float) -> Encode:
    """Encode one sample of a MetaWear."""

    def encode(times_s: NDArray[np.float64], number: int) -> bytes:
        del number
        counts = _counts(senses.acceleration_mps2(times_s)[-1], lsb_per_g / GRAVITY_MPS2)
        return struct.pack("<BB3h", 3, 4, *counts)

    return encode


def witmotion_encoder(senses: Senses) -> Encode:
    """Encode one sample of a WitMotion: acceleration, angular rate, angles."""

    def encode(times_s: NDArray[np.float64], number: int) -> bytes:
        del number
        counts = _counts(senses.acceleration_mps2(times_s)[-1], 32768 / 16 / GRAVITY_MPS2)
        return struct.pack("<BB9h", 0x55, 0x61, *counts, 0, 0, 0, 0, 0, 0)

    return encode


def colmi_acceleration_encoder(senses: Senses) -> Encode:
    """Encode one sample of a ring: Y, Z, X of 12 bits."""

    def encode(times_s: NDArray[np.float64], number: int) -> bytes:
        del number
        x, y, z = _counts(senses.acceleration_mps2(times_s)[-1], 512 / GRAVITY_MPS2, most=2047)
        parts = [part for axis in (y, z, x) for part in (axis >> 4 & 0xFF, axis & 0x0F)]
        return colmi_packet(0xA1, 3, *parts)

    return encode


def colmi_heart_encoder(senses: Senses, kind: int) -> Encode:
    """Encode a reading of a ring: 1 is the heart rate, 3 the oxygen."""

    def encode(times_s: NDArray[np.float64], number: int) -> bytes:
        del number
        value = senses.heart_rate_bpm(float(times_s[-1])) if kind == 1 else SPO2_PERCENT
        return colmi_packet(0x69, kind, 0, value)

    return encode


def colmi_packet(*parts: int) -> bytes:
    """Fill a packet of a ring and add its checksum."""
    body = bytes(parts).ljust(15, b"\0")
    return body + bytes((sum(body) & 0xFF,))


class BangleLines:
    """The lines of the watch script: acceleration, and each second a heart rate."""

    def __init__(self, senses: Senses, start_s: float) -> None:
        self._senses = senses
        self._start_s = start_s
        self._count = 0
        self._heart_s = start_s + 1.0

    def encode(self, times_s: NDArray[np.float64], number: int) -> bytes:
        """Encode the lines of one sample."""
        now_s = float(times_s[-1])
        milli_g = _counts(self._senses.acceleration_mps2(times_s)[-1], 1000 / GRAVITY_MPS2)
        text = b"" if number else self._line("p", now_s, p=BATTERY_PERCENT)
        text += self._line("a", now_s, a=list(milli_g))
        if now_s >= self._heart_s:
            self._heart_s += 1.0
            text += self._line("h", now_s, b=self._senses.heart_rate_bpm(now_s), c=95)
        return text

    def _line(self, kind: str, now_s: float, **content: Any) -> bytes:
        milliseconds = round((now_s - self._start_s) * 1000)
        line = {"t": kind, "i": self._count, "m": milliseconds, **content}
        self._count += 1
        return json.dumps(line, separators=(",", ":")).encode() + b"\r\n"


def _counts(
    acceleration_mps2: NDArray[np.float64], each: float, *, most: int = 32767
) -> Sequence[int]:
    scaled = np.rint(acceleration_mps2 * each).astype(np.int_)
    return np.minimum(np.maximum(scaled, -most), most).tolist()
