"""``dance``: to move to freely, 84 to 168 beats a minute, with wide dynamics.

At rest strings and two notes of a marimba wait; then the pulse comes in, a bass in threes against
it (3 + 3 + 2), offbeat hats, claps; at full energy everything at once, with a singing lead. What is
soft is really soft, and every phrase grows towards its third chord.
"""

from __future__ import annotations

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
    AEOLIAN_TOUR,
    ARCS,
    CONTOURS,
    DORIAN_TOUR,
    LYDIAN_TOUR,
    MIXOLYDIAN_TOUR,
    PLANS,
    harmonise,
    pick,
    walk_bass,
)

_BEATS = (0, 4, 8, 12)
_OFFBEATS = (2, 6, 10, 14)
_KICKS = ((Hit(0, 0.12), Hit(8, 0.14, -0.3), Hit(4, 0.18, -0.6), Hit(12, 0.18, -0.6)),)
_CLAPS = (
    (Hit(4, 0.5), Hit(12, 0.46)),
    (Hit(12, 0.44), Hit(4, 0.52, -1.0), Hit(15, 0.96, -8.0, "sparkle")),
    (Hit(4, 0.48), Hit(12, 0.5), Hit(7, 0.9, -10.0, "ornament")),
)
_HATS = (
    (
        *(Hit(step, 0.34 + 0.01 * step, -1.0, "ornament", steps=2) for step in _OFFBEATS),
        *(Hit(step, 0.4 + 0.01 * step, -3.0) for step in _BEATS),
        *(Hit(step, 0.66 + 0.018 * step, -8.0, "sparkle") for step in range(1, 16, 2)),
    ),
    (
        *(Hit(step, 0.36 + 0.008 * step, -2.0) for step in _BEATS),
        *(Hit(step, 0.36 + 0.012 * step, -3.0, "ornament") for step in _OFFBEATS),
        *(Hit(step, 0.7 + 0.02 * step, -9.0, "sparkle") for step in (3, 7, 11, 15)),
        *(Hit(step, 0.84 + 0.015 * step, -10.0, "sparkle") for step in (1, 5, 9, 13)),
    ),
)
_SHAKER = (
    (
        *(Hit(step, 0.24 + 0.01 * step, -2.0) for step in _BEATS),
        *(Hit(step, 0.3 + 0.015 * step, -5.0, "ornament") for step in _OFFBEATS),
        *(Hit(step, 0.58 + 0.02 * step, -8.0, "ornament") for step in (3, 7, 11, 15)),
    ),
    (
        *(Hit(step, 0.26, -2.0) for step in _BEATS),
        *(Hit(step, 0.5 + 0.02 * step, -6.0, "ornament") for step in (3, 6, 11, 14)),
    ),
)
_FILLS = (
    (
        Hit(10, 0.7, -5.0, "ornament"),
        Hit(11, 0.76, -4.0, "ornament"),
        Hit(13, 0.8, -3.0, "ornament"),
        Hit(14, 0.62, -2.0, "ornament"),
        Hit(15, 0.68, -1.0, "ornament"),
    ),
    (
        Hit(6, 0.74, -4.0, "ornament"),
        Hit(9, 0.66, -3.0, "ornament"),
        Hit(11, 0.78, -4.0, "ornament"),
        Hit(14, 0.64, -1.5, "ornament"),
    ),
    (Hit(14, 0.6, -3.0, "ornament"), Hit(15, 0.7, -1.0, "ornament")),
)

# Three, three and two against the beats.
_BASS = (
    (
        *walk_bass((0, 3, "root", 0.16), (8, 3, "root", 0.2)),
        *walk_bass((4, 2, "root", 0.24), (12, 2, "root", 0.28), accent_db=-1.5),
        *walk_bass((6, 2, "fifth", 0.48), (14, 2, "approach", 0.42), gate="ornament"),
        *walk_bass(
            (3, 1, "octave", 0.72), (11, 1, "octave", 0.66), accent_db=-3.0, gate="ornament"
        ),
    ),
    (
        *walk_bass((0, 3, "root", 0.16), (8, 4, "root", 0.22)),
        *walk_bass((4, 2, "octave", 0.3), (12, 3, "fifth", 0.26), accent_db=-1.5),
        *walk_bass((6, 2, "root", 0.4), (14, 2, "octave", 0.52), gate="ornament"),
        *walk_bass((10, 1, "octave", 0.7), (3, 1, "root", 0.84), accent_db=-3.0, gate="ornament"),
    ),
    (
        *walk_bass((0, 6, "root", 0.14), (8, 3, "fifth", 0.24)),
        *walk_bass((4, 2, "root", 0.34), (12, 2, "third", 0.3), accent_db=-1.5),
        *walk_bass((14, 2, "approach", 0.38), (6, 2, "octave", 0.56), gate="ornament"),
        *walk_bass((11, 1, "root", 0.76), (2, 1, "octave", 0.88), accent_db=-3.0, gate="ornament"),
    ),
)
_MARIMBA = (
    (
        *pick((0, 3, 0, 0.0), (8, 3, 1, 0.04), gate="energy"),
        *pick((6, 2, 2, 0.12), (14, 2, 2, 0.2), (3, 3, 1, 0.28), (11, 3, 3, 0.36)),
        *pick((4, 2, 2, 0.52), (12, 2, 1, 0.58), (10, 2, 0, 0.68), (2, 1, 3, 0.78), accent_db=-3.0),
        *pick((7, 1, 4, 0.86), (15, 1, 3, 0.92), accent_db=-4.0, gate="sparkle"),
    ),
    (
        *pick((0, 4, 1, 0.0), (8, 4, 0, 0.02), gate="energy"),
        *pick((3, 3, 2, 0.16), (11, 3, 2, 0.22), (6, 2, 3, 0.3), (14, 2, 1, 0.4)),
        *pick((12, 2, 0, 0.54), (4, 2, 0, 0.6), (2, 2, 2, 0.7), (10, 1, 3, 0.8), accent_db=-3.0),
        *pick((5, 1, 4, 0.88), (13, 1, 4, 0.94), accent_db=-4.0, gate="sparkle"),
    ),
    (
        *pick((0, 3, 2, 0.0), (6, 4, 1, 0.06), gate="energy"),
        *pick((10, 3, 0, 0.14), (3, 3, 0, 0.24), (12, 4, 2, 0.32), (8, 2, 3, 0.44)),
        *pick((14, 2, 3, 0.56), (4, 2, 1, 0.62), (2, 1, 1, 0.74), accent_db=-3.0),
        *pick((9, 1, 4, 0.84), (1, 1, 3, 0.96), accent_db=-4.0, gate="sparkle"),
    ),
)
_PAD = ((Stab(0, WHOLE, (0, 1, 2, NINTH, FOURTH, SIXTH), 0.0, gate="energy"),),)

