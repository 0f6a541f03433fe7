"""Two clocks of a live sound: when a frame is heard, and how soon an order can be.

* Each callback says when its block will be heard. The difference to our frame count, smoothed,
  turns host time into frames; a jump of it is a stall or another device.
* What answers a gesture is heard as soon as it can be, and always equally late. A message waits for
  the next callback, for nothing or for a whole period (with sound servers, several blocks come at
  once); so each is given the time that the longest wait would have taken.
"""

from __future__ import annotations

from collections import deque

from biofeedback.messages import NS_PER_MS, NS_PER_S

_JUMP_NS = 60 * NS_PER_MS
_SMOOTHING = 0.01
_REMEMBERED = 256
_EVERY = 32
_USUAL_RATIO = 0.97  # of callbacks; the rest are stalls, and what comes then comes late
_LONGEST_NS = 100 * NS_PER_MS


class FrameClock:
    """Host time of frame 0, from what each callback says of its block."""

    def __init__(self, *, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._blocks = 0
        self.origin_ns = 0
        self.error_ns = 0

    def update(self, *, heard_ns: int, frame: int) -> bool:
        """Take that ``frame`` will be heard at ``heard_ns``; return True when time has jumped."""
        said_ns = heard_ns - frame * NS_PER_S // self._rate_hz
        self._blocks += 1
        difference = said_ns - self.origin_ns
        if self._blocks == 1 or abs(difference) > _JUMP_NS:
            jumped = self._blocks > 1
            self._blocks = 1
            self.origin_ns, self.error_ns = said_ns, 0
            return jumped
        share = max(_SMOOTHING, 1.0 / self._blocks)
        self.origin_ns += round(difference * share)
        self.error_ns = said_ns - self.origin_ns
        return False


class ReachClock:
    """How long it takes at worst, usually, from a message's arrival until it can be heard."""

    def __init__(self) -> None:
        self._reaches: deque[int] = deque(maxlen=_REMEMBERED)
        self._until_next = 1
        self.reach_ns = 0

    def update(self, *, asked_before_ns: int, heard_ns: int) -> None:
        """Take a callback: what came just after the one before is heard at ``heard_ns``."""
        reach_ns = heard_ns - asked_before_ns
        if not 0 < reach_ns < _LONGEST_NS:
            return
        self._reaches.append(reach_ns)
        self._until_next -= 1
        if self._until_next <= 0:
            self._until_next = _EVERY
            ordered = sorted(self._reaches)
            self.reach_ns = ordered[int(_USUAL_RATIO * (len(ordered) - 1))]
