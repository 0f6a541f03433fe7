"""``drum-circle``: a group round one pulse, 64 to 144 beats a minute, in four or in six.

Every wearer owns a drum with a register, a timbre and a place: djembe, conga, cajon, shekere,
bongo, woodblock, cowbell, tambourine. Its pattern grows with this wearer's own energy, so that
everybody can hear what they do. The pulse, a kalimba, a low string and a marimba that calls belong
to all. Somebody alone hears the drums join in one after another.
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
    AEOLIAN_TOUR,
    ARCS,
    CONTOURS,
    DORIAN_TOUR,
    IONIAN_TOUR,
    MIXOLYDIAN_TOUR,
    SPARSE_PLANS,
    harmonise,
    pick,
    walk_bass,
)

_LOW, _OPEN, _SLAP = 36, 48, 60
_BEATS = (0, 4, 8, 12)


def _beat(*strokes: tuple[int, int, float, float]) -> tuple[Hit, ...]:
    """Write a hand drum's pattern as (step, stroke, enter, accent_db)."""
    return tuple(
        Hit(step, enter, accent_db, "ornament" if enter > 0.3 else "energy", stroke=stroke)
        for step, stroke, enter, accent_db in strokes
    )


_DJEMBE = (
    _beat(
        (0, _LOW, 0.0, 0.0), (8, _LOW, 0.1, -1.0), (4, _SLAP, 0.2, -1.0),
        (12, _SLAP, 0.26, -1.0), (6, _OPEN, 0.36, -3.0), (14, _OPEN, 0.44, -3.0),
        (10, _OPEN, 0.56, -3.0), (3, _OPEN, 0.68, -5.0), (7, _OPEN, 0.78, -5.0),
        (15, _OPEN, 0.86, -5.0),
    ),
    _beat(
        (0, _LOW, 0.0, 0.0), (12, _SLAP, 0.12, -1.0), (8, _LOW, 0.18, -1.0),
        (4, _SLAP, 0.28, -1.0), (10, _OPEN, 0.4, -3.0), (11, _OPEN, 0.5, -4.0),
        (6, _LOW, 0.6, -3.0), (2, _OPEN, 0.72, -5.0), (14, _SLAP, 0.8, -4.0),
        (5, _OPEN, 0.9, -6.0),
    ),
    _beat(
        (0, _LOW, 0.0, 0.0), (8, _LOW, 0.08, -1.0), (12, _SLAP, 0.22, -1.0),
        (4, _OPEN, 0.3, -2.0), (14, _OPEN, 0.38, -3.0), (2, _OPEN, 0.48, -4.0),
        (6, _SLAP, 0.58, -3.0), (7, _OPEN, 0.7, -5.0), (11, _OPEN, 0.82, -5.0),
        (13, _OPEN, 0.92, -6.0),
    ),
)  # fmt: skip
_CONGA = (
    _beat(
        (0, _LOW, 0.0, -2.0), (12, _OPEN, 0.08, 0.0), (14, _OPEN, 0.2, -1.0),
        (4, _SLAP, 0.28, -1.0), (8, _LOW, 0.38, -3.0), (2, _LOW, 0.5, -6.0),
        (6, _LOW, 0.6, -6.0), (10, _LOW, 0.7, -6.0), (7, _OPEN, 0.8, -4.0),
        (15, _OPEN, 0.9, -5.0),
    ),
    _beat(
        (0, _LOW, 0.0, -2.0), (6, _OPEN, 0.1, -1.0), (12, _OPEN, 0.2, 0.0),
        (4, _SLAP, 0.3, -1.0), (14, _OPEN, 0.4, -2.0), (8, _LOW, 0.46, -3.0),
        (10, _LOW, 0.58, -6.0), (2, _LOW, 0.68, -6.0), (11, _SLAP, 0.84, -4.0),
    ),
    _beat(
        (8, _LOW, 0.0, -2.0), (12, _OPEN, 0.06, 0.0), (4, _SLAP, 0.24, -1.0),
        (0, _LOW, 0.34, -3.0), (10, _OPEN, 0.44, -2.0), (14, _OPEN, 0.54, -2.0),
        (6, _LOW, 0.64, -6.0), (3, _OPEN, 0.76, -4.0), (2, _LOW, 0.88, -6.0),
    ),
)  # fmt: skip
_CAJON = (
    _beat(
        (0, _LOW, 0.0, 0.0), (4, _SLAP, 0.14, -1.0), (8, _LOW, 0.1, -1.0),
        (12, _SLAP, 0.22, -1.0), (10, _LOW, 0.42, -3.0), (7, _OPEN, 0.56, -6.0),
        (15, _OPEN, 0.68, -6.0), (6, _LOW, 0.78, -4.0), (2, _OPEN, 0.88, -7.0),
    ),
    _beat(
        (0, _LOW, 0.0, 0.0), (12, _SLAP, 0.12, -1.0), (4, _SLAP, 0.2, -1.0),
        (6, _LOW, 0.34, -2.0), (8, _LOW, 0.46, -2.0), (14, _OPEN, 0.58, -5.0),
        (11, _OPEN, 0.72, -6.0), (3, _OPEN, 0.84, -7.0),
    ),
)  # fmt: skip
_BONGO = (
    _beat(
        (0, _SLAP, 0.0, -1.0), (4, _OPEN, 0.12, -2.0), (8, _SLAP, 0.18, -1.0),
        (12, _LOW, 0.08, 0.0), (2, _OPEN, 0.34, -4.0), (6, _OPEN, 0.42, -4.0),
        (10, _OPEN, 0.5, -4.0), (14, _LOW, 0.58, -3.0), (15, _OPEN, 0.76, -6.0),
        (7, _OPEN, 0.88, -6.0),
    ),
    _beat(
        (12, _LOW, 0.0, 0.0), (0, _SLAP, 0.1, -1.0), (14, _OPEN, 0.24, -2.0),
        (8, _SLAP, 0.32, -1.0), (4, _OPEN, 0.44, -3.0), (6, _OPEN, 0.54, -4.0),
        (3, _OPEN, 0.66, -5.0), (11, _OPEN, 0.78, -5.0), (10, _OPEN, 0.9, -5.0),
    ),
)  # fmt: skip
_WOODBLOCK = (
    (Hit(0, 0.0), Hit(12, 0.06, -1.0), Hit(6, 0.2, -1.0), Hit(3, 0.34, -1.0), Hit(10, 0.46, -1.0)),
    (Hit(0, 0.0), Hit(8, 0.1, -1.0), Hit(14, 0.24, -1.0), Hit(3, 0.36, -1.0), Hit(6, 0.5, -1.0)),
)
_COWBELL = (
    tuple(Hit(step, 0.05 * step / 4, -1.0 * (step > 0)) for step in _BEATS)
    + tuple(Hit(step, 0.4 + 0.03 * step, -5.0, "ornament") for step in (2, 6, 10, 14)),
    tuple(Hit(step, 0.06 * step / 4, -1.0 * (step > 0)) for step in (0, 8))
    + tuple(Hit(step, 0.3 + 0.03 * step, -4.0, "ornament") for step in (4, 6, 12, 14)),
)
_TAMBOURINE = (
    (
        Hit(4, 0.0),
        Hit(12, 0.05),
        *(Hit(step, 0.3 + 0.03 * step, -5.0, "ornament") for step in (2, 6, 10, 14)),
    ),
    (
        Hit(12, 0.0),
        Hit(4, 0.1),
        *(Hit(step, 0.4 + 0.02 * step, -6.0, "ornament") for step in (0, 6, 8, 14)),
    ),
)
_SHEKERE = (
    (
        *(Hit(step, 0.02 * step / 4, -1.0 * (step % 8 > 0)) for step in _BEATS),
        *(Hit(step, 0.24 + 0.02 * step, -4.0, "ornament") for step in (2, 6, 10, 14)),
        *(Hit(step, 0.6 + 0.02 * step, -8.0, "ornament") for step in (3, 7, 11, 15)),
    ),
    (
        *(Hit(step, 0.03 * step / 4, -1.0 * (step % 8 > 0)) for step in _BEATS),
        *(Hit(step, 0.3 + 0.02 * step, -4.0, "ornament") for step in (6, 14, 2)),
        *(Hit(step, 0.64 + 0.02 * step, -8.0, "ornament") for step in (1, 5, 9, 13)),
    ),
)
_KALIMBA = (
    (
        *pick((0, 4, 0, 0.0), (6, 4, 2, 0.03), gate="energy"),
        *pick((10, 4, 1, 0.14), (14, 2, 3, 0.26), (3, 3, 1, 0.38), (12, 2, 2, 0.48)),
        *pick((8, 2, 0, 0.6), (4, 2, 3, 0.7), (7, 1, 4, 0.84), accent_db=-2.0, gate="sparkle"),
    ),
    (
        *pick((0, 6, 1, 0.0), (8, 4, 0, 0.05), gate="energy"),
        *pick((6, 2, 2, 0.16), (14, 2, 1, 0.24), (11, 3, 3, 0.36), (4, 2, 0, 0.5)),
        *pick((2, 2, 2, 0.64), (12, 2, 4, 0.74), (15, 1, 3, 0.86), accent_db=-2.0, gate="sparkle"),
    ),
    (
        *pick((0, 4, 2, 0.0), (10, 6, 0, 0.04), gate="energy"),
        *pick((3, 3, 1, 0.18), (6, 4, 3, 0.28), (14, 2, 2, 0.4), (8, 2, 1, 0.52)),
        *pick((12, 2, 3, 0.62), (5, 1, 4, 0.76), (11, 1, 4, 0.88), accent_db=-2.0, gate="sparkle"),
    ),
)
_BASS = (
    walk_bass((0, 6, "root", 0.14), (8, 4, "root", 0.34), (14, 2, "fifth", 0.6)),
    walk_bass((0, 6, "root", 0.14), (6, 2, "fifth", 0.46), (12, 4, "octave", 0.4)),
    walk_bass((0, 3, "root", 0.14), (3, 5, "root", 0.5), (8, 6, "fifth", 0.36)),
)
_PAD = ((Stab(0, WHOLE, (0, 1, 2, NINTH, FOURTH, SIXTH), 0.0, gate="energy"),),)
_PULSE = (
    (Hit(0, 0.0), Hit(4, 0.0, -2.0), Hit(8, 0.0, -0.5), Hit(12, 0.0, -2.0)),
)  # fmt: skip

