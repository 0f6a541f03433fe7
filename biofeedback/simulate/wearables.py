"""Virtual wearables: body signals become packets, with the clocks and the timing of a radio.

* The device clock of a Polar starts at 2019-01-01 plus its uptime and runs at its own pace; the
  sampling rate is off by its own part. Both are facts of the device, drawn once.
* A packet arrives when its last sample is taken plus the radio delay, never before the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from biofeedback.messages import NS_PER_MS, NS_PER_S, PacketReceived, SensorAttached
from biofeedback.simulate import packets
from biofeedback.simulate.merge import MergedStream
from biofeedback.simulate.motion import GRAVITY_MPS2, SiteMotion
from biofeedback.simulate.source import ListedStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from biofeedback.messages import Input, Output, Site
    from biofeedback.simulate.body import Body
    from biofeedback.simulate.source import Stream

_MG_PER_MPS2 = 1000.0 / GRAVITY_MPS2
_RADIO_MS = (15.0, 50.0)
_FRAME_SAMPLES_ACC = 36
_FRAME_SAMPLES_ECG = 73
_ECG_HZ = 130.0
_DELTA_BLOCK = 10
_DELTA_SAMPLES = 71
_DELTA_BUDGET = packets.FRAME_BYTES - 10 - 6
_HR_JITTER_S = 0.15
_PPI_FIRST_S, _PPI_EVERY_S = 25.0, 5.0
_BUSY_CADENCE_SPM = 60.0


class _Frames(Protocol):
    """Makes one packet after the other: (time of the last sample in s, payload)."""

    def make(self) -> tuple[float, bytes]: ...


@dataclass(frozen=True, slots=True)
class Clocks:
    """How a device's time differs from the host's.

    ``rate_error`` is the error of the sampling rate as seen in the device's own stamps,
    ``drift`` that of the device's clock against the host; both are parts, 0.001 is 0.1 %.
    """

    uptime_s: float
    rate_error: float
    drift: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Clocks:
        """Draw a device: rates within 0.15 %, clocks within 30 ppm."""
        return cls(
            uptime_s=float(rng.uniform(60.0, 40_000.0)),
            rate_error=float(rng.uniform(-0.0015, 0.0015)),
            drift=float(rng.uniform(-30e-6, 30e-6)),
        )

    def device_ns(self, time_s: float) -> int:
        """Read the device's clock."""
        uptime_ns = round((self.uptime_s + time_s * (1.0 + self.drift)) * NS_PER_S)
        return packets.DEVICE_EPOCH_NS + uptime_ns


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
        frames: _Frames,
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


class _Grid:
    """Sampling instants of a device, block after block."""

    def __init__(self, rate_hz: float, start_s: float) -> None:
        self._period_s = 1.0 / rate_hz
        self._start_s = start_s
        self._index = 0

    def times_s(self, count: int) -> NDArray[np.float64]:
        first = self._index
        self._index += count
        steps = np.arange(first, first + count, dtype=np.float64)
        return self._start_s + steps * self._period_s


class _RawAcceleration:
    """Frames of 36 samples, 16 bit, uncompressed: the H10's form."""

    def __init__(self, motion: SiteMotion, clocks: Clocks, rate_hz: float, start_s: float) -> None:
        self._motion = motion
        self._clocks = clocks
        self._grid = _Grid(rate_hz * (1.0 + clocks.rate_error), start_s)

    def make(self) -> tuple[float, bytes]:
        times_s = self._grid.times_s(_FRAME_SAMPLES_ACC)
        acc_mg = np.rint(self._motion.measure(times_s) * _MG_PER_MPS2)
        last_s = float(times_s[-1])
        payload = packets.encode_pmd_acc_raw(self._clocks.device_ns(last_s), acc_mg.astype(np.int_))
        return last_s, payload


class _DeltaAcceleration:
    """Compressed frames, filled until they are full or long: the Verity Sense's form."""

    def __init__(self, motion: SiteMotion, clocks: Clocks, rate_hz: float, start_s: float) -> None:
        self._motion = motion
        self._clocks = clocks
        self._grid = _Grid(rate_hz * (1.0 + clocks.rate_error), start_s)
        self._times_s = np.empty(0)
        self._acc_mg = np.empty((0, 3), np.int_)

    def make(self) -> tuple[float, bytes]:
        missing = _DELTA_SAMPLES - len(self._times_s)
        new_s = self._grid.times_s(missing)
        new_mg = np.rint(self._motion.measure(new_s) * _MG_PER_MPS2).astype(np.int_)
        times_s = np.concatenate([self._times_s, new_s])
        new_mg = np.maximum(np.minimum(new_mg, 32767), -32768)
        acc_mg = np.concatenate([self._acc_mg, new_mg])
        blocks = _fit_blocks(acc_mg[1:] - acc_mg[:-1])
        count = 1 + sum(blocks)
        last_s = float(times_s[count - 1])
        payload = packets.encode_pmd_delta(
            self._clocks.device_ns(last_s),
            acc_mg[:count],
            kind=packets.PMD_ACC,
            frame_type=1,
            resolution_bits=16,
            block_counts=blocks,
        )
        self._times_s, self._acc_mg = times_s[count:], acc_mg[count:]
        return last_s, payload


