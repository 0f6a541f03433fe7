"""``acoustic``: a small company of wood and gut, 60 to 132 beats a minute, in four or in six.

A nylon guitar is picked with the thumb on the beats, an upright bass walks under it, a hand drum
and a shaker keep time, a clarinet sings and a flute answers. Modes are those of folk songs.
"""

from __future__ import annotations

from dataclasses import replace

from biofeedback.music.meter import METERS
from biofeedback.music.style import (
    FOURTH,
    NINTH,
    SIXTH,
    WHOLE,
    Hit,
    Melody,
    MelodyEntry,
    Scene,
    Stab,
    Strand,
    Style,
    Voice,
)
from biofeedback.music.styles.vocabulary import (
    ARCS,
    CONTOURS,
    DORIAN_TOUR,
    IONIAN_TOUR,
    MIXOLYDIAN_TOUR,
    PLANS,
    SHARP_TOUR,
    harmonise,
    pick,
    walk_bass,
)

_LOW, _OPEN, _SLAP = 36, 48, 60

# The thumb on the beats (low voices), the fingers between them.
_GUITAR = (
    (
        *pick((0, 4, -3, 0.0), (8, 4, -2, 0.0), (12, 4, 0, 0.0), gate="energy"),
        *pick((4, 4, 0, 0.1), (2, 2, 2, 0.26), (10, 2, 2, 0.34)),
        *pick((6, 2, 1, 0.4), (14, 2, 1, 0.46), (0, 4, 3, 0.56), accent_db=-1.5),
        *pick((7, 1, 3, 0.76), (15, 1, 3, 0.84), (3, 1, 1, 0.9), accent_db=-4.0, gate="sparkle"),
    ),
    (
        *pick((0, 4, -3, 0.0), (8, 4, -3, 0.0), (6, 2, 2, 0.0), gate="energy"),
        *pick((4, 4, -2, 0.12), (12, 4, -2, 0.18), (14, 2, 1, 0.32)),
        *pick((2, 2, 1, 0.42), (10, 2, 3, 0.48), (8, 4, 2, 0.6), accent_db=-1.5),
        *pick((11, 1, 2, 0.78), (5, 1, 1, 0.86), (13, 1, 3, 0.94), accent_db=-4.0, gate="sparkle"),
    ),
    (
        *pick((0, 6, -3, 0.0), (8, 6, -2, 0.0), gate="energy"),
        *pick((6, 2, 1, 0.14), (14, 2, 2, 0.2), (4, 4, 0, 0.28), (12, 4, 0, 0.36)),
        *pick((2, 2, 3, 0.44), (10, 2, 1, 0.5), (4, 4, 2, 0.62), accent_db=-1.5),
        *pick((3, 1, 2, 0.8), (9, 1, 3, 0.88), (15, 1, 1, 0.96), accent_db=-4.0, gate="sparkle"),
    ),
)
_BASS = (
    (
        *walk_bass((0, 6, "root", 0.12), (8, 6, "fifth", 0.18)),
        *walk_bass((4, 3, "octave", 0.54), (12, 4, "approach", 0.5), accent_db=-1.0),
        *walk_bass((14, 2, "approach", 0.8), accent_db=-4.0, gate="ornament"),
    ),
    (
        *walk_bass((0, 6, "root", 0.12), (8, 6, "root", 0.2)),
        *walk_bass((4, 3, "fifth", 0.52), (12, 4, "fifth", 0.48), accent_db=-1.0),
        *walk_bass((6, 2, "octave", 0.78), accent_db=-4.0, gate="ornament"),
    ),
    (
        *walk_bass((0, 7, "root", 0.12), (8, 4, "fifth", 0.22)),
        *walk_bass((12, 4, "approach", 0.44), (4, 4, "octave", 0.58), accent_db=-1.0),
        *walk_bass((10, 2, "octave", 0.84), accent_db=-4.0, gate="ornament"),
    ),
)
_HAND_DRUM = (
    (
        Hit(0, 0.14, 0.0, stroke=_LOW),
        Hit(8, 0.18, -1.0, stroke=_LOW),
        Hit(4, 0.28, -2.0, stroke=_OPEN),
        Hit(12, 0.26, -2.0, stroke=_OPEN),
        Hit(14, 0.42, -5.0, "ornament", stroke=_OPEN),
        Hit(6, 0.54, -6.0, "ornament", stroke=_OPEN),
        Hit(10, 0.64, -6.0, "ornament", stroke=_SLAP),
        Hit(15, 0.8, -8.0, "ornament", stroke=_SLAP),
        Hit(7, 0.9, -9.0, "ornament", stroke=_OPEN),
    ),
    (
        Hit(0, 0.14, 0.0, stroke=_LOW),
        Hit(4, 0.24, -2.0, stroke=_SLAP),
        Hit(8, 0.2, -1.0, stroke=_LOW),
        Hit(12, 0.28, -2.0, stroke=_SLAP),
        Hit(10, 0.46, -4.0, "ornament", stroke=_LOW),
        Hit(6, 0.58, -6.0, "ornament", stroke=_OPEN),
        Hit(14, 0.66, -6.0, "ornament", stroke=_OPEN),
        Hit(11, 0.84, -8.0, "ornament", stroke=_OPEN),
        Hit(3, 0.94, -9.0, "ornament", stroke=_OPEN),
    ),
    (
        Hit(0, 0.14, 0.0, stroke=_LOW),
        Hit(4, 0.3, -3.0, stroke=_OPEN),
        Hit(8, 0.18, -1.0, stroke=_LOW),
        Hit(12, 0.22, -1.5, stroke=_SLAP),
        Hit(6, 0.44, -4.0, "ornament", stroke=_LOW),
        Hit(2, 0.6, -7.0, "ornament", stroke=_OPEN),
        Hit(14, 0.52, -5.0, "ornament", stroke=_OPEN),
        Hit(13, 0.86, -8.0, "ornament", stroke=_OPEN),
    ),
)
_SHAKER = (
    (
        *(Hit(step, 0.3 + 0.008 * step, -2.0) for step in (0, 4, 8, 12)),
        *(Hit(step, 0.36 + 0.014 * step, -5.0, "ornament") for step in (2, 6, 10, 14)),
        *(Hit(step, 0.7 + 0.016 * step, -9.0, "sparkle") for step in range(1, 16, 2)),
    ),
    (
        *(Hit(step, 0.34, -1.0) for step in (4, 12)),
        *(Hit(step, 0.4, -3.0) for step in (0, 8)),
        *(Hit(step, 0.5 + 0.014 * step, -6.0, "ornament") for step in (2, 6, 10, 14)),
        *(Hit(step, 0.78 + 0.014 * step, -10.0, "sparkle") for step in (3, 7, 11, 15)),
    ),
)
_BRUSH = (
    (Hit(4, 0.5, -1.0), Hit(12, 0.46, -1.0), Hit(15, 0.88, -9.0, "ornament")),
    (Hit(4, 0.52, -1.0), Hit(12, 0.48, -1.0), Hit(10, 0.8, -8.0, "ornament")),
)
_DRUM_FILLS = (
    (
        Hit(10, 0.62, -4.0, "ornament", stroke=_OPEN),
        Hit(12, 0.5, -2.0, "ornament", stroke=_OPEN),
        Hit(13, 0.74, -5.0, "ornament", stroke=_OPEN),
        Hit(14, 0.56, -2.0, "ornament", stroke=_SLAP),
        Hit(15, 0.82, -4.0, "ornament", stroke=_OPEN),
    ),
    (
        Hit(8, 0.54, -3.0, "ornament", stroke=_SLAP),
        Hit(11, 0.66, -3.0, "ornament", stroke=_OPEN),
        Hit(14, 0.58, -1.0, "ornament", stroke=_SLAP),
    ),
)
_PAD = ((Stab(0, WHOLE, (0, 1, 2, NINTH, FOURTH, SIXTH), 0.5, gate="energy"),),)

