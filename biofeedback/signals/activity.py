"""How much, how flowing and at what tilt somebody moves; each within the person's own range.

Orientation-free: everything but the tilt starts from the length of the acceleration vector.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from typing import TYPE_CHECKING

from biofeedback.signals.filters import BandPass
from biofeedback.signals.movement.axes import NARROWEST, START_RANGE, Axes
from biofeedback.signals.resample import TICK_S, WORKING_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.signals.resample import Vector

EMIT_TICKS = 10
_WINDOW_CELLS = 4
_WINDOW_TICKS = _WINDOW_CELLS * EMIT_TICKS
_BAND_HZ = (0.3, 10.0)
_STILL_MPS2 = 0.3
_FLOWING_HZ = 1.5
_ABRUPT_HZ = 6.0
_LN_ABRUPT = math.log(_ABRUPT_HZ / _FLOWING_HZ)
_TILT_HZ = 0.5

# One pole, once per answer, on the mean since the last answer.
_TILT_FORGET = 1.0 - math.exp(-2.0 * math.pi * _TILT_HZ * EMIT_TICKS * TICK_S)


class PersonalRange:
    """Place a value between the 10th and the 90th percentile of the person's last five minutes.

    Until two minutes are known the range given at the start counts too, less and less. It is
    never narrower than ``narrowest``: noise must not fill it.
    """

    _KEEP = 300
    _LEARNED = 120

    def __init__(self, low: float, high: float, *, narrowest: float) -> None:
        self._start = (low, high)
        self._narrowest = narrowest
        self._recent: deque[float] = deque()
        self._sorted: list[float] = []
        self._low, self._high = low, high

    def learn(self, value: float) -> None:
        """Take one value a second."""
        self._recent.append(value)
        insort(self._sorted, value)
        if len(self._recent) > self._KEEP:
            del self._sorted[bisect_left(self._sorted, self._recent.popleft())]
        n = len(self._sorted)
        low = self._sorted[n // 10]
        high = self._sorted[n - 1 - n // 10]
        if n < self._LEARNED:
            known = n / self._LEARNED
            low = known * low + (1.0 - known) * min(low, self._start[0])
            high = known * high + (1.0 - known) * max(high, self._start[1])
        self._low, self._high = self._widen(low, high)

    def _widen(self, low: float, high: float) -> tuple[float, float]:
        spare = max(0.0, 0.5 * (self._narrowest - (high - low)))
        return low - spare, high + spare

    def place(self, value: float) -> float:
        """Return where in the range a value lies, 0..1."""
        if value <= self._low:
            return 0.0
        return 1.0 if value >= self._high else (value - self._low) / (self._high - self._low)


class MovementRange(PersonalRange):
    """The range of a quantity whose zero is stillness: it starts near zero, not at a percentile.

    Somebody who has walked for five minutes still walks: without this a steady walk would become
    the middle of its own narrow range and music would answer noise.
    """

    def _widen(self, low: float, high: float) -> tuple[float, float]:
        high = max(high, self._narrowest)
        return max(0.0, min(low, 0.5 * high)), high


class Activity:
    """Quantity of motion, mean | ||a|| - g | in 0.3-10 Hz over 0.8 s, and what belongs to it.

    ``update`` answers every 0.2 s of signal; in between the last answer stands. What single axes
    do is followed only with ``feels_axes``.

    References:
        Piana et al. (2013), A set of full-body movement features for emotion recognition:
        kinetic energy as quantity of motion. Deviation: one accelerometer, no positions.
    """

    def __init__(self, *, feels_axes: bool = False) -> None:
        self._band = BandPass(*_BAND_HZ, WORKING_RATE_HZ)
        self._lean_sum = self._weight_sum = 0.0
        self._lean: float | None = None
        self._range = MovementRange(0.0, 1.5, narrowest=0.8)
        self._tilt_range = PersonalRange(-40.0, 40.0, narrowest=40.0)
        self._axes = _make_axes() if feels_axes else None
        # Sums over the ticks since the last answer, and over each whole stretch between two.
        self._motion_sum = self._jerk_sum = self._before = 0.0
        self._summed = 0
        self._cells: deque[tuple[float, float]] = deque(maxlen=_WINDOW_CELLS)
        self._seen = 0
        self.activity_mps2: float | None = None
        self.activity_ratio: float | None = None
        self.sustained_ratio: float | None = None
        self.tilt_ratio: float | None = None

    @property
    def axis_ratios(self) -> tuple[float, float, float] | None:
        """How each axis is inclined, 0..1; None until it is known, or if nobody asks."""
        return None if self._axes is None else self._axes.ratios

    def restart(self) -> None:
        """Begin anew after a gap; the person's range stays."""
        self._band.reset()
        self._lean_sum = self._weight_sum = 0.0
        self._lean = None
        self._motion_sum = self._jerk_sum = self._before = 0.0
        self._summed = 0
        self._cells.clear()
        if self._axes is not None:
            self._axes.restart()
        self.activity_mps2 = self.activity_ratio = None
        self.sustained_ratio = self.tilt_ratio = None

    def update(
        self, first: int, lengths: Sequence[float], vectors: Sequence[Vector]
    ) -> tuple[list[float], list[tuple[int, float]]]:
        """Take consecutive ticks of the acceleration, and its length.

        Returns:
            The band-limited length of each tick, and (tick, activity_mps2) of each answer.
        """
        band = self._band.update(lengths)
        taken: list[tuple[int, float]] = []
        start, n = 0, len(band)
        while start < n:
            tick = first + start
            end = min(n, start + 1 + -tick % EMIT_TICKS)
            self._sum(band[start:end], lengths[start:end], vectors[start:end])
            if self._axes is not None:
                self._axes.hear(lengths[start:end], vectors[start:end])
            last_tick = first + end - 1
            if last_tick % EMIT_TICKS == 0:
                self._follow_tilt()
                self._close_cell()
                if len(self._cells) == _WINDOW_CELLS:
                    taken.append((last_tick, self._answer()))
            start = end
        return band, taken

    def _sum(
        self, band: Sequence[float], lengths: Sequence[float], vectors: Sequence[Vector]
    ) -> None:
        motion, jerk, before = self._motion_sum, self._jerk_sum, self._before
        lean, weight = self._lean_sum, self._weight_sum
        for x, length, (along, _, _) in zip(band, lengths, vectors, strict=True):
            motion += abs(x)
            jerk += abs(x - before)
            before = x
            lean += along
            weight += length
        self._motion_sum, self._jerk_sum, self._before = motion, jerk, before
        self._lean_sum, self._weight_sum = lean, weight
        self._summed += len(band)

    def _close_cell(self) -> None:
        # After a gap the first stretch may be cut: it isn't counted.
        if self._summed == EMIT_TICKS:
            self._cells.append((self._motion_sum, self._jerk_sum))
        self._motion_sum = self._jerk_sum = 0.0
        self._summed = 0

    def _follow_tilt(self) -> None:
        """Follow the share of gravity that lies along the sensor's first axis, -1..1."""
        # The length is never below the part, so without gravity the share is small, not wild.
        share = self._lean_sum / max(self._weight_sum, 1.0)
        self._lean_sum = self._weight_sum = 0.0
        if self._axes is not None:
            self._axes.update()
        if self._lean is None:
            self._lean = share
        self._lean += _TILT_FORGET * (share - self._lean)

    def _answer(self) -> float:
        (m0, j0), (m1, j1), (m2, j2), (m3, j3) = self._cells
        activity = (m0 + m1 + m2 + m3) / _WINDOW_TICKS
        slope = (j0 + j1 + j2 + j3) / (_WINDOW_TICKS * TICK_S)
        # A sine of frequency f has mean |slope| = 2 pi f mean |value|.
        pace_hz = slope / (2.0 * math.pi * activity) if activity > 1e-6 else 0.0
        abrupt = 0.0
        if pace_hz > _FLOWING_HZ:
            abrupt = min(1.0, math.log(pace_hz / _FLOWING_HZ) / _LN_ABRUPT)
        if activity < _STILL_MPS2:
            # Stillness flows: the noise of the sensor has no manner.
            abrupt *= activity / _STILL_MPS2
        lean = 0.0 if self._lean is None else self._lean
        tilt_deg = math.degrees(math.asin(min(1.0, max(-1.0, lean))))
        self._seen += 1
        if self._seen % (WORKING_RATE_HZ // EMIT_TICKS) == 0:
            self._range.learn(activity)
            self._tilt_range.learn(tilt_deg)
            if self._axes is not None:
                self._axes.learn()
        self.activity_mps2 = activity
        self.activity_ratio = self._range.place(activity)
        self.sustained_ratio = 1.0 - abrupt
        self.tilt_ratio = self._tilt_range.place(tilt_deg)
        return activity


def _make_axes() -> Axes:
    one, two, three = (PersonalRange(*START_RANGE, narrowest=NARROWEST) for _ in range(3))
    return Axes((one, two, three), EMIT_TICKS * TICK_S)
