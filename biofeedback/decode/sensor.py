"""One sensor: packets in; sample blocks, rejections and notices out.

* The profile says which characteristic carries which format; bad packets become rejections.
* Each stream has its own clock. What a start reply tells (scale factor, and range or rate when
  only one is possible) is learned from the packets, so a trace can be read again.
* Context that a shell may know: ``acc_rate_hz``, ``ecg_rate_hz``, ``ppg_rate_hz``,
  ``gyro_rate_hz``, ``mag_rate_hz``, ``skin_temp_rate_hz``, ``temperature_rate_hz``;
  ``acc_range_g``; ``acc_factor`` (or ``factor``), ``gyro_factor``, ``mag_factor``.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
import numpy as np

from biofeedback.decode.battery import BatteryLevel
from biofeedback.decode.clock import ArrivalClock, DeviceClock, FrameTimes
from biofeedback.decode.device_information import DeviceInformation
from biofeedback.decode.heart_rate import (
    BodySensorLocation,
    HeartRateCommand,
    HeartRateMeasurement,
)
from biofeedback.decode.malformed import Malformed
from biofeedback.decode.packets import decode_packet
from biofeedback.decode.polar_pmd import MEASUREMENT_TYPES, TYPE_MASK
from biofeedback.decode.polar_pmd_control import (
    OP_GET_SETTINGS,
    OP_START,
    PmdFeatures,
    PmdReply,
    PmdRequest,
    PmdSettings,
    PmdStopped,
)
from biofeedback.decode.polar_pmd_frames import (
    AccelerationFrame,
    EcgFrame,
    GyroscopeFrame,
    MagnetometerFrame,
    PpgFrame,
    PpiFrame,
    TemperatureFrame,
)
from biofeedback.decode.profile import expand_uuid, find_stream
from biofeedback.messages import (
    NS_PER_S,
    NoticeGiven,
    PacketReceived,
    PacketRejected,
)
from biofeedback.samples import (
    AccelerationBlock,
    BatteryReading,
    DeviceFact,
    EcgBlock,
    GyroscopeBlock,
    HeartReading,
    MagnetometerBlock,
    OpticalBlock,
    Samples,
    StreamControl,
    TemperatureReading,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from biofeedback.decode.profile import Profile, StreamName
    from biofeedback.messages import NoticeCode

STANDARD_GRAVITY_MPS2 = 9.80665
BATTERY_LOW_PERCENT = 20
BATTERY_EMPTY_PERCENT = 10
MAX_PULSE_ERROR_MS = 30
"""Of the device's own estimate; at rest it is below, in movement far above."""
SATURATED_RR = 65535
DUPLICATE_WITHIN_NS = 2 * NS_PER_S
DEFAULT_RATE_HZ = 50.0
"""Only for a stream that neither profile nor context knows, and only until its second packet."""
STREAMS: Final[dict[str, StreamName]] = {
    "ECG": "ecg",
    "PPG": "ppg",
    "ACC": "acceleration",
    "GYRO": "gyroscope",
    "MAG": "magnetometer",
    "SKIN_TEMP": "temperature",
    "TEMPERATURE": "temperature",
}

CONTACTS: Final[dict[str, bool | None]] = {
    "detected": True,
    "not_detected": False,
    "unsupported": None,
}

Decoded: TypeAlias = Samples | PacketRejected | NoticeGiven
TimedFrame: TypeAlias = (
    EcgFrame | PpgFrame | AccelerationFrame | GyroscopeFrame | MagnetometerFrame | TemperatureFrame
)