_MELODY = Melody(
    range_midi=(54, 91),
    home_low_midi=60,
    rhythms=(
        ((0, 4), (4, 4), (8, 2), (10, 2), (12, 4)),
        ((0, 6), (6, 2), (8, 4), (12, 4)),
        ((0, 2), (2, 2), (4, 4), (8, 6), (14, 2)),
        ((4, 4), (8, 2), (10, 2), (12, 4)),
        ((0, 8), (8, 4), (12, 2), (14, 2)),
        ((0, 3), (3, 1), (4, 4), (8, 8)),
        ((0, 4), (4, 2), (6, 2), (8, 4), (12, 2), (14, 2)),
        ((2, 2), (4, 4), (8, 8)),
    ),
    cadences=(((0, 12),), ((0, 4), (4, 8)), ((0, 2), (2, 2), (4, 9)), ((0, 6), (6, 8))),
    contours=CONTOURS,
    arcs=ARCS,
    plans=PLANS,
    entry=MelodyEntry(strong=0.4, beat=0.44, offbeat=0.5, sixteenth=0.7, doubled=2.0, echo=0.54),
)

_IN_FOUR = Style(
    name="acoustic",
    title="plucked strings and hands: nylon guitar, upright bass, hand drum, clarinet",
    meter=METERS["4/4"],
    tempo_range_bpm=(60.0, 132.0),
    has_beat=True,
    harmony=harmonise(
        (DORIAN_TOUR, IONIAN_TOUR, MIXOLYDIAN_TOUR, SHARP_TOUR),
        bass_low_midi=31,
        chord_range_midi=(50, 77),
        split_chance=0.25,
    ),
    layers={
        "kick": Voice(rest_db=-14.0, full_db=-5.0, loose_db=0.4),
        "snare": Voice(rest_db=-16.0, full_db=-7.0, pan=0.1, late_ms=4.0, loose_db=1.0),
        "hat": Voice(rest_db=-18.0, full_db=-9.0, pan=0.35, late_ms=6.0, loose_db=1.5),
        "percussion": Voice(rest_db=-13.0, full_db=-4.0, pan=-0.25, late_ms=5.0, loose_db=1.2),
        "bass": Voice(rest_db=-11.0, full_db=-5.0, late_ms=5.0, loose_db=0.8),
        "chords": Voice(
            rest_db=-11.0, full_db=-5.5, pan=0.15, spread=0.08, late_ms=9.0, loose_db=1.5
        ),
        "pad": Voice(rest_db=-17.0, full_db=-12.0, spread=0.35, late_ms=12.0, loose_db=0.4),
        "melody": Voice(rest_db=-12.0, full_db=-6.5, pan=-0.1, late_ms=10.0, loose_db=1.2),
        "counter": Voice(rest_db=-13.0, full_db=-8.0, pan=0.3, late_ms=10.0, loose_db=1.2),
        "accent": Voice(rest_db=-16.0, full_db=-5.0, pan=-0.15),
    },
    instruments={
        "kick": "soft_kick",
        "snare": "brush",
        "hat": "shaker",
        "percussion": "hand_drum",
        "bass": "upright_bass",
        "chords": "nylon_guitar",
        "pad": "string_pad",
        "melody": "clarinet",
        "counter": "flute",
        "accent": "harp",
    },
    strands=(
        Strand(
            "kick",
            ((Hit(0, 0.08), Hit(4, 0.12, -1.5), Hit(8, 0.08, -0.5), Hit(12, 0.12, -1.5)),),
            length="stroke",
        ),
        Strand("percussion", _HAND_DRUM, length="stroke"),
        Strand("percussion", _DRUM_FILLS, at="phrase_end", length="stroke"),
        Strand("hat", _SHAKER, every="section", length="stroke"),
        Strand("snare", _BRUSH, every="section", length="stroke"),
        Strand("bass", _BASS),
        Strand("chords", _GUITAR, every="bar"),
        Strand("pad", _PAD, length="held", inversion=-1),
    ),
    accent_range_midi=(60, 91),
    melody=_MELODY,
    scenes=(
        Scene({"snare": 0.1}),
        Scene({"hat": 0.12, "counter": -0.06}, lead="counter"),
        Scene({"percussion": 0.08, "pad": -0.1}),
        Scene({"melody": 0.05, "snare": -0.06}, lead="counter"),
    ),
    shifts=(-0.03, 0.0, 0.03),
    shifted_layers=frozenset({"hat", "chords", "melody", "percussion"}),
    phrasing_db=(-0.5, 0.0, 0.8, 0.0),
)

