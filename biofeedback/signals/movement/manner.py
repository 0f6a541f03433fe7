"""How somebody moves, every two seconds: still, sudden, heavy, trembling; and how smoothly.

* Everything is told at the end of a second of signal, the manner of every other one, from the
  newest four seconds without a gap: so it doesn't depend on the size of a packet.
* A movement is what lies between two rests, or five seconds of one that goes on.
* At rest nothing is sudden and nothing trembles: the noise of a sensor has no manner.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from biofeedback.signals.activity import MovementRange
from biofeedback.signals.movement.smoothness import (
    integrate_speed,
    make_ramp,
    measure_ldlj,
    measure_sparc,
)
from biofeedback.signals.resample import WORKING_RATE_HZ
from biofeedback.signals.seconds import CELL_TICKS, CELLS, SECOND_TICKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biofeedback.messages import Measure
    from biofeedback.signals.seconds import Second

Told: TypeAlias = "tuple[Measure, float, float]"
"""A measure, its value and its quality 0..1."""

_SECONDS = 4
_STILL_SECONDS = 5
_STILL_MPS2 = 0.2
_MOVING_MPS2 = 0.3
_RESTS = 2
_SHORTEST_CELLS = 2
_LONGEST_CELLS = 25
_KEPT_TICKS = 6 * SECOND_TICKS
"""The longest movement, and a rest in it, may begin in the first fifth of so many seconds."""
_ONGOING_QUALITY = 0.5
_DEAD_MPS2 = 0.05
# As products, sums over the axes or the rows of (n, 3) cost a third, and less; of two arrays that
# are this small, ``dot`` takes half of the time of ``@``.
_OF_AXES = np.ones(3)
_MEAN = np.full(_SECONDS * SECOND_TICKS, 1.0 / (_SECONDS * SECOND_TICKS))
_NEWEST_TICKS = 2 * SECOND_TICKS
_QUANTILES = (0.05, 0.25, 0.75, 0.95)
_GAUSS = 2.439
_CAUCHY = 6.314
_FLOWING_HZ = 1.5
_ABRUPT_HZ = 6.0
_LN_ABRUPT = math.log(_ABRUPT_HZ / _FLOWING_HZ)
_TREMOR_HZ = (3.0, 12.0)
_WHOLE_HZ = (0.5, 20.0)

_WINDOW = np.hanning(_SECONDS * SECOND_TICKS + 1)[:-1]
_HZ = np.fft.rfftfreq(_SECONDS * SECOND_TICKS, 1.0 / WORKING_RATE_HZ)
# A tick is the mean of 20 ms: what that takes off at higher frequencies is given back.
_FLAT = 1.0 / np.sinc(_HZ / WORKING_RATE_HZ) ** 2
_IN_WHOLE = np.where((_WHOLE_HZ[0] <= _HZ) & (_WHOLE_HZ[1] >= _HZ), _FLAT, 0.0)
_IN_TREMOR = np.where((_TREMOR_HZ[0] <= _HZ) & (_TREMOR_HZ[1] >= _HZ), _FLAT, 0.0)


def share_of_tremor(acceleration_mps2: NDArray[np.float64]) -> float:
    """Return which share of the power in 0.5-20 Hz lies in 3-12 Hz, of four seconds (200, 3).

    Tremor of whatever kind lies there (3-12 Hz, Bhatia et al. 2018, Mov Disord 33), and so do
    other things: it is a measure and no finding.
    """
    # Axis by axis: numpy is fast along long rows.
    rows = np.ascontiguousarray(acceleration_mps2.T)
    rows -= _MEAN.dot(acceleration_mps2)[:, None]
    rows *= _WINDOW
    spectrum = np.fft.rfft(rows)
    power = _OF_AXES.dot(spectrum.real**2 + spectrum.imag**2)
    whole = float(power.dot(_IN_WHOLE))
    return float(power.dot(_IN_TREMOR)) / whole if whole > 0.0 else 0.0


def rate_suddenness(moved_mps2: NDArray[np.float64]) -> float:
    """Rate how heavy the tails of the acceleration are: 0 like a normal law or lighter, 1 Cauchy's.

    References:
        Niewiadomski, Mancini, Volpe & Camurri (2015), Automated detection of impulsive movements:
        suddenness as the index of an alpha-stable law. Deviation: the tails by the ratio of
        quantiles of McCulloch (1986), of the acceleration instead of the velocity.
    """
    ordered = moved_mps2.flatten()
    ordered.sort()
    last = ordered.size - 1
    q05, q25, q75, q95 = [ordered.item(int(share * last)) for share in _QUANTILES]
    middle = q75 - q25
    if middle <= 0.0:
        return 1.0 if q95 > q05 else 0.0
    return min(1.0, max(0.0, ((q95 - q05) / middle - _GAUSS) / (_CAUCHY - _GAUSS)))


def rate_abrupt(moved_mps2: NDArray[np.float64]) -> float:
    """Rate the pace of the acceleration: 0 at 1.5 Hz or slower (flowing), 1 at 6 Hz (abrupt).

    A sine of frequency f has a mean slope of 2 pi f times its mean size, so any movement has one.
    """
    sizes = np.abs(moved_mps2)
    size = float(np.add.reduce(sizes, axis=None)) / sizes.size
    if size <= 0.0:
        return 0.0
    slopes = np.abs(moved_mps2[1:] - moved_mps2[:-1])
    slope = float(np.add.reduce(slopes, axis=None)) / slopes.size * WORKING_RATE_HZ
    pace_hz = slope / (2.0 * math.pi * size)
    return min(1.0, math.log(max(pace_hz, _FLOWING_HZ) / _FLOWING_HZ) / _LN_ABRUPT)


class Manner:
    """The movement qualities of one sensor.

    ``dead_s`` tells for how long nothing at all has moved: not even breath or pulse.
    """

    def __init__(self) -> None:
        self._weight_range = MovementRange(0.0, 6.0, narrowest=3.0)
        # The newest seconds, oldest first.
        self._recent = np.zeros((_KEPT_TICKS, 3))
        self.restart()

    def restart(self) -> None:
        """Begin anew after a gap; the person's range stays."""
        self._seconds = 0
        self._still: deque[int] = deque(maxlen=_STILL_SECONDS)
        self._moving_cells = 0
        self._rest: NDArray[np.float64] | None = None
        self._lies: NDArray[np.float64] | None = None
        self.dead_s = 0
        self._resting = 0
        self._went_on = False

    def update(self, second: Second) -> list[Told]:
        """Take the next second of acceleration, gravity included."""
        told: list[Told] = []
        self._close(second, told)
        if second.end_tick % (2 * SECOND_TICKS) == 0 and self._seconds >= _SECONDS:
            self._rate(told)
        return told

    def _close(self, second: Second, told: list[Told]) -> None:
        """Keep a second, and look where a movement begins or ends in it."""
        cells, means = second.cells_mps2, second.means_mps2
        recent = self._recent
        recent[:-SECOND_TICKS] = recent[SECOND_TICKS:]
        recent[-SECOND_TICKS:] = cells.reshape(SECOND_TICKS, 3)
        self._seconds += 1
        flat = cells.reshape(CELLS, -1)
        squares: list[float] = np.add.reduce(flat * flat, axis=1).tolist()
        sizes: list[float] = []
        for square, (x, y, z) in zip(squares, means.tolist(), strict=True):
            variance = square / CELL_TICKS - (x * x + y * y + z * z)
            sizes.append(math.sqrt(variance) if variance > 0.0 else 0.0)
        self._still.append(sum([size < _STILL_MPS2 for size in sizes]))
        self._watch(means[-1], max(sizes))
        for cell, size in enumerate(sizes):
            self._cut(cell, means, size, told)

    def _watch(self, mean: NDArray[np.float64], size: float) -> None:
        """Count the seconds in which there was nothing but the noise of the sensor."""
        lies = self._lies
        if size < _DEAD_MPS2 and lies is not None:
            x, y, z = (mean - lies).tolist()
            if x * x + y * y + z * z < _DEAD_MPS2 * _DEAD_MPS2:
                self.dead_s += 1
                return
        self.dead_s = 0
        self._lies = mean

    def _rate(self, told: list[Told]) -> None:
        """Rate the manner of the last four seconds."""
        whole = self._recent[-_SECONDS * SECOND_TICKS :]
        gravity = _MEAN.dot(whole)
        moved = whole - gravity
        newest = moved[-_NEWEST_TICKS:]
        squares = (moved * moved).dot(_OF_AXES)
        size_mps2 = math.sqrt(float(_MEAN.dot(squares)))
        manner = min(1.0, size_mps2 / _MOVING_MPS2)
        heaviest_mps2 = math.sqrt(float(np.maximum.reduce(squares[-_NEWEST_TICKS:])))
        for _ in range(2):  # the range counts seconds
            self._weight_range.learn(heaviest_mps2)
        length = math.sqrt(float(gravity.dot(gravity)))
        lean = float(gravity[0]) / length if length > 0.0 else 0.0
        found: list[Told] = [
            ("stillness_ratio", sum(self._still) / (CELLS * len(self._still)), 1.0),
            ("suddenness_ratio", manner * rate_suddenness(newest), 1.0),
            ("sustained_ratio", 1.0 - manner * rate_abrupt(newest), 1.0),
            ("weight_ratio", self._weight_range.place(heaviest_mps2), 1.0),
            ("tremor_ratio", manner * share_of_tremor(moved), manner),
            # Movement leans on the mean of the acceleration: then the tilt is less sure.
            (
                "tilt_deg",
                math.degrees(math.asin(min(1.0, max(-1.0, lean)))),
                1.0 / (1.0 + size_mps2),
            ),
        ]
        told += found

    # ------------------------------------------------------------ one movement

    def _cut(self, cell: int, means: NDArray[np.float64], size: float, told: list[Told]) -> None:
        """Add a fifth of the newest second to the movement, or end it."""
        if size >= _STILL_MPS2:
            self._resting = 0
            self._moving_cells += 1
            if self._moving_cells >= _LONGEST_CELLS:
                self._tell(cell + 1, None, told)
                self._went_on = True
            return
        self._resting += 1
        if self._moving_cells:
            self._moving_cells += 1
            if self._resting >= _RESTS:
                self._moving_cells -= _RESTS - 1
                self._tell(cell + 2 - _RESTS, means[cell], told)
                self._went_on = False
        if not self._moving_cells:
            self._rest = means[cell]

    def _tell(
        self, end_cell: int, rest_after: NDArray[np.float64] | None, told: list[Told]
    ) -> None:
        """Tell of the movement that ended before a fifth of the newest second."""
        moving_cells, before = self._moving_cells, self._rest
        self._moving_cells = 0
        self._rest = rest_after
        if moving_cells < _SHORTEST_CELLS + 1:
            return
        end = _KEPT_TICKS + (end_cell - CELLS) * CELL_TICKS
        acceleration = self._recent[end - moving_cells * CELL_TICKS : end]
        bounded = before is not None and rest_after is not None and not self._went_on
        if bounded and before is not None and rest_after is not None:
            # Gravity may have turned within the sensor: half way is where it was half way.
            turned = np.multiply.outer(make_ramp(len(acceleration)), rest_after - before)
            moved = acceleration - (before + turned)
        else:
            moved = acceleration - np.add.reduce(acceleration, axis=0) / len(acceleration)
        speed = integrate_speed(moved, WORKING_RATE_HZ, from_rest_to_rest=bounded)
        quality = 1.0 if bounded else _ONGOING_QUALITY
        sparc = measure_sparc(speed, WORKING_RATE_HZ)
        ldlj = measure_ldlj(moved)
        if sparc is not None:
            told.append(("smoothness_sparc", sparc, quality))
        if ldlj is not None:
            told.append(("smoothness_ldlj", ldlj, quality))
