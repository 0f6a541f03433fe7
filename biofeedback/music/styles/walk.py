"""``walk``: a clear beat to step to, 55 to 160 beats per minute, four beats to the bar.

From rest upwards: a pad with a soft pulse; bass and kick on the beats; hats and comping; full drums
and melody; at last sixteenths, ghost notes, fills and octaves. The kick is on every beat and the
snare on two and four, and offbeats stay softer than beats, so that the beat is hard to mistake
for its half or its double.
"""

from __future__ import annotations

from biofeedback.music.style import BassNote, Hit, MelodyEntry, Rhythm, Stab, Style, Voice

_DRUMS = (
    Hit("kick", 0, 0.0, 0.0),
    Hit("kick", 4, 0.0, -0.5),
    Hit("kick", 8, 0.0, -0.2),
    Hit("kick", 12, 0.0, -0.5),
    Hit("snare", 4, 0.52),
    Hit("snare", 12, 0.48),
)

_HATS = (
    # even eighths
    (
        *(Hit("hat", step, 0.33 + 0.005 * step) for step in (0, 4, 8, 12)),
        *(Hit("hat", step, 0.35 + 0.012 * step, -4.0) for step in (2, 6, 10, 14)),
        *(Hit("hat", step, 0.70 + 0.018 * step, -10.0, "sparkle") for step in range(1, 16, 2)),
    ),
    # open offbeats
    (
        *(Hit("hat", step, 0.34, -1.0) for step in (0, 4, 8, 12)),
        *(Hit("hat", step, 0.32 + 0.013 * step, -3.5, steps=2) for step in (2, 6, 10, 14)),
        *(Hit("hat", step, 0.72 + 0.016 * step, -10.0, "sparkle") for step in range(1, 16, 2)),
    ),
    # a skipping sixteenth before the beat
    (
        *(Hit("hat", step, 0.32 + 0.005 * step, -0.5) for step in (12, 4, 8, 0)),
        *(Hit("hat", step, 0.52 - 0.013 * step, -4.0) for step in (14, 10, 6, 2)),
        *(Hit("hat", step, 0.62 + 0.012 * step, -9.0, "ornament") for step in (3, 7, 11, 15)),
        *(Hit("hat", step, 0.78 + 0.014 * step, -11.0, "sparkle") for step in (1, 5, 9, 13)),
    ),
)

_GHOSTS = (
    tuple(
        Hit("snare", step, enter, -13.0, "ornament")
        for step, enter in ((7, 0.78), (9, 0.84), (15, 0.9), (1, 1.0), (2, 1.08))
    ),
    tuple(
        Hit("snare", step, enter, -13.0, "ornament")
        for step, enter in ((15, 0.76), (6, 0.82), (10, 0.92), (3, 1.02), (13, 1.1))
    ),
    tuple(
        Hit("snare", step, enter, -13.0, "ornament")
        for step, enter in ((11, 0.78), (3, 0.86), (14, 0.88), (7, 0.98), (5, 1.06))
    ),
)

_FILLS = (
    tuple(
        Hit("snare", step, enter, accent_db, "ornament")
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
        Hit("snare", step, enter, accent_db, "ornament")
        for step, enter, accent_db in (
            (6, 0.76, -6.0),
            (8, 0.66, -3.0),
            (11, 0.7, -4.0),
            (14, 0.64, -2.0),
        )
    ),
    tuple(
        Hit("snare", step, enter, accent_db, "ornament")
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
        Stab(4, 8, (2,), 0.17, -4.0),
        Stab(12, 4, (1,), 0.27, -5.0),
        Stab(2, 2, (1,), 0.32, -5.0),
        Stab(0, 6, (*_ALL, 3), 0.38, gate="energy"),
        Stab(6, 6, _ALL, 0.45, -1.5),
        Stab(14, 2, _ALL, 0.63, -3.0),
        Stab(10, 2, (2,), 0.8, -4.0, "sparkle"),
    ),
    # with the backbeat
    (
        Stab(8, 8, (1,), 0.19, -4.0),
        Stab(6, 2, (2,), 0.26, -5.0),
        Stab(0, 4, (0, 3), 0.3, -2.0),
        Stab(4, 3, (*_ALL, 3), 0.38, gate="energy"),
        Stab(12, 3, _ALL, 0.42, gate="energy"),
        Stab(10, 2, _ALL, 0.66, -3.0),
        Stab(7, 1, (1, 2), 0.84, -4.0),
    ),
    # broken
    (
        Stab(0, 8, (0, 3), 0.18, -3.0),
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
        Stab(8, 6, (2,), 0.16, -4.0),
        Stab(14, 2, (1,), 0.3, -5.0),
        Stab(0, 3, (*_ALL, 3), 0.36, gate="energy"),
        Stab(4, 3, (1, 2), 0.44, -2.0),
        Stab(12, 3, (1, 2), 0.46, -2.0),
        Stab(14, 2, (0, 2), 0.7, -3.0),
        Stab(3, 1, (2,), 0.9, -4.0, "sparkle"),
    ),
)

