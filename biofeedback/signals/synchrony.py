"""How much several wearers move together, against what chance would give.

* Each wearer tells a value now and then: a level (activity, mean heart rate) or a phase (of steps,
  of breathing, of a swing). Values are put on a common grid; the newest ``window_s`` counts.
* Two levels go together as far as they correlate at the best lag within ``most_lag_s``; two phases
  as far as their difference stays the same (phase locking value).
* Chance: the same two rows with one of them shifted in time by at least ``least_shift_s``, which
  keeps everything but their being together. ``z`` is the distance from these surrogates in their
  standard deviations. Two steady metronomes of one tempo stay locked however they are shifted:
  then z is near 0 though the value is near 1, and only the value tells.
* A group is the mean of its pairs; its surrogates shift everybody by another time.

References:
    Moulder et al. (2018), Determining synchrony between behavioral time series: surrogates by
    time shifts, Psychol Methods 23. Tschacher & Haken (2019), SUSY: z against surrogates. Lachaux
    et al. (1999): phase locking value. Boker et al. (2002): windowed cross-correlation.
    Deviation: all shifts within one window by circular correlation, rows standardised first.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRID_NS = 200_000_000
GRID_S = GRID_NS / NS_PER_S
_HOLD_CELLS = 5
_COVERED = 0.8
_FLAT = 1e-9
_FEWEST_SHIFTS = 20
_GOLDEN = 0.6180339887498949
_NARROWEST = 0.02
"""Surrogates that are all alike say little: their spread counts as at least this much."""


@dataclass(frozen=True, slots=True)
class PairSynchrony:
    """Two wearers: ``value`` -1..1 (levels) or 0..1 (phases).

    ``lag_s`` is by how much the second follows the first (negative: leads), 0 for phases.
    ``chance`` is the mean of the surrogates, ``z`` the distance from it in their SD.
    """

    first: str
    second: str
    value: float
    lag_s: float
    chance: float
    z: float


@dataclass(frozen=True, slots=True)
class GroupSynchrony:
    """All pairs of those who were heard enough, and their mean against chance."""

    pairs: tuple[PairSynchrony, ...]
    value: float
    chance: float
    z: float


class Synchrony:
    """Follow several wearers; tell, when asked (once a second is enough), who goes together."""

    def __init__(
        self,
        kind: Literal["level", "phase"],
        *,
        window_s: float = 60.0,
        most_lag_s: float = 2.0,
        least_shift_s: float = 6.0,
    ) -> None:
        self._kind = kind
        self._cells = round(window_s / GRID_S)
        self._lag = round(most_lag_s / GRID_S) if kind == "level" else 0
        least = self._lag + round(least_shift_s / GRID_S)
        self._shifts = np.arange(least, self._cells - least + 1)
        if self._shifts.size < _FEWEST_SHIFTS:
            raise ValueError(
                f"a window of {window_s} s leaves no room for shifts of {least_shift_s} s and lags "
                f"of {most_lag_s} s: it has to be longer than twice their sum by 4 s"
            )
        self._origin_ns: int | None = None
        self._told: dict[str, deque[tuple[int, float]]] = {}

    def update(self, wearer: str, at_ns: int, value: float) -> None:
        """Take a value; of several within 0.2 s the newest counts.

        Args:
            wearer: Whose value it is.
            at_ns: When it was so, host clock.
            value: A level, or a phase in turns (1 is a whole cycle, any offset).
        """
        if not math.isfinite(value):
            return
        if self._origin_ns is None:
            self._origin_ns = at_ns
        cell = (at_ns - self._origin_ns) // GRID_NS
        row = self._told.setdefault(wearer, deque())
        if row and cell < row[-1][0]:
            return
        if row and cell == row[-1][0]:
            row.pop()
        row.append((cell, value))
        while row[0][0] < cell - self._cells - _HOLD_CELLS:
            row.popleft()

    def forget(self, wearer: str) -> None:
        """Forget somebody who left."""
        self._told.pop(wearer, None)

    def evaluate(self, at_ns: int) -> GroupSynchrony | None:
        """Tell who goes together in the window that ends at ``at_ns``; reads only.

        Returns:
            None while fewer than two wearers have been heard for 80 % of the window.
        """
        if self._origin_ns is None:
            return None
        last = (at_ns - self._origin_ns) // GRID_NS
        rows = {wearer: self._row(told, last) for wearer, told in sorted(self._told.items())}
        known = {wearer: row for wearer, row in rows.items() if row is not None}
        if len(known) < 2:
            return None
        spectra = {wearer: np.fft.fft(row) for wearer, row in known.items()}
        profiles = {
            pair: self._profile(spectra[pair[0]], spectra[pair[1]])
            for pair in itertools.combinations(known, 2)
        }
        pairs = tuple(self._judge_pair(pair, profile) for pair, profile in profiles.items())
        value = math.fsum([pair.value for pair in pairs]) / len(pairs)
        chance, z = self._judge_group([*known], profiles, value)
        return GroupSynchrony(pairs=pairs, value=value, chance=chance, z=z)

    # ------------------------------------------------------------ rows

    def _row(self, told: deque[tuple[int, float]], last: int) -> NDArray[np.complex128] | None:
        """Put one wearer on the grid, standardised; None if too little is known."""
        first = last - self._cells + 1
        row = np.zeros(self._cells, dtype=np.complex128)
        known = np.zeros(self._cells, dtype=bool)
        steps = [step for step in told if step[0] <= last]
        for (cell, value), after in itertools.zip_longest(steps, steps[1:]):
            until = min(cell + _HOLD_CELLS, last + 1 if after is None else after[0])
            a, b = max(cell, first) - first, until - first
            if b > a:
                turned = 2.0 * math.pi * (value % 1.0)
                row[a:b] = (
                    value if self._kind == "level" else complex(math.cos(turned), math.sin(turned))
                )
                known[a:b] = True
        covered = int(known.sum())
        if covered < _COVERED * self._cells:
            return None
        if self._kind == "level":
            row[known] -= row[known].mean()
            spread = math.sqrt(float((row.real**2).sum()) / covered)
            row = row / spread if spread > _FLAT else np.zeros_like(row)
        return row * math.sqrt(self._cells / covered)

    def _profile(
        self, first: NDArray[np.complex128], second: NDArray[np.complex128]
    ) -> NDArray[np.float64]:
        """Correlate at every circular shift: entry k is how the second, k cells later, fits."""
        product = np.fft.ifft(np.conj(first) * second) / self._cells
        fits = product.real if self._kind == "level" else np.abs(product)
        return np.clip(fits, -1.0, 1.0)

    # ------------------------------------------------------------ judgement

    def _best_around(self, profile: NDArray[np.float64]) -> NDArray[np.float64]:
        """Find the best fit within the lags around every shift, shape (cells,)."""
        if self._lag == 0:
            return profile
        padded = np.concatenate([profile[-self._lag :], profile, profile[: self._lag]])
        return np.lib.stride_tricks.sliding_window_view(padded, 2 * self._lag + 1).max(axis=1)

    def _judge_pair(self, pair: tuple[str, str], profile: NDArray[np.float64]) -> PairSynchrony:
        lags = np.arange(-self._lag, self._lag + 1)
        lag = int(lags[int(profile[lags].argmax())])
        surrogates = self._best_around(profile)[self._shifts]
        chance, z = _compare(float(profile[lag]), surrogates)
        return PairSynchrony(
            first=pair[0],
            second=pair[1],
            value=float(profile[lag]),
            lag_s=lag * GRID_S,
            chance=chance,
            z=z,
        )

    def _judge_group(
        self,
        wearers: list[str],
        profiles: dict[tuple[str, str], NDArray[np.float64]],
        value: float,
    ) -> tuple[float, float]:
        """Shift everybody by another time, in many ways, and compare."""
        n = self._shifts.size
        # The first stays; each further one goes through the shifts at a pace of its own.
        pace = {wearer: (i * _GOLDEN) % 1.0 * n for i, wearer in enumerate(wearers)}
        turns = np.arange(n)
        moved = {
            wearer: self._shifts[(i * turns + round(pace[wearer])) % n]
            if i
            else np.zeros_like(turns)
            for i, wearer in enumerate(wearers)
        }
        total = np.zeros(n)
        counted = np.zeros(n)
        for (first, second), profile in profiles.items():
            apart = (moved[second] - moved[first]) % self._cells
            # Two that were moved by nearly the same are still together: not chance.
            free = (apart >= self._shifts[0]) & (apart <= self._shifts[-1])
            total += np.where(free, self._best_around(profile)[apart], 0.0)
            counted += free
        enough = counted >= min(0.5 * len(profiles), float(counted.max()))
        surrogates = total[enough] / counted[enough]
        return _compare(value, surrogates)


def _compare(value: float, surrogates: NDArray[np.float64]) -> tuple[float, float]:
    """Return the mean of the surrogates and the distance from it in their SD."""
    chance = float(surrogates.mean())
    return chance, (value - chance) / max(float(surrogates.std()), _NARROWEST)
