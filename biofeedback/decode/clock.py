"""Device clock -> host clock.

A packet reaches the host a little later than its last sample was taken: never less than the time
in the air, often 15-50 ms more, seconds more after a radio stall. So of many packets the one with
the least delay tells the truth. Rules:

* delay = (arrival - first arrival) - (stamp - first stamp); the line under all recent delays
  (lower hull; drift is its slope) is the clock, what lies above it is radio. What even the least
  delay may hide at first is in ``event_phase.py``.
* Samples of a packet are spread from the last sample of the packet before to their own last.
* Time never runs backwards, whatever the device or the radio does; no sample is later than the
  arrival of its packet.
* Samples are missing when the stamp advanced more than the samples fill: a gap, not a stretch.
* A clock that jumps is fitted anew; of a jump to the future or a little back the first packet is
  refused and the second, when it goes on from there, is believed.

References:
    Moon, Skelly, Towsley (1999), Estimation and removal of clock skew from network delay
    measurements, INFOCOM. Deviation: a sliding hull instead of a linear program, the same line.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from biofeedback.decode.event_phase import EventPhase
from biofeedback.decode.malformed import Malformed
from biofeedback.messages import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biofeedback.messages import RejectReason

AIR_TIME_NS = 2 * NS_PER_MS
"""No packet takes less: a full one has 240 bytes and 8 us for each, a shorter or faster one still
passes two controllers and the system. It also leaves room to keep bursts in ascending order."""
MAX_AHEAD_NS = NS_PER_S
MAX_BACK_NS = 2 * NS_PER_S
LATE_NS = NS_PER_S // 2
MAX_LATE_NS = 8 * NS_PER_S
LATE_FOR_NS = 3 * NS_PER_S
WINDOW_NS = 300.0 * NS_PER_S
MIN_SPAN_NS = 5.0 * NS_PER_S
DEVICE_DRIFT_RATIO = 0.0025
"""A rate error of 0.15 % and 200 ppm of a crystal, with room."""
ARRIVAL_DRIFT_RATIO = 0.05
MIN_STEPS = 5


class FrameTimes(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Host times of the samples of one packet, shape (n,), strictly ascending over all packets.

    ``gap_before``: samples are missing before these. ``clock_reset``: the clock was fitted anew.
    """

    times_ns: NDArray[np.int64]
    gap_before: bool
    clock_reset: bool


class LowerEnvelope:
    """The line under a sliding window of delays: what is above it is radio, not clock."""

    def __init__(self, max_slope_ratio: float, phase: EventPhase | None = None) -> None:
        self._max_slope_ratio = max_slope_ratio
        self._phase = phase
        self._slope_ratio = 0.0
        self._hull: list[tuple[float, float]] = []

    def restart(self) -> None:
        """Forget the delays but keep the drift: it is the same crystal."""
        self._hull.clear()

    def update(self, device_ns: float, delay_ns: float) -> float:
        """Add one packet and return how far its delay lies above the line, at least 0.

        Args:
            device_ns: Device time since the first packet, ascending.
            delay_ns: Arrival since the first arrival, less ``device_ns``.
        """
        hull = self._hull
        while len(hull) >= 2:
            (x0, y0), (x1, y1) = hull[-2], hull[-1]
            if (y1 - y0) * (device_ns - x1) < (delay_ns - y1) * (x1 - x0):
                break
            hull.pop()
        hull.append((device_ns, delay_ns))
        # Only whole edges go, so the rest is the exact hull of everything since its first corner.
        while len(hull) > 2 and hull[1][0] < device_ns - WINDOW_NS:
            del hull[0]
        span_ns = device_ns - hull[0][0]
        if span_ns >= MIN_SPAN_NS:
            self._estimate_slope(device_ns - span_ns / 2)
        slope_ratio = self._slope_ratio
        return delay_ns - min([y - slope_ratio * (x - device_ns) for x, y in hull])

    def _estimate_slope(self, middle_ns: float) -> None:
        """Take the edge over the middle of the window: its line has the least total distance."""
        hull = self._hull
        position = bisect_left(hull, (middle_ns,))
        (x0, y0), (x1, y1) = hull[position - 1], hull[position]
        slope_ratio = (y1 - y0) / (x1 - x0)
        if self._phase is not None:
            slope_ratio = self._phase.slope_ratio(slope_ratio, x1 - x0)
        if abs(slope_ratio) <= self._max_slope_ratio:
            self._slope_ratio = slope_ratio


