"""One sensor: packets in; sample blocks, rejections and notices out.

* The profile says which characteristic carries which format; bad packets become rejections.
* What has to be carried from packet to packet (streams cut at any place, second parts, clocks,
  references, factors) is kept here and in the ``*_answers`` of a family, never in a decoder.
* Context that a shell may know: ``acc_rate_hz``, ``ecg_rate_hz``, ``ppg_rate_hz``,
  ``gyro_rate_hz``, ``mag_rate_hz``, ``skin_temp_rate_hz``, ``temperature_rate_hz``;
  ``acc_range_g``; ``acc_factor`` (or ``factor``), ``gyro_factor``, ``mag_factor``; and what the
  profile has in its own context.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from biofeedback.decode.answers import Battery, Decoded, notice, rejection
from biofeedback.decode.battery import BatteryLevel
from biofeedback.decode.device_information import DeviceInformation
from biofeedback.decode.framing import FRAMINGS
from biofeedback.decode.heart_rate import (
    BodySensorLocation,
    HeartRateCommand,
    HeartRateMeasurement,
)
from biofeedback.decode.malformed import Malformed
from biofeedback.decode.motion_answers import MotionAnswers
from biofeedback.decode.movesense_answers import MovesenseAnswers
from biofeedback.decode.polar_answers import PolarAnswers
from biofeedback.decode.profile import expand_uuid, find_decoder
from biofeedback.decode.told_answers import ToldAnswers
from biofeedback.decode.witmotion import WitMotionPacket
from biofeedback.samples import DeviceFact, HeartReading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from biofeedback.decode.context import Context
    from biofeedback.decode.framing import Framing
    from biofeedback.decode.profile import Profile
    from biofeedback.messages import PacketReceived

SATURATED_RR = 65535
CONTACTS: Final[dict[str, bool | None]] = {
    "detected": True,
    "not_detected": False,
    "unsupported": None,
}


class _Source:
    """One characteristic: its decoder, and how its packets are found or completed."""

    def __init__(
        self,
        packet_format: str,
        decode: Callable[[bytes, Context], Any],
        prepare: Callable[[bytes], tuple[bytes | None, Context]] | None,
    ) -> None:
        self.decode = decode
        self.prepare = prepare
        framing = FRAMINGS.get(packet_format)
        self.framing: Framing | None = None if framing is None else framing()


class SensorDecoder:
    """Decode the packets of one sensor of one wearer.

    Args:
        profile: Of the sensor.
        context: What was learned at the start of its streams, see the module.
    """

    def __init__(self, profile: Profile, context: Mapping[str, float]) -> None:
        self._profile = profile
        self._context = {**profile.context, **context}
        self._battery = Battery()
        self._no_contact = False
        told = ToldAnswers(profile, self._battery)
        self._motion = MotionAnswers(profile, self._context, told, self._battery)
        self._polar = PolarAnswers(profile, self._context)
        self._movesense = MovesenseAnswers(profile, self._context, told)
        self._sources: dict[str, _Source] = {}
        for characteristic in profile.characteristics:
            decode = find_decoder(characteristic, write=False)
            if decode is not None:
                packet_format = characteristic.format or ""
                source = _Source(packet_format, decode, self._prepare(packet_format))
                self._sources[expand_uuid(characteristic.uuid)] = source
        self._answers: dict[type, Callable[[Any, PacketReceived], list[Decoded]]] = {
            HeartRateMeasurement: self._answer_heart_rate,
            BatteryLevel: self._answer_battery,
            DeviceInformation: _answer_device_information,
            BodySensorLocation: _answer_nothing,
            HeartRateCommand: _answer_nothing,
            **told.table(),
            **self._motion.table(),
            **self._polar.table(),
            **self._movesense.table(),
        }

    def update(self, packet: PacketReceived) -> list[Decoded]:
        """Decode one packet. Never raises on what a radio may send."""
        source = self._sources.get(packet.characteristic) or self._sources.get(
            expand_uuid(packet.characteristic)
        )
        if source is None:
            unknown = Malformed(
                "unknown_characteristic", f"not in the profile {self._profile.name}"
            )
            return [rejection(unknown, packet)]
        if source.framing is not None:
            return self._answer_stream(source, source.framing, packet)
        payload: bytes | None = packet.payload
        context: Context = self._context
        try:
            if not payload:
                raise Malformed("empty", "no bytes")  # noqa: TRY301 - one way out
            if source.prepare is not None:
                payload, context = source.prepare(payload)
                if payload is None:
                    return []
            decoded = source.decode(payload, context)
            return self._answers[type(decoded)](decoded, packet)
        except Malformed as malformed:
            return [rejection(malformed, packet)]

    def _prepare(
        self, packet_format: str
    ) -> Callable[[bytes], tuple[bytes | None, Context]] | None:
        """Return what completes a payload and finds its own context; None for most formats."""
        if packet_format == "movesense":
            return self._movesense.prepare
        return self._polar.prepare if packet_format == "polar_pmd" else None

    def _answer_stream(
        self, source: _Source, framing: Framing, packet: PacketReceived
    ) -> list[Decoded]:
        """Answer all packets that these bytes completed."""
        framed = framing.update(packet.payload, packet.at_ns)
        answer: list[Decoded] = []
        if framed.lost_bytes:
            lost = Malformed("bad_block", f"{framed.lost_bytes} bytes that belong to no packet")
            answer.append(rejection(lost, packet))
        motion: list[WitMotionPacket] = []
        for payload in framed.packets:
            try:
                decoded = source.decode(payload, self._context)
                if isinstance(decoded, WitMotionPacket):
                    motion.append(decoded)
                else:
                    answer += self._answers[type(decoded)](decoded, packet)
            except Malformed as malformed:
                answer.append(rejection(malformed, packet))
        if motion:
            answer += self._motion.answer_witmotion(motion, packet)
        return answer

    def _answer_heart_rate(
        self, measurement: HeartRateMeasurement, packet: PacketReceived
    ) -> list[Decoded]:
        contact = CONTACTS[measurement.contact]
        answer: list[Decoded] = [
            HeartReading(
                heart_rate_bpm=measurement.hr_bpm or None,
                rr_ms=measurement.rr_ms,
                rr_suspect=tuple([rr in {0, SATURATED_RR} for rr in measurement.rr_1024]),
                contact=contact,
                energy_kj=measurement.energy_kj,
                source=self._profile.heart_source,
            )
        ]
        if contact is False and not self._no_contact:
            answer.append(notice("contact_lost", packet))
        self._no_contact = contact is False
        return answer

    def _answer_battery(self, level: BatteryLevel, packet: PacketReceived) -> list[Decoded]:
        return self._battery.answer(level.battery_percent, packet)


def _answer_device_information(
    information: DeviceInformation, packet: PacketReceived
) -> list[Decoded]:
    del packet
    texts = cast("dict[Any, str]", msgspec.to_builtins(information))
    return [DeviceFact(name=name, text=text) for name, text in texts.items()]


def _answer_nothing(decoded: Any, packet: PacketReceived) -> list[Decoded]:
    del decoded, packet
    return []
