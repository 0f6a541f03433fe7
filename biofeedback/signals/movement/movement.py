"""What the movement of one sensor tells at once beside gait: gestures and repetition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biofeedback.signals.movement.cycle import Cycles
from biofeedback.signals.movement.gestures import Gestures, StepFilter
from biofeedback.signals.movement.swings import Swings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import Site
    from biofeedback.signals.movement.cycle import Cycle
    from biofeedback.signals.movement.gestures import Gesture
    from biofeedback.signals.resample import Vector


class Moves(msgspec.Struct, frozen=True, gc=False):
    """What became known: gestures, and phases 0 of a repeated movement."""

    gestures: Sequence[Gesture]
    cycles: Sequence[Cycle]


_NOTHING = Moves(gestures=(), cycles=())


class Movement:
    """The streams of one acceleration sensor that don't ask for gait."""

    def __init__(self, site: Site) -> None:
        self._swings = Swings()
        self._steps = StepFilter(in_hand=site in {"wrist", "arm"})
        self._gestures = Gestures()
        self._cycles = Cycles()

    def restart(self) -> None:
        """Begin anew after a gap; the person's ranges stay."""
        self._swings.restart()
        self._steps.restart()
        self._cycles.restart()

    def update(self, first: int, vectors: Sequence[Vector], *, walking: bool) -> Moves:
        """Take consecutive ticks of acceleration; what belongs to steps is left to them."""
        rises = self._steps.update(first, self._swings.update(first, vectors), walking=walking)
        if not rises:
            return _NOTHING
        return Moves(gestures=self._gestures.update(rises), cycles=self._cycles.update(rises))
