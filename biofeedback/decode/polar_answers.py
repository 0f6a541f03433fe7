"""Polar Measurement Data: what its frames and replies say about the body and the streams.

Each stream has its own clock. What a start reply tells (scale factor, and range or rate when only
one is possible) is learned from the packets, so a trace can be read again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
import numpy as np

from biofeedback.decode.answers import (
    DEFAULT_RATE_HZ,
    STANDARD_GRAVITY_MPS2,
    Decoded,
    RecentPackets,
    acceleration_range_mps2,
    notice,
)
from biofeedback.decode.clock import ArrivalClock, DeviceClock, FrameTimes
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
from biofeedback.decode.profile import find_stream
from biofeedback.samples import (
    AccelerationBlock,
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

    from biofeedback.decode.context import Context
    from biofeedback.decode.profile import Profile, StreamName
    from biofeedback.messages import PacketReceived

MAX_PULSE_ERROR_MS = 30
"""Of the device's own estimate; at rest it is below, in movement far above."""
MPS2_PER_MG: Final = np.array(STANDARD_GRAVITY_MPS2 / 1000)
"""As an array: numpy takes longer for a number of Python than for all the rest."""
STREAMS: Final[dict[str, StreamName]] = {
    "ECG": "ecg",
    "PPG": "ppg",
    "ACC": "acceleration",
    "GYRO": "gyroscope",
    "MAG": "magnetometer",
    "SKIN_TEMP": "temperature",
    "TEMPERATURE": "temperature",
}

TimedFrame: TypeAlias = (
    EcgFrame | PpgFrame | AccelerationFrame | GyroscopeFrame | MagnetometerFrame | TemperatureFrame
)


class PolarAnswers:
    """Answer the decoded packets of Polar Measurement Data of one sensor."""

    def __init__(self, profile: Profile, context: Mapping[str, float]) -> None:
        self._profile = profile
        self._context = context
        self._contexts: dict[int, dict[str, float]] = {
            kind: _first_context(profile, context, name)
            for kind, name in MEASUREMENT_TYPES.items()
            if name in STREAMS
        }
        self._range_mps2 = acceleration_range_mps2(profile, context)
        self._rates_hz: dict[str, float] = {}
        self._clocks: dict[str, DeviceClock] = {}
        self._arrival_clocks: dict[str, ArrivalClock] = {}
        self._newest_stamps: dict[str, int] = {}
        self._recent = RecentPackets()

    def table(self) -> dict[type, Callable[[Any, PacketReceived], list[Decoded]]]:
        """Return what answers which decoded packet."""
        return {
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

    def prepare(self, payload: bytes) -> tuple[bytes, Context]:
        """Return a frame and what is known of the stream that it belongs to."""
        return payload, self._contexts.get(payload[0] & TYPE_MASK, self._context)

    def _answer_pulse_intervals(self, frame: PpiFrame, packet: PacketReceived) -> list[Decoded]:
        # The time in these frames is usually 0, so the bytes alone tell a duplicate.
        self._recent.refuse_duplicate(packet)
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
            self._range_mps2 = ranges_g[0] * STANDARD_GRAVITY_MPS2

    def _answer_timed(self, frame: TimedFrame, packet: PacketReceived) -> list[Decoded]:
        if frame.timestamp_ns <= self._newest_stamps.get(frame.type, -1):
            self._recent.refuse_duplicate(packet)
        else:
            self._recent.remember(packet)
        times = self._time(frame, packet.at_ns)
        self._newest_stamps[frame.type] = frame.timestamp_ns
        answer: list[Decoded] = [self._block(frame, times)]
        if times.clock_reset:
            answer.append(notice("device_clock_reset", packet))
        return answer

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
            acceleration_mps2 = frame.samples_mg.astype(np.float64)
            np.multiply(acceleration_mps2, MPS2_PER_MG, acceleration_mps2)
            return AccelerationBlock(
                times_ns=times.times_ns,
                acceleration_mps2=acceleration_mps2,
                gap_before=times.gap_before,
                range_mps2=self._range_mps2,
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


def _answer_nothing(decoded: Any, packet: PacketReceived) -> list[Decoded]:
    del decoded, packet
    return []


def _answer_features(features: PmdFeatures, packet: PacketReceived) -> list[Decoded]:
    del packet
    return [StreamControl(kind="features", types=features.features, status=None, settings={})]


def _answer_stopped(stopped: PmdStopped, packet: PacketReceived) -> list[Decoded]:
    del packet
    return [StreamControl(kind="stopped_by_device", types=stopped.types, status=None, settings={})]


def _answer_settings(settings: PmdSettings, packet: PacketReceived) -> list[Decoded]:
    del packet
    return [StreamControl(kind="response", types=(), status=None, settings=settings.settings)]
