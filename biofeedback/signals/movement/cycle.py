"""The period and the phase of a repeated movement that needn't be gait.

Rowing, pushing a wheel, swaying, waving: each rise of a swing begins a cycle. The period is the
median of the newest cycles, if they agree; the phase is 0 at a rise. A rise of a slow swing comes
early, because following gravity turns it forward: by a known angle, which is given back.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from biofeedback.signals.movement.swings import GRAVITY_S
from biofeedback.signals.resample import TICK_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.signals.movement.swings import Rise

_SHORTEST_S = 0.16
_LONGEST_S = 4.0
_CYCLES = 4
_AGREE = 0.25
PATIENCE_CYCLES = 1.6
"""A movement whose next rise is later than that is over."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """A repeated movement: its period, its newest phase 0, and how regular it is (0..1)."""

    period_s: float
    zero_ticks: float
    regularity: float


class Cycles:
    """Follow the rises of one sensor."""

    def __init__(self) -> None:
        self._rises: deque[float] = deque(maxlen=_CYCLES + 1)

    def restart(self) -> None:
        """Begin anew after a gap."""
        self._rises.clear()

    def update(self, rises: Sequence[Rise]) -> list[Cycle]:
        """Take the next rises; return a cycle for each that fits in with those before it."""
        found: list[Cycle] = []
        for rise in rises:
            at = rise.instant_ticks
            if self._rises:
                apart_s = (at - self._rises[-1]) * TICK_S
                if apart_s < _SHORTEST_S:
                    continue
                if apart_s > _LONGEST_S:
                    self._rises.clear()
            self._rises.append(at)
            cycle = self._judge()
            if cycle is not None:
                found.append(cycle)
        return found

    def _judge(self) -> Cycle | None:
        if len(self._rises) <= _CYCLES:
            return None
        lengths_s = [(b - a) * TICK_S for a, b in pairwise(self._rises)]
        usual_s = median(lengths_s)
        off = max(abs(length_s / usual_s - 1.0) for length_s in lengths_s)
        if off > _AGREE:
            return None
        # Following gravity takes slow movement off too, and turns what is left forward.
        early_s = usual_s / (2.0 * math.pi) * math.atan(usual_s / (2.0 * math.pi * GRAVITY_S))
        return Cycle(
            period_s=usual_s,
            zero_ticks=self._rises[-1] + early_s / TICK_S,
            regularity=1.0 - off / _AGREE,
        )
