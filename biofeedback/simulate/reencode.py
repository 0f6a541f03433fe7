"""Columns of a recording as the packets that a wearable would have sent.

* Samples are not resampled: frames hold what was measured, their stamps say when.
* Frames are short (0.2 s, of an ECG 0.15 s; Movesense sends 16 samples, 0.125 s at 128 Hz), as a
  wearable that is meant for music sends them, and end at a gap.
* A packet arrives when its last sample is taken plus a constant radio delay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.messages import NS_PER_MS, NS_PER_S, PacketReceived
from biofeedback.simulate import packets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from biofeedback.simulate.stamps import Stretch

RADIO_DELAY_NS = 30 * NS_PER_MS
STAMP_DELAY_NS = RADIO_DELAY_NS - 16 * NS_PER_MS
"""By how much a host dates samples too late: it can only know the least delay that it ever saw, and
takes 1 ms of it for the air and half of a connection event, 15 ms, for the wait of a packet."""
_UPTIME_NS = 3600 * NS_PER_S
_HR_EVERY_S = 0.98
_HR_HOLDS_S = 5.0
_MOST_RR = 9
_PPI_EVERY_S = 5.0

MOST_SAMPLES = {packets.PMD_ACC: 36, packets.PMD_ECG: 73, packets.PMD_PPG: 18}
"""What fits into a notification at an MTU of 232."""
_FILL_S = {packets.PMD_ACC: 0.2, packets.PMD_ECG: 0.15, packets.PMD_PPG: 0.2}


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose packets they are."""

    wearer: str
    sensor: str

    def packet(self, time_s: float, characteristic: str, payload: bytes) -> PacketReceived:
        """Stamp a packet whose last sample was taken at ``time_s``."""
        at_ns = max(0, round(time_s * NS_PER_S)) + RADIO_DELAY_NS
        return PacketReceived(
            at_ns=at_ns,
            wearer=self.wearer,
            sensor=self.sensor,
            characteristic=characteristic,
            payload=payload,
        )


def send_frames(
    sender: Sender,
    stretches: Sequence[Stretch],
    samples: NDArray[np.float64],
    *,
    kind: int,
    encode: Callable[[int, NDArray[np.int_]], bytes],
) -> list[PacketReceived]:
    """Send samples as PMD frames.

    Args:
        sender: Whose packets they are.
        stretches: When the samples were taken, and where some are missing.
        samples: In the units of the frame, first axis n; they are rounded here.
        kind: PMD measurement type.
        encode: Makes a frame from the device's clock at the last sample and the samples.
    """
    sent: list[PacketReceived] = []
    counts = np.rint(samples).astype(np.int_)
    for stretch in stretches:
        length = min(MOST_SAMPLES[kind], max(1, round(_FILL_S[kind] / stretch.period_s)))
        for first in range(stretch.first, stretch.last, length):
            last = min(first + length, stretch.last) - 1
            last_s = float(stretch.times_s[last - stretch.first])
            device_ns = packets.DEVICE_EPOCH_NS + _UPTIME_NS + round(last_s * NS_PER_S)
            payload = encode(device_ns, counts[first : last + 1])
            sent.append(sender.packet(last_s, packets.PMD_DATA_UUID, payload))
    return sent


def send_heart_rate(
    sender: Sender,
    *,
    rates: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
    intervals: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
) -> list[PacketReceived]:
    """Send heart rate packets, at most about one a second, with the RR intervals until then.

    Nothing is sent while the recording has nothing: a silence stays a silence.

    Args:
        sender: Whose packets they are.
        rates: Times in s and heart rates in bpm, each (n,).
        intervals: Times in s and RR intervals in ms, each (n,).
    """
    known: list[tuple[float, int, float]] = []
    if intervals is not None:
        known += [(t, 0, rr) for t, rr in zip(*(a.tolist() for a in intervals), strict=True)]
    if rates is not None:
        known += [(t, 1, hr) for t, hr in zip(*(a.tolist() for a in rates), strict=True)]
    known.sort()
    sent: list[PacketReceived] = []
    queue: list[float] = []
    newest: tuple[float, float] | None = None
    last_s = -_HR_EVERY_S
    for time_s, is_rate, value in known:
        if is_rate:
            newest = (time_s, value)
        else:
            queue.append(value)
        if time_s - last_s < _HR_EVERY_S or time_s < 0.0:
            continue
        last_s = time_s
        fresh = newest is not None and time_s - newest[0] <= _HR_HOLDS_S
        if newest is not None and fresh:
            heart_rate_bpm = newest[1]
        else:
            # A strap averages; it has nothing else than these intervals either.
            heart_rate_bpm = 60_000.0 * len(queue) / max(sum(queue), 1.0)
        rr_1024 = [round(rr * 1.024) for rr in queue[:_MOST_RR]]
        del queue[:_MOST_RR]
        payload = packets.encode_heart_rate(round(min(heart_rate_bpm, 255.0)), rr_1024=rr_1024)
        sent.append(sender.packet(time_s, packets.HEART_RATE_UUID, payload))
    return sent


def send_pulse_intervals(
    sender: Sender,
    times_s: NDArray[np.float64],
    pulses_ms: NDArray[np.float64],
    errors_ms: NDArray[np.float64],
    blockers: NDArray[np.float64],
) -> list[PacketReceived]:
    """Send pulse intervals in batches of five seconds; all arrays have shape (n,)."""
    sent: list[PacketReceived] = []
    batch: list[tuple[int, int, int, int]] = []
    begun_s = 0.0
    rows = zip(
        times_s.tolist(), pulses_ms.tolist(), errors_ms.tolist(), blockers.tolist(), strict=True
    )
    now_s = 0.0
    for row_s, pulse_ms, error_ms, blocker in rows:
        if row_s < 0.0:
            continue
        # Stamps of a phone may step back a little; what arrives can't.
        time_s = now_s = max(row_s, now_s)
        if not batch:
            begun_s = time_s
        flags = 0x06 | int(blocker != 0.0)
        heart_rate_bpm = round(min(60_000.0 / max(pulse_ms, 1.0), 255.0))
        batch.append((heart_rate_bpm, round(pulse_ms), round(min(error_ms, 65_535.0)), flags))
        if time_s - begun_s >= _PPI_EVERY_S:
            payload = packets.encode_ppi(0, batch)
            sent.append(sender.packet(time_s, packets.PMD_DATA_UUID, payload))
            batch = []
    return sent
