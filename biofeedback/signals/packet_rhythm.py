"""How far apart a sensor's packets come: a silence within that is no loss.

Some bands fill a packet for more than a second before they send it. Packets that come within 0.1 s
count as one: some links deliver several at once.
"""

from __future__ import annotations

from typing import Final

from biofeedback.messages import NS_PER_MS

_STALE_NS: Final = 500 * NS_PER_MS
_LONGEST_INTERVAL_NS: Final = 2000 * NS_PER_MS
_BURST_NS: Final = 100 * NS_PER_MS
_SMOOTHING: Final = 0.25


class PacketRhythm:
    """Learns the rhythm of one sensor.

    ``limit_ns`` is the age up to which its newest sample is fresh: 0.5 s and the usual time between
    its packets, or the longest that any band has until that is known. A longer silence is a loss
    and teaches nothing.
    """

    def __init__(self) -> None:
        self.limit_ns = _STALE_NS + _LONGEST_INTERVAL_NS
        self._interval_ns: float | None = None
        self._burst_ns: int | None = None
        self._newest_ns = 0

    def hear(self, at_ns: int) -> None:
        """Take the arrival of a packet with valid samples."""
        newest_ns, self._newest_ns = self._newest_ns, at_ns
        if self._burst_ns is not None:
            if at_ns - self._burst_ns < _BURST_NS:
                return
            silence_ns = at_ns - newest_ns
            if silence_ns <= self.limit_ns:
                self._learn(min(silence_ns, _LONGEST_INTERVAL_NS))
        self._burst_ns = at_ns

    def _learn(self, interval_ns: int) -> None:
        before_ns = interval_ns if self._interval_ns is None else self._interval_ns
        self._interval_ns = before_ns + _SMOOTHING * (interval_ns - before_ns)
        self.limit_ns = _STALE_NS + round(self._interval_ns)
