"""Does somebody stroll? What two seconds of a hand can't show, ten can.

At 33-48 steps a minute, with a hand that is busy now and then, hardly two seconds repeat the two
before. What remains: a foot that lands is felt as one short push upwards, then little for a
second, and that goes on without a rest. A hand at work moves both ways, faster, and by fits.

The weights are those of a logistic regression on public recordings of which only the length was
used (docs/signals.md): slow walking with a watch against desk and computer work, dressing, laces,
a dishwasher, and hand movements and pauses of other people.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.signals.resample import TICK_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

STROLL_SAMPLES = 250
_SPAN_TICKS = 2 * STROLL_SAMPLES
_LOWEST_MPS2 = 0.4
_NEAREST_TICKS = 45
_FEWEST_LANDINGS = 4
_STILL_MPS2 = 0.03
_FASTEST_S = 1.4
_SLOWEST_S = 1.8
_BIAS = -2.7
_BY_PACE = -7.0
_BY_REST = -0.65
_BY_HEIGHT = -0.32
_BY_HEIGHT_SQUARE = -0.7
_BY_SKEW = 0.58
_OPENS = 1.2
_KEEPS = 0.4
_LOOKS = 3


class Strolling:
    """Follow one hand; looks are a second apart and overlap, so three in a row are asked."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin anew after a gap."""
        self._in_a_row = 0
        self.step_s: float | None = None
        """The step period while somebody strolls, else None."""

    def look(
        self, signal: NDArray[np.float64], peaks: Sequence[tuple[float, float]], tick: int
    ) -> None:
        """Look at the newest ten seconds.

        Args:
            signal: Band-limited length of the acceleration at 25 Hz, large swings cut, shape (n,).
            peaks: Its maxima, in order: tick and height in m/s2.
            tick: The newest tick.
        """
        landings = _find_landings(peaks, tick - _SPAN_TICKS)
        odds = _weigh(signal, landings, tick)
        if odds < (_OPENS if self.step_s is None else _KEEPS):
            self.restart()
            return
        self._in_a_row += 1
        if self._in_a_row >= _LOOKS:
            apart = sorted(b - a for (a, _), (b, _) in pairwise(landings))
            usual_s = apart[len(apart) // 2] * TICK_S
            self.step_s = min(_SLOWEST_S, max(_FASTEST_S, usual_s))


def _weigh(
    signal: NDArray[np.float64], landings: Sequence[tuple[float, float]], tick: int
) -> float:
    """Return the log odds of a stroll against other movement and rest."""
    if signal.size < STROLL_SAMPLES or len(landings) < _FEWEST_LANDINGS:
        return -math.inf
    signal = signal[-STROLL_SAMPLES:]
    size_mps2 = float(np.abs(signal).mean())
    if size_mps2 < _STILL_MPS2:
        return -math.inf
    pace = float(np.abs(signal[1:] - signal[:-1]).mean()) / size_mps2
    squares = signal * signal
    deviation = math.sqrt(float(squares.mean()))
    skew = float(squares.dot(signal)) / STROLL_SAMPLES / (deviation * deviation * deviation)
    heights = sorted(height for _, height in landings)
    height = math.log(heights[len(heights) // 2] + 0.05)
    ends = [tick - _SPAN_TICKS, *(at for at, _ in landings), tick]
    rest_s = TICK_S * max(b - a for a, b in pairwise(ends))
    return (
        _BIAS
        + _BY_PACE * math.log(max(1e-3, pace))
        + _BY_REST * rest_s
        + _BY_HEIGHT * height
        + _BY_HEIGHT_SQUARE * height * height
        + _BY_SKEW * skew
    )


def _find_landings(
    peaks: Sequence[tuple[float, float]], oldest: float
) -> list[tuple[float, float]]:
    """Leave out what is low, and of two that are near each other the lower one."""
    found: list[tuple[float, float]] = []
    for at, height in peaks:
        if at < oldest or height < _LOWEST_MPS2:
            continue
        if not found or at - found[-1][0] >= _NEAREST_TICKS:
            found.append((at, height))
        elif height > found[-1][1]:
            found[-1] = (at, height)
    return found
