"""Body signals cut into the frames of real devices, on the clocks of real devices.

The device clock of a Polar starts at 2019-01-01 plus its uptime and runs at its own pace; the
sampling rate is off by its own part. Both are facts of the device, drawn once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from biofeedback.messages import NS_PER_S
from biofeedback.simulate import packets
from biofeedback.simulate.motion import GRAVITY_MPS2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biofeedback.simulate.body import Body
    from biofeedback.simulate.motion import SiteMotion

ECG_HZ = 130.0
_MG_PER_MPS2 = 1000.0 / GRAVITY_MPS2
_FRAME_SAMPLES_ACC = 36
_FRAME_SAMPLES_ECG = 73
_DELTA_BLOCK = 10
_DELTA_SAMPLES = 71
_DELTA_BUDGET = packets.FRAME_BYTES - 10 - 6
_HR_JITTER_S = 0.15
_PPI_FIRST_S, _PPI_EVERY_S = 25.0, 5.0
_BUSY_CADENCE_SPM = 60.0


class FrameMaker(Protocol):
    """Makes one packet after the other: (time of the last sample in s, payload)."""

    def make(self) -> tuple[float, bytes]:
        """Make the next packet."""
        ...


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


class RawAcceleration:
    """Frames of 36 samples, 16 bit, uncompressed: the H10's form."""

    def __init__(self, motion: SiteMotion, clocks: Clocks, rate_hz: float, start_s: float) -> None:
        self._motion = motion
        self._clocks = clocks
        self._grid = _Grid(rate_hz * (1.0 + clocks.rate_error), start_s)

    def make(self) -> tuple[float, bytes]:
        """Make the next packet of 36 samples."""
        times_s = self._grid.times_s(_FRAME_SAMPLES_ACC)
        acc_mg = np.rint(self._motion.measure(times_s) * _MG_PER_MPS2)
        last_s = float(times_s[-1])
        payload = packets.encode_pmd_acc_raw(self._clocks.device_ns(last_s), acc_mg.astype(np.int_))
        return last_s, payload


class DeltaAcceleration:
    """Compressed frames, filled until they are full or long: the Verity Sense's form."""

    def __init__(self, motion: SiteMotion, clocks: Clocks, rate_hz: float, start_s: float) -> None:
        self._motion = motion
        self._clocks = clocks
        self._grid = _Grid(rate_hz * (1.0 + clocks.rate_error), start_s)
        self._times_s = np.empty(0)
        self._acc_mg = np.empty((0, 3), np.int_)

    def make(self) -> tuple[float, bytes]:
        """Make the next packet: as many samples as fit, the rest stays for the one after."""
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


class HeartRate:
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
        """Make the next packet, a second after the last, more or less."""
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


class Ecg:
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
        self._grid = _Grid(ECG_HZ * (1.0 + clocks.rate_error), start_s)

    def make(self) -> tuple[float, bytes]:
        """Make the next packet of 73 samples."""
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


class PulseIntervals:
    """Batches every 5 s after the first 25 s; the device doubts what it measured in motion."""

    def __init__(self, body: Body, rng: np.random.Generator, start_s: float) -> None:
        self._body = body
        self._rng = rng
        self._drained_s = start_s
        self._due_s = start_s + _PPI_FIRST_S

    def make(self) -> tuple[float, bytes]:
        """Make the next batch."""
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