def spread_samples(
    samples: int,
    *,
    last_ns: int,
    arrival_ns: int,
    period_ns: float,
    newest_ns: int | None,
    joined: bool,
) -> NDArray[np.int64]:
    """Place the samples of a packet, strictly ascending and after ``newest_ns``.

    Args:
        samples: How many.
        last_ns: Where the last one belongs.
        arrival_ns: Of the packet.
        period_ns: Between two samples, for those that don't join on to others.
        newest_ns: The last time given out before, None for the first packet.
        joined: The samples follow without a gap on those before.

    Returns:
        Host times, shape (samples,).
    """
    start_ns = last_ns - round(samples * period_ns)
    if newest_ns is not None and (joined or start_ns < newest_ns):
        start_ns = newest_ns
    span_ns = last_ns - start_ns
    if span_ns < samples:
        # The clock was found to be earlier than thought: what was given out can't be taken back,
        # so these squeeze into a part of the room that is left, and leave some for the next.
        span_ns = max((arrival_ns - start_ns) // 16, samples)
    if samples == 1:
        return np.array([start_ns + span_ns], np.int64)
    # As arrays: numpy takes longer for a number of Python than for all the rest.
    steps, count = _steps(samples)
    times_ns = steps * np.array(span_ns, np.int64)
    times_ns //= count
    times_ns += np.array(start_ns, np.int64)
    return times_ns


@lru_cache(maxsize=128)
def _steps(samples: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.arange(1, samples + 1, dtype=np.int64), np.array(samples, np.int64)


class DeviceClock:
    """Host times for the samples of packets that carry the device time of their last sample.

    Args:
        nominal_rate_hz: Until the true one is learned.
        max_drift_ratio: By which the device's clock may be wrong.
    """

    def __init__(
        self, nominal_rate_hz: float, *, max_drift_ratio: float = DEVICE_DRIFT_RATIO
    ) -> None:
        self._period_ns = NS_PER_S / nominal_rate_hz
        self._periods_ns: deque[float] = deque(maxlen=9)
        self._phase = EventPhase()
        self._envelope = LowerEnvelope(max_drift_ratio, self._phase)
        self._origin: tuple[int, int] | None = None
        self._device_last_ns = 0
        self._arrival_ns = 0
        self._delay_ns = 0.0
        self._newest_ns: int | None = None
        self._doubted: tuple[int, int] | None = None
        self._late_since_ns: int | None = None

    def update(self, *, device_last_ns: int, samples: int, arrival_ns: int) -> FrameTimes:
        """Return the host times of the samples of one packet.

        Args:
            device_last_ns: Device clock at the last sample.
            samples: In this packet, at least 1.
            arrival_ns: Host clock when the packet arrived.

        Raises:
            Malformed: ``out_of_order`` or ``future_stamp``: the packet is not to be used.
        """
        if self._origin is None:
            return self._begin(device_last_ns, samples, arrival_ns, reset=False)
        advance_ns = device_last_ns - self._device_last_ns
        expected_ns = samples * self._period_ns
        if self._has_jumped(device_last_ns, advance_ns, expected_ns, arrival_ns):
            return self._begin(device_last_ns, samples, arrival_ns, reset=True)
        self._doubted = None
        elapsed_ns = device_last_ns - self._origin[0]
        raw_delay_ns = float(arrival_ns - self._origin[1] - elapsed_ns)
        delay_ns = self._envelope.update(float(elapsed_ns), raw_delay_ns)
        if self._is_left_behind(delay_ns, arrival_ns):
            return self._begin(device_last_ns, samples, arrival_ns, reset=True)
        gap = advance_ns - expected_ns > max(0.5 * expected_ns, 0.75 * self._period_ns)
        self._learn_period(advance_ns / samples)
        delay_ns += self._phase.update(raw_delay_ns, delay_ns)
        return self._place(device_last_ns, samples, arrival_ns, delay_ns, gap=gap, reset=False)

    def forget_rate(self) -> None:
        """Learn the rate anew: the stream was started again, perhaps with another one."""
        self._periods_ns.clear()

    def _begin(
        self, device_last_ns: int, samples: int, arrival_ns: int, *, reset: bool
    ) -> FrameTimes:
        self._envelope.restart()
        self._envelope.update(0.0, 0.0)
        self._phase.restart()
        wait_ns = self._phase.update(0.0, 0.0)
        self._origin = (device_last_ns, arrival_ns)
        self._doubted = None
        self._late_since_ns = None
        return self._place(device_last_ns, samples, arrival_ns, wait_ns, gap=reset, reset=reset)

    def _place(
        self,
        device_last_ns: int,
        samples: int,
        arrival_ns: int,
        delay_ns: float,
        *,
        gap: bool,
        reset: bool,
    ) -> FrameTimes:
        times_ns = spread_samples(
            samples,
            last_ns=arrival_ns - AIR_TIME_NS - round(delay_ns),
            arrival_ns=arrival_ns,
            period_ns=self._period_ns,
            newest_ns=self._newest_ns,
            joined=not gap,
        )
        self._device_last_ns, self._arrival_ns, self._delay_ns = (
            device_last_ns,
            arrival_ns,
            delay_ns,
        )
        self._newest_ns = times_ns.item(-1)
        return FrameTimes(times_ns=times_ns, gap_before=gap, clock_reset=reset)

    def _has_jumped(
        self, device_last_ns: int, advance_ns: int, expected_ns: float, arrival_ns: int
    ) -> bool:
        """Tell whether the device's clock was set; refuse the packet while that isn't sure."""
        if advance_ns < -MAX_BACK_NS or self._goes_on(device_last_ns, expected_ns):
            return True
        if advance_ns <= 0:
            return self._is_confirmed("out_of_order", device_last_ns, arrival_ns)
        # Where the stamp would lie with the delay of the packet before.
        ahead_ns = advance_ns - (arrival_ns - self._arrival_ns) - self._delay_ns
        if ahead_ns > MAX_AHEAD_NS and abs(advance_ns - expected_ns) > 0.5 * expected_ns:
            return self._is_confirmed("future_stamp", device_last_ns, arrival_ns)
        overlap_ns = expected_ns - advance_ns
        return len(self._periods_ns) >= MIN_STEPS and overlap_ns > max(
            0.05 * expected_ns, 3 * self._period_ns
        )

    def _goes_on(self, device_last_ns: int, expected_ns: float) -> bool:
        """Tell whether this packet follows, without a gap, on the one that was refused."""
        if self._doubted is None:
            return False
        return abs(device_last_ns - self._doubted[0] - expected_ns) <= 0.25 * expected_ns

    def _is_confirmed(self, reason: RejectReason, device_last_ns: int, arrival_ns: int) -> bool:
        """Tell whether two refused packets agree with each other on a clock, or refuse again."""
        before, self._doubted = self._doubted, (device_last_ns, arrival_ns)
        if before is not None:
            advance_ns = device_last_ns - before[0]
            if advance_ns > 0 and abs(advance_ns - (arrival_ns - before[1])) <= MAX_AHEAD_NS:
                return True
        advance_s = (device_last_ns - self._device_last_ns) / NS_PER_S
        raise Malformed(reason, f"the device's clock moved by {advance_s:+.3f} s")

    def _is_left_behind(self, delay_ns: float, arrival_ns: int) -> bool:
        """Tell whether packets stay late: no stall of the radio, the clock was set back."""
        if delay_ns <= LATE_NS:
            self._late_since_ns = None
            return False
        if self._late_since_ns is None:
            self._late_since_ns = arrival_ns
        return delay_ns > MAX_LATE_NS or arrival_ns - self._late_since_ns > LATE_FOR_NS

    def _learn_period(self, period_ns: float) -> None:
        """Learn the true rate: the lower median, because lost packets only make steps longer."""
        self._periods_ns.append(period_ns)
        if len(self._periods_ns) > 1:
            self._period_ns = sorted(self._periods_ns)[(len(self._periods_ns) - 1) // 2]


class ArrivalClock:
    """Host times for samples without a device time: a fixed rate under the arrivals.

    Counting samples takes the place of the device's clock, so a packet that is later than the
    radio can explain means that samples are missing: a gap, and the count begins anew.
    """

    def __init__(self, nominal_rate_hz: float) -> None:
        self._period_ns = NS_PER_S / nominal_rate_hz
        self._envelope = LowerEnvelope(ARRIVAL_DRIFT_RATIO)
        self._counted_samples = 0
        self._origin_ns: int | None = None
        self._newest_ns: int | None = None

    def update(self, *, samples: int, arrival_ns: int) -> FrameTimes:
        """Return the host times of the samples of one packet that arrived at ``arrival_ns``."""
        gap = False
        delay_ns = 0.0
        if self._origin_ns is None:
            self._begin(arrival_ns)
        else:
            self._counted_samples += samples
            counted_ns = self._counted_samples * self._period_ns
            delay_ns = self._envelope.update(
                counted_ns, float(arrival_ns - self._origin_ns) - counted_ns
            )
            gap = delay_ns > max(2 * samples * self._period_ns, LATE_NS)
            if gap:
                self._begin(arrival_ns)
                delay_ns = 0.0
        times_ns = spread_samples(
            samples,
            last_ns=arrival_ns - AIR_TIME_NS - round(delay_ns),
            arrival_ns=arrival_ns,
            period_ns=self._period_ns,
            newest_ns=self._newest_ns,
            joined=not gap,
        )
        self._newest_ns = times_ns.item(-1)
        return FrameTimes(times_ns=times_ns, gap_before=gap, clock_reset=False)

    def _begin(self, arrival_ns: int) -> None:
        self._origin_ns = arrival_ns
        self._counted_samples = 0
        self._envelope.restart()
        self._envelope.update(0.0, 0.0)
