"""Chords for a melody that is there already: one for each bar, by functional harmony.

Each bar takes a triad of the key. What a chord costs: notes of the melody that aren't in it, the
more the longer and stronger they are; a step that harmony doesn't like (dominant back to
subdominant, the same chord again); being far from home at the beginning and at the ends of phrases.
The cheapest row of chords is found exactly (Viterbi 1967). Ties go to the nearer root.

References:
    Riemann's functions as in ``scales.FUNCTIONS``; costs are ours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from biofeedback.music.scales import DEGREES, FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.music.scales import Function, Mode

TRIAD: Final = (0, 2, 4)
FOREIGN_COST: Final = 2.0
PASSING_RATIO: Final = 0.4
"""A foreign note between neighbours of the scale costs less."""
PHRASE_BARS: Final = 4
_FAR_COST: Final = 0.9
_HALF_COST: Final = 0.25
_RARE_COST: Final = 0.12
_AGAIN_COST: Final = 0.3
_STEPS: Final[dict[tuple[Function, Function], float]] = {
    ("T", "T"): 0.1,
    ("T", "S"): 0.0,
    ("T", "D"): 0.05,
    ("S", "T"): 0.15,
    ("S", "S"): 0.15,
    ("S", "D"): 0.0,
    ("D", "T"): 0.0,
    ("D", "S"): 0.6,
    ("D", "D"): 0.2,
}


class Weighted(NamedTuple):
    """A note of the melody in a bar, and how much it counts."""

    degree: int
    weight: float


def find_chords(bars: Sequence[Sequence[int | None]], mode: Mode) -> tuple[int, ...]:
    """Choose a root (0 is the tonic) for each bar.

    Args:
        bars: The melody, a scale step or a rest for each eighth note of each bar.
        mode: The mode of the key.

    Returns:
        As many roots as there are bars.
    """
    if not bars:
        return ()
    melody = weigh_melody(bars)
    roots = list_roots(mode)
    last = len(bars) - 1
    costs = {root: fit_cost(melody[0], root) + _place_cost(root, 0, last, mode) for root in roots}
    ways: list[dict[int, int]] = []
    for index, notes in enumerate(melody[1:], start=1):
        way = {root: _find_cheapest(costs, root, mode) for root in roots}
        ways.append(way)
        costs = {
            root: costs[way[root]]
            + step_cost(way[root], root, mode)
            + fit_cost(notes, root)
            + _place_cost(root, index, last, mode)
            for root in roots
        }
    chosen = [min(roots, key=lambda root: (round(costs[root], 9), root))]
    for way in reversed(ways):
        chosen.append(way[chosen[-1]])
    return tuple(reversed(chosen))


def _find_cheapest(costs: dict[int, float], root: int, mode: Mode) -> int:
    """Find from which chord it is cheapest to come to ``root``."""
    return min(costs, key=lambda old: (round(costs[old] + step_cost(old, root, mode), 9), old))


def list_roots(mode: Mode) -> tuple[int, ...]:
    """List the roots that serve any function in a mode."""
    return tuple(sorted({root for kind in FUNCTIONS[mode].values() for root in kind}))


def find_function(root: int, mode: Mode) -> Function:
    """Tell the main function of a root."""
    kinds: tuple[Function, ...] = ("D", "S", "T")
    return next(kind for kind in kinds if root in FUNCTIONS[mode][kind])


def weigh_melody(bars: Sequence[Sequence[int | None]]) -> list[list[Weighted]]:
    """Weigh each eighth note: the first of a bar 3, its middle 2, beats 1.5, between them 1.

    One that comes by step and goes on by step is passing and counts less, unless it is the bar's
    first.
    """
    row = [degree for bar in bars for degree in bar]
    weighed: list[list[Weighted]] = []
    place = 0
    for bar in bars:
        notes: list[Weighted] = []
        for index, degree in enumerate(bar):
            if degree is not None:
                weight = 3.0 if index == 0 else 2.0 if 2 * index == len(bar) else 1.5
                if index % 2:
                    weight = 1.0
                if index and _passes(row, place):
                    weight *= PASSING_RATIO
                notes.append(Weighted(degree, weight))
            place += 1
        weighed.append(notes)
    return weighed


def fit_cost(notes: Sequence[Weighted], root: int) -> float:
    """Tell what a chord costs beside a melody: twice the share of what is foreign to it."""
    whole = math.fsum(note.weight for note in notes)
    if not whole:
        return 0.0
    foreign = math.fsum(
        note.weight for note in notes if (note.degree - root) % DEGREES not in TRIAD
    )
    return FOREIGN_COST * foreign / whole


def step_cost(before: int, after: int, mode: Mode) -> float:
    """Tell what it costs to go from one chord to the next."""
    if before == after:
        return _AGAIN_COST
    return _STEPS[find_function(before, mode), find_function(after, mode)]


def _place_cost(root: int, index: int, last: int, mode: Mode) -> float:
    """Begin at home and end there; leave phrases before the end open, and lead into the end."""
    cost = 0.0 if _is_plain(root, mode) else _RARE_COST
    if index in {0, last}:
        return cost + (_FAR_COST if root != 0 else 0.0)
    wants_dominant = index == last - 1 or index % PHRASE_BARS == PHRASE_BARS - 1
    if wants_dominant and find_function(root, mode) != "D":
        cost += _HALF_COST
    return cost


def _is_plain(root: int, mode: Mode) -> bool:
    """Tell whether a root is the first that serves its function."""
    return any(kind[0] == root for kind in FUNCTIONS[mode].values())


def _passes(row: Sequence[int | None], place: int) -> bool:
    if not 0 < place < len(row) - 1:
        return False
    before, here, after = row[place - 1], row[place], row[place + 1]
    if before is None or here is None or after is None:
        return False
    return abs(before - here) == 1 and abs(after - here) == 1
