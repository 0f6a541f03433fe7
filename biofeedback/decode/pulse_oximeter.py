"""Pulse Oximeter Service 1822: spot check 2A5E and continuous 2A5F.

Values are SFLOAT: a mantissa of 12 bits and a decimal exponent of 4 bits, both two's complement.
Its special values (no number, not at this resolution, infinities, reserved) mean "missing".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from biofeedback.decode.context import Context

SFLOAT_SPECIALS = frozenset({0x07FE, 0x07FF, 0x0800, 0x0801, 0x0802})
MAX_SPO2_PERCENT, MAX_PULSE_BPM = 100.0, 500.0
MAX_AMPLITUDE = 1_000.0
SPOT_TIMESTAMP, SPOT_CLOCK_NOT_SET = 0x01, 0x10
DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

Percent = Annotated[float, Meta(ge=0, le=MAX_SPO2_PERCENT)]
Pulse = Annotated[float, Meta(ge=0, le=MAX_PULSE_BPM)]


class PulseOximetry(msgspec.Struct, frozen=True, kw_only=True):
    """Oxygen saturation in per cent and pulse in beats a minute; None for what is missing.

    ``timestamp`` is the device's own wall clock (spot checks), for a person to read only.
    """

    spo2: Percent | None
    pulse: Pulse | None
    timestamp: str | None = None
    measurement_status: Annotated[int, Meta(ge=0, le=0xFFFF)] | None = None
    device_sensor_status: Annotated[int, Meta(ge=0, le=0xFFFFFF)] | None = None
    pulse_amplitude_index: Annotated[float, Meta(ge=0, le=MAX_AMPLITUDE)] | None = None
    clock_not_set: bool = False


def decode_sfloat(raw: int) -> float | None:
    """Return the value of 16 bits, None for a special one."""
    if raw in SFLOAT_SPECIALS:
        return None
    mantissa, exponent = raw & 0x0FFF, raw >> 12
    mantissa -= 0x1000 if mantissa >= 0x0800 else 0
    # Dividing by a power of ten is exact where multiplying with a negative power isn't.
    return float(mantissa * 10**exponent) if exponent < 8 else mantissa / 10 ** (16 - exponent)


def decode_pulse_continuous(payload: bytes, context: Context) -> PulseOximetry:
    """Decode a continuous measurement (2A5F)."""
    del context
    flags = payload[0]
    fields = [
        ("fast", 4, flags & 0x01),
        ("slow", 4, flags & 0x02),
        ("status", 2, flags & 0x04),
        ("device", 3, flags & 0x08),
        ("amplitude", 2, flags & 0x10),
    ]
    return _build(payload, fields, start=5, values_at=1, reserved=flags & 0xE0)


def decode_pulse_spot_check(payload: bytes, context: Context) -> PulseOximetry:
    """Decode a spot check (2A5E)."""
    del context
    flags = payload[0]
    fields = [
        ("time", 7, flags & SPOT_TIMESTAMP),
        ("status", 2, flags & 0x02),
        ("device", 3, flags & 0x04),
        ("amplitude", 2, flags & 0x08),
    ]
    return _build(
        payload,
        fields,
        start=5,
        values_at=1,
        reserved=flags & 0xE0,
        clock_not_set=bool(flags & SPOT_CLOCK_NOT_SET),
    )


def _build(
    payload: bytes,
    fields: list[tuple[str, int, int]],
    *,
    start: int,
    values_at: int,
    reserved: int,
    clock_not_set: bool = False,
) -> PulseOximetry:
    places: dict[str, tuple[int, int]] = {}
    end = start
    for name, width, present in fields:
        if present:
            places[name] = (end, end + width)
            end += width
    if len(payload) < end or (len(payload) > end and not reserved):
        raise Malformed("bad_length", f"{len(payload)} bytes, the flags announce {end}")

    def number(name: str) -> int | None:
        if name not in places:
            return None
        begin, end = places[name]
        return int.from_bytes(payload[begin:end], "little")

    amplitude = number("amplitude")
    return PulseOximetry(
        spo2=_bounded(payload, values_at, "saturation", MAX_SPO2_PERCENT),
        pulse=_bounded(payload, values_at + 2, "pulse", MAX_PULSE_BPM),
        timestamp=_timestamp(payload, places["time"][0]) if "time" in places else None,
        measurement_status=number("status"),
        device_sensor_status=number("device"),
        pulse_amplitude_index=None
        if amplitude is None
        else _bounded(payload, places["amplitude"][0], "amplitude", MAX_AMPLITUDE),
        clock_not_set=clock_not_set,
    )


def _bounded(payload: bytes, at: int, name: str, most: float) -> float | None:
    value = decode_sfloat(payload[at] | payload[at + 1] << 8)
    if value is not None and not 0 <= value <= most:
        raise Malformed("out_of_range", f"a {name} of {value:g}")
    return value


def _timestamp(payload: bytes, at: int) -> str | None:
    """Return the date and time, None when a part is unknown (0) or impossible."""
    year = int.from_bytes(payload[at : at + 2], "little")
    month, day, hour, minute, second = payload[at + 2 : at + 7]
    if not (1582 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= DAYS[month - 1]):
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
