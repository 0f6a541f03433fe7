"""``walk``: a clear beat to step to, 55 to 160 beats per minute, in four or in two.

From rest upwards: a pad with a soft pulse; bass and kick on the beats; hats and comping; full drums
and melody; at last sixteenths, ghost notes, fills and octaves. The kick is on every beat and the
snare on two and four, and offbeats stay softer than beats, so that the beat is hard to mistake
for its half or its double.
"""

from __future__ import annotations

from dataclasses import replace

from biofeedback.music.meter import METERS
from biofeedback.music.style import (
    FOURTH,
    NINTH,
    SIXTH,
    WHOLE,
    BassNote,
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
    AEOLIAN_TOUR,
    ARCS,
    CONTOURS,
    DORIAN_TOUR,
    IONIAN_TOUR,
    MIXOLYDIAN_TOUR,
    PLANS,
    SHARP_TOUR,
    harmonise,
)

_KICKS = (Hit(0, 0.0, 0.0), Hit(4, 0.0, -0.5), Hit(8, 0.0, -0.2), Hit(12, 0.0, -0.5))
_BACKBEAT = (Hit(4, 0.52), Hit(12, 0.48))

_HATS = (
    # even eighths
    (
        *(Hit(step, 0.33 + 0.005 * step) for step in (0, 4, 8, 12)),
        *(Hit(step, 0.35 + 0.012 * step, -4.0, "ornament") for step in (2, 6, 10, 14)),
        *(Hit(step, 0.70 + 0.018 * step, -10.0, "sparkle") for step in range(1, 16, 2)),
    ),
    # open offbeats
    (
        *(Hit(step, 0.34, -1.0) for step in (0, 4, 8, 12)),
        *(Hit(step, 0.32 + 0.013 * step, -3.5, "ornament", steps=2) for step in (2, 6, 10, 14)),
        *(Hit(step, 0.72 + 0.016 * step, -10.0, "sparkle") for step in range(1, 16, 2)),
    ),
    # a skipping sixteenth before the beat
    (
        *(Hit(step, 0.32 + 0.005 * step, -0.5) for step in (12, 4, 8, 0)),
        *(Hit(step, 0.52 - 0.013 * step, -4.0, "ornament") for step in (14, 10, 6, 2)),
        *(Hit(step, 0.62 + 0.012 * step, -9.0, "ornament") for step in (3, 7, 11, 15)),
        *(Hit(step, 0.78 + 0.014 * step, -11.0, "sparkle") for step in (1, 5, 9, 13)),
    ),
)

_GHOSTS = (
    tuple(
        Hit(step, enter, -13.0, "ornament")
        for step, enter in ((7, 0.78), (9, 0.84), (15, 0.9), (1, 1.0), (2, 1.08))
    ),
    tuple(
        Hit(step, enter, -13.0, "ornament")
        for step, enter in ((15, 0.76), (6, 0.82), (10, 0.92), (3, 1.02), (13, 1.1))
    ),
    tuple(
        Hit(step, enter, -13.0, "ornament")
        for step, enter in ((11, 0.78), (3, 0.86), (14, 0.88), (7, 0.98), (5, 1.06))
    ),
)

_FILLS = (
    tuple(
        Hit(step, enter, accent_db, "ornament")
        for step, enter, accent_db in (
            (8, 0.72, -4.0),
            (10, 0.68, -3.0),
            (11, 0.84, -6.0),
            (13, 0.8, -5.0),
            (14, 0.62, -2.0),
            (15, 0.74, -3.0),
        )
    ),
    tuple(
        Hit(step, enter, accent_db, "ornament")
        for step, enter, accent_db in (
            (6, 0.76, -6.0),
            (8, 0.66, -3.0),
            (11, 0.7, -4.0),
            (14, 0.64, -2.0),
        )
    ),
    tuple(
        Hit(step, enter, accent_db, "ornament")
        for step, enter, accent_db in (
            (13, 0.82, -6.0),
            (14, 0.66, -4.0),
            (15, 0.7, -2.0),
        )
    ),
)