class SensorDecoder:
    """Decode the packets of one sensor of one wearer.

    Args:
        profile: Of the sensor.
        context: What was learned at the start of its streams, see the module.
    """

    def __init__(self, profile: Profile, context: Mapping[str, float]) -> None:
        self._profile = profile
        self._context = dict(context)
        self._formats = {
            expand_uuid(characteristic.uuid): characteristic.format
            for characteristic in profile.characteristics
            if characteristic.format is not None
        }
        self._contexts = {
            kind: _first_context(profile, context, name)
            for kind, name in MEASUREMENT_TYPES.items()
            if name in STREAMS
        }
        self._range_g = _first_range_g(profile, context)
        self._rates_hz: dict[str, float] = {}
        self._clocks: dict[str, DeviceClock] = {}
        self._arrival_clocks: dict[str, ArrivalClock] = {}
        self._newest_stamps: dict[str, int] = {}
        self._recent: deque[tuple[int, bytes]] = deque(maxlen=64)
        self._no_contact = False
        self._battery_notice: NoticeCode | None = None
        self._answers: dict[type, Callable[[Any, PacketReceived], list[Decoded]]] = {
            HeartRateMeasurement: self._answer_heart_rate,
            BatteryLevel: self._answer_battery,
            DeviceInformation: _answer_device_information,
            BodySensorLocation: _answer_nothing,
            HeartRateCommand: _answer_nothing,
            PmdRequest: _answer_nothing,
            PmdFeatures: _answer_features,
            PmdReply: self._answer_reply,
            PmdStopped: _answer_stopped,
            PmdSettings: _answer_settings,
            PpiFrame: self._answer_pulse_intervals,
            EcgFrame: self._answer_timed,
            PpgFrame: self._answer_timed,
            AccelerationFrame: self._answer_timed,
            GyroscopeFrame: self._answer_timed,
            MagnetometerFrame: self._answer_timed,
            TemperatureFrame: self._answer_timed,
        }

    def update(self, packet: PacketReceived) -> list[Decoded]:
        """Decode one packet. Never raises on what a radio may send."""
        packet_format = self._formats.get(packet.characteristic) or self._formats.get(
            expand_uuid(packet.characteristic)
        )
        try:
            if packet_format is None:
                raise Malformed(  # noqa: TRY301 - one way out for all rejections
                    "unknown_characteristic", f"not in the profile {self._profile.name}"
                )
            context = self._context
            if packet_format == "polar_pmd" and packet.payload:
                context = self._contexts.get(packet.payload[0] & TYPE_MASK, context)
            decoded = decode_packet(packet_format, packet.payload, context)
            return self._answers[type(decoded)](decoded, packet)
        except Malformed as malformed:
            return [
                PacketRejected(
                    at_ns=packet.at_ns,
                    wearer=packet.wearer,
                    sensor=packet.sensor,
                    reason=malformed.reason,
                    detail=malformed.detail,
                )
            ]

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
            answer.append(_notice("contact_lost", packet))
        self._no_contact = contact is False
        return answer

    def _answer_pulse_intervals(self, frame: PpiFrame, packet: PacketReceived) -> list[Decoded]:
        # The time in these frames is usually 0, so the bytes alone tell a duplicate.
        self._refuse_duplicate(packet)
        rates_bpm = [sample.hr_bpm for sample in frame.samples if sample.hr_bpm]
        return [
            HeartReading(
                heart_rate_bpm=rates_bpm[-1] if rates_bpm else None,
                rr_ms=tuple(float(sample.ppi_ms) for sample in frame.samples),
                rr_suspect=tuple(
                    sample.blocker or not sample.ppi_ms or sample.error_ms > MAX_PULSE_ERROR_MS
                    for sample in frame.samples
                ),
                contact=None,  # the bit is unreliable on the devices that send it
                energy_kj=None,
                source="optical",
            )
        ]

    def _answer_battery(self, level: BatteryLevel, packet: PacketReceived) -> list[Decoded]:
        percent = level.battery_percent
        notice: NoticeCode | None = None
        if percent is not None and percent < BATTERY_EMPTY_PERCENT:
            notice = "battery_empty"
        elif percent is not None and percent < BATTERY_LOW_PERCENT:
            notice = "battery_low"
        answer: list[Decoded] = [BatteryReading(battery_percent=percent)]
        if notice is not None and notice != self._battery_notice:
            answer.append(_notice(notice, packet))
        if percent is not None:
            self._battery_notice = notice
        return answer

    def _answer_reply(self, reply: PmdReply, packet: PacketReceived) -> list[Decoded]:
        del packet
        settings = {} if isinstance(reply.settings, msgspec.UnsetType) else reply.settings
        if reply.status_code == 0 and reply.op == OP_START:
            self._learn_start(reply.type, settings.get("factor", ()))
        elif reply.status_code == 0 and reply.op == OP_GET_SETTINGS:
            self._learn_only_choice(reply.type, settings)
        return [
            StreamControl(
                kind="response", types=(reply.type,), status=reply.status, settings=settings
            )
        ]

    def _learn_start(self, name: str, factors: tuple[float, ...]) -> None:
        for kind, known in MEASUREMENT_TYPES.items():
            if known == name and kind in self._contexts and factors and factors[0] > 0:
                self._contexts[kind] = {**self._contexts[kind], "factor": factors[0]}
        if name in self._clocks:
            self._clocks[name].forget_rate()

    def _learn_only_choice(self, name: str, settings: dict[str, tuple[float, ...]]) -> None:
        rates_hz, ranges_g = settings.get("sample_rate", ()), settings.get("range", ())
        if len(rates_hz) == 1 and rates_hz[0] > 0:
            self._rates_hz[name] = rates_hz[0]
        if name == "ACC" and len(ranges_g) == 1 and ranges_g[0] > 0:
            self._range_g = ranges_g[0]

    def _answer_timed(self, frame: TimedFrame, packet: PacketReceived) -> list[Decoded]:
        if frame.timestamp_ns <= self._newest_stamps.get(frame.type, -1):
            self._refuse_duplicate(packet)
        else:
            self._recent.append((packet.at_ns, packet.payload))
        times = self._time(frame, packet.at_ns)
        self._newest_stamps[frame.type] = frame.timestamp_ns
        answer: list[Decoded] = [self._block(frame, times)]
        if times.clock_reset:
            answer.append(_notice("device_clock_reset", packet))
        return answer

    def _refuse_duplicate(self, packet: PacketReceived) -> None:
        for at_ns, payload in self._recent:
            if payload == packet.payload and packet.at_ns - at_ns <= DUPLICATE_WITHIN_NS:
                age_ms = (packet.at_ns - at_ns) // 1_000_000
                raise Malformed("duplicate", f"the same packet came {age_ms} ms before")
        self._recent.append((packet.at_ns, packet.payload))

    def _time(self, frame: TimedFrame, arrival_ns: int) -> FrameTimes:
        name = frame.type
        if frame.timestamp_ns == 0:
            arrival_clock = self._arrival_clocks.get(name)
            if arrival_clock is None:
                arrival_clock = ArrivalClock(self._rate_hz(name))
                self._arrival_clocks[name] = arrival_clock
            return arrival_clock.update(samples=frame.n, arrival_ns=arrival_ns)
        clock = self._clocks.get(name)
        if clock is None:
            clock = self._clocks[name] = DeviceClock(self._rate_hz(name))
        return clock.update(
            device_last_ns=frame.timestamp_ns, samples=frame.n, arrival_ns=arrival_ns
        )

    def _rate_hz(self, name: str) -> float:
        rate_hz = self._context.get(f"{name.lower()}_rate_hz", self._rates_hz.get(name))
        if rate_hz is not None and 0 < rate_hz <= 10_000:
            return rate_hz
        stream = find_stream(self._profile, STREAMS[name])
        return (stream.rate_hz if stream else None) or DEFAULT_RATE_HZ

    def _block(self, frame: TimedFrame, times: FrameTimes) -> Samples:
        if isinstance(frame, AccelerationFrame):
            range_g = self._range_g
            return AccelerationBlock(
                times_ns=times.times_ns,
                acceleration_mps2=np.multiply(
                    frame.samples_mg, STANDARD_GRAVITY_MPS2 / 1000, dtype=np.float64
                ),
                gap_before=times.gap_before,
                range_mps2=range_g * STANDARD_GRAVITY_MPS2 if range_g else None,
            )
        if isinstance(frame, EcgFrame):
            return EcgBlock(
                times_ns=times.times_ns,
                ecg_uv=frame.samples_uv.astype(np.float64),
                gap_before=times.gap_before,
            )
        if isinstance(frame, PpgFrame):
            return OpticalBlock(
                times_ns=times.times_ns,
                ppg=frame.samples.astype(np.float64),
                gap_before=times.gap_before,
            )
        if isinstance(frame, GyroscopeFrame):
            return GyroscopeBlock(
                times_ns=times.times_ns, rate_dps=frame.samples_dps, gap_before=times.gap_before
            )
        if isinstance(frame, MagnetometerFrame):
            return MagnetometerBlock(
                times_ns=times.times_ns,
                field_gauss=frame.samples_gauss,
                gap_before=times.gap_before,
            )
        return TemperatureReading(times_ns=times.times_ns, temperature_degc=frame.samples_c)


