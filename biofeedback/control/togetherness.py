"""How much a group moves together, r, and what chance would give.

* Each member tells a phase in turns. r is the length of the mean of their unit vectors, steady
  members counting more, averaged over the window: 1 is one movement, 0 none in common.
* Whether that is more than chance is asked of the whole last minute, because r of a few people is
  often high by luck for a quarter of one. Chance: everybody but the first shifted in time by an
  amount of their own, many times over. That keeps each one's rhythm and destroys only what they
  have in common. They are together when the minute's r lies above the 95th percentile of these.
  The shifts are spread evenly, not drawn: nothing is random.

References:
    Kuramoto order parameter, as used for groups by Richardson et al. (2012), Measuring group
    synchrony, Front Physiol 3. Time-shifted surrogates: Moulder et al. (2018), Psychol Methods 23.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

CELL_S = 0.2
WINDOW_S = 15.0
HISTORY_S = 60.0
LEAST_HISTORY_S = 30.0
LEAST_SHIFT_S = 4.0
SURROGATES = 59
CHANCE_QUANTILE = 0.95
_GOLDEN = 0.6180339887498949
_LIGHT = 1e-9


class Judgement(NamedTuple):
    """r of the newest window and of the minute, and the 95th percentile of the minute's surrogates.

    All are 0..1.
    """

    value: float
    minute: float
    chance: float

    @property
    def is_together(self) -> bool:
        """They move together more than chance would have them."""
        return self.minute > self.chance


class Togetherness:
    """The last minute of everybody's phases, each 0.2 s."""

    def __init__(self) -> None:
        self._rows: dict[str, deque[complex]] = {}
        self._since_s = 0.0

    def take(self, turns: Mapping[str, tuple[float, float]], elapsed_s: float) -> None:
        """Take phase (turns) and weight (0..1) of each who moves now."""
        self._since_s += elapsed_s
        if self._since_s < CELL_S - 1e-9:
            return
        self._since_s = 0.0
        for wearer in turns:
            self._rows.setdefault(wearer, deque(maxlen=round(HISTORY_S / CELL_S)))
        for wearer, row in self._rows.items():
            turn, weight = turns.get(wearer, (0.0, 0.0))
            angle = math.tau * turn
            row.append(weight * complex(math.cos(angle), math.sin(angle)))

    def forget(self, wearer: str) -> None:
        """Forget somebody who left."""
        self._rows.pop(wearer, None)

    def judge(self) -> Judgement | None:
        """Compare the newest window with chance; None before half a minute of two members."""
        least, window = round(LEAST_HISTORY_S / CELL_S), round(WINDOW_S / CELL_S)
        rows = [row for row in self._rows.values() if len(row) >= least]
        if len(rows) < 2:
            return None
        length = min(len(row) for row in rows)
        vectors = np.array([[*row][-length:] for row in rows])
        minutes = _mean_length(_shift(vectors))
        return Judgement(
            value=float(_mean_length(vectors[:, None, -window:])[0]),
            minute=float(_mean_length(vectors[:, None])[0]),
            chance=float(np.quantile(minutes, CHANCE_QUANTILE)),
        )


def _shift(vectors: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Shift each member but the first round a circle, by another amount in each surrogate.

    Takes (members, cells), returns (members, surrogates, cells).
    """
    members, length = vectors.shape
    least = round(LEAST_SHIFT_S / CELL_S)
    numbers = np.arange(1, SURROGATES + 1)
    cells: NDArray[np.intp] = np.arange(length, dtype=np.intp)
    shifted = [np.broadcast_to(vectors[0], (SURROGATES, length))]
    for member in range(1, members):
        shares = (numbers * _GOLDEN * member + member * 0.37) % 1.0
        shifts = least + (shares * (length - 2 * least)).astype(np.intp)
        shifted.append(vectors[member][(cells[None, :] - shifts[:, None]) % length])
    return np.array(shifted)


def _mean_length(vectors: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Average over time the length of the weighted mean vector; (members, rows, cells) -> rows."""
    weights = np.abs(vectors).sum(axis=0)
    lengths = np.abs(vectors.sum(axis=0))
    return (lengths / np.maximum(weights, _LIGHT)).mean(axis=1)
