"""The chest's own movement: breathing tilts and lifts a sensor that is worn there.

Gravity's direction moves with each breath by a few degrees; a person who does anything else moves
far more, and the window begins anew.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal

import numpy as np

from biofeedback.signals.breath.breathing import find_breath
from biofeedback.signals.seconds import CELL_RATE_HZ, SECOND_TICKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biofeedback.signals.breath.breathing import Breath
    from biofeedback.signals.seconds import Second

_FEWEST_S = 32
_MOST_S = 48
_EVERY_S = 5
_SHAKEN_MPS2 = 1.0
_TURNED_MPS2 = 0.5


class ChestMotion:
    """Breathing from the acceleration of one sensor on chest or belly."""

    def __init__(self) -> None:
        self._end_tick: int | None = None
        self._means: deque[NDArray[np.float64]] = deque(maxlen=_MOST_S)
        self._since = 0

    def update(self, second: Second) -> Breath | Literal["movement", "waiting"] | None:
        """Take the next second; answer movement, or the breath each 5 s once 32 s were still.

        None: it was still, and no breath can be told.
        """
        follows = self._end_tick == second.end_tick - SECOND_TICKS
        self._end_tick = second.end_tick
        if not follows:
            self._restart()
        means = second.means_mps2
        shaken = np.maximum.reduce(np.abs(second.cells_mps2 - means[:, None]), axis=None)
        if shaken > _SHAKEN_MPS2 or self._turns(means):
            self._restart()
            return "movement"
        self._means.append(means)
        self._since += 1
        if self._since < _EVERY_S or len(self._means) < _FEWEST_S:
            return "waiting"
        self._since = 0
        values = np.concatenate(self._means)
        return find_breath(values, rate_hz=CELL_RATE_HZ, heart_rate_bpm=None, source="chest")

    def _turns(self, means: NDArray[np.float64]) -> bool:
        """Tell whether gravity turned more than a breath turns it."""
        path = np.concatenate((self._means[-1][-1:], means)) if self._means else means
        turned = np.maximum.reduce(np.abs(path[1:] - path[:-1]), axis=None)
        return bool(turned > _TURNED_MPS2)

    def _restart(self) -> None:
        self._means.clear()
        self._since = 0
