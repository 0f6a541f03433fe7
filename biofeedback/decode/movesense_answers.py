"""Movesense: references, second parts and clocks of the subscriptions of one sensor.

The profile's start commands tell which reference was subscribed with which path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import UNSET

from biofeedback.decode.answers import (
    Decoded,
    acceleration_range_mps2,
    notice,
    stream_rate_hz,
)
from biofeedback.decode.clock import ArrivalClock
from biofeedback.decode.malformed import Malformed
from biofeedback.decode.movesense import (
    DATA,
    SECOND_PART,
    MovesenseCommand,
    MovesenseData,
    MovesenseResult,
    SecondParts,
    decode_movesense_command,
    rate_of_path,
)
from biofeedback.decode.timeline import TickTimeline
from biofeedback.messages import NS_PER_MS
from biofeedback.samples import (
    AccelerationBlock,
    EcgBlock,
    GyroscopeBlock,
    MagnetometerBlock,
    StreamControl,
    TemperatureReading,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from biofeedback.decode.clock import FrameTimes
    from biofeedback.decode.context import Context
    from biofeedback.decode.profile import Profile, StreamName
    from biofeedback.decode.told_answers import ToldAnswers
    from biofeedback.messages import PacketReceived

SUCCESS = 200
KELVIN_AT_0_DEGC = 273.15
UV_PER_MV = 1000.0
GAUSS_PER_UT = 0.01
BLOCK_STREAMS: dict[str, StreamName] = {
    "accel_ms2": "acceleration",
    "gyro_dps": "gyroscope",
    "mag_ut": "magnetometer",
    "samples_mv": "ecg",
}


class MovesenseAnswers:
    """Answer the notifications of one Movesense sensor."""

    def __init__(self, profile: Profile, context: Mapping[str, float], told: ToldAnswers) -> None:
        self._profile = profile
        self._context = context
        self._told = told
        self._range_mps2 = acceleration_range_mps2(profile, context)
        self._paths = _paths(profile)
        self._contexts: dict[str | None, Context] = {
            path: {**context, "path": path} for path in self._paths.values()
        }
        self._parts = SecondParts()
        self._clocks: dict[int, TickTimeline] = {}
        self._temperature = ArrivalClock(1.0)

    def table(self) -> dict[type, Callable[[Any, PacketReceived], list[Decoded]]]:
        """Return what answers which decoded packet."""
        return {
            MovesenseData: self._answer_data,
            MovesenseResult: self._answer_result,
            MovesenseCommand: _answer_nothing,
        }

    def prepare(self, payload: bytes) -> tuple[bytes | None, Context]:
        """Join long packets; return a whole one (or None) and the context it is to be read with.

        Raises:
            Malformed: A part is missing, or nothing was subscribed with this reference.
        """
        path = self._paths.get(payload[1]) if len(payload) > 1 else None
        if payload[0] in {DATA, SECOND_PART}:
            if path is None:
                raise Malformed("unknown_type", "data of a reference that nothing asked for")
        elif path is None or payload[0] != 1:
            path = None
        whole = self._parts.update(payload, path)
        return whole, self._contexts.get(path, self._context)

    def _answer_result(self, result: MovesenseResult, packet: PacketReceived) -> list[Decoded]:
        del packet
        status = "success" if result.status == SUCCESS else f"status {result.status}"
        types = (self._paths.get(result.ref, str(result.ref)),)
        return [StreamControl(kind="response", types=types, status=status, settings={})]

    def _answer_data(self, data: MovesenseData, packet: PacketReceived) -> list[Decoded]:
        if data.average_bpm is not UNSET:
            rr_ms = () if data.rr_ms is UNSET else data.rr_ms
            return [self._told.heart(round(data.average_bpm), tuple(map(float, rr_ms)))]
        if data.temperature_k is not UNSET:
            # Its clock is the device's too, but so slow a value needs no better time.
            times = self._temperature.update(samples=1, arrival_ns=packet.at_ns)
            degc = np.array([data.temperature_k - KELVIN_AT_0_DEGC])
            return [TemperatureReading(times_ns=times.times_ns, temperature_degc=degc)]
        if data.timestamp_ms is UNSET or data.samples_per_packet is UNSET or data.ref is UNSET:
            return []
        clock = self._clocks.get(data.ref)
        if clock is None:
            clock = self._clocks[data.ref] = self._make_clock(data, data.ref)
        times = clock.update(data.timestamp_ms, data.samples_per_packet, packet.at_ns)
        answer = self._blocks(data, times)
        if times.clock_reset:
            answer.append(notice("device_clock_reset", packet))
        return answer

    def _make_clock(self, data: MovesenseData, ref: int) -> TickTimeline:
        name: StreamName = next(
            stream for field, stream in BLOCK_STREAMS.items() if getattr(data, field) is not UNSET
        )
        rate_hz = rate_of_path(self._paths[ref]) or stream_rate_hz(
            self._profile, self._context, name
        )
        return TickTimeline(rate_hz, tick_ns=NS_PER_MS, bits=32, first=True)

    def _blocks(self, data: MovesenseData, times: FrameTimes) -> list[Decoded]:
        answer: list[Decoded] = []
        if data.accel_ms2 is not UNSET:
            answer.append(
                AccelerationBlock(
                    times_ns=times.times_ns,
                    acceleration_mps2=_array(data.accel_ms2),
                    gap_before=times.gap_before,
                    range_mps2=self._range_mps2,
                )
            )
        if data.gyro_dps is not UNSET:
            answer.append(
                GyroscopeBlock(
                    times_ns=times.times_ns,
                    rate_dps=_array(data.gyro_dps),
                    gap_before=times.gap_before,
                )
            )
        if data.mag_ut is not UNSET:
            answer.append(
                MagnetometerBlock(
                    times_ns=times.times_ns,
                    field_gauss=_array(data.mag_ut) * GAUSS_PER_UT,
                    gap_before=times.gap_before,
                )
            )
        if data.samples_mv is not UNSET:
            answer.append(
                EcgBlock(
                    times_ns=times.times_ns,
                    ecg_uv=_array(data.samples_mv) * UV_PER_MV,
                    gap_before=times.gap_before,
                )
            )
        return answer


def _array(values: object) -> NDArray[np.float64]:
    return np.array(values, np.float64)


def _paths(profile: Profile) -> dict[int, str]:
    """Return the path of each reference of the start commands; the first start of each counts."""
    paths: dict[int, str] = {}
    for stream in profile.streams:
        for start in stream.starts:
            for text in start.commands:
                try:
                    command = decode_movesense_command(bytes.fromhex(text), {})
                except Malformed:
                    continue
                if command.path is not UNSET:
                    paths.setdefault(command.ref, command.path)
    return paths


def _answer_nothing(decoded: Any, packet: PacketReceived) -> list[Decoded]:
    del decoded, packet
    return []