_ROOTS = (BassNote(0, 4, "root", 0.14), BassNote(8, 4, "root", 0.18, -0.5))
_BASS = (
    (
        *_ROOTS,
        BassNote(4, 4, "root", 0.24, -1.0),
        BassNote(12, 4, "approach", 0.28, -1.0),
        BassNote(6, 2, "octave", 0.66, -4.0, "ornament"),
        BassNote(14, 2, "fifth", 0.6, -4.0, "ornament"),
        BassNote(2, 2, "octave", 0.8, -5.0, "ornament"),
    ),
    (
        *_ROOTS,
        BassNote(4, 4, "fifth", 0.22, -1.0),
        BassNote(12, 4, "fifth", 0.28, -1.0),
        BassNote(14, 2, "approach", 0.58, -4.0, "ornament"),
        BassNote(10, 2, "octave", 0.74, -5.0, "ornament"),
        BassNote(7, 1, "root", 0.88, -6.0, "ornament"),
    ),
    (
        *_ROOTS,
        BassNote(4, 4, "third", 0.26, -1.0),
        BassNote(12, 4, "approach", 0.24, -1.0),
        BassNote(10, 2, "fifth", 0.64, -4.0, "ornament"),
        BassNote(6, 2, "fifth", 0.72, -5.0, "ornament"),
        BassNote(15, 1, "root", 0.86, -6.0, "ornament"),
    ),
    (
        *_ROOTS,
        BassNote(4, 4, "root", 0.22, -1.0),
        BassNote(12, 4, "octave", 0.28, -1.0),
        BassNote(2, 2, "root", 0.62, -5.0, "ornament"),
        BassNote(6, 2, "octave", 0.68, -5.0, "ornament"),
        BassNote(10, 2, "octave", 0.76, -5.0, "ornament"),
        BassNote(14, 2, "approach", 0.56, -4.0, "ornament"),
    ),
)

_ALL = (0, 1, 2)
_COMPING = (
    # long and short
    (
        Stab(4, 8, (2,), 0.0, -4.0, "energy"),
        Stab(12, 4, (1,), 0.27, -5.0),
        Stab(2, 2, (1,), 0.32, -5.0),
        Stab(0, 6, (*_ALL, NINTH), 0.38, gate="energy"),
        Stab(6, 6, _ALL, 0.45, -1.5),
        Stab(14, 2, _ALL, 0.63, -3.0),
        Stab(10, 2, (2,), 0.8, -4.0, "sparkle"),
    ),
    # with the backbeat
    (
        Stab(8, 8, (1,), 0.0, -4.0, "energy"),
        Stab(6, 2, (2,), 0.26, -5.0),
        Stab(0, 4, (0, NINTH), 0.3, -2.0),
        Stab(4, 3, (*_ALL, NINTH), 0.38, gate="energy"),
        Stab(12, 3, _ALL, 0.42, gate="energy"),
        Stab(10, 2, _ALL, 0.66, -3.0),
        Stab(7, 1, (1, 2), 0.84, -4.0),
    ),
    # broken
    (
        Stab(0, 8, (0, NINTH), 0.0, -4.0, "energy"),
        Stab(8, 8, (2,), 0.22, -3.0),
        Stab(4, 4, (1,), 0.34, -2.0),
        Stab(12, 4, (1,), 0.38, -2.0, "energy"),
        Stab(6, 2, (2,), 0.28, -4.0),
        Stab(14, 2, (2,), 0.4, -3.0),
        Stab(2, 2, (1,), 0.58, -2.5),
        Stab(10, 2, (1,), 0.64, -2.5),
        Stab(15, 1, (2,), 0.86, -4.0, "sparkle"),
        Stab(11, 1, (2,), 0.92, -4.0, "sparkle"),
    ),
    # every beat
    (
        Stab(8, 6, (2,), 0.0, -4.0, "energy"),
        Stab(14, 2, (1,), 0.3, -5.0),
        Stab(0, 3, (*_ALL, NINTH), 0.36, gate="energy"),
        Stab(4, 3, (1, 2), 0.44, -2.0),
        Stab(12, 3, (1, 2), 0.46, -2.0),
        Stab(14, 2, (0, 2), 0.7, -3.0),
        Stab(3, 1, (2,), 0.9, -4.0, "sparkle"),
    ),
)

