"""What a device computed by itself: cadence, heart rate, oxygen; passed on as it was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from biofeedback.decode.colmi import (
    ColmiActivity,
    ColmiBattery,
    ColmiError,
    ColmiHeartLog,
    ColmiHeartLogSettings,
    ColmiNoSteps,
    ColmiPpg,
    ColmiReading,
    ColmiSpo2Raw,
    ColmiStepsHeader,
    ColmiStepsRow,
)
from biofeedback.decode.cycling_speed import CrankCadence, CyclingSpeed
from biofeedback.decode.indoor_bike import IndoorBike
from biofeedback.decode.mi_band import MiBandAdvertisement
from biofeedback.decode.profile import find_stream
from biofeedback.decode.pulse_oximeter import PulseOximetry
from biofeedback.decode.running_speed import RunningSpeed
from biofeedback.decode.whoop import WhoopRecord
from biofeedback.samples import CadenceReading, HeartReading, OxygenReading, StreamControl

if TYPE_CHECKING:
    from collections.abc import Callable

    from biofeedback.decode.answers import Battery, Decoded
    from biofeedback.decode.profile import CadenceUnit, HeartSource, Profile
    from biofeedback.messages import PacketReceived

MAX_TOLD_CADENCE_RPM = 300.0
NO_HEART_RATE = frozenset({0, 255})


class ToldAnswers:
    """Answer packets of one sensor whose values need no time of their own."""

    def __init__(self, profile: Profile, battery: Battery) -> None:
        cadence = find_stream(profile, "cadence")
        self._cadence_unit: CadenceUnit | None = None if cadence is None else cadence.cadence_unit
        self._heart_source: HeartSource = profile.heart_source
        self._battery = battery
        self._crank = CrankCadence()

    def table(self) -> dict[type, Callable[[Any, PacketReceived], list[Decoded]]]:
        """Return what answers which decoded packet."""
        shown_only = (
            ColmiActivity,
            ColmiStepsRow,
            ColmiStepsHeader,
            ColmiNoSteps,
            ColmiHeartLog,
            ColmiHeartLogSettings,
            ColmiPpg,
            ColmiSpo2Raw,
            WhoopRecord,
        )
        return {
            **dict.fromkeys(shown_only, _answer_nothing),
            RunningSpeed: self._answer_running,
            CyclingSpeed: self._answer_cycling,
            IndoorBike: self._answer_bike,
            PulseOximetry: self._answer_oximetry,
            MiBandAdvertisement: self._answer_advertisement,
            ColmiReading: self._answer_ring,
            ColmiBattery: self._answer_ring_battery,
            ColmiError: _answer_refusal,
        }

    def heart(self, heart_rate_bpm: int | None, rr_ms: tuple[float, ...] = ()) -> HeartReading:
        """Return a reading of the kind of heart-rate source that the profile names."""
        return HeartReading(
            heart_rate_bpm=None if heart_rate_bpm in NO_HEART_RATE else heart_rate_bpm,
            rr_ms=rr_ms,
            rr_suspect=tuple([not interval_ms for interval_ms in rr_ms]),
            contact=None,
            energy_kj=None,
            source=self._heart_source,
        )

    def _answer_running(self, measurement: RunningSpeed, packet: PacketReceived) -> list[Decoded]:
        del packet
        return [
            CadenceReading(
                cadence_per_min=float(measurement.cadence_raw),
                unit=self._cadence_unit,
                running=measurement.running,
                speed_mps=measurement.speed_mps,
            )
        ]

    def _answer_cycling(self, measurement: CyclingSpeed, packet: PacketReceived) -> list[Decoded]:
        cadence_rpm = self._crank.update(measurement, packet.at_ns)
        return [] if cadence_rpm is None else [_revolutions(cadence_rpm)]

    def _answer_bike(self, bike: IndoorBike, packet: PacketReceived) -> list[Decoded]:
        del packet
        answer: list[Decoded] = []
        if bike.cadence_rpm is not None and bike.cadence_rpm <= MAX_TOLD_CADENCE_RPM:
            answer.append(_revolutions(bike.cadence_rpm))
        if bike.hr_bpm is not None:
            answer.append(self.heart(bike.hr_bpm))
        return answer

    def _answer_oximetry(self, oximetry: PulseOximetry, packet: PacketReceived) -> list[Decoded]:
        del packet
        pulse_bpm = None if oximetry.pulse is None else round(oximetry.pulse)
        return [OxygenReading(spo2_percent=oximetry.spo2), self.heart(pulse_bpm)]

    def _answer_advertisement(
        self, advertisement: MiBandAdvertisement, packet: PacketReceived
    ) -> list[Decoded]:
        del packet
        return [self.heart(advertisement.hr_bpm)]

    def _answer_ring(self, reading: ColmiReading, packet: PacketReceived) -> list[Decoded]:
        del packet
        if reading.value is UNSET:
            return []
        if reading.type == "heart_rate":
            return [self.heart(reading.value)]
        if reading.type == "spo2":
            known = 0 < reading.value <= 100
            return [OxygenReading(spo2_percent=float(reading.value) if known else None)]
        return []

    def _answer_ring_battery(self, battery: ColmiBattery, packet: PacketReceived) -> list[Decoded]:
        return self._battery.answer(battery.battery_percent, packet)


def _revolutions(cadence_rpm: float) -> CadenceReading:
    return CadenceReading(
        cadence_per_min=cadence_rpm, unit="revolutions", running=None, speed_mps=None
    )


def _answer_refusal(error: ColmiError, packet: PacketReceived) -> list[Decoded]:
    del packet
    name = f"{error.refused_command:02x}"
    return [StreamControl(kind="response", types=(name,), status="refused", settings={})]


def _answer_nothing(decoded: Any, packet: PacketReceived) -> list[Decoded]:
    del decoded, packet
    return []
