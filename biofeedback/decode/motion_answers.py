"""Movement of wearables that send samples: plain layouts, Bangle.js, MetaWear, WitMotion, Colmi.

A value feeds a stream only when the profile says that this characteristic delivers that stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from biofeedback.decode.answers import (
    Decoded,
    acceleration_range_mps2,
    notice,
    stream_rate_hz,
)
from biofeedback.decode.bangle import BangleAcceleration, BangleBattery, BangleLine, NusText
from biofeedback.decode.colmi import ColmiAcceleration
from biofeedback.decode.metawear import MetaWearAcceleration, MetaWearPacked, MetaWearSteps
from biofeedback.decode.plain import BLOCKS, SIZES, UNITS, Field, PlainPacket
from biofeedback.decode.profile import expand_uuid
from biofeedback.decode.timeline import ArrivalTimeline, CountedTimeline, TickTimeline
from biofeedback.decode.witmotion import WitMotionPacket, WitMotionRegisters
from biofeedback.messages import NS_PER_MS
from biofeedback.samples import (
    AccelerationBlock,
    GyroscopeBlock,
    MagnetometerBlock,
    OpticalBlock,
    TemperatureReading,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from biofeedback.decode.answers import Battery
    from biofeedback.decode.clock import FrameTimes
    from biofeedback.decode.plain import Feed
    from biofeedback.decode.profile import Profile, StreamName
    from biofeedback.decode.told_answers import ToldAnswers
    from biofeedback.decode.triples import Triple
    from biofeedback.messages import PacketReceived
    from biofeedback.samples import Samples

LEAST_CONFIDENCE_PERCENT = 50
"""Of the watch in its own heart rate; below, it is passed over."""


class MotionAnswers:
    """Answer the packets with samples of one sensor, each stream with its own clock."""

    def __init__(
        self, profile: Profile, context: Mapping[str, float], told: ToldAnswers, battery: Battery
    ) -> None:
        self._profile = profile
        self._context = context
        self._told = told
        self._battery = battery
        self._delivered = {
            (stream.name, expand_uuid(stream.characteristic)) for stream in profile.streams
        }
        self._range_mps2 = acceleration_range_mps2(profile, context)
        self._arrivals: dict[str, ArrivalTimeline] = {}
        self._ticks: dict[str, TickTimeline] = {}
        self._counts: dict[str, CountedTimeline] = {}
        self._newest_line: int | None = None
        self._lines_lost = False

    def table(self) -> dict[type, Callable[[Any, PacketReceived], list[Decoded]]]:
        """Return what answers which decoded packet."""
        return {
            PlainPacket: self._answer_plain,
            BangleLine: self._answer_bangle,
            NusText: _answer_nothing,
            MetaWearAcceleration: lambda decoded, packet: self._answer_rows(
                [decoded.accel_g], packet
            ),
            MetaWearPacked: lambda decoded, packet: self._answer_rows(decoded.accel_g, packet),
            MetaWearSteps: _answer_nothing,
            WitMotionRegisters: _answer_nothing,
            ColmiAcceleration: lambda decoded, packet: self._answer_rows([decoded.accel_g], packet),
        }

    def answer_witmotion(
        self, decoded: Sequence[WitMotionPacket], packet: PacketReceived
    ) -> list[Decoded]:
        """Answer all packets that one notification completed: they share its arrival."""
        times = self._arrival("acceleration", "acceleration", len(decoded), packet)
        return [
            self._block("acceleration", [each.accel_g for each in decoded], UNIT_G, times),
            self._block("gyroscope", [each.gyro_dps for each in decoded], 1.0, times),
        ]

    def _answer_rows(self, rows_g: Sequence[Triple], packet: PacketReceived) -> list[Decoded]:
        times = self._arrival("acceleration", "acceleration", len(rows_g), packet)
        return [self._block("acceleration", rows_g, UNIT_G, times)]

    def _answer_bangle(self, line: BangleLine, packet: PacketReceived) -> list[Decoded]:
        content = line.json
        if self._newest_line is not None and content.i != self._newest_line + 1:
            self._lines_lost = True
        self._newest_line = content.i
        if isinstance(content, BangleBattery):
            return self._battery.answer(content.p, packet)
        if not isinstance(content, BangleAcceleration):
            sure = content.c >= LEAST_CONFIDENCE_PERCENT
            return [self._told.heart(content.b if sure else None)]
        timeline = self._tick_timeline("bangle", "acceleration", NS_PER_MS, 32)
        times = timeline.update(content.m, 1, packet.at_ns)
        block = self._block(
            "acceleration", [content.a], UNIT_G / 1000, times, lost=self._lines_lost
        )
        self._lines_lost = False
        return _with_reset([block], times, packet)

    def _answer_plain(self, plain: PlainPacket, packet: PacketReceived) -> list[Decoded]:
        key = expand_uuid(packet.characteristic)
        answer: list[Decoded] = []
        blocks: list[Field] = []
        clock: Field | None = None
        for field in plain.layout.fields:
            if field.feeds is None:
                continue
            if field.feeds in BLOCKS or field.feeds == "ppg":
                if (field.feeds, key) in self._delivered:
                    blocks.append(field)
            elif field.feeds in {"clock", "counter"}:
                clock = field
            else:
                answer += self._answer_value(field.feeds, plain.values[field.name], packet)
        if not blocks:
            return answer
        times = self._plain_times(key, plain, blocks[0], clock, packet)
        for field in blocks:
            factor = UNITS[_feed(field)][field.unit or ""]
            answer.append(self._block(_feed(field), plain.values[field.name], factor, times))
        return _with_reset(answer, times, packet)

    def _plain_times(
        self,
        key: str,
        plain: PlainPacket,
        block: Field,
        clock: Field | None,
        packet: PacketReceived,
    ) -> FrameTimes:
        name, rows = _stream_name(_feed(block)), block.rows or 1
        if block.feeds == "ppg":
            rows = block.count or 1
        if clock is None:
            return self._arrival(key, name, rows, packet)
        value, bits = plain.values[clock.name], 8 * SIZES[clock.type]
        if clock.feeds == "clock":
            tick_ns = UNITS["clock"][clock.unit or ""]
            return self._tick_timeline(key, name, tick_ns, bits).update(value, rows, packet.at_ns)
        counted = self._counts.get(key)
        if counted is None:
            rate_hz = stream_rate_hz(self._profile, self._context, name)
            counted = self._counts[key] = CountedTimeline(rate_hz, bits=bits)
        return counted.update(value, rows, packet.at_ns)

    def _answer_value(self, feed: Feed, value: float, packet: PacketReceived) -> list[Decoded]:
        if feed == "battery":
            return self._battery.answer(round(value) if 0 <= value <= 100 else None, packet)
        if feed == "heart_rate":
            return [self._told.heart(round(value))]
        times = self._arrival("temperature", "temperature", 1, packet)
        return [TemperatureReading(times_ns=times.times_ns, temperature_degc=np.array([value]))]

    def _arrival(
        self, key: str, name: StreamName, samples: int, packet: PacketReceived
    ) -> FrameTimes:
        timeline = self._arrivals.get(key)
        if timeline is None:
            rate_hz = stream_rate_hz(self._profile, self._context, name)
            timeline = self._arrivals[key] = ArrivalTimeline(rate_hz)
        return timeline.update(samples, packet.at_ns)

    def _tick_timeline(self, key: str, name: StreamName, tick_ns: float, bits: int) -> TickTimeline:
        timeline = self._ticks.get(key)
        if timeline is None:
            rate_hz = stream_rate_hz(self._profile, self._context, name)
            timeline = TickTimeline(rate_hz, tick_ns=tick_ns, bits=bits, first=False)
            self._ticks[key] = timeline
        return timeline

    def _block(
        self, feed: Feed, rows: Any, factor: float, times: FrameTimes, *, lost: bool = False
    ) -> Samples:
        gap = times.gap_before or lost
        if feed == "ppg":
            light: NDArray[np.float64] = np.array(rows, np.float64).reshape(-1, 1)
            return OpticalBlock(times_ns=times.times_ns, ppg=light, gap_before=gap)
        values: NDArray[np.float64] = np.array(rows, np.float64).reshape(-1, 3) * factor
        if feed == "acceleration":
            return AccelerationBlock(
                times_ns=times.times_ns,
                acceleration_mps2=values,
                gap_before=gap,
                range_mps2=self._range_mps2,
            )
        if feed == "gyroscope":
            return GyroscopeBlock(times_ns=times.times_ns, rate_dps=values, gap_before=gap)
        return MagnetometerBlock(times_ns=times.times_ns, field_gauss=values, gap_before=gap)


UNIT_G = UNITS["acceleration"]["g"]


def _feed(field: Field) -> Feed:
    return field.feeds or "counter"


def _stream_name(feed: Feed) -> StreamName:
    return feed if feed in {"gyroscope", "magnetometer", "ppg"} else "acceleration"  # pyright: ignore[reportReturnType]


def _with_reset(answer: list[Decoded], times: FrameTimes, packet: PacketReceived) -> list[Decoded]:
    if times.clock_reset:
        answer.append(notice("device_clock_reset", packet))
    return answer


def _answer_nothing(decoded: Any, packet: PacketReceived) -> list[Decoded]:
    del decoded, packet
    return []
