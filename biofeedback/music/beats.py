"""Beats and time: exact in both directions.

* Between two knots the tempo moves linearly, so the beats passed are a quadratic of time.
* All of it is whole-number arithmetic: a tempo is counted in 2^-47 beats per minute, which holds
  every float from 32 bpm upwards without rounding. Nothing drifts, however long a session and
  however small the pieces, and a shift of all times shifts all answers and nothing else.
* The time of a tick is the first nanosecond at which it has been reached. So the ticks that start
  in ``[a, b)`` are ``range(first_tick_at(a), first_tick_at(b))``, for every a and b.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

from biofeedback.messages import NS_PER_S, TICKS_PER_BEAT

_UNITS_PER_BPM = 1 << 47
# A position is the integral of twice the tempo over ns; twice, so that a ramp's mean is whole.
_UNITS_PER_BEAT = 2 * 60 * NS_PER_S * _UNITS_PER_BPM
_UNITS_PER_TICK = _UNITS_PER_BEAT // TICKS_PER_BEAT
_SLOWEST_BPM = 1.0
_FASTEST_BPM = 1000.0


class BeatClock:
    """Maps ticks to host time through linear tempo ramps.

    Tick 0 lies at ``start_ns``. The future is known up to ``end_ns`` and grows with ``extend``.
    """

    def __init__(self, start_ns: int, tempo_bpm: float) -> None:
        self._times_ns = [start_ns]
        self._tempi = [_count_tempo(tempo_bpm)]
        self._positions = [0]

    @property
    def end_ns(self) -> int:
        """The last instant whose beat is known."""
        return self._times_ns[-1]

    def asynchrony_beats(self, at_ns: int) -> float | None:
        """Tell how far the beat was ahead (+) of an instant, in beats, -0.5..0.5.

        None before the first beat, before what is remembered and beyond what is known.
        """
        if not self._times_ns[0] <= at_ns <= self._times_ns[-1]:
            return None
        beats = self.beats_at(at_ns)
        return beats - round(beats)

    def extend(self, until_ns: int, tempo_bpm: float) -> int:
        """Let the tempo move linearly from its last value to ``tempo_bpm`` at ``until_ns``.

        Returns:
            The first tick at ``until_ns``.

        Raises:
            ValueError: ``until_ns`` is not after ``end_ns``, or the tempo is not in 1..1000.
        """
        span_ns = until_ns - self._times_ns[-1]
        if span_ns <= 0:
            raise ValueError(f"the future is already known {-span_ns} ns further")
        before, tempo = self._tempi[-1], _count_tempo(tempo_bpm)
        position = self._positions[-1] + (before + tempo) * span_ns
        self._positions.append(position)
        self._times_ns.append(until_ns)
        self._tempi.append(tempo)
        # The first tick that was not reached one nanosecond earlier.
        return (position - 2 * tempo + (tempo - before) // span_ns) // _UNITS_PER_TICK + 1

    def first_tick_at(self, at_ns: int) -> int:
        """Find the smallest tick whose time is not before ``at_ns``."""
        if at_ns == self._times_ns[0]:
            # One nanosecond before the first knot; the tempo is continuous there.
            return (self._positions[0] - 2 * self._tempi[0]) // _UNITS_PER_TICK + 1
        if at_ns > self._times_ns[-1]:
            raise ValueError(f"{at_ns - self._times_ns[-1]} ns beyond the known future")
        even, bend, span_ns = self._position(at_ns - 1)
        return (even + bend // span_ns) // _UNITS_PER_TICK + 1

    def time_ns(self, tick: int) -> int:
        """Find the first nanosecond at which ``tick`` has been reached.

        Raises:
            ValueError: The tick lies beyond ``end_ns`` or was forgotten.
        """
        target = tick * _UNITS_PER_TICK
        if target > self._positions[-1]:
            raise ValueError(f"tick {tick} lies beyond the known future")
        if target <= self._positions[0]:
            if target <= self._positions[0] - 2 * self._tempi[0]:
                raise ValueError(f"tick {tick} lies before the remembered past")
            return self._times_ns[0]
        index = bisect_left(self._positions, target) - 1
        span_ns = self._times_ns[index + 1] - self._times_ns[index]
        tempo = self._tempi[index]
        rise = self._tempi[index + 1] - tempo
        missing = target - self._positions[index]
        if rise == 0:
            return self._times_ns[index] - (-missing // (2 * tempo))
        # rise/span * t^2 + 2 tempo t = missing, in the form that doesn't cancel; then made exact.
        goal = missing * span_ns
        elapsed_ns = int(missing / (tempo + math.sqrt(tempo**2 + rise * (missing / span_ns))))
        while (rise * elapsed_ns + 2 * tempo * span_ns) * elapsed_ns < goal:
            elapsed_ns += 1
        while (rise * (elapsed_ns - 1) + 2 * tempo * span_ns) * (elapsed_ns - 1) >= goal:
            elapsed_ns -= 1
        return self._times_ns[index] + elapsed_ns

    def beats_at(self, at_ns: int) -> float:
        """Tell the continuous position in beats, correctly rounded."""
        even, bend, span_ns = self._position(at_ns)
        return (even * span_ns + bend) / (span_ns * _UNITS_PER_BEAT)

    def tempo_bpm(self, at_ns: int) -> float:
        """Tell the tempo at one instant."""
        index = self._segment(at_ns)
        if index == len(self._times_ns) - 1:
            return self._tempi[index] / _UNITS_PER_BPM
        span_ns = self._times_ns[index + 1] - self._times_ns[index]
        rise = self._tempi[index + 1] - self._tempi[index]
        tempo = self._tempi[index] * span_ns + rise * (at_ns - self._times_ns[index])
        return tempo / (span_ns * _UNITS_PER_BPM)

    def forget_before(self, at_ns: int) -> None:
        """Drop what is only needed to answer questions about instants before ``at_ns``."""
        surplus = bisect_left(self._times_ns, at_ns) - 1
        if surplus > 0:
            del self._times_ns[:surplus], self._tempi[:surplus], self._positions[:surplus]

    def _segment(self, at_ns: int) -> int:
        """Find the knot at or before ``at_ns``."""
        if at_ns > self._times_ns[-1]:
            raise ValueError(f"{at_ns - self._times_ns[-1]} ns beyond the known future")
        index = bisect_right(self._times_ns, at_ns) - 1
        if index < 0:
            raise ValueError(f"{self._times_ns[0] - at_ns} ns before the remembered past")
        return index

    def _position(self, at_ns: int) -> tuple[int, int, int]:
        """Integrate the tempo up to ``at_ns``.

        Returns:
            ``even``, ``bend`` and ``span_ns``; the integral is ``even + bend / span_ns``.
        """
        index = self._segment(at_ns)
        elapsed_ns = at_ns - self._times_ns[index]
        tempo = self._tempi[index]
        even = self._positions[index] + 2 * tempo * elapsed_ns
        if elapsed_ns == 0 or self._tempi[index + 1] == tempo:
            return even, 0, 1
        span_ns = self._times_ns[index + 1] - self._times_ns[index]
        return even, (self._tempi[index + 1] - tempo) * elapsed_ns * elapsed_ns, span_ns


def _count_tempo(tempo_bpm: float) -> int:
    if not _SLOWEST_BPM <= tempo_bpm <= _FASTEST_BPM:
        raise ValueError(f"tempo {tempo_bpm} bpm is not in {_SLOWEST_BPM:g}..{_FASTEST_BPM:g}")
    return round(tempo_bpm * _UNITS_PER_BPM)