# In six, as a jig goes: a beat is a dotted quarter. A chord lasts two bars.
_GUITAR_IN_SIX = (
    (
        *pick((0, 6, -3, 0.0), (6, 6, -2, 0.0), (10, 2, 2, 0.0), gate="energy"),
        *pick((4, 2, 1, 0.2), (2, 2, 2, 0.38), (8, 2, 1, 0.44)),
        *pick((0, 4, 3, 0.58), (6, 4, 2, 0.64), accent_db=-1.5),
        *pick((5, 1, 3, 0.82), (11, 1, 1, 0.92), (3, 1, 2, 1.06), accent_db=-4.0, gate="sparkle"),
    ),
    (
        *pick((0, 6, -3, 0.0), (6, 6, 0, 0.0), gate="energy"),
        *pick((10, 2, 1, 0.18), (4, 2, 2, 0.28), (8, 2, 2, 0.36), (2, 2, 1, 0.46)),
        *pick((6, 4, 3, 0.6), (0, 4, 2, 0.66), accent_db=-1.5),
        *pick((9, 1, 1, 0.84), (3, 1, 3, 0.94), (7, 1, 2, 1.08), accent_db=-4.0, gate="sparkle"),
    ),
    (
        *pick((0, 6, -3, 0.0), (4, 2, 1, 0.0), (6, 6, -2, 0.0), gate="energy"),
        *pick((10, 2, 0, 0.16), (8, 2, 2, 0.24), (2, 2, 2, 0.42)),
        *pick((0, 4, 2, 0.56), (6, 4, 3, 0.62), accent_db=-1.5),
        *pick((5, 1, 1, 0.86), (9, 1, 3, 0.96), (1, 1, 1, 1.1), accent_db=-4.0, gate="sparkle"),
    ),
)
_IN_SIX = replace(
    _IN_FOUR,
    meter=METERS["6/8"],
    tempo_range_bpm=(50.0, 144.0),
    harmony=replace(_IN_FOUR.harmony, chord_bars=2),
    strands=(
        Strand("kick", ((Hit(0, 0.08), Hit(6, 0.1, -1.0)),), length="stroke"),
        Strand(
            "percussion",
            (
                (
                    Hit(0, 0.14, 0.0, stroke=_LOW),
                    Hit(6, 0.2, -1.5, stroke=_OPEN),
                    Hit(4, 0.36, -5.0, "ornament", stroke=_OPEN),
                    Hit(10, 0.42, -4.0, "ornament", stroke=_OPEN),
                    Hit(8, 0.6, -7.0, "ornament", stroke=_SLAP),
                    Hit(2, 0.7, -7.0, "ornament", stroke=_SLAP),
                    Hit(11, 0.92, -8.0, "ornament", stroke=_OPEN),
                    Hit(5, 1.04, -9.0, "ornament", stroke=_OPEN),
                ),
                (
                    Hit(0, 0.14, 0.0, stroke=_LOW),
                    Hit(6, 0.18, -1.0, stroke=_SLAP),
                    Hit(10, 0.34, -4.0, "ornament", stroke=_LOW),
                    Hit(2, 0.5, -6.0, "ornament", stroke=_OPEN),
                    Hit(4, 0.56, -6.0, "ornament", stroke=_OPEN),
                    Hit(11, 0.86, -8.0, "ornament", stroke=_OPEN),
                    Hit(9, 1.0, -9.0, "ornament", stroke=_SLAP),
                ),
            ),
            every="bar",
            length="stroke",
        ),
        Strand(
            "percussion",
            (
                (
                    Hit(4, 0.6, -4.0, "ornament", stroke=_OPEN),
                    Hit(6, 0.5, -2.0, "ornament", stroke=_OPEN),
                    Hit(8, 0.64, -3.0, "ornament", stroke=_OPEN),
                    Hit(10, 0.56, -2.0, "ornament", stroke=_SLAP),
                ),
                (
                    Hit(8, 0.58, -3.0, "ornament", stroke=_SLAP),
                    Hit(10, 0.54, -2.0, "ornament", stroke=_SLAP),
                ),
            ),
            at="phrase_end",
            length="stroke",
        ),
        Strand(
            "hat",
            (
                (
                    *(Hit(step, 0.3, -2.0) for step in (0, 6)),
                    *(Hit(step, 0.4 + 0.01 * step, -5.0, "ornament") for step in (4, 10)),
                    *(Hit(step, 0.54 + 0.01 * step, -6.0, "ornament") for step in (2, 8)),
                    *(Hit(step, 0.86 + 0.02 * step, -10.0, "sparkle") for step in (5, 11, 3, 9)),
                ),
            ),
            length="stroke",
        ),
        Strand("snare", ((Hit(6, 0.48, -1.5),),), length="stroke"),
        Strand(
            "bass",
            (
                walk_bass((0, 10, "root", 0.12), (6, 5, "fifth", 0.5)),
                walk_bass((0, 5, "root", 0.12), (6, 5, "root", 0.22)),
            ),
            at="new_chord",
        ),
        Strand(
            "bass",
            (
                walk_bass((0, 5, "fifth", 0.16), (6, 6, "approach", 0.34)),
                walk_bass((0, 5, "root", 0.14), (6, 4, "octave", 0.3), (10, 2, "approach", 0.66)),
            ),
            at="same_chord",
        ),
        Strand("chords", _GUITAR_IN_SIX, every="bar"),
        Strand("pad", _PAD, length="held", inversion=-1),
    ),
    melody=replace(
        _MELODY,
        rhythms=(
            ((0, 4), (4, 2), (6, 4), (10, 2), (12, 6), (18, 4)),
            ((0, 2), (2, 2), (4, 2), (6, 6), (12, 2), (14, 2), (16, 2), (18, 6)),
            ((0, 6), (6, 4), (10, 2), (12, 10)),
            ((4, 2), (6, 4), (10, 2), (12, 4), (16, 2), (18, 4)),
            ((0, 4), (4, 2), (6, 6), (12, 6), (18, 2), (20, 2), (22, 2)),
        ),
        cadences=(((0, 16),), ((0, 4), (4, 2), (6, 12)), ((0, 6), (6, 12))),
    ),
)

ACOUSTIC = replace(_IN_FOUR, other_meters=(_IN_SIX,))