DANCE = Style(
    name="dance",
    title="to move to freely, wide dynamics: strings, marimba, bass, drums, lead",
    meter=METERS["4/4"],
    tempo_range_bpm=(84.0, 170.0),
    has_beat=True,
    harmony=harmonise(
        (AEOLIAN_TOUR, DORIAN_TOUR, LYDIAN_TOUR, MIXOLYDIAN_TOUR),
        bass_low_midi=31,
        chord_range_midi=(50, 79),
        split_chance=0.2,
    ),
    layers={
        "kick": Voice(rest_db=-16.0, full_db=-1.0, loose_db=0.3),
        "snare": Voice(rest_db=-16.0, full_db=-4.0, late_ms=3.0, loose_db=0.7),
        "hat": Voice(rest_db=-20.0, full_db=-8.5, pan=0.2, late_ms=4.0, loose_db=1.2),
        "percussion": Voice(rest_db=-19.0, full_db=-9.0, pan=-0.3, late_ms=4.0, loose_db=1.5),
        "bass": Voice(rest_db=-15.0, full_db=-4.5, late_ms=3.0, loose_db=0.7),
        "chords": Voice(
            rest_db=-15.0, full_db=-8.0, pan=-0.2, spread=0.12, late_ms=8.0, loose_db=1.5
        ),
        "pad": Voice(rest_db=-14.0, full_db=-9.0, spread=0.35, late_ms=12.0, loose_db=0.5),
        "melody": Voice(rest_db=-14.0, full_db=-6.0, pan=0.1, late_ms=8.0, loose_db=1.2),
        "counter": Voice(rest_db=-16.0, full_db=-8.0, pan=0.35, late_ms=8.0, loose_db=1.2),
        "accent": Voice(rest_db=-18.0, full_db=-4.0, pan=-0.1),
    },
    instruments={
        "kick": "kick",
        "snare": "snare",
        "hat": "hat",
        "percussion": "shaker",
        "bass": "bass",
        "chords": "marimba",
        "pad": "string_pad",
        "melody": "lead",
        "counter": "flute",
        "accent": "bell",
    },
    strands=(
        Strand("kick", _KICKS, length="stroke"),
        Strand("snare", _CLAPS, every="section", length="stroke"),
        Strand("snare", _FILLS, at="phrase_end", length="stroke"),
        Strand("hat", _HATS, every="section", length="ring"),
        Strand("percussion", _SHAKER, every="section", length="stroke"),
        Strand("bass", _BASS),
        Strand("chords", _MARIMBA),
        Strand("pad", _PAD, length="held", inversion=-1),
    ),
    accent_range_midi=(62, 96),
    melody=Melody(
        range_midi=(53, 93),
        home_low_midi=60,
        rhythms=(
            ((0, 3), (3, 3), (6, 4), (10, 2), (12, 4)),
            ((0, 6), (6, 2), (8, 3), (11, 5)),
            ((2, 2), (4, 2), (6, 6), (12, 2), (14, 2)),
            ((0, 3), (3, 3), (6, 2), (8, 8)),
            ((0, 2), (2, 4), (6, 2), (8, 3), (11, 3)),
            ((0, 8), (8, 3), (11, 3), (14, 2)),
            ((4, 2), (6, 2), (8, 6), (14, 2)),
            ((0, 3), (3, 5), (8, 3), (11, 2), (13, 3)),
        ),
        cadences=(
            ((0, 12),),
            ((0, 3), (3, 10)),
            ((0, 3), (3, 3), (6, 8)),
            ((0, 6), (6, 8)),
        ),
        contours=CONTOURS,
        arcs=ARCS,
        plans=PLANS,
        entry=MelodyEntry(
            strong=0.46, beat=0.5, offbeat=0.56, sixteenth=0.66, doubled=0.86, echo=0.58
        ),
        scale="pentatonic",
    ),
    scenes=(
        Scene({"percussion": 0.1}),
        Scene({"hat": 0.14, "counter": -0.06}, lead="counter"),
        Scene({"chords": 0.08, "melody": -0.05}),
        Scene({"percussion": -0.06, "snare": 0.08}, lead="counter"),
    ),
    shifts=(-0.03, 0.0, 0.03, 0.05),
    shifted_layers=frozenset({"hat", "chords", "melody", "percussion"}),
    phrasing_db=(-1.0, 0.0, 1.2, 0.2),
)