_RHYTHMS = tuple(
    Rhythm(notes)
    for notes in (
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
)
_CADENCES = tuple(
    Rhythm(notes)
    for notes in (
        ((0, 10),),
        ((0, 4), (4, 8)),
        ((0, 2), (2, 2), (4, 8)),
        ((0, 3), (3, 1), (4, 7)),
        ((0, 4), (4, 4), (8, 5)),
        ((0, 12), (14, 2)),
    )
)
_CONTOURS = (
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

WALK = Style(
    name="walk",
    tempo_range_bpm=(55.0, 160.0),
    beats_per_bar=4,
    form=("A", "A", "B", "A"),
    # Neighbours share at least five of their seven notes.
    tours=(
        ((0, "ionian"), (0, "ionian"), (9, "aeolian"), (5, "ionian"),
         (2, "dorian"), (7, "mixolydian"), (7, "ionian"), (0, "ionian")),
        ((0, "dorian"), (0, "dorian"), (10, "ionian"), (5, "mixolydian"),
         (0, "aeolian"), (3, "ionian"), (7, "aeolian"), (0, "dorian")),
        ((0, "aeolian"), (0, "aeolian"), (3, "ionian"), (8, "ionian"),
         (5, "dorian"), (0, "aeolian"), (10, "mixolydian"), (7, "aeolian")),
        ((0, "mixolydian"), (0, "mixolydian"), (5, "ionian"), (2, "aeolian"),
         (0, "ionian"), (7, "mixolydian"), (9, "dorian"), (0, "ionian")),
        ((0, "ionian"), (0, "ionian"), (7, "ionian"), (4, "aeolian"),
         (9, "dorian"), (0, "ionian"), (5, "ionian"), (2, "aeolian")),
    ),
    opening={
        "A": (("I", "T", "S", "D"), ("I", "S", "T", "D"), ("I", "D", "T", "S"),
              ("I", "D", "S", "D"), ("I", "S", "S", "D"), ("I", "T", "D", "S")),
        "B": (("S", "T", "S", "D"), ("S", "D", "T", "S"), ("T", "S", "T", "D"),
              ("D", "T", "S", "T"), ("S", "T", "D", "T")),
    },
    closing={
        "A": (("T", "S", "D", "I"), ("S", "T", "D", "I"), ("T", "T", "S", "I"),
              ("S", "D", "T", "I"), ("I", "S", "D", "I"), ("D", "T", "S", "I")),
        "B": (("S", "T", "S", "D"), ("S", "S", "T", "D"), ("T", "D", "S", "D"),
              ("T", "S", "S", "D")),
    },
    turnaround=(("T", "S", "I", "D"), ("S", "D", "I", "D"), ("S", "T", "I", "D"),
                ("D", "S", "I", "D")),
    split_chance=0.3,
    bass_low_midi=31,
    chord_range_midi=(52, 77),
    melody_range_midi=(46, 91),
    accent_range_midi=(62, 96),
    layers={
        "kick": Voice(rest_db=-13.0, full_db=-2.0, loose_db=0.4),
        "snare": Voice(rest_db=-11.0, full_db=-4.0, late_ms=3.0, loose_db=0.8),
        "hat": Voice(rest_db=-16.0, full_db=-9.0, pan=0.25, late_ms=5.0, loose_db=1.5),
        "bass": Voice(rest_db=-12.0, full_db=-5.0, late_ms=4.0, loose_db=0.7),
        "chords": Voice(rest_db=-16.0, full_db=-10.0, pan=-0.15, spread=0.12,
                        late_ms=12.0, loose_db=1.2),
        "pad": Voice(rest_db=-12.5, full_db=-9.5, spread=0.3, late_ms=12.0, loose_db=0.5),
        "melody": Voice(rest_db=-12.0, full_db=-6.0, pan=0.1, late_ms=9.0, loose_db=1.2),
        "accent": Voice(rest_db=-16.0, full_db=-4.0, pan=-0.1),
    },
    instruments={
        "kick": "kick",
        "snare": "snare",
        "hat": "hat",
        "bass": "bass",
        "chords": "electric_piano",
        "pad": "warm_pad",
        "melody": "flute",
        "accent": "bell",
    },
    drums=_DRUMS,
    hats=_HATS,
    ghosts=_GHOSTS,
    fills=_FILLS,
    bass=_BASS,
    comping=_COMPING,
    rhythms=_RHYTHMS,
    cadences=_CADENCES,
    contours=_CONTOURS,
    arcs={
        "A": ((2, 4, 3, 0), (4, 5, 4, 2), (0, 2, 4, 2), (4, 2, 3, 0), (2, 3, 5, 4), (4, 4, 2, 0)),
        "B": ((5, 7, 6, 4), (7, 5, 6, 4), (4, 6, 8, 5), (7, 6, 4, 5), (5, 5, 7, 4)),
    },
    plans=(
        ("motif", "answer", "repeat", "cadence"),
        ("motif", "repeat", "answer", "cadence"),
        ("motif", "rest", "repeat", "cadence"),
        ("motif", "rest", "answer", "cadence"),
        ("rest", "motif", "repeat", "cadence"),
        ("motif", "answer", "motif", "cadence"),
    ),
    melody_entry=MelodyEntry(strong=0.55, beat=0.58, offbeat=0.64, sixteenth=0.8, doubled=0.88),
    shifts=(-0.03, 0.0, 0.0, 0.03, 0.06),
    shifted_layers=frozenset({"hat", "chords", "melody"}),
)  # fmt: skip
