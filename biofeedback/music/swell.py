"""The swell: where a slow breath stands. Its phase is the integral of the rate, counted exactly.

A cycle begins low, is high in its middle and low again: ``(1 - cos(2 pi phase)) / 2``.
"""

from __future__ import annotations

import math
from collections import deque

from biofeedback.messages import NS_PER_S

_UNITS_PER_BRPM = 1 << 32
_UNITS_PER_BREATH = 60 * NS_PER_S * _UNITS_PER_BRPM
_FASTEST_BRPM = 60.0
_REMEMBERED = 32


class Swell:
    """Tells the wave of each instant up to which its rate is known."""

    def __init__(self, start_ns: int) -> None:
        # From an instant on: the phase there, and how fast it goes on.
        self._knots: deque[tuple[int, int, int]] = deque([(start_ns, 0, 0)], maxlen=_REMEMBERED)
        self._end_ns = start_ns
        self._rate_brpm = 0.0
        self._told: dict[int, float] = {}

    def extend(self, until_ns: int, rate_brpm: float) -> None:
        """Let it breathe at ``rate_brpm`` from where it is known up to ``until_ns``."""
        if rate_brpm != self._rate_brpm:
            rate = round(min(max(rate_brpm, 0.0), _FASTEST_BRPM) * _UNITS_PER_BRPM)
            begin_ns, phase, before = self._knots[-1]
            here = (phase + (self._end_ns - begin_ns) * before) % _UNITS_PER_BREATH
            self._knots.append((self._end_ns, here, rate))
            self._rate_brpm = rate_brpm
        self._end_ns = until_ns

    def wave(self, at_ns: int) -> float:
        """Tell where the swell stands, 0 (low) to 1 (high); what is known doesn't change any more.

        Notes and sound ask for the same instants, a little apart.
        """
        told = self._told.pop(at_ns, None)
        if told is not None:
            return told
        begin_ns, phase, rate = self._knots[-1]
        if at_ns < begin_ns:
            earlier = (knot for knot in reversed(self._knots) if knot[0] <= at_ns)
            begin_ns, phase, rate = next(earlier, self._knots[0])
            at_ns = max(at_ns, begin_ns)
        units = (phase + (at_ns - begin_ns) * rate) % _UNITS_PER_BREATH
        wave = 0.5 - 0.5 * math.cos(math.tau * (units / _UNITS_PER_BREATH))
        if at_ns <= self._end_ns:
            if len(self._told) >= _REMEMBERED:
                self._told.clear()
            self._told[at_ns] = wave
        return wave
