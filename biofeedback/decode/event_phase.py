"""How long the luckiest packet may still have waited for its turn in the air.

A radio link sends at connection events, 7.5-60 ms apart. A device whose packets come at nearly a
multiple of that meets the events at nearly the same phase each time: 36 samples at 200 Hz are six
events of 30 ms, and with a rate that is 0.15 % off it takes 20 s until one packet meets its event
without waiting. Until then the least delay says less than it seems:

* what is left to be seen of an event's width is split in half, which is right on average;
* delays that change by less than an event's width tell of the phase, not of the clock's drift;
  once all phases were seen again and again, by less than what a busy host adds.

Delays that scatter from packet to packet have seen all phases at once and are believed.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

from biofeedback.messages import NS_PER_MS

EVENT_NS = 30.0 * NS_PER_MS
"""Until it was seen: what hosts choose mostly, between the 15 and 50 ms that they use."""
SHORTEST_EVENT_NS, LONGEST_EVENT_NS = 7.5 * NS_PER_MS, 60.0 * NS_PER_MS
JUMP_NS, JUMP_STEPS = 7.0 * NS_PER_MS, 4.0
"""A step that is so long, and so much longer than usual, is one or more whole events."""
SCATTER_NS, SCATTER_EVENTS = 2.0 * NS_PER_MS, 0.2
CRYSTAL_DRIFT_RATIO = 40e-6
BUSY_NS = 2.0 * NS_PER_MS
KNOWN_TIMES, KNOWN_PACKETS = 5, 400
"""After so many times as long as it took to see all phases once, and so many packets at least (some
links show both ends of an event in their first packets), all were seen again and again."""
STALL_NS = 100.0 * NS_PER_MS
"""Steps that are longer are stalls and bursts, which tell nothing of the phase."""
_STEPS, _LEAST_STEPS = 31, 5
_JUMPS, _LEAST_JUMPS = 9, 4
SETTLED_NS = 0.5 * NS_PER_MS
_NEWEST = 5
"""The middle one of so many is no packet that was lost and repeated."""
_USUAL = 64


class EventPhase:
    """Watches the delays of one link."""

    def __init__(self) -> None:
        self._steps_ns: deque[float] = deque()
        self._sorted_steps_ns: list[float] = []
        self._jumps_ns: deque[float] = deque(maxlen=_JUMPS)
        self._newest_ns: deque[float] = deque(maxlen=_NEWEST)
        self._highest_ns: deque[tuple[int, float]] = deque()
        self._event_ns = EVENT_NS
        self._scatters = False
        self.restart()

    def restart(self) -> None:
        """Forget the phase, not the events: it is the same link."""
        self._newest_ns.clear()
        self._highest_ns.clear()
        self._usual = 0
        self._before_ns: float | None = None
        self._spread_ns = 0.0
        self._count = 0
        self._scattered = 0
        self._settled_at = 0

    def slope_ratio(self, seen_ratio: float, span_ns: float) -> float:
        """Say which drift to believe when delays changed by ``seen_ratio`` during ``span_ns``."""
        size_ratio = abs(seen_ratio)
        if self._scatters or size_ratio <= CRYSTAL_DRIFT_RATIO:
            return seen_ratio
        known_at = max(self._settled_at * KNOWN_TIMES, KNOWN_PACKETS)
        known = self._settled_at > 0 and self._count > known_at
        doubt_ns = BUSY_NS if known else self._event_ns
        least_ratio = max(size_ratio - doubt_ns / span_ns, CRYSTAL_DRIFT_RATIO)
        return least_ratio if seen_ratio > 0 else -least_ratio

    def update(self, delay_ns: float, above_ns: float) -> float:
        """Return how long, on average, the luckiest packet so far waited.

        Args:
            delay_ns: Of the newest packet, on any constant scale.
            above_ns: How far that lies above the least one.
        """
        self._count += 1
        if self._settled_at:
            return 0.0
        self._watch_steps(delay_ns)
        if above_ns < self._event_ns:
            # One that waited longer was lost and repeated, or stalled.
            self._watch_newest(delay_ns)
        if self._highest_ns:
            least_ns = delay_ns - above_ns
            self._spread_ns = max(self._spread_ns, self._highest_ns[0][1] - least_ns)
        if self._scatters:
            self._scattered += 1
            wait_ns = self._spread_ns / self._count
            settled = self._scattered >= _USUAL
        else:
            self._scattered = 0
            wait_ns = max((self._event_ns - self._spread_ns) / 2, 0.0)
            settled = wait_ns < SETTLED_NS
        if settled:
            self._settled_at = self._count
        return wait_ns

    def _watch_newest(self, delay_ns: float) -> None:
        """Keep what is usual, as far as it is or may become the highest of the last 64."""
        newest_ns = self._newest_ns
        newest_ns.append(delay_ns)
        if len(newest_ns) < _NEWEST:
            return
        usual_ns = sorted(newest_ns)[_NEWEST // 2]
        highest_ns = self._highest_ns
        while highest_ns and highest_ns[-1][1] <= usual_ns:
            highest_ns.pop()
        self._usual += 1
        highest_ns.append((self._usual, usual_ns))
        if highest_ns[0][0] <= self._usual - _USUAL:
            highest_ns.popleft()

    def _watch_steps(self, delay_ns: float) -> None:
        before_ns, self._before_ns = self._before_ns, delay_ns
        if before_ns is None:
            return
        step_ns = abs(delay_ns - before_ns)
        if step_ns > STALL_NS:
            return
        steps_ns, in_order_ns = self._steps_ns, self._sorted_steps_ns
        if len(steps_ns) == _STEPS:
            del in_order_ns[bisect_left(in_order_ns, steps_ns.popleft())]
        steps_ns.append(step_ns)
        insort(in_order_ns, step_ns)
        usual_ns = in_order_ns[len(in_order_ns) // 2]
        if len(in_order_ns) >= _LEAST_STEPS:
            self._scatters = usual_ns > max(SCATTER_NS, SCATTER_EVENTS * self._event_ns)
        if step_ns > max(JUMP_NS, JUMP_STEPS * usual_ns):
            self._jumps_ns.append(step_ns)
            if len(self._jumps_ns) >= _LEAST_JUMPS:
                # Some waited for two or three events more, others for a host that was busy.
                seen_ns = sorted(self._jumps_ns)[(len(self._jumps_ns) - 1) // 2]
                self._event_ns = min(max(seen_ns, SHORTEST_EVENT_NS), LONGEST_EVENT_NS)
