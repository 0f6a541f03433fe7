"""Virtual wearables: what a body wears, and its packets with the timing of a radio.

A packet arrives when its last sample is taken plus the radio delay, never before the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from biofeedback.messages import NS_PER_MS, NS_PER_S, PacketReceived, SensorAttached
from biofeedback.simulate import packets
from biofeedback.simulate.frames import (
    ECG_HZ,
    Clocks,
    DeltaAcceleration,
    Ecg,
    HeartRate,
    PulseIntervals,
    RawAcceleration,
)
from biofeedback.simulate.merge import MergedStream
from biofeedback.simulate.motion import SiteMotion
from biofeedback.simulate.source import ListedStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    from biofeedback.messages import Input, Output, Site
    from biofeedback.simulate.body import Body
    from biofeedback.simulate.frames import FrameMaker
    from biofeedback.simulate.source import Stream

_RADIO_MS = (15.0, 50.0)


@dataclass(frozen=True, slots=True)
class Wearing:
    """Who wears what, and when the stream begins."""

    wearer: str
    sensor: str
    site: Site
    start_s: float = 0.4


class _RadioStream:
    """Frames on their way to the host, one ahead."""

    def __init__(
        self,
        frames: FrameMaker,
        wearing: Wearing,
        characteristic: str,
        rng: np.random.Generator,
        until_s: float | None,
    ) -> None:
        self._frames = frames
        self._wearing = wearing
        self._characteristic = characteristic
        self._rng = rng
        self._until_ns = None if until_s is None else round(until_s * NS_PER_S)
        self._arrived_ns = 0
        self._next: PacketReceived | None = self._fetch()

    def next_at_ns(self) -> int | None:
        """Say when the next packet arrives."""
        return None if self._next is None else self._next.at_ns

    def take(self) -> Input:
        """Give that packet."""
        if self._next is None:
            raise IndexError("the stream is over: ask next_at_ns first")
        packet, self._next = self._next, self._fetch()
        return packet

    def _fetch(self) -> PacketReceived | None:
        last_s, payload = self._frames.make()
        at_ns = round(last_s * NS_PER_S + float(self._rng.uniform(*_RADIO_MS)) * NS_PER_MS)
        at_ns = max(at_ns, self._arrived_ns + 1)
        if self._until_ns is not None and at_ns > self._until_ns:
            return None
        self._arrived_ns = at_ns
        return PacketReceived(
            at_ns=at_ns,
            wearer=self._wearing.wearer,
            sensor=self._wearing.sensor,
            characteristic=self._characteristic,
            payload=payload,
        )


class VirtualWearer:
    """A body and what it wears: a source. ``duration_s`` is None for a story without an end."""

    def __init__(self, body: Body, streams: Sequence[Stream], *, duration_s: float | None) -> None:
        self.duration_s = duration_s
        self._body = body
        self._stream = MergedStream(streams)

    def next_at_ns(self) -> int | None:
        """Say when the next message is due."""
        return self._stream.next_at_ns()

    def take(self) -> Input:
        """Give that message."""
        return self._stream.take()

    def hear(self, orders: Sequence[Output]) -> None:
        """Let the person hear the music."""
        self._body.hear(orders)


def wear_sig_hrs(body: Body, wearing: Wearing, *, until_s: float | None) -> Iterator[Stream]:
    """Wear a plain heart rate strap: heart rate and RR intervals."""
    rng = body.sensor_rng()
    yield _joining(wearing, "sig_hrs", {}, battery_percent=76)
    yield _heart_rate(body, wearing, rng, until_s, with_rr=True, mean_s=5.0)


def wear_polar_h10(
    body: Body, wearing: Wearing, *, acc_hz: int | None, ecg: bool, until_s: float | None
) -> Iterator[Stream]:
    """Wear an H10: heart rate with RR, acceleration at 25, 50, 100 or 200 Hz, and ECG."""
    rng = body.sensor_rng()
    clocks = Clocks.draw(rng)
    context: dict[str, float] = {}
    if acc_hz is not None:
        context |= {"acc_rate_hz": float(acc_hz), "acc_range_g": 8.0}
    if ecg:
        context["ecg_rate_hz"] = ECG_HZ
    yield _joining(wearing, "polar_h10", context, battery_percent=82)
    yield _heart_rate(body, wearing, rng, until_s, with_rr=True, mean_s=4.0)
    if acc_hz is not None:
        motion = SiteMotion(body, wearing.site, body.sensor_rng())
        acceleration = RawAcceleration(motion, clocks, acc_hz, wearing.start_s)
        yield _pmd(acceleration, wearing, body, until_s)
    if ecg:
        yield _pmd(Ecg(body, clocks, body.sensor_rng(), wearing.start_s), wearing, body, until_s)


def wear_polar_verity_sense(
    body: Body, wearing: Wearing, *, sdk_mode: bool, ppi: bool, until_s: float | None
) -> Iterator[Stream]:
    """Wear a Verity Sense: compressed acceleration at 52 Hz, or at 208 Hz without any pulse.

    Raises:
        ValueError: Pulse intervals were asked for in SDK mode, where the device has none.
    """
    if sdk_mode and ppi:
        raise ValueError("a Verity Sense in SDK mode measures no pulse: choose ppi or sdk_mode")
    rng = body.sensor_rng()
    rate_hz = 208.0 if sdk_mode else 52.0
    context = {"acc_rate_hz": rate_hz, "acc_range_g": 8.0}
    yield _joining(wearing, "polar_verity_sense", context, battery_percent=64)
    motion = SiteMotion(body, wearing.site, body.sensor_rng())
    acceleration = DeltaAcceleration(motion, Clocks.draw(rng), rate_hz, wearing.start_s)
    yield _pmd(acceleration, wearing, body, until_s)
    if not sdk_mode:
        yield _heart_rate(body, wearing, rng, until_s, with_rr=False, mean_s=10.0)
    if ppi:
        pulses = PulseIntervals(body, body.sensor_rng(), wearing.start_s)
        yield _pmd(pulses, wearing, body, until_s)


def _joining(
    wearing: Wearing, profile: str, context: dict[str, float], *, battery_percent: int
) -> Stream:
    attached = SensorAttached(
        at_ns=0,
        wearer=wearing.wearer,
        sensor=wearing.sensor,
        profile=profile,
        site=wearing.site,
        context=context,
    )
    battery = PacketReceived(
        at_ns=round(wearing.start_s * NS_PER_S / 2),
        wearer=wearing.wearer,
        sensor=wearing.sensor,
        characteristic=packets.BATTERY_UUID,
        payload=packets.encode_battery(battery_percent),
    )
    return ListedStream([attached, battery])


def _heart_rate(
    body: Body,
    wearing: Wearing,
    rng: np.random.Generator,
    until_s: float | None,
    *,
    with_rr: bool,
    mean_s: float,
) -> Stream:
    frames = HeartRate(body, rng, start_s=wearing.start_s, with_rr=with_rr, mean_s=mean_s)
    return _RadioStream(frames, wearing, packets.HEART_RATE_UUID, body.sensor_rng(), until_s)


def _pmd(frames: FrameMaker, wearing: Wearing, body: Body, until_s: float | None) -> Stream:
    return _RadioStream(frames, wearing, packets.PMD_DATA_UUID, body.sensor_rng(), until_s)
