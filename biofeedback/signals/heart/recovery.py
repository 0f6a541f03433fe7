"""Heart-rate recovery: how far the heart rate falls in the minute after effort.

* Effort ends at the highest 10 s mean of the heart rate; it counts if that lies 25 bpm over the
  lowest one known.
* One minute later the fall is told, once for each effort. Who goes on walking in that minute has
  no recovery at rest: nothing is told.
"""

from __future__ import annotations

import math
from collections import deque

from biofeedback.messages import NS_PER_S

_MEAN_NS = 10 * NS_PER_S
_FEWEST_READINGS = 4
_AFTER_NS = 60 * NS_PER_S
_WITHIN_NS = 5 * NS_PER_S
_EFFORT_BPM = 25.0
_LEAST_FALL_BPM = 5.0
_STOPS_WITHIN_NS = 15 * NS_PER_S


class HeartRateRecovery:
    """Follow one heart rate.

    References:
        Cole et al. (1999), Heart-rate recovery immediately after exercise, NEJM 341. Deviations:
        10 s means; the end of effort is seen from the heart rate itself.
    """

    def __init__(self) -> None:
        self._readings: deque[tuple[int, float]] = deque()
        self._lowest_bpm: float | None = None
        self._peak_bpm: float | None = None
        self._peak_ns = 0
        self._rose = False
        self._moved_ns: int | None = None

    def update(self, heart_rate_bpm: float, at_ns: int, *, moving: bool) -> float | None:
        """Take a trusted reading; answer the fall in bpm one minute after the end of an effort."""
        readings = self._readings
        if readings and at_ns - readings[-1][0] > _MEAN_NS:
            readings.clear()
            self._peak_bpm = None
        readings.append((at_ns, heart_rate_bpm))
        while at_ns - readings[0][0] >= _MEAN_NS:
            readings.popleft()
        if moving:
            self._moved_ns = at_ns
        if len(readings) < _FEWEST_READINGS:
            return None
        mean_bpm = math.fsum([bpm for _, bpm in readings]) / len(readings)
        if self._lowest_bpm is None or mean_bpm < self._lowest_bpm:
            self._lowest_bpm = mean_bpm
        if self._peak_bpm is None or mean_bpm >= self._peak_bpm:
            # Who is first heard while falling has had the peak unheard.
            self._rose = self._peak_bpm is not None and (self._rose or mean_bpm > self._peak_bpm)
            self._peak_bpm, self._peak_ns = mean_bpm, at_ns
            return None
        since_ns = at_ns - self._peak_ns
        if since_ns < _AFTER_NS:
            return None
        fall_bpm = self._peak_bpm - mean_bpm
        effort = self._rose and self._peak_bpm - self._lowest_bpm >= _EFFORT_BPM
        went_on = self._moved_ns is not None and self._moved_ns - self._peak_ns > _STOPS_WITHIN_NS
        # The next effort has a peak of its own.
        self._peak_bpm = None
        if not effort or went_on or fall_bpm < _LEAST_FALL_BPM or since_ns > _AFTER_NS + _WITHIN_NS:
            return None
        return fall_bpm