def _first_range_g(profile: Profile, context: Mapping[str, float]) -> float | None:
    range_g = context.get("acc_range_g")
    if range_g is not None and 0 < range_g <= 1000:
        return range_g
    stream = find_stream(profile, "acceleration")
    return stream.full_scale if stream else None


def _first_context(profile: Profile, context: Mapping[str, float], name: str) -> dict[str, float]:
    """Return the context of one stream with its own factor, if any is known before a reply."""
    stream = find_stream(profile, STREAMS[name])
    factor = context.get(
        f"{name.lower()}_factor",
        context.get("factor") if name == "ACC" else None,
    )
    if factor is None and stream is not None:
        factor = stream.factor
    own = {key: value for key, value in context.items() if key != "factor"}
    return own if factor is None else {**own, "factor": factor}


def _notice(code: NoticeCode, packet: PacketReceived) -> NoticeGiven:
    return NoticeGiven(at_ns=packet.at_ns, code=code, wearer=packet.wearer, sensor=packet.sensor)


def _answer_nothing(decoded: Any, packet: PacketReceived) -> list[Decoded]:
    del decoded, packet
    return []


def _answer_device_information(
    information: DeviceInformation, packet: PacketReceived
) -> list[Decoded]:
    del packet
    texts: dict[Any, str] = msgspec.to_builtins(information)
    return [DeviceFact(name=name, text=text) for name, text in texts.items()]


def _answer_features(features: PmdFeatures, packet: PacketReceived) -> list[Decoded]:
    del packet
    return [StreamControl(kind="features", types=features.features, status=None, settings={})]


def _answer_stopped(stopped: PmdStopped, packet: PacketReceived) -> list[Decoded]:
    del packet
    return [StreamControl(kind="stopped_by_device", types=stopped.types, status=None, settings={})]


def _answer_settings(settings: PmdSettings, packet: PacketReceived) -> list[Decoded]:
    del packet
    return [StreamControl(kind="response", types=(), status=None, settings=settings.settings)]