def _fit_blocks(deltas: NDArray[np.int_]) -> list[int]:
    """Choose blocks of ten samples until the frame is full; the last takes what still fits."""
    channels = deltas.shape[1]
    counts = [_DELTA_BLOCK] * (len(deltas) // _DELTA_BLOCK)
    left = _DELTA_BUDGET
    for index, width in enumerate(packets.delta_widths(deltas, counts)):
        needed = 2 + (width * _DELTA_BLOCK * channels + 7) // 8
        if needed > left:
            fitting = max(left - 2, 0) * 8 // (width * channels)
            return [*counts[:index], fitting] if fitting else counts[:index]
        left -= needed
    return counts


class _HeartRate:
    """One packet a second: the newest average and the RR intervals since the last packet."""

    def __init__(
        self, body: Body, rng: np.random.Generator, *, start_s: float, with_rr: bool, mean_s: float
    ) -> None:
        self._body = body
        self._rng = rng
        self._tick = 0
        self._start_s = start_s
        self._drained_s = start_s
        self._with_rr = with_rr
        self._mean_s = mean_s

    def make(self) -> tuple[float, bytes]:
        self._tick += 1
        jitter_s = float(self._rng.uniform(-_HR_JITTER_S, _HR_JITTER_S))
        now_s = self._start_s + self._tick + jitter_s
        heart = self._body.heart
        recent = heart.rr_between(now_s - self._mean_s, now_s) or heart.rr_s[-1:]
        rr = heart.rr_between(self._drained_s, now_s) if self._with_rr else []
        self._drained_s = now_s
        payload = packets.encode_heart_rate(
            round(60.0 * len(recent) / sum(recent)), rr_1024=[round(s * 1024) for s in rr]
        )
        return now_s, payload


class _Ecg:
    """Frames of 73 samples at 130 Hz; each beat is a sum of five bells, P Q R S T."""

    _AT_S = np.array([-0.17, -0.028, 0.0, 0.03, 0.25])
    _WIDTH_S = np.array([0.025, 0.009, 0.011, 0.01, 0.045])
    _HEIGHT_UV = np.array([110.0, -120.0, 1250.0, -240.0, 290.0])

    def __init__(
        self, body: Body, clocks: Clocks, rng: np.random.Generator, start_s: float
    ) -> None:
        self._body = body
        self._clocks = clocks
        self._rng = rng
        self._grid = _Grid(_ECG_HZ * (1.0 + clocks.rate_error), start_s)

    def make(self) -> tuple[float, bytes]:
        times_s = self._grid.times_s(_FRAME_SAMPLES_ECG)
        last_s = float(times_s[-1])
        heart = self._body.heart
        heart.beat_until(last_s + 0.4)
        beats_s = np.array([t for t in heart.beat_times_s if times_s[0] - 0.6 < t < last_s + 0.4])
        centres_s = (beats_s[:, None] + self._AT_S).ravel()
        widths_s = np.tile(self._WIDTH_S, len(beats_s))
        heights_uv = np.tile(self._HEIGHT_UV, len(beats_s))
        bells = np.exp(-0.5 * ((times_s[:, None] - centres_s) / widths_s) ** 2)
        ecg_uv = bells @ heights_uv + 8.0 * self._rng.standard_normal(len(times_s))
        payload = packets.encode_ecg(
            self._clocks.device_ns(last_s), np.rint(ecg_uv).astype(np.int_)
        )
        return last_s, payload


class _PulseIntervals:
    """Batches every 5 s after the first 25 s; the device doubts what it measured in motion."""

    def __init__(self, body: Body, rng: np.random.Generator, start_s: float) -> None:
        self._body = body
        self._rng = rng
        self._drained_s = start_s
        self._due_s = start_s + _PPI_FIRST_S

    def make(self) -> tuple[float, bytes]:
        now_s, self._due_s = self._due_s, self._due_s + _PPI_EVERY_S
        rr_s = self._body.heart.rr_between(max(self._drained_s, now_s - _PPI_EVERY_S), now_s)
        self._drained_s = now_s
        busy = self._body.story.cadence_spm(now_s) > _BUSY_CADENCE_SPM
        pulses: list[tuple[int, int, int, int]] = []
        for rr in rr_s:
            error_ms = int(self._rng.integers(150, 600) if busy else self._rng.integers(5, 25))
            found_ms = max(rr * 1000.0 + float(self._rng.normal(0.0, error_ms / 3.0)), 250.0)
            pulses.append((round(60.0 / rr), round(found_ms), error_ms, 0x06 | int(busy)))
        return now_s, packets.encode_ppi(0, pulses)


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
        context["ecg_rate_hz"] = _ECG_HZ
    yield _joining(wearing, "polar_h10", context, battery_percent=82)
    yield _heart_rate(body, wearing, rng, until_s, with_rr=True, mean_s=4.0)
    if acc_hz is not None:
        motion = SiteMotion(body, wearing.site, body.sensor_rng())
        acceleration = _RawAcceleration(motion, clocks, acc_hz, wearing.start_s)
        yield _pmd(acceleration, wearing, body, until_s)
    if ecg:
        yield _pmd(_Ecg(body, clocks, body.sensor_rng(), wearing.start_s), wearing, body, until_s)


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
    acceleration = _DeltaAcceleration(motion, Clocks.draw(rng), rate_hz, wearing.start_s)
    yield _pmd(acceleration, wearing, body, until_s)
    if not sdk_mode:
        yield _heart_rate(body, wearing, rng, until_s, with_rr=False, mean_s=10.0)
    if ppi:
        pulses = _PulseIntervals(body, body.sensor_rng(), wearing.start_s)
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
    frames = _HeartRate(body, rng, start_s=wearing.start_s, with_rr=with_rr, mean_s=mean_s)
    return _RadioStream(frames, wearing, packets.HEART_RATE_UUID, body.sensor_rng(), until_s)


def _pmd(frames: _Frames, wearing: Wearing, body: Body, until_s: float | None) -> Stream:
    return _RadioStream(frames, wearing, packets.PMD_DATA_UUID, body.sensor_rng(), until_s)
