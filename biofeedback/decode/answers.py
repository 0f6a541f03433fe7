"""What the answers to decoded packets share: their type, notices, duplicates, rates and ranges."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, TypeAlias

from biofeedback.decode.malformed import Malformed
from biofeedback.decode.profile import find_stream
from biofeedback.messages import NS_PER_S, NoticeGiven, PacketRejected
from biofeedback.samples import BatteryReading, Samples

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biofeedback.decode.profile import Profile, StreamName
    from biofeedback.messages import NoticeCode, PacketReceived

Decoded: TypeAlias = Samples | PacketRejected | NoticeGiven

STANDARD_GRAVITY_MPS2 = 9.80665
BATTERY_LOW_PERCENT = 20
BATTERY_EMPTY_PERCENT = 10
DUPLICATE_WITHIN_NS = 2 * NS_PER_S
DEFAULT_RATE_HZ = 50.0
"""Only for a stream that neither profile nor context knows, and only until its second packet."""
MPS2_PER_UNIT: Final[dict[str, float]] = {
    "g": STANDARD_GRAVITY_MPS2,
    "mg": STANDARD_GRAVITY_MPS2 / 1000,
    "m/s2": 1.0,
}
RATE_KEYS: Final[dict[StreamName, str]] = {
    "acceleration": "acc_rate_hz",
    "gyroscope": "gyro_rate_hz",
    "magnetometer": "mag_rate_hz",
    "ecg": "ecg_rate_hz",
    "ppg": "ppg_rate_hz",
}


def notice(code: NoticeCode, packet: PacketReceived) -> NoticeGiven:
    """Return a notice about the sensor that a packet came from."""
    return NoticeGiven(at_ns=packet.at_ns, code=code, wearer=packet.wearer, sensor=packet.sensor)


def rejection(malformed: Malformed, packet: PacketReceived) -> PacketRejected:
    """Return the fact that a packet can't be used."""
    return PacketRejected(
        at_ns=packet.at_ns,
        wearer=packet.wearer,
        sensor=packet.sensor,
        reason=malformed.reason,
        detail=malformed.detail,
    )


def stream_rate_hz(profile: Profile, context: Mapping[str, float], name: StreamName) -> float:
    """Return the nominal rate of a stream: of the context, else of the profile, else a guess."""
    rate_hz = context.get(RATE_KEYS.get(name, ""))
    if rate_hz is not None and 0 < rate_hz <= 10_000:
        return rate_hz
    stream = find_stream(profile, name)
    return (stream.rate_hz if stream else None) or DEFAULT_RATE_HZ


def acceleration_range_mps2(profile: Profile, context: Mapping[str, float]) -> float | None:
    """Return the full scale of one axis: of the context, else of the profile, else None."""
    range_g = context.get("acc_range_g")
    if range_g is not None and 0 < range_g <= 1000:
        return range_g * STANDARD_GRAVITY_MPS2
    stream = find_stream(profile, "acceleration")
    if stream is None or stream.full_scale is None:
        return None
    return stream.full_scale * MPS2_PER_UNIT.get(stream.unit or "", STANDARD_GRAVITY_MPS2)


class RecentPackets:
    """Tell a packet that was sent twice."""

    def __init__(self) -> None:
        self._recent: deque[tuple[int, bytes]] = deque(maxlen=64)

    def remember(self, packet: PacketReceived) -> None:
        """Add a packet that is known to be new."""
        self._recent.append((packet.at_ns, packet.payload))

    def refuse_duplicate(self, packet: PacketReceived) -> None:
        """Add a packet.

        Raises:
            Malformed: The same bytes came a short while ago.
        """
        for at_ns, payload in self._recent:
            if payload == packet.payload and packet.at_ns - at_ns <= DUPLICATE_WITHIN_NS:
                age_ms = (packet.at_ns - at_ns) // 1_000_000
                raise Malformed("duplicate", f"the same packet came {age_ms} ms before")
        self.remember(packet)


class Battery:
    """Readings of the charge, and a notice once for each level."""

    def __init__(self) -> None:
        self._noticed: NoticeCode | None = None

    def answer(self, percent: int | None, packet: PacketReceived) -> list[Decoded]:
        """Return the reading, and a notice when the level is new."""
        code: NoticeCode | None = None
        if percent is not None and percent < BATTERY_EMPTY_PERCENT:
            code = "battery_empty"
        elif percent is not None and percent < BATTERY_LOW_PERCENT:
            code = "battery_low"
        answer: list[Decoded] = [BatteryReading(battery_percent=percent)]
        if code is not None and code != self._noticed:
            answer.append(notice(code, packet))
        if percent is not None:
            self._noticed = code
        return answer
