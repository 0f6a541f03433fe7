"""What a device computes itself, as packets: cadence, heart rate, oxygen."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from biofeedback.simulate import packets
from biofeedback.virtual.encoders import (
    SPO2_PERCENT,
    colmi_acceleration_encoder,
    witmotion_encoder,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from biofeedback.virtual.senses import Encode, Senses

STEP_LENGTH_M: Final = 0.7


def running_encoder(senses: Senses) -> Encode:
    """Encode running speed and cadence, in steps a minute."""

    def encode(times_s: NDArray[np.float64], number: int) -> bytes:
        del number
        now_s = float(times_s[-1])
        spm = min(round(senses.cadence_spm(now_s)), 255)
        senses.tell_cadence(now_s, spm)
        speed = round(spm / 60 * STEP_LENGTH_M * 256)
        return struct.pack("<BHB", 0x04 if spm > 140 else 0, speed, spm)

    return encode


class Cranks:
    """Turns of a crank, two strokes each, and the time of the last one."""

    def __init__(self, senses: Senses, start_s: float) -> None:
        self._senses = senses
        self._seen_s = start_s
        self._strokes = 0
        self._event_1024 = 0
        self._before: tuple[int, int] | None = None
        self._cadence_rpm: float | None = None

    def encode(self, times_s: NDArray[np.float64], number: int) -> bytes:
        """Encode cycling speed and cadence, cranks only."""
        del number
        now_s = float(times_s[-1])
        for contact_s in self._senses.contacts_s(self._seen_s, now_s):
            self._strokes += 1
            if self._strokes % 2 == 0:
                self._event_1024 = round(contact_s * 1024)
        self._seen_s = now_s
        turns = self._strokes // 2
        if self._before is not None and turns > self._before[0]:
            elapsed = self._event_1024 - self._before[1]
            self._cadence_rpm = (turns - self._before[0]) * 60 * 1024 / elapsed
        if self._cadence_rpm is not None:
            self._senses.tell_cadence(now_s, self._cadence_rpm)
        if self._before is None or turns > self._before[0]:
            self._before = (turns, self._event_1024)
        return struct.pack("<BHH", 0x02, turns & 0xFFFF, self._event_1024 & 0xFFFF)


def bike_encoder(senses: Senses) -> Encode:
    """Encode indoor bike data: speed, cadence, heart rate."""

    def encode(times_s: NDArray[np.float64], number: int) -> bytes:
        del number
        now_s = float(times_s[-1])
        half_rpm = round(senses.cadence_spm(now_s))
        senses.tell_cadence(now_s, half_rpm / 2)
        bpm = senses.heart_rate_bpm(now_s)
        return struct.pack("<HHHB", 0x0204, round(half_rpm / 2 * 30), half_rpm, bpm)

    return encode


def pulse_encoder(senses: Senses) -> Encode:
    """Encode a pulse oximeter: saturation and pulse as short floats without an exponent."""

    def encode(times_s: NDArray[np.float64], number: int) -> bytes:
        del number
        return struct.pack("<BHH", 0, SPO2_PERCENT, senses.heart_rate_bpm(float(times_s[-1])))

    return encode


def heart_encoder(senses: Senses) -> Encode:
    """Encode a heart rate without intervals, as watches do."""

    def encode(times_s: NDArray[np.float64], number: int) -> bytes:
        del number
        return packets.encode_heart_rate(senses.heart_rate_bpm(float(times_s[-1])))

    return encode


def shared_heart_encoder(senses: Senses) -> Encode:
    """Encode what a Mi Band advertises: its heart rate is byte 3."""

    def encode(times_s: NDArray[np.float64], number: int) -> bytes:
        del number
        return bytes((2, 1, 0x2C, senses.heart_rate_bpm(float(times_s[-1])), 0xFF))

    return encode


ENCODERS: Final[dict[str, Callable[[Senses], Encode]]] = {
    "witmotion": witmotion_encoder,
    "colmi": colmi_acceleration_encoder,
    "running_speed": running_encoder,
    "indoor_bike": bike_encoder,
    "pulse_continuous": pulse_encoder,
}
"""Packet format -> what encodes it and needs nothing but the senses."""
