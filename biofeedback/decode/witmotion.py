"""WitMotion WT901BLE: packets of 20 bytes, ``55 61`` motion and ``55 71`` register replies.

No checksum and no counter: a packet is only as sure as the place it was found at (framing.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from biofeedback.decode.malformed import Malformed
from biofeedback.decode.triples import Triple, into_triples, read_int16

if TYPE_CHECKING:
    from biofeedback.decode.context import Context

PACKET_BYTES = 20
HEAD = 0x55
MOTION, REGISTERS = 0x61, 0x71
G_PER_COUNT, DPS_PER_COUNT, DEG_PER_COUNT = 16 / 32768, 2000 / 32768, 180 / 32768
REGISTER_MAGNETOMETER = 0x3A
COUNTS_PER_MAG = 120
RATES_HZ: Final[dict[int, float]] = {
    0x01: 0.2,
    0x02: 0.5,
    0x03: 1,
    0x04: 2,
    0x05: 5,
    0x06: 10,
    0x07: 20,
    0x08: 50,
    0x09: 100,
    0x0B: 200,
}


class WitMotionPacket(msgspec.Struct, frozen=True, kw_only=True):
    """Acceleration, angular rate and orientation (roll, pitch, yaw)."""

    accel_g: Triple
    gyro_dps: Triple
    angle_deg: Triple


class WitMotionRegisters(msgspec.Struct, frozen=True, kw_only=True):
    """Eight registers from ``register`` on; ``mag`` (x, y, z) where they are the magnetometer."""

    register: Annotated[int, Meta(ge=0, le=0xFFFF)]
    values: tuple[Annotated[int, Meta(ge=-32768, le=32767)], ...]
    mag: Triple | UnsetType = UNSET


class WitMotionCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A command to the sensor, in words."""

    action: str


WitMotionDecoded: TypeAlias = WitMotionPacket | WitMotionRegisters


def decode_witmotion(payload: bytes, context: Context) -> WitMotionDecoded:
    """Decode one whole packet."""
    del context
    if len(payload) != PACKET_BYTES:
        raise Malformed("bad_length", f"{len(payload)} bytes, a packet has {PACKET_BYTES}")
    if payload[0] != HEAD or payload[1] not in {MOTION, REGISTERS}:
        raise Malformed("unknown_type", f"packets that begin with {payload[:2].hex()} are unknown")
    if payload[1] == REGISTERS:
        values = read_int16(payload, 4, 8)
        register = payload[2] | payload[3] << 8
        if register != REGISTER_MAGNETOMETER:
            return WitMotionRegisters(register=register, values=values)
        mag = into_triples([value / COUNTS_PER_MAG for value in values[:3]])[0]
        return WitMotionRegisters(register=register, values=values, mag=mag)
    ax, ay, az, gx, gy, gz, roll, pitch, yaw = read_int16(payload, 2, 9)
    return WitMotionPacket(
        accel_g=(ax * G_PER_COUNT, ay * G_PER_COUNT, az * G_PER_COUNT),
        gyro_dps=(gx * DPS_PER_COUNT, gy * DPS_PER_COUNT, gz * DPS_PER_COUNT),
        angle_deg=(roll * DEG_PER_COUNT, pitch * DEG_PER_COUNT, yaw * DEG_PER_COUNT),
    )


def decode_witmotion_command(payload: bytes, context: Context) -> WitMotionCommand:
    """Decode a write of five bytes: ``FF AA``, register, value."""
    del context
    if len(payload) != 5:
        raise Malformed("bad_length", f"{len(payload)} bytes, a command has 5")
    if payload[:2] != b"\xff\xaa":
        raise Malformed("unknown_type", f"commands that begin with {payload[:2].hex()} are unknown")
    register, value = payload[2], payload[3] | payload[4] << 8
    if register == 0x69 and value == 0xB588:
        action = "unlock settings (10 s)"
    elif register == 0x00 and value == 0:
        action = "save settings"
    elif register == 0x27:
        action = f"read registers from {value}"
    elif register == 0x03 and value in RATES_HZ:
        action = f"set rate to {RATES_HZ[value]:g} Hz"
    else:
        action = f"write {value} to register {register}"
    return WitMotionCommand(action=action)
