"""Where in a recording a run of it is, at each instant: what the orders say, and between attacks.

Orders are straight lines from host time to places. Around an attack the recording goes at its own
speed, so that the attack sounds as it was played; what that wins or loses (a few ms) is given back
before the next one. An attack itself is always exactly where the orders want it.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biofeedback.messages import StretchSong

HOLD_S = 0.022
"""How far around an attack the recording goes at its own speed."""

_GIVE_BACK_S = 0.045
_SEAM_S = 0.0005
_SEAM_NS = 1_000_000
_KEPT_NS = 2 * NS_PER_S
SLOWEST, FASTEST = 0.5, 2.0


class SongClock:
    """One run through a recording, order by order."""

    def __init__(self, order: StretchSong, attacks_s: NDArray[np.float64]) -> None:
        self.song = order.song
        self.start_ns = order.start_ns
        self._times_ns = [order.start_ns, order.end_ns]
        self._places_s = [order.from_s, order.to_s]
        self._attacks_s = attacks_s

    @property
    def end_ns(self) -> int:
        """Up to when it is ordered; later it goes on at its last speed."""
        return self._times_ns[-1]

    def extend(self, order: StretchSong) -> bool:
        """Go on with an order that begins where the last one ends; False for any other."""
        fits = (
            order.song == self.song
            and abs(order.start_ns - self._times_ns[-1]) <= _SEAM_NS
            and abs(order.from_s - self._places_s[-1]) <= _SEAM_S
        )
        if fits:
            self._times_ns.append(order.end_ns)
            self._places_s.append(order.to_s)
        return fits

    def forget_before(self, at_ns: int) -> None:
        """Drop what lies well before an instant."""
        surplus = bisect_right(self._times_ns, at_ns - _KEPT_NS) - 1
        surplus = min(surplus, len(self._times_ns) - 2)
        if surplus > 0:
            del self._times_ns[:surplus], self._places_s[:surplus]

    def place_s(self, at_ns: int) -> float:
        """Tell the place in the recording, in s."""
        place_s, speed = self._follow_orders(at_ns)
        if speed == 1.0:
            return place_s
        return place_s + self._lean(place_s, speed)

    def _follow_orders(self, at_ns: int) -> tuple[float, float]:
        last = len(self._times_ns) - 2
        index = min(max(bisect_right(self._times_ns, at_ns) - 1, 0), last)
        span_s = (self._times_ns[index + 1] - self._times_ns[index]) / NS_PER_S
        speed = (self._places_s[index + 1] - self._places_s[index]) / span_s
        elapsed_s = (at_ns - self._times_ns[index]) / NS_PER_S
        return self._places_s[index] + elapsed_s * speed, speed

    def _lean(self, place_s: float, speed: float) -> float:
        """How far ahead of the orders to be, in s of the recording.

        Times below are seconds of output, counted from this instant.
        """
        attacks = self._attacks_s
        following = int(np.searchsorted(attacks, place_s))
        since_s = until_s = np.inf
        if following > 0:
            since_s = (place_s - float(attacks[following - 1])) / speed
        if following < len(attacks):
            until_s = (float(attacks[following]) - place_s) / speed
        gain = 1.0 - speed
        if min(since_s, until_s) <= HOLD_S:
            return since_s * gain if since_s <= until_s else -until_s * gain
        # Out of the last hold it is ahead by HOLD_S * gain, into the next one behind by as much.
        out_s, in_s = since_s - HOLD_S, until_s - HOLD_S
        if out_s + in_s >= 2.0 * _GIVE_BACK_S:
            if out_s < _GIVE_BACK_S:
                return HOLD_S * gain * (1.0 - out_s / _GIVE_BACK_S)
            if in_s < _GIVE_BACK_S:
                return -HOLD_S * gain * (1.0 - in_s / _GIVE_BACK_S)
            return 0.0
        return HOLD_S * gain * (in_s - out_s) / (in_s + out_s)


def is_playable(order: StretchSong) -> bool:
    """Tell whether an order says something that can be played."""
    span_s = (order.end_ns - order.start_ns) / NS_PER_S
    # NaN compares false.
    return span_s > 0.0 and SLOWEST <= (order.to_s - order.from_s) / span_s <= FASTEST
