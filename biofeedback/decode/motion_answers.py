"""Movement of wearables that send samples: plain layouts, Bangle.js, MetaWear, WitMotion, Colmi.

A value feeds a stream only when the profile says that this characteristic delivers that stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np

from biofeedback.decode.answers import (
    Decoded,
    acceleration_range_mps2,
    notice,
    stream_rate_hz,
)
from biofeedback.decode.bangle import BangleAcceleration, BangleBattery, BangleLine, NusText
from biofeedback.decode.clock import ArrivalClock
from biofeedback.decode.colmi import ColmiAcceleration
from biofeedback.decode.metawear import MetaWearAcceleration, MetaWearPacked, MetaWearSteps
from biofeedback.decode.plain import BLOCKS, SIZES, UNITS, Field, PlainPacket
from biofeedback.decode.profile import expand_uuid
from biofeedback.decode.timeline import CountedTimeline, TickTimeline
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
    from biofeedback.decode.plain import Feed, Layout
    from biofeedback.decode.profile import Profile, StreamName
    from biofeedback.decode.told_answers import ToldAnswers
    from biofeedback.decode.triples import Triple
    from biofeedback.messages import PacketReceived
    from biofeedback.samples import Samples

    Place: TypeAlias = Callable[[dict[str, Any], int], FrameTimes]
    """(values of a packet, its arrival) -> the host times of its samples."""

LEAST_CONFIDENCE_PERCENT = 50
"""Of the watch in its own heart rate; below, it is passed over."""


class _Plan(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What the values of a layout are for, on one characteristic.

    ``told`` are names and feeds; ``blocks`` names, feeds and factors to the unit of the block.
    """

    layout: Layout
    told: tuple[tuple[str, Feed], ...]
    blocks: tuple[tuple[str, Feed, float], ...]
    place: Place | None


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
        self._plans: dict[str, list[_Plan]] = {}
        self._arrivals: dict[str, ArrivalClock] = {}
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
        times = self._arrival("acceleration", len(decoded), packet)
        return [
            self._block("acceleration", [each.accel_g for each in decoded], UNIT_G, times),
            self._block("gyroscope", [each.gyro_dps for each in decoded], 1.0, times),
        ]

    def _answer_rows(self, rows_g: Sequence[Triple], packet: PacketReceived) -> list[Decoded]:
        times = self._arrival("acceleration", len(rows_g), packet)
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
        for plan in self._plans.get(packet.characteristic, ()):
            if plan.layout is plain.layout:
                break
        else:
            plan = self._make_plan(packet.characteristic, plain.layout)
        values = plain.values
        answer: list[Decoded] = []
        for name, feed in plan.told:
            answer += self._answer_value(feed, values[name], packet)
        if plan.place is None:
            return answer
        times = plan.place(values, packet.at_ns)
        for name, feed, factor in plan.blocks:
            answer.append(self._block(feed, values[name], factor, times))
        return _with_reset(answer, times, packet)

    def _make_plan(self, characteristic: str, layout: Layout) -> _Plan:
        key = expand_uuid(characteristic)
        told: list[tuple[str, Feed]] = []
        blocks: list[Field] = []
        clock: Field | None = None
        for field in layout.fields:
            if field.feeds is None:
                continue
            if field.feeds in BLOCKS or field.feeds == "ppg":
                if (field.feeds, key) in self._delivered:
                    blocks.append(field)
            elif field.feeds in {"clock", "counter"}:
                clock = field
            else:
                told.append((field.name, field.feeds))
        plan = _Plan(
            layout=layout,
            told=tuple(told),
            blocks=tuple(
                [(f.name, _feed(f), UNITS[_feed(f)][f.unit or ""]) for f in blocks],
            ),
            place=self._make_place(key, blocks[0], clock) if blocks else None,
        )
        self._plans.setdefault(characteristic, []).append(plan)
        return plan

    def _make_place(self, key: str, block: Field, clock: Field | None) -> Place:
        """Return what gives the host times of the samples of one packet."""
        name, rows = _stream_name(_feed(block)), block.rows or 1
        if block.feeds == "ppg":
            rows = block.count or 1
        if clock is None:
            arrival = self._arrival_clock(key, name)
            return lambda _, at_ns: arrival.update(samples=rows, arrival_ns=at_ns)
        told, bits = clock.name, 8 * SIZES[clock.type]
        if clock.feeds == "clock":
            ticks = self._tick_timeline(key, name, UNITS["clock"][clock.unit or ""], bits)
            return lambda values, at_ns: ticks.update(values[told], rows, at_ns)
        rate_hz = stream_rate_hz(self._profile, self._context, name)
        counted = self._counts.setdefault(key, CountedTimeline(rate_hz, bits=bits))
        return lambda values, at_ns: counted.update(values[told], rows, at_ns)

    def _answer_value(self, feed: Feed, value: float, packet: PacketReceived) -> list[Decoded]:
        if feed == "battery":
            return self._battery.answer(round(value) if 0 <= value <= 100 else None, packet)
        if feed == "heart_rate":
            return [self._told.heart(round(value))]
        times = self._arrival("temperature", 1, packet)
        return [TemperatureReading(times_ns=times.times_ns, temperature_degc=np.array([value]))]

    def _arrival_clock(self, key: str, name: StreamName) -> ArrivalClock:
        clock = self._arrivals.get(key)
        if clock is None:
            rate_hz = stream_rate_hz(self._profile, self._context, name)
            clock = self._arrivals[key] = ArrivalClock(rate_hz)
        return clock

    def _arrival(self, name: StreamName, samples: int, packet: PacketReceived) -> FrameTimes:
        clock = self._arrival_clock(name, name)
        return clock.update(samples=samples, arrival_ns=packet.at_ns)

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
        values = _scaled_rows(rows, factor)
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


def _scaled_rows(rows: Any, factor: float) -> NDArray[np.float64]:
    """Return rows of three, or the only one by itself, times a factor, shape (n, 3)."""
    triples = rows if isinstance(rows[0], tuple) else (rows,)
    if len(triples) == 1:
        x, y, z = triples[0]
        return np.array([(x * factor, y * factor, z * factor)])
    scaled = np.array(triples, np.float64)
    scaled *= np.array(factor)
    return scaled


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
