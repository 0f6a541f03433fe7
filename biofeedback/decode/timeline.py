"""Host times for the samples of one stream whose device tells a time or a count that rolls over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.decode.clock import ARRIVAL_DRIFT_RATIO, DeviceClock
from biofeedback.decode.malformed import Malformed
from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from biofeedback.decode.clock import FrameTimes


class Unroll:
    """A counter of a device that rolls over, as one that goes on."""

    def __init__(self, bits: int) -> None:
        self._span = 1 << bits
        self._newest: int | None = None

    def update(self, ticks: int) -> int:
        """Return the ticks on the unrolled axis; a step of more than half the span is one back."""
        if self._newest is None:
            self._newest = ticks
        step = (ticks - self._newest) % self._span
        self._newest += step if 2 * step <= self._span else step - self._span
        return self._newest


class TickTimeline:
    """A stream whose packets carry a clock of the device that rolls over.

    Args:
        rate_hz: Nominal.
        tick_ns: Of the device's clock.
        bits: After which it rolls over.
        first: The time is that of the first sample of a packet, not of the last.
    """

    def __init__(self, rate_hz: float, *, tick_ns: float, bits: int, first: bool) -> None:
        self._clock = DeviceClock(rate_hz)
        self._unroll = Unroll(bits)
        self._tick_ns = tick_ns
        self._period_ns = NS_PER_S / rate_hz if first else 0.0
        self._newest_ticks: int | None = None

    def update(self, ticks: int, samples: int, arrival_ns: int) -> FrameTimes:
        """Return the times of the samples of one packet.

        Raises:
            Malformed: ``duplicate``, ``out_of_order`` or ``future_stamp``.
        """
        if ticks == self._newest_ticks:
            raise Malformed("duplicate", "the device's clock is that of the packet before")
        device_ns = round(self._unroll.update(ticks) * self._tick_ns)
        times = self._clock.update(
            device_last_ns=device_ns + round((samples - 1) * self._period_ns),
            samples=samples,
            arrival_ns=arrival_ns,
        )
        self._newest_ticks = ticks
        return times


class CountedTimeline:
    """A stream whose packets are counted by the device: the count is a clock of nominal rate."""

    def __init__(self, rate_hz: float, *, bits: int) -> None:
        self._clock = DeviceClock(rate_hz, max_drift_ratio=ARRIVAL_DRIFT_RATIO)
        self._unroll = Unroll(bits)
        self._rate_hz = rate_hz
        self._newest_count: int | None = None

    def update(self, count: int, samples: int, arrival_ns: int) -> FrameTimes:
        """Return the times of the samples of one packet.

        Raises:
            Malformed: ``duplicate``, ``out_of_order`` or ``future_stamp``.
        """
        if count == self._newest_count:
            raise Malformed("duplicate", f"packet {count} came before")
        device_ns = round(self._unroll.update(count) * samples * NS_PER_S / self._rate_hz)
        times = self._clock.update(device_last_ns=device_ns, samples=samples, arrival_ns=arrival_ns)
        self._newest_count = count
        return times