_RHYTHMS = (
    ((0, 4), (4, 2), (6, 2), (8, 6)),
    ((0, 3), (3, 3), (6, 2), (8, 4), (12, 4)),
    ((0, 6), (6, 2), (8, 4), (12, 2), (14, 2)),
    ((2, 2), (4, 4), (8, 2), (10, 2), (12, 4)),
    ((0, 2), (2, 2), (4, 4), (8, 6)),
    ((0, 4), (4, 4), (8, 4), (12, 4)),
    ((0, 6), (8, 3), (11, 1), (12, 4)),
    ((4, 4), (8, 4), (12, 2), (14, 2)),
    ((0, 3), (3, 1), (4, 4), (8, 3), (11, 1), (12, 4)),
    ((0, 6), (8, 2), (10, 2), (12, 4)),
    ((0, 8), (8, 2), (10, 4), (14, 2)),
    ((4, 2), (6, 2), (8, 6)),
)
_CADENCES = (
    ((0, 10),),
    ((0, 4), (4, 8)),
    ((0, 2), (2, 2), (4, 8)),
    ((0, 3), (3, 1), (4, 7)),
    ((0, 4), (4, 4), (8, 5)),
    ((0, 12), (14, 2)),
)
_PAD = ((Stab(0, WHOLE, (*_ALL, NINTH, FOURTH, SIXTH), 0.0, gate="energy"),),)
_TAMBOURINE = (
    (Hit(4, 0.78, -2.0), Hit(12, 0.74, -2.0), Hit(14, 0.98, -8.0, "sparkle")),
    (Hit(2, 0.82, -5.0), Hit(6, 0.78, -5.0), Hit(10, 0.82, -5.0), Hit(14, 0.78, -5.0)),
    (Hit(12, 0.76, -1.0), Hit(15, 0.95, -9.0, "sparkle")),
)

_MELODY = Melody(
    range_midi=(52, 93),
    home_low_midi=60,
    rhythms=_RHYTHMS,
    cadences=_CADENCES,
    contours=CONTOURS,
    arcs=ARCS,
    plans=PLANS,
    entry=MelodyEntry(strong=0.55, beat=0.58, offbeat=0.64, sixteenth=0.8, doubled=0.88, echo=0.66),
)

_IN_FOUR = Style(
    name="walk",
    title="a clear beat to step to: drums, bass, electric piano, flute",
    meter=METERS["4/4"],
    tempo_range_bpm=(55.0, 160.0),
    has_beat=True,
    harmony=harmonise(
        (IONIAN_TOUR, DORIAN_TOUR, AEOLIAN_TOUR, MIXOLYDIAN_TOUR, SHARP_TOUR),
        bass_low_midi=31,
        chord_range_midi=(50, 79),
        split_chance=0.3,
    ),
    layers={
        "kick": Voice(rest_db=-13.0, full_db=-2.0, loose_db=0.4),
        "snare": Voice(rest_db=-11.0, full_db=-4.0, late_ms=3.0, loose_db=0.8),
        "hat": Voice(rest_db=-16.0, full_db=-9.0, pan=0.25, late_ms=5.0, loose_db=1.5),
        "percussion": Voice(rest_db=-18.0, full_db=-8.0, pan=-0.35, late_ms=6.0, loose_db=1.5),
        "bass": Voice(rest_db=-12.0, full_db=-5.0, late_ms=4.0, loose_db=0.7),
        "chords": Voice(
            rest_db=-16.0, full_db=-10.0, pan=-0.15, spread=0.12, late_ms=12.0, loose_db=1.2
        ),
        "pad": Voice(rest_db=-12.5, full_db=-9.5, spread=0.3, late_ms=12.0, loose_db=0.5),
        "melody": Voice(rest_db=-12.0, full_db=-6.0, pan=0.1, late_ms=9.0, loose_db=1.2),
        "counter": Voice(rest_db=-14.0, full_db=-8.0, pan=-0.3, late_ms=9.0, loose_db=1.2),
        "accent": Voice(rest_db=-16.0, full_db=-4.0, pan=-0.1),
    },
    instruments={
        "kick": "kick",
        "snare": "snare",
        "hat": "hat",
        "percussion": "tambourine",
        "bass": "bass",
        "chords": "electric_piano",
        "pad": "warm_pad",
        "melody": "flute",
        "counter": "clarinet",
        "accent": "bell",
    },
    strands=(
        Strand("kick", (_KICKS,), length="stroke"),
        Strand("snare", (_BACKBEAT,), length="stroke"),
        Strand("hat", _HATS, every="section", length="ring"),
        Strand("snare", _GHOSTS, length="stroke"),
        Strand("snare", _FILLS, at="phrase_end", length="stroke"),
        Strand("percussion", _TAMBOURINE, every="section", length="stroke"),
        Strand("bass", _BASS),
        Strand("chords", _COMPING),
        Strand("pad", _PAD, length="held", inversion=-1),
    ),
    accent_range_midi=(62, 96),
    melody=_MELODY,
    scenes=(
        Scene({"percussion": 0.2}),
        Scene({"hat": 0.12, "percussion": -0.1}, lead="counter"),
        Scene({"chords": 0.1, "percussion": -0.05}),
        Scene({"melody": 0.06, "chords": -0.04}, lead="counter"),
    ),
    shifts=(-0.03, 0.0, 0.0, 0.03, 0.06),
    shifted_layers=frozenset({"hat", "chords", "melody"}),
)

