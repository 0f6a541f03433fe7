"""What the movement of one sensor tells beside gait: gestures, repetition, manner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from biofeedback.signals.cycle import Cycles
from biofeedback.signals.gestures import Gestures, StepFilter
from biofeedback.signals.manner import Manner
from biofeedback.signals.swings import Swings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import Site
    from biofeedback.signals.cycle import Cycle
    from biofeedback.signals.gestures import Gesture
    from biofeedback.signals.manner import Told
    from biofeedback.signals.resample import Vector


@dataclass(frozen=True, slots=True)
class Moves:
    """What became known: gestures, phases 0 of a repeated movement, and qualities."""

    gestures: Sequence[Gesture]
    cycles: Sequence[Cycle]
    told: Sequence[Told]


_NOTHING = Moves(gestures=(), cycles=(), told=())


class Movement:
    """The streams of one acceleration sensor that don't ask for gait."""

    def __init__(self, site: Site) -> None:
        self._swings = Swings()
        self._steps = StepFilter(in_hand=site in {"wrist", "arm"})
        self._gestures = Gestures()
        self._cycles = Cycles()
        self._manner = Manner()

    @property
    def dead_s(self) -> int:
        """For how many seconds nothing at all has moved."""
        return self._manner.dead_s

    def restart(self) -> None:
        """Begin anew after a gap; the person's ranges stay."""
        self._swings.restart()
        self._steps.restart()
        self._cycles.restart()
        self._manner.restart()

    def update(self, first: int, vectors: Sequence[Vector], *, walking: bool) -> Moves:
        """Take consecutive ticks of acceleration; what belongs to steps is left to them."""
        rises = self._steps.update(first, self._swings.update(first, vectors), walking=walking)
        told = self._manner.update(first, vectors)
        if rises:
            gestures, cycles = self._gestures.update(rises), self._cycles.update(rises)
            return Moves(gestures=gestures, cycles=cycles, told=told)
        return Moves(gestures=(), cycles=(), told=told) if told else _NOTHING