_MELODY = Melody(
    range_midi=(54, 93),
    home_low_midi=60,
    rhythms=(
        ((0, 3), (3, 3), (6, 2), (8, 4)),
        ((0, 2), (2, 2), (4, 2), (6, 6)),
        ((0, 4), (6, 2), (8, 2), (10, 4)),
        ((2, 2), (4, 2), (6, 2), (8, 3), (11, 3)),
        ((0, 3), (3, 3), (6, 3), (9, 3), (12, 4)),
    ),
    cadences=(((0, 6),), ((0, 3), (3, 6)), ((0, 2), (2, 2), (4, 6))),
    contours=CONTOURS,
    arcs=ARCS,
    plans=SPARSE_PLANS,
    entry=MelodyEntry(strong=0.34, beat=0.38, offbeat=0.42, sixteenth=0.5, doubled=0.9, echo=2.0),
    scale="pentatonic",
)

_IN_FOUR = Style(
    name="drum-circle",
    title="a group round one pulse: a drum for each wearer, kalimba, marimba",
    meter=METERS["4/4"],
    tempo_range_bpm=(64.0, 144.0),
    has_beat=True,
    harmony=harmonise(
        (DORIAN_TOUR, AEOLIAN_TOUR, MIXOLYDIAN_TOUR, IONIAN_TOUR),
        bass_low_midi=31,
        chord_range_midi=(53, 79),
        slow=True,
    ),
    layers={
        "kick": Voice(rest_db=-11.0, full_db=-4.0, loose_db=0.4),
        "part_1": Voice(rest_db=-12.0, full_db=-3.0, pan=-0.35, late_ms=5.0, loose_db=1.2),
        "part_2": Voice(rest_db=-12.0, full_db=-4.0, pan=0.35, late_ms=5.0, loose_db=1.2),
        "part_3": Voice(rest_db=-12.0, full_db=-4.0, pan=-0.7, late_ms=5.0, loose_db=1.0),
        "part_4": Voice(rest_db=-15.0, full_db=-7.0, pan=0.7, late_ms=6.0, loose_db=1.5),
        "part_5": Voice(rest_db=-14.0, full_db=-6.0, pan=-0.15, late_ms=5.0, loose_db=1.2),
        "part_6": Voice(rest_db=-16.0, full_db=-9.0, pan=0.15, late_ms=4.0, loose_db=0.8),
        "part_7": Voice(rest_db=-17.0, full_db=-10.0, pan=-0.9, late_ms=4.0, loose_db=1.0),
        "part_8": Voice(rest_db=-16.0, full_db=-9.0, pan=0.9, late_ms=5.0, loose_db=1.2),
        "bass": Voice(rest_db=-13.0, full_db=-7.0, late_ms=4.0, loose_db=0.6),
        "chords": Voice(
            rest_db=-13.0, full_db=-9.0, pan=0.1, spread=0.12, late_ms=8.0, loose_db=1.5
        ),
        "pad": Voice(rest_db=-16.0, full_db=-14.0, spread=0.35, late_ms=12.0, loose_db=0.4),
        "melody": Voice(rest_db=-12.0, full_db=-7.0, pan=-0.1, late_ms=6.0, loose_db=1.5),
        "accent": Voice(rest_db=-16.0, full_db=-4.0, pan=0.1),
    },
    instruments={
        "kick": "soft_kick",
        "part_1": "djembe",
        "part_2": "conga",
        "part_3": "cajon",
        "part_4": "shekere",
        "part_5": "bongo",
        "part_6": "woodblock",
        "part_7": "cowbell_soft",
        "part_8": "tambourine",
        "bass": "upright_bass",
        "chords": "kalimba",
        "pad": "air_pad",
        "melody": "marimba",
        "accent": "marimba",
    },
    strands=(
        Strand("kick", _PULSE, length="stroke"),
        Strand("part_1", _DJEMBE, every="bar", length="stroke"),
        Strand("part_2", _CONGA, every="bar", length="stroke"),
        Strand("part_3", _CAJON, length="stroke"),
        Strand("part_4", _SHEKERE, length="stroke"),
        Strand("part_5", _BONGO, every="bar", length="stroke"),
        Strand("part_6", _WOODBLOCK, every="section", length="stroke"),
        Strand("part_7", _COWBELL, every="section", length="stroke"),
        Strand("part_8", _TAMBOURINE, length="stroke"),
        Strand("bass", _BASS),
        Strand("chords", _KALIMBA, every="bar"),
        Strand("pad", _PAD, length="held", inversion=-1),
    ),
    accent_range_midi=(60, 88),
    melody=_MELODY,
    scenes=(
        Scene(),
        Scene({"bass": 0.12, "melody": -0.06}),
        Scene({"melody": 0.12, "chords": -0.05}),
        Scene({"chords": 0.08, "bass": -0.05}),
    ),
    shifts=(-0.03, 0.0, 0.03),
    shifted_layers=frozenset({"chords", "melody", "bass"}),
    part_entries=(0.06, 0.16, 0.26, 0.36, 0.48, 0.58, 0.68, 0.78),
)


