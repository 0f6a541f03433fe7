"""PARTS: what each wearer, or each axis of a body, does in the music.

* ``wearers``: in a room with several wearers everybody has a part, in the order in which they
  joined; its energy is their own vigour, so that agency can be heard. Somebody alone has none: the
  whole music is theirs. Who has been silent for long fades, and keeps the place.
* ``axes``: three parts follow the inclination of the three axes of the sensor, each within the
  person's own range (therapies.md, awareness: each axis has one clear sound). Of several wearers
  it is the mean.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from biofeedback.messages import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.samples import BodyState

PartSource = Literal["wearers", "axes"]

MOST_PARTS = 8
PLACES = (-0.35, 0.35, -0.7, 0.7, -0.1, 0.1, -0.9, 0.9)
"""Where each wearer sits, whoever else joins later."""
AXIS_PLACES = (-0.6, 0.0, 0.6)
ATTACK_S = 0.3
RELEASE_S = 1.2
AXIS_S = 0.4


class Parts:
    """Follows the parts of a room; the same wearer always has the same one."""

    def __init__(self, source: PartSource) -> None:
        self._source: PartSource = source
        self._energies: list[float] = []

    def follow(
        self, bodies: Sequence[BodyState], vigours: Sequence[float | None], elapsed_s: float
    ) -> tuple[Part, ...]:
        """Say what each part should do now.

        Args:
            bodies: All wearers, in the order in which they joined.
            vigours: How vigorously each of them moves (0..1), None if nobody knows.
            elapsed_s: Time since the last call.
        """
        if self._source == "axes":
            goals, places = _mean_axes(bodies), AXIS_PLACES
        elif len(bodies) > 1:
            goals, places = list(vigours[:MOST_PARTS]), PLACES
        else:
            return ()
        self._energies += [0.0] * (len(goals) - len(self._energies))
        return tuple(
            Part(energy=self._glide(index, goal or 0.0, elapsed_s), place=places[index])
            for index, goal in enumerate(goals)
        )

    def _glide(self, index: int, goal: float, elapsed_s: float) -> float:
        energy = self._energies[index]
        if self._source == "axes":
            time_constant_s = AXIS_S
        else:
            time_constant_s = ATTACK_S if goal > energy else RELEASE_S
        energy += (goal - energy) * min(1.0, elapsed_s / time_constant_s)
        self._energies[index] = energy
        return energy


def _mean_axes(bodies: Sequence[BodyState]) -> list[float | None]:
    known = [body.axis_ratios for body in bodies if body.axis_ratios is not None]
    if not known:
        return [None] * len(AXIS_PLACES)
    return [math.fsum(values) / len(known) for values in zip(*known, strict=True)]
