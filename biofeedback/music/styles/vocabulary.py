"""Words that several styles share: progressions, journeys through keys, contours, plans of phrases.

Functions: ``I`` home, ``T`` like home, ``S`` away, ``D`` leading back. Contours and arcs count
steps of the scale. A style that wants its own says it in its own file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.music.style import BassNote, Harmony, Stab

if TYPE_CHECKING:
    from biofeedback.music.scales import Function, Mode
    from biofeedback.music.style import BassTone, Gate, PhrasePlan, SectionKind

OPENING: dict[SectionKind, tuple[tuple[Function, ...], ...]] = {
    "A": (
        ("I", "T", "S", "D"), ("I", "S", "T", "D"), ("I", "D", "T", "S"),
        ("I", "D", "S", "D"), ("I", "S", "S", "D"), ("I", "T", "D", "S"),
    ),
    "B": (
        ("S", "T", "S", "D"), ("S", "D", "T", "S"), ("T", "S", "T", "D"),
        ("D", "T", "S", "T"), ("S", "T", "D", "T"),
    ),
}  # fmt: skip
CLOSING: dict[SectionKind, tuple[tuple[Function, ...], ...]] = {
    "A": (
        ("T", "S", "D", "I"), ("S", "T", "D", "I"), ("T", "T", "S", "I"),
        ("S", "D", "T", "I"), ("I", "S", "D", "I"), ("D", "T", "S", "I"),
    ),
    "B": (
        ("S", "T", "S", "D"), ("S", "S", "T", "D"), ("T", "D", "S", "D"),
        ("T", "S", "S", "D"),
    ),
}  # fmt: skip
TURNAROUND: tuple[tuple[Function, ...], ...] = (
    ("T", "S", "I", "D"), ("S", "D", "I", "D"), ("S", "T", "I", "D"), ("D", "S", "I", "D"),
)  # fmt: skip
SLOW_OPENING: dict[SectionKind, tuple[tuple[Function, ...], ...]] = {
    "A": (("I", "S", "I", "T"), ("I", "T", "S", "I"), ("I", "T", "S", "T"), ("I", "S", "T", "S")),
    "B": (("T", "S", "T", "S"), ("S", "I", "S", "T"), ("S", "T", "S", "T"), ("T", "S", "I", "S")),
}
"""Plagal ways: home and away, without the pull of a dominant."""
SLOW_CLOSING: dict[SectionKind, tuple[tuple[Function, ...], ...]] = {
    "A": (("T", "S", "T", "I"), ("S", "T", "S", "I"), ("T", "T", "S", "I"), ("S", "I", "S", "I")),
    "B": (("S", "T", "S", "S"), ("T", "S", "T", "S"), ("T", "S", "S", "D")),
}

Tour = tuple[tuple[int, "Mode"], ...]

# Neighbours share at least five of their seven notes.
IONIAN_TOUR: Tour = (
    (0, "ionian"), (0, "ionian"), (9, "aeolian"), (5, "ionian"),
    (2, "dorian"), (7, "mixolydian"), (7, "ionian"), (0, "ionian"),
)  # fmt: skip
DORIAN_TOUR: Tour = (
    (0, "dorian"), (0, "dorian"), (10, "ionian"), (5, "mixolydian"),
    (0, "aeolian"), (3, "ionian"), (7, "aeolian"), (0, "dorian"),
)  # fmt: skip
AEOLIAN_TOUR: Tour = (
    (0, "aeolian"), (0, "aeolian"), (3, "ionian"), (8, "ionian"),
    (5, "dorian"), (0, "aeolian"), (10, "mixolydian"), (7, "aeolian"),
)  # fmt: skip
MIXOLYDIAN_TOUR: Tour = (
    (0, "mixolydian"), (0, "mixolydian"), (5, "ionian"), (2, "aeolian"),
    (0, "ionian"), (7, "mixolydian"), (9, "dorian"), (0, "ionian"),
)  # fmt: skip
LYDIAN_TOUR: Tour = (
    (0, "lydian"), (0, "lydian"), (7, "ionian"), (4, "aeolian"),
    (0, "ionian"), (5, "lydian"), (0, "ionian"), (0, "lydian"),
)  # fmt: skip
SHARP_TOUR: Tour = (
    (0, "ionian"), (0, "ionian"), (7, "ionian"), (4, "aeolian"),
    (9, "dorian"), (0, "ionian"), (5, "ionian"), (2, "aeolian"),
)  # fmt: skip

CONTOURS: tuple[tuple[int, ...], ...] = (
    (0, 1, 2, 1, 0, -1),
    (0, -1, -2, -1, 0, 1),
    (0, 2, 1, 3, 2, 4),
    (0, -1, -2, -3, -4, -3),
    (0, 0, 1, 0, -1, 0),
    (0, 4, 3, 2, 3, 1),
    (0, -2, -1, 1, 0, 2),
    (0, 1, -1, 0, 2, 1),
    (0, 2, 4, 3, 1, 2),
    (0, -3, -2, -1, 0, 1),
    (0, 1, 3, 2, 0, 1),
    (0, 3, 2, 0, 1, -1),
)
GENTLE_CONTOURS: tuple[tuple[int, ...], ...] = (
    (0, 1, 0, -1, 0, 1),
    (0, -1, 0, 1, 2, 1),
    (0, 1, 2, 1, 0, 1),
    (0, -1, -2, -1, -2, -3),
    (0, 0, -1, 0, 1, 0),
    (0, 2, 1, 0, -1, 0),
    (0, 1, 2, 3, 2, 1),
    (0, -1, 1, 0, -1, -2),
)
ARCS: dict[SectionKind, tuple[tuple[int, ...], ...]] = {
    "A": ((2, 4, 3, 0), (4, 5, 4, 2), (0, 2, 4, 2), (4, 2, 3, 0), (2, 3, 5, 4), (4, 4, 2, 0)),
    "B": ((5, 7, 6, 4), (7, 5, 6, 4), (4, 6, 8, 5), (7, 6, 4, 5), (5, 5, 7, 4)),
}
PLANS: tuple[PhrasePlan, ...] = (
    ("motif", "answer", "repeat", "cadence"),
    ("motif", "repeat", "answer", "cadence"),
    ("motif", "rest", "repeat", "cadence"),
    ("motif", "rest", "answer", "cadence"),
    ("rest", "motif", "repeat", "cadence"),
    ("motif", "answer", "motif", "cadence"),
)
SPARSE_PLANS: tuple[PhrasePlan, ...] = (
    ("motif", "rest", "repeat", "cadence"),
    ("motif", "rest", "answer", "cadence"),
    ("rest", "motif", "rest", "cadence"),
    ("motif", "rest", "rest", "cadence"),
    ("rest", "motif", "answer", "cadence"),
)


def harmonise(
    tours: tuple[Tour, ...],
    *,
    bass_low_midi: int,
    chord_range_midi: tuple[int, int],
    chord_bars: int = 1,
    split_chance: float = 0.0,
    colours: tuple[int, int] = (0, 4),
    slow: bool = False,
) -> Harmony:
    """Make harmony of the shared progressions; ``slow`` takes the plagal ones."""
    return Harmony(
        tours=tours,
        opening=SLOW_OPENING if slow else OPENING,
        closing=SLOW_CLOSING if slow else CLOSING,
        turnaround=TURNAROUND,
        bass_low_midi=bass_low_midi,
        chord_range_midi=chord_range_midi,
        chord_bars=chord_bars,
        split_chance=split_chance,
        colours=colours,
    )


def pick(
    *notes: tuple[int, int, int, float], accent_db: float = 0.0, gate: Gate = "ornament"
) -> tuple[Stab, ...]:
    """Write single notes of a chord as (step, steps, voice, enter)."""
    return tuple(
        Stab(step, steps, (voice,), enter, accent_db, gate) for step, steps, voice, enter in notes
    )


def walk_bass(
    *notes: tuple[int, int, BassTone, float], accent_db: float = 0.0, gate: Gate = "energy"
) -> tuple[BassNote, ...]:
    """Write notes of the bass as (step, steps, tone, enter)."""
    return tuple(
        BassNote(step, steps, tone, enter, accent_db, gate) for step, steps, tone, enter in notes
    )