def _six(*strokes: tuple[int, int | None, float, float]) -> tuple[Hit, ...]:
    return tuple(
        Hit(step, enter, accent_db, "ornament" if enter > 0.3 else "energy", stroke=stroke)
        for step, stroke, enter, accent_db in strokes
    )


# In six the bell rings twelve eighths in two bars, as in much of West Africa.
_IN_SIX = replace(
    _IN_FOUR,
    meter=METERS["6/8"],
    tempo_range_bpm=(50.0, 144.0),
    harmony=replace(_IN_FOUR.harmony, chord_bars=2),
    strands=(
        Strand("kick", ((Hit(0, 0.0), Hit(6, 0.0, -1.5)),), length="stroke"),
        Strand(
            "part_1",
            (
                _six((0, _LOW, 0.0, 0.0), (6, _SLAP, 0.14, -1.0), (4, _OPEN, 0.3, -2.0),
                     (10, _OPEN, 0.4, -2.0), (2, _OPEN, 0.56, -4.0), (8, _OPEN, 0.68, -4.0),
                     (9, _SLAP, 0.84, -5.0), (3, _OPEN, 0.96, -6.0), (11, _OPEN, 1.06, -6.0)),
                _six((0, _LOW, 0.0, 0.0), (10, _OPEN, 0.12, -1.0), (6, _LOW, 0.22, -1.0),
                     (8, _OPEN, 0.36, -3.0), (4, _SLAP, 0.48, -2.0), (2, _OPEN, 0.64, -4.0),
                     (11, _OPEN, 0.86, -5.0), (5, _SLAP, 0.98, -6.0), (9, _OPEN, 1.1, -6.0)),
            ),
            every="bar",
            length="stroke",
        ),
        Strand(
            "part_2",
            (
                _six((0, _LOW, 0.0, -1.0), (8, _OPEN, 0.1, 0.0), (10, _OPEN, 0.22, -1.0),
                     (4, _SLAP, 0.34, -1.0), (6, _LOW, 0.5, -4.0), (2, _LOW, 0.7, -5.0),
                     (11, _OPEN, 0.94, -5.0), (9, _OPEN, 1.08, -6.0)),
                _six((6, _LOW, 0.0, -1.0), (2, _OPEN, 0.12, -1.0), (4, _OPEN, 0.26, -1.0),
                     (10, _SLAP, 0.38, -1.0), (0, _LOW, 0.52, -3.0), (8, _LOW, 0.72, -5.0),
                     (5, _OPEN, 0.96, -6.0), (3, _OPEN, 1.1, -6.0)),
            ),
            every="bar",
            length="stroke",
        ),
        Strand(
            "part_3",
            (
                _six((0, _LOW, 0.0, 0.0), (6, _SLAP, 0.1, -1.0), (4, _OPEN, 0.36, -4.0),
                     (10, _LOW, 0.5, -3.0), (8, _OPEN, 0.7, -6.0)),
                _six((0, _LOW, 0.0, 0.0), (6, _SLAP, 0.12, -1.0), (10, _OPEN, 0.34, -4.0),
                     (2, _OPEN, 0.6, -6.0), (4, _LOW, 0.78, -4.0)),
            ),
            length="stroke",
        ),
        Strand(
            "part_4",
            ((*(Hit(s, 0.02 * s / 6, -1.0 * (s > 0)) for s in (0, 6)),
              *(Hit(s, 0.26 + 0.03 * s, -4.0, "ornament") for s in (4, 10)),
              *(Hit(s, 0.5 + 0.02 * s, -5.0, "ornament") for s in (2, 8)),
              *(Hit(s, 0.84 + 0.02 * s, -9.0, "ornament") for s in (5, 11, 3, 9))),),
            length="stroke",
        ),
        Strand(
            "part_5",
            (
                _six((6, _SLAP, 0.0, -1.0), (0, _OPEN, 0.12, -1.0), (10, _OPEN, 0.28, -3.0),
                     (4, _OPEN, 0.42, -3.0), (8, _LOW, 0.6, -3.0), (2, _OPEN, 0.8, -4.0)),
                _six((0, _SLAP, 0.0, -1.0), (4, _OPEN, 0.2, -2.0), (8, _LOW, 0.32, -2.0),
                     (10, _OPEN, 0.54, -3.0), (6, _OPEN, 0.74, -4.0)),
            ),
            every="bar",
            length="stroke",
        ),
        Strand("part_6", (_six((0, None, 0.0, 0.0), (6, None, 0.2, -1.0), (10, None, 0.44, -2.0)),),
               length="stroke"),
        Strand(
            "part_7",
            (_six((0, None, 0.0, 0.0), (4, None, 0.06, -1.0), (8, None, 0.1, -1.0),
                  (10, None, 0.2, -2.0)),),
            at="new_chord",
            length="stroke",
        ),
        Strand(
            "part_7",
            (_six((2, None, 0.0, -1.0), (6, None, 0.06, -1.0), (10, None, 0.12, -1.0)),),
            at="same_chord",
            length="stroke",
        ),
        Strand("part_8", (_six((6, None, 0.0, 0.0), (4, None, 0.34, -4.0), (10, None, 0.46, -4.0),
                               (2, None, 0.7, -6.0)),),
               length="stroke"),
        Strand(
            "bass",
            (
                walk_bass((0, 6, "root", 0.14), (6, 4, "root", 0.36), (10, 2, "fifth", 0.6)),
                walk_bass((0, 10, "root", 0.14), (4, 2, "fifth", 0.62), (6, 6, "octave", 0.4)),
            ),
        ),
        Strand(
            "chords",
            (
                (*pick((0, 4, 0, 0.0), (6, 4, 2, 0.04), gate="energy"),
                 *pick((4, 2, 1, 0.16), (10, 2, 3, 0.28), (8, 2, 0, 0.46)),
                 *pick((2, 2, 2, 0.66), (9, 1, 4, 0.84), (5, 1, 3, 1.0), accent_db=-2.0,
                       gate="sparkle")),
                (*pick((0, 6, 1, 0.0), (6, 4, 0, 0.03), gate="energy"),
                 *pick((10, 2, 2, 0.14), (4, 2, 3, 0.3), (8, 2, 1, 0.44)),
                 *pick((2, 2, 0, 0.64), (11, 1, 4, 0.86), accent_db=-2.0, gate="sparkle")),
                (*pick((0, 4, 2, 0.0), (8, 4, 1, 0.05), gate="energy"),
                 *pick((4, 4, 0, 0.18), (6, 2, 3, 0.32), (10, 2, 2, 0.48)),
                 *pick((2, 2, 1, 0.62), (5, 1, 4, 0.88), accent_db=-2.0, gate="sparkle")),
            ),
            every="bar",
        ),
        Strand("pad", _PAD, length="held", inversion=-1),
    ),
    melody=replace(
        _MELODY,
        rhythms=(
            ((0, 4), (4, 2), (6, 4), (10, 2), (12, 6)),
            ((0, 2), (2, 2), (4, 2), (6, 4), (12, 4), (16, 4)),
            ((4, 2), (6, 2), (8, 2), (10, 4), (16, 6)),
            ((0, 4), (4, 4), (8, 4), (12, 8)),
        ),
        cadences=(((0, 10),), ((0, 4), (4, 8)), ((0, 2), (2, 2), (4, 8))),
    ),
)  # fmt: skip

DRUM_CIRCLE = replace(_IN_FOUR, other_meters=(_IN_SIX,))
