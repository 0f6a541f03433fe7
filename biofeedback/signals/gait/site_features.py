"""How a walk feels where a sensor sits: seven numbers that don't depend on how it is turned.

Four seconds at a time, while somebody walks (or something heavier than any hand swings as regularly
as a leg), split by gravity into along and across, and by frequency into stride and step. A thigh
and a shank turn with each stride, a trunk rises with each step, a shoe is hit hard.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from biofeedback.signals.resample import TICK_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from biofeedback.signals.gait.rhythm import Rhythm
    from biofeedback.signals.resample import Vector

WINDOW_TICKS = 200
EVERY_TICKS = 96
_CELL_TICKS = 4
_CELLS = WINDOW_TICKS // _CELL_TICKS
_CELL_S = _CELL_TICKS * TICK_S
_REGULAR = 0.5
_HEAVY_REGULAR = 0.6
_HEAVY_MPS2 = 2.5
_USUAL_STEP_S = 60.0 / 108.0
_LEAST_MPS2 = 0.05
_STRIDES_TRIED = (0.9, 0.95, 1.0, 1.05, 1.1)

_BELL = np.hanning(_CELLS + 2)[1:-1]
_HANN = 2.0 * _BELL / _BELL.sum()
_CELL_TIMES_S = np.arange(_CELLS) * _CELL_S


class WalkFeatures(NamedTuple):
    """Logarithms of m/s2; those along gravity and the shocks as they would be at 108 steps/min."""

    swing: float
    """Across gravity, at the stride's frequency: turning in gravity, mostly."""
    push: float
    """Across gravity, at the step's."""
    bounce: float
    """Of the length, at the step's."""
    limp: float
    """Of the length, at the stride's: how differently two steps are felt."""
    wander: float
    """Across gravity, slower than a stride."""
    peak: float
    """How far the usual highest length of a stride lies above the mean."""
    rough: float
    """RMS change of the length within a tick."""


class WalkWindows:
    """Find the windows of one sensor that show how a walk feels there."""

    def __init__(self) -> None:
        self._vectors: list[Vector] = []

    def restart(self) -> None:
        """Begin anew after a gap."""
        self._vectors.clear()

    def update(
        self, vectors: Sequence[Vector], rhythm: Rhythm | None, *, walking: bool
    ) -> WalkFeatures | None:
        """Take the next ticks up to a look; ``rhythm`` is what the newest look saw.

        Returns:
            What the last four seconds felt like, None if nobody seems to walk.
        """
        kept = self._vectors
        kept.extend(vectors)
        del kept[:-WINDOW_TICKS]
        if rhythm is None or len(kept) < WINDOW_TICKS:
            return None
        heavy = rhythm.size_mps2 > _HEAVY_MPS2 and rhythm.similarity > _HEAVY_REGULAR
        if not heavy and not (walking and rhythm.similarity > _REGULAR):
            return None
        return describe_walk(np.array(kept), step_s=rhythm.step_s)


def describe_walk(vectors_mps2: NDArray[np.float64], *, step_s: float) -> WalkFeatures:
    """Describe four seconds of a walk; vectors have shape (WINDOW_TICKS, 3)."""
    lengths = np.sqrt((vectors_mps2 * vectors_mps2).sum(axis=1))
    cells = vectors_mps2.reshape(_CELLS, _CELL_TICKS, 3).mean(axis=1)
    length_cells = lengths.reshape(_CELLS, _CELL_TICKS).mean(axis=1)
    gravity = cells.mean(axis=0)
    upward = gravity / max(1e-9, float(np.sqrt(gravity @ gravity)))
    moved = cells - gravity
    across = moved - np.outer(moved @ upward, upward)
    stride_hz = 0.5 / step_s
    swing, stride_hz = max((_size_at(across, f * stride_hz), f * stride_hz) for f in _STRIDES_TRIED)
    stride_cells = max(1, round(1.0 / stride_hz / _CELL_S))
    sums = np.cumsum(np.vstack((np.zeros(3), across)), axis=0)
    slow = (sums[stride_cells:] - sums[:-stride_cells]) / stride_cells
    stride_ticks = round(2.0 * step_s / TICK_S)
    strides = range(0, WINDOW_TICKS - stride_ticks + 1, stride_ticks)
    highest = sorted(float(lengths[i : i + stride_ticks].max()) for i in strides)
    pace = 2.0 * math.log(_USUAL_STEP_S / step_s)
    changes = np.diff(lengths)
    return WalkFeatures(
        swing=_log(swing),
        push=_log(_size_at(across, 2.0 * stride_hz)),
        bounce=_log(_size_at(length_cells[:, None], 2.0 * stride_hz)) - pace,
        limp=_log(_size_at(length_cells[:, None], stride_hz)) - pace,
        wander=_log(math.sqrt(float(slow.var(axis=0).sum()))),
        peak=_log(highest[len(highest) // 2] - float(lengths.mean())) - pace,
        rough=_log(math.sqrt(float((changes * changes).mean()))) - pace,
    )


def _size_at(cells: NDArray[np.float64], rate_hz: float) -> float:
    """Return the amplitude of all axes together at one frequency; cells have shape (n, axes)."""
    phases = (2.0 * math.pi * rate_hz) * _CELL_TIMES_S
    in_phase = (_HANN * np.cos(phases)) @ cells
    quadrature = (_HANN * np.sin(phases)) @ cells
    return math.sqrt(float(in_phase @ in_phase) + float(quadrature @ quadrature))


def _log(size_mps2: float) -> float:
    return math.log(max(0.0, size_mps2) + _LEAST_MPS2)