# In two: the first step of a pair is the strong one. A chord lasts two bars.
_BASS_IN_TWO = (
    (BassNote(0, 4, "root", 0.14), BassNote(4, 4, "fifth", 0.22, -1.5),
     BassNote(6, 2, "octave", 0.68, -5.0, "ornament")),
    (BassNote(0, 4, "root", 0.14), BassNote(4, 4, "third", 0.24, -1.5),
     BassNote(2, 2, "octave", 0.74, -5.0, "ornament")),
    (BassNote(0, 4, "root", 0.14), BassNote(4, 4, "root", 0.22, -1.5),
     BassNote(6, 2, "fifth", 0.66, -5.0, "ornament"),
     BassNote(7, 1, "root", 0.88, -6.0, "ornament")),
)  # fmt: skip
_BASS_LEADING = (
    (BassNote(0, 4, "root", 0.16, -0.5), BassNote(4, 4, "approach", 0.26, -1.0)),
    (BassNote(0, 4, "fifth", 0.18, -0.5), BassNote(4, 4, "approach", 0.24, -1.0),
     BassNote(6, 2, "approach", 0.62, -5.0, "ornament")),
)  # fmt: skip
_COMPING_IN_TWO = (
    # after each beat, as a march does
    (Stab(4, 4, (2,), 0.0, -4.0, "energy"), Stab(0, 4, (0, NINTH), 0.38, -1.0, "energy"),
     Stab(2, 2, (1, 2), 0.3, -3.0), Stab(6, 2, (1, 2), 0.44, -3.0)),
    (Stab(0, 8, (1,), 0.0, -4.0, "energy"), Stab(4, 3, (*_ALL, NINTH), 0.38, -1.0, "energy"),
     Stab(2, 2, (2,), 0.52, -3.0), Stab(7, 1, (1, 2), 0.84, -4.0, "sparkle")),
    (Stab(0, 4, (0,), 0.0, -4.0, "energy"), Stab(4, 4, (1,), 0.26, -3.0),
     Stab(2, 2, (2,), 0.34, -4.0), Stab(6, 2, (2,), 0.42, -4.0),
     Stab(3, 1, (1,), 0.86, -4.0, "sparkle")),
)  # fmt: skip
_IN_TWO = replace(
    _IN_FOUR,
    meter=METERS["2/4"],
    harmony=replace(_IN_FOUR.harmony, chord_bars=2),
    strands=(
        Strand("kick", ((Hit(0, 0.0), Hit(4, 0.0, -2.5)),), length="stroke"),
        Strand("snare", ((Hit(4, 0.5),),), length="stroke"),
        Strand(
            "hat",
            tuple(
                tuple(hit for hit in pattern if hit.step < _IN_FOUR.meter.steps // 2)
                for pattern in _HATS
            ),
            every="section",
            length="ring",
        ),
        Strand(
            "snare",
            (
                (Hit(3, 0.8, -13.0, "ornament"), Hit(7, 0.74, -12.0, "ornament")),
                (Hit(6, 0.78, -13.0, "ornament"), Hit(1, 0.98, -13.0, "ornament")),
            ),
            length="stroke",
        ),
        Strand(
            "snare",
            (
                (Hit(5, 0.8, -5.0, "ornament"), Hit(6, 0.62, -2.0, "ornament"),
                 Hit(7, 0.74, -3.0, "ornament")),
                (Hit(2, 0.7, -5.0, "ornament"), Hit(6, 0.64, -2.0, "ornament")),
                (Hit(3, 0.84, -6.0, "ornament"), Hit(6, 0.66, -3.0, "ornament"),
                 Hit(7, 0.7, -2.0, "ornament")),
            ),
            at="phrase_end",
            length="stroke",
        ),
        Strand(
            "percussion",
            ((Hit(4, 0.76, -2.0),), (Hit(2, 0.82, -5.0), Hit(6, 0.78, -5.0))),
            every="section",
            length="stroke",
        ),
        Strand("bass", _BASS_IN_TWO, at="new_chord"),
        Strand("bass", _BASS_LEADING, at="same_chord"),
        Strand("chords", _COMPING_IN_TWO, every="bar"),
        Strand("pad", _PAD, length="held", inversion=-1),
    ),
)  # fmt: skip

WALK = replace(_IN_FOUR, other_meters=(_IN_TWO,))
