"""What a virtual wearable feels of the body behind it, and packets at a fixed rate.

A maker gives one packet after the other, with the time of its last sample. What was measured goes
to ``told`` before it is rounded to what the packet can hold, so that a test can compare.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from biofeedback.simulate.body import Body
    from biofeedback.simulate.motion import SiteMotion

    Encode: TypeAlias = Callable[[NDArray[np.float64], int], bytes]
    """(times of the samples, number of the packet) -> payload."""

_RECENT_S = 4.0
_MEAN_S = 5.0


class Told(NamedTuple):
    """What a maker put into a packet: what it is, when it was, its values."""

    what: str
    times_s: NDArray[np.float64]
    values: NDArray[np.float64]


class Senses:
    """What one device feels of a body, and what it told of that."""

    def __init__(self, body: Body, motion: SiteMotion, *, most_mps2: float) -> None:
        self.told: deque[Told] = deque(maxlen=4096)
        self._body = body
        self._motion = motion
        self._most_mps2 = most_mps2

    def acceleration_mps2(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Measure (n, 3), clipped to the sensor's range."""
        felt = self._motion.measure(times_s)
        clipped = np.minimum(np.maximum(felt, -self._most_mps2), self._most_mps2)
        self.told.append(Told("acceleration", times_s, clipped))
        return clipped

    def heart_rate_bpm(self, now_s: float) -> int:
        """Give the mean of the newest beats."""
        heart = self._body.heart
        recent = heart.rr_between(now_s - _MEAN_S, now_s) or heart.rr_s[-1:]
        bpm = round(60.0 * len(recent) / sum(recent))
        self._tell("heart_rate", now_s, bpm)
        return bpm

    def rr_s(self, start_s: float, now_s: float) -> list[float]:
        """List the intervals that ended since ``start_s``."""
        return self._body.heart.rr_between(start_s, now_s)

    def cadence_spm(self, now_s: float) -> float:
        """Give the mean cadence of the newest steps, 0 for somebody who stands."""
        contacts_s = self._body.steps.contacts_between(now_s - _RECENT_S, now_s)
        if len(contacts_s) < 2:
            return 0.0
        return 60.0 * (len(contacts_s) - 1) / (contacts_s[-1] - contacts_s[0])

    def contacts_s(self, start_s: float, now_s: float) -> list[float]:
        """List the steps in (start, now]."""
        return self._body.steps.contacts_between(start_s, now_s)

    def tell_cadence(self, now_s: float, per_min: float) -> None:
        """Note a cadence as it was sent."""
        self._tell("cadence", now_s, per_min)

    def _tell(self, what: str, now_s: float, value: float) -> None:
        self.told.append(Told(what, np.array([now_s]), np.array([value])))


class Sampled:
    """Packets of ``samples`` at a fixed rate; ``encode(times, packet number)`` gives the bytes.

    Bytes longer than ``chunk_bytes`` leave one chunk after another, at the same instant. After
    ``packets`` of them it falls silent.
    """

    def __init__(
        self,
        encode: Encode,
        *,
        rate_hz: float,
        samples: int,
        start_s: float,
        chunk_bytes: int | None = None,
        packets: int | None = None,
    ) -> None:
        self._encode = encode
        self._period_s = 1.0 / rate_hz
        self._samples = samples
        self._start_s = start_s
        self._chunk_bytes = chunk_bytes
        self._packets = packets
        self._number = 0
        self._waiting: deque[tuple[float, bytes]] = deque()

    def make(self) -> tuple[float, bytes]:
        """Make the next packet; after the last one, of never."""
        if self._number == self._packets:
            return math.inf, b""
        if not self._waiting:
            first = self._number * self._samples
            steps = np.arange(first, first + self._samples, dtype=np.float64)
            times_s = self._start_s + steps * self._period_s
            payload = self._encode(times_s, self._number)
            self._number += 1
            size = self._chunk_bytes or len(payload)
            self._waiting.extend(
                (float(times_s[-1]), payload[at : at + size]) for at in range(0, len(payload), size)
            )
        return self._waiting.popleft()
