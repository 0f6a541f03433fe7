"""MetaWear boards (MMR, MMS, MMC): notifications and the commands of the accelerometer module.

The first byte is the module, the second the register. The counts mean what the range that was
written makes of them (``lsb_per_g`` of the context), so the profile ties both together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from biofeedback.decode.context import read_number
from biofeedback.decode.malformed import Malformed
from biofeedback.decode.triples import Triple, into_triples, read_int16

if TYPE_CHECKING:
    from biofeedback.decode.context import Context

ACCELEROMETER = 0x03
DATA, PACKED_BMI160, PACKED_BMI270, STEPS, CONFIGURATION = 0x04, 0x1C, 0x05, 0x9A, 0x03
DEFAULT_LSB_PER_G = 4096.0
LEAST_LSB_PER_G, MOST_LSB_PER_G = 2048.0, 16384.0
RATES_HZ: Final[dict[int, float]] = {
    0x5: 12.5,
    0x6: 25,
    0x7: 50,
    0x8: 100,
    0x9: 200,
    0xA: 400,
    0xB: 800,
    0xC: 1600,
}
RANGES_G: Final[dict[int, dict[int, int]]] = {
    0x20: {0x3: 2, 0x5: 4, 0x8: 8, 0xC: 16},
    0xA0: {0: 2, 1: 4, 2: 8, 3: 16},
}
"""High bits of the rate byte (they tell the chip) -> code -> range."""
ACTIONS: Final[dict[bytes, str]] = {
    bytes.fromhex("030401"): "subscribe",
    bytes.fromhex("03020100"): "enable interrupt",
    bytes.fromhex("030101"): "power on",
    bytes.fromhex("030100"): "power off",
    bytes.fromhex("03020001"): "disable interrupt",
    bytes.fromhex("030400"): "unsubscribe",
}


class MetaWearAcceleration(msgspec.Struct, frozen=True, kw_only=True):
    """One sample in g."""

    accel_g: Triple


class MetaWearPacked(msgspec.Struct, frozen=True, kw_only=True):
    """Three samples in g, oldest first."""

    accel_g: tuple[Triple, ...]


class MetaWearSteps(msgspec.Struct, frozen=True, kw_only=True):
    """The step counter of the chip."""

    steps: Annotated[int, Meta(ge=0, le=0xFFFF)]


class MetaWearConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """Rate and range, as written to the accelerometer."""

    odr_hz: float
    range_g: int


class MetaWearAction(msgspec.Struct, frozen=True, kw_only=True):
    """A command to the accelerometer, in words."""

    action: str


MetaWearPacket: TypeAlias = MetaWearAcceleration | MetaWearPacked | MetaWearSteps


def decode_metawear(payload: bytes, context: Context) -> MetaWearPacket:
    """Decode a notification; ``lsb_per_g`` of the context belongs to the range that was set."""
    kind, size = payload[:2], len(payload)
    if kind == bytes((ACCELEROMETER, STEPS)):
        _need(size, 4)
        return MetaWearSteps(steps=payload[2] | payload[3] << 8)
    rows = 1 if kind == bytes((ACCELEROMETER, DATA)) else 3
    if kind not in ACCELERATION_KINDS:
        raise Malformed("unknown_type", f"module and register {kind.hex()} are not known")
    _need(size, 2 + 6 * rows)
    lsb_per_g = read_number(context, "lsb_per_g", DEFAULT_LSB_PER_G, most=MOST_LSB_PER_G)
    if lsb_per_g < LEAST_LSB_PER_G:
        raise Malformed("out_of_range", f"a lsb_per_g of {lsb_per_g:g}")
    triples = into_triples([raw / lsb_per_g for raw in read_int16(payload, 2, 3 * rows)])
    return (
        MetaWearAcceleration(accel_g=triples[0]) if rows == 1 else MetaWearPacked(accel_g=triples)
    )


ACCELERATION_KINDS: Final = frozenset(
    bytes((ACCELEROMETER, register)) for register in (DATA, PACKED_BMI160, PACKED_BMI270)
)


def decode_metawear_command(
    payload: bytes, context: Context
) -> MetaWearAction | MetaWearConfiguration:
    """Decode a write to the command characteristic."""
    del context
    action = ACTIONS.get(payload)
    if action is not None:
        return MetaWearAction(action=action)
    if payload[:2] != bytes((ACCELEROMETER, CONFIGURATION)):
        raise Malformed("unknown_type", f"the command {payload[:4].hex()} is not known")
    _need(len(payload), 4)
    rate_hz = RATES_HZ.get(payload[2] & 0x0F)
    range_g = RANGES_G.get(payload[2] & 0xF0, {}).get(payload[3])
    if rate_hz is None or range_g is None:
        raise Malformed("unknown_type", f"rate or range {payload[2:].hex()} is not known")
    return MetaWearConfiguration(odr_hz=rate_hz, range_g=range_g)


def _need(size: int, wanted: int) -> None:
    if size != wanted:
        raise Malformed("bad_length", f"{size} bytes, {wanted} belong to this register")
