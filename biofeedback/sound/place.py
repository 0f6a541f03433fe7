"""Where the whole programme is: between left and right, at equal power."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.sound.fade import even_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MIDDLE = 1e-4  # nobody hears so little


def balance(place: float) -> tuple[float, float]:
    """Return the amplitudes for left and right that keep the power: 1 and 1 in the middle."""
    angle = (place + 1.0) * math.pi / 4.0
    return math.sqrt(2.0) * math.cos(angle), math.sqrt(2.0) * math.sin(angle)


class Place:
    """Move stereo: what both ears have in common goes to the place, the rest narrows."""

    def __init__(self) -> None:
        self._place = 0.0

    def update(self, block: NDArray[np.float64], place: float) -> NDArray[np.float64]:
        """Return samples of shape (n, 2) at ``place`` (-1 left, 1 right); glides over the block."""
        before, self._place = self._place, 0.0 if abs(place) < _MIDDLE else place
        if before == self._place == 0.0:
            return block
        new = block @ _place_matrix(self._place)
        if before == self._place:
            return new
        old = block @ _place_matrix(before)
        return old + (new - old) * even_path(len(block))[:, None]


def _place_matrix(place: float) -> NDArray[np.float64]:
    left, right = balance(place)
    wide = math.sqrt(max(0.0, 1.0 - place * place))
    return 0.5 * np.array([[left + wide, right - wide], [left - wide, right + wide]])
