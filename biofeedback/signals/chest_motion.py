"""The chest's own movement: breathing tilts and lifts a sensor that is worn there.

The acceleration is averaged over quarters of a second. Gravity's direction moves with each breath
by a few degrees; a person who does anything else moves far more, and the window begins anew.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.messages import NS_PER_MS
from biofeedback.signals.breathing import find_breath

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biofeedback.samples import AccelerationBlock
    from biofeedback.signals.breathing import Breath

_BIN_NS = 250 * NS_PER_MS
_RATE_HZ = 4.0
_FEWEST = 128
_MOST = 192
_EVERY = 20
_SHAKEN_MPS2 = 1.0
_TURNED_MPS2 = 0.5
_LARGEST_MPS2 = 1000.0


@dataclass(frozen=True, slots=True)
class Felt:
    """What was felt up to an instant: other movement, or else the breath, None if unclear."""

    of_ns: int
    moved: bool
    breath: Breath | None


class ChestMotion:
    """Breathing from the acceleration of one sensor on chest or belly."""

    def __init__(self) -> None:
        self._first_ns: int | None = None
        self._bin = 0
        self._pieces: list[NDArray[np.float64]] = []
        self._means: deque[NDArray[np.float64]] = deque(maxlen=_MOST)
        self._since = 0

    def update(self, block: AccelerationBlock) -> list[Felt]:
        """Take a block; answer each movement, and each 5 s once 32 s were still."""
        found: list[Felt] = []
        if not block.times_ns.size:
            return found
        if self._first_ns is None:
            self._first_ns = int(block.times_ns[0])
        bins = (block.times_ns - self._first_ns) // _BIN_NS
        good = np.atleast_1d(np.isfinite(block.acceleration_mps2).all(axis=1))
        edges = np.flatnonzero(np.diff(bins)) + 1
        starts = [0, *(int(edge) for edge in edges)]
        for start, end in zip(starts, [*starts[1:], bins.size], strict=True):
            number = int(bins[start])
            if number != self._bin:
                self._close(found)
                if number != self._bin + 1:
                    self._restart()
                self._bin = number
            piece = block.acceleration_mps2[start:end][good[start:end]]
            if piece.size:
                self._pieces.append(piece)
        return found

    def _restart(self) -> None:
        self._means.clear()
        self._since = 0

    def _close(self, found: list[Felt]) -> None:
        """Close a bin; its samples are summed at once, however they came in blocks."""
        if not self._pieces:
            self._restart()
            return
        samples = np.concatenate(self._pieces)
        self._pieces.clear()
        if float(np.abs(samples).max()) > _LARGEST_MPS2:
            self._restart()
            return
        mean = samples.mean(axis=0)
        shaken = float(np.abs(samples - mean).max()) > _SHAKEN_MPS2
        turned = bool(self._means) and float(np.abs(mean - self._means[-1]).max()) > _TURNED_MPS2
        if shaken or turned:
            found.append(Felt(of_ns=self._end_ns(), moved=True, breath=None))
            self._restart()
            return
        self._means.append(mean)
        self._since += 1
        if self._since >= _EVERY and len(self._means) >= _FEWEST:
            self._since = 0
            values = np.array(self._means)
            breath = find_breath(values, rate_hz=_RATE_HZ, heart_rate_bpm=None, source="chest")
            found.append(Felt(of_ns=self._end_ns(), moved=False, breath=breath))

    def _end_ns(self) -> int:
        return (self._first_ns or 0) + (self._bin + 1) * _BIN_NS
