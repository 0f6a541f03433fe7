"""``drone``: for awareness, eyes closed: one clear sound for each axis of the body, no beat.

Three held tones (root, fifth and third, and a high voice) are the parts: how loud each is follows
one axis. They are struck anew seldom, more often with more energy; a few bells and single notes of
a kalimba mark that time passes. Harmony moves every four bars, by colour rather than by function.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from biofeedback.music.meter import METERS
from biofeedback.music.style import FOURTH, NINTH, SIXTH, WHOLE, Scene, Stab, Strand, Style, Voice
from biofeedback.music.styles.vocabulary import (
    AEOLIAN_TOUR,
    DORIAN_TOUR,
    LYDIAN_TOUR,
    MIXOLYDIAN_TOUR,
    harmonise,
    pick,
    walk_bass,
)

if TYPE_CHECKING:
    from biofeedback.music.scales import Function
    from biofeedback.music.style import SectionKind

_LOW = (walk_bass((0, WHOLE, "root", 0.0)),)
_LOW_AGAIN = (
    walk_bass((0, 16, "root", 0.5)),
    walk_bass((0, 16, "octave", 0.55)),
)
_MIDDLE = ((Stab(0, WHOLE, (0, 1, NINTH, FOURTH, SIXTH), 0.0, gate="energy"),),)
_MIDDLE_AGAIN = (pick((4, 12, 1, 0.45)), pick((8, 8, 0, 0.4)), pick((6, 10, 1, 0.5)))
_HIGH = ((Stab(0, WHOLE, (5,), 0.0, gate="energy"),),)
_HIGH_AGAIN = (pick((8, 8, 4, 0.4)), pick((12, 4, 5, 0.5)), pick((10, 6, 3, 0.45)))

# What sounds at rest differs from bar to bar: a single note now and then.
_MARKS = (
    (
        *pick((0, 16, 2, 0.0), gate="energy"),
        *pick((8, 8, 3, 0.28), (12, 4, 4, 0.42), (4, 8, 1, 0.54), (10, 4, 3, 0.66), accent_db=-1.0),
        *pick((14, 2, 4, 0.74), (6, 2, 2, 0.82), (2, 2, 3, 0.9), accent_db=-1.0),
        *pick((13, 2, 4, 0.96), (5, 2, 3, 1.02), accent_db=-2.0, gate="sparkle"),
    ),
    (
        *pick((4, 12, 3, 0.06)),
        *pick((12, 4, 2, 0.26), (0, 8, 1, 0.4), (8, 4, 4, 0.52), (14, 2, 3, 0.64), accent_db=-1.0),
        *pick((6, 2, 2, 0.72), (10, 2, 3, 0.8), (2, 2, 4, 0.88), accent_db=-1.0),
        *pick((9, 2, 4, 0.94), (15, 1, 3, 1.0), accent_db=-2.0, gate="sparkle"),
    ),
    (
        *pick((8, 8, 1, 0.1)),
        *pick((2, 8, 4, 0.32), (14, 2, 3, 0.44), (6, 4, 2, 0.56), (11, 4, 4, 0.68), accent_db=-1.0),
        *pick((0, 2, 3, 0.76), (4, 2, 1, 0.84), (12, 2, 3, 0.92), accent_db=-1.0),
        *pick((9, 2, 4, 0.98), (3, 1, 3, 1.04), accent_db=-2.0, gate="sparkle"),
    ),
    (
        *pick((8, 8, 4, 0.0), gate="energy"),
        *pick((0, 8, 2, 0.28), (12, 4, 1, 0.42), (4, 4, 3, 0.54), (14, 2, 4, 0.66), accent_db=-1.0),
        *pick((6, 2, 3, 0.74), (10, 2, 2, 0.82), (2, 2, 3, 0.9), accent_db=-1.0),
        *pick((5, 2, 4, 0.96), (13, 2, 3, 1.02), accent_db=-2.0, gate="sparkle"),
    ),
    (
        *pick((12, 12, 2, 0.0), gate="energy"),
        *pick((4, 8, 3, 0.22), (8, 4, 1, 0.36), (0, 4, 4, 0.5), (6, 4, 3, 0.62), accent_db=-1.0),
        *pick((2, 2, 4, 0.7), (14, 2, 2, 0.78), (10, 2, 3, 0.86), accent_db=-1.0),
        *pick((11, 2, 4, 0.94), (3, 1, 3, 1.0), accent_db=-2.0, gate="sparkle"),
    ),
)

# Home, with a look outside now and then.
_OPENING: dict[SectionKind, tuple[tuple[Function, ...], ...]] = {
    "A": (("I", "I", "S", "I"), ("I", "S", "I", "I"), ("I", "I", "T", "I"), ("I", "T", "I", "I")),
    "B": (("S", "I", "S", "I"), ("T", "I", "S", "I"), ("S", "I", "T", "I")),
}
_CLOSING: dict[SectionKind, tuple[tuple[Function, ...], ...]] = {
    "A": (("I", "S", "I", "I"), ("T", "I", "I", "I"), ("I", "T", "S", "I"), ("I", "I", "S", "I")),
    "B": (("I", "S", "I", "S"), ("S", "I", "I", "S"), ("T", "I", "S", "S")),
}

DRONE = Style(
    name="drone",
    title="awareness: one held sound for each axis of the body; no beat",
    meter=METERS["4/4"],
    tempo_range_bpm=(40.0, 84.0),
    has_beat=False,
    harmony=replace(
        harmonise(
            (DORIAN_TOUR, MIXOLYDIAN_TOUR, LYDIAN_TOUR, AEOLIAN_TOUR),
            bass_low_midi=33,
            chord_range_midi=(48, 76),
            chord_bars=4,
        ),
        opening=_OPENING,
        closing=_CLOSING,
    ),
    layers={
        "part_1": Voice(rest_db=-15.0, full_db=-8.0, pan=-0.6, late_ms=10.0, loose_db=0.3),
        "part_2": Voice(rest_db=-15.0, full_db=-9.0, late_ms=10.0, loose_db=0.3),
        "part_3": Voice(rest_db=-17.0, full_db=-11.0, pan=0.6, late_ms=10.0, loose_db=0.3),
        "chords": Voice(rest_db=-4.5, full_db=-0.5, spread=0.4, late_ms=12.0, loose_db=1.5),
        "accent": Voice(rest_db=-18.0, full_db=-7.0, pan=0.1),
    },
    instruments={
        "part_1": "drone_low",
        "part_2": "drone_mid",
        "part_3": "drone_high",
        "chords": "kalimba",
        "accent": "bell",
        "nature": "wind",
    },
    strands=(
        Strand("part_1", _LOW, length="held"),
        Strand("part_1", _LOW_AGAIN, at="same_chord", every="bar", length="articulated"),
        Strand("part_2", _MIDDLE, length="held"),
        Strand("part_2", _MIDDLE_AGAIN, at="same_chord", every="bar", length="articulated"),
        Strand("part_3", _HIGH, length="held"),
        Strand("part_3", _HIGH_AGAIN, at="same_chord", every="bar", length="articulated"),
        Strand("chords", _MARKS, every="bar"),
    ),
    accent_range_midi=(67, 96),
    scenes=(Scene(), Scene({"chords": 0.1}), Scene({"chords": -0.05})),
    shifts=(-0.04, 0.0, 0.04),
    shifted_layers=frozenset({"chords"}),
    parts="axes",
    part_entries=(0.0, 0.0, 0.0),
)
