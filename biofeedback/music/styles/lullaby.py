"""``lullaby``: towards sleep, in three or rocking in six, at 46 to 96 beats a minute.

A harp rocks, a music box hums five-note tunes, low strings breathe underneath, water runs, and a
pulse as soft as a heart at the ear keeps the beat. The less energy there is the fewer notes are
left, down to a pad that fades; in a session the whole falls asleep with the person
(``[music] fade_out_s`` of a plan).
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
    CLOSING,
    GENTLE_CONTOURS,
    IONIAN_TOUR,
    LYDIAN_TOUR,
    MIXOLYDIAN_TOUR,
    PLANS,
    harmonise,
    pick,
    walk_bass,
)

# Two strokes of a heart; the second one is hardly heard.
_HEART_IN_THREE = (
    (
        Hit(0, 0.14),
        Hit(8, 0.26, -1.0, "ornament"),
        Hit(4, 0.34, -1.0, "ornament"),
        *(Hit(step, 0.4 + 0.04 * step, -9.0, "ornament") for step in (1, 9)),
    ),
)
_HEART_IN_SIX = ((Hit(0, 0.14, 3.0), Hit(6, 0.28, 2.5, "ornament")),)
_PAD = ((Stab(0, WHOLE, (0, 1, 2, NINTH, FOURTH, SIXTH), 0.0, gate="energy"),),)
_BASS_IN_THREE = (
    walk_bass((0, 12, "root", 0.2)),
    (*walk_bass((0, 8, "root", 0.2)), *walk_bass((8, 4, "fifth", 0.5), accent_db=-3.0)),
    (*walk_bass((0, 8, "root", 0.2)), *walk_bass((8, 4, "approach", 0.6), accent_db=-3.0)),
)
_HARP_IN_THREE = (
    (
        *pick((0, 8, -3, 0.0), gate="energy"),
        *pick((8, 4, 2, 0.12), (4, 4, 1, 0.3)),
        *pick((6, 2, 3, 0.44), (10, 2, 1, 0.56), (2, 2, 0, 0.68), accent_db=4.0),
        *pick((7, 1, 4, 0.84), (11, 1, 3, 0.92), accent_db=1.0, gate="sparkle"),
    ),
    (
        *pick((0, 8, 0, 0.0), gate="energy"),
        *pick((4, 4, 2, 0.16), (8, 4, 1, 0.26)),
        *pick((6, 2, 3, 0.4), (2, 2, 1, 0.54), (10, 2, 2, 0.72), accent_db=4.0),
        *pick((3, 1, 4, 0.88), (9, 1, 4, 0.94), accent_db=1.0, gate="sparkle"),
    ),
    (
        *pick((0, 8, -3, 0.0), gate="energy"),
        *pick((8, 4, 2, 0.14), (4, 4, 0, 0.34)),
        *pick((10, 2, 3, 0.46), (6, 2, 1, 0.58), (2, 2, -1, 0.7), accent_db=4.0),
        *pick((5, 1, 3, 0.86), (11, 1, 5, 0.96), accent_db=1.0, gate="sparkle"),
    ),
)

_MELODY = Melody(
    range_midi=(50, 96),
    home_low_midi=60,
    rhythms=(
        ((0, 8), (8, 4)),
        ((0, 4), (4, 4), (8, 4)),
        ((0, 6), (6, 2), (8, 4)),
        ((0, 8), (8, 2), (10, 2)),
        ((4, 4), (8, 4)),
        ((0, 2), (2, 2), (4, 8)),
        ((0, 4), (4, 2), (6, 2), (8, 4)),
    ),
    cadences=(((0, 12),), ((0, 8),), ((0, 4), (4, 8)), ((0, 2), (2, 2), (4, 8))),
    contours=GENTLE_CONTOURS,
    arcs=ARCS,
    plans=PLANS,
    entry=MelodyEntry(strong=0.24, beat=0.3, offbeat=0.42, sixteenth=0.9, doubled=2.0, echo=0.55),
    scale="pentatonic",
)

_IN_THREE = Style(
    name="lullaby",
    title="towards sleep: music box, harp, low strings, water",
    meter=METERS["3/4"],
    tempo_range_bpm=(46.0, 96.0),
    has_beat=True,
    harmony=replace(
        harmonise(
            (IONIAN_TOUR, LYDIAN_TOUR, MIXOLYDIAN_TOUR),
            bass_low_midi=33,
            chord_range_midi=(50, 78),
            colours=(0, 4),
            slow=True,
        ),
        closing=CLOSING,
    ),
    layers={
        "kick": Voice(rest_db=-11.0, full_db=-4.0, loose_db=0.3),
        "bass": Voice(rest_db=-13.0, full_db=-7.0, late_ms=6.0, loose_db=0.5),
        "chords": Voice(
            rest_db=-8.5, full_db=-3.0, pan=-0.15, spread=0.1, late_ms=10.0, loose_db=1.2
        ),
        "pad": Voice(rest_db=-15.0, full_db=-12.0, spread=0.3, late_ms=12.0, loose_db=0.4),
        "melody": Voice(rest_db=-11.0, full_db=-6.0, pan=0.15, late_ms=10.0, loose_db=1.0),
        "counter": Voice(rest_db=-14.0, full_db=-9.0, pan=-0.3, late_ms=10.0, loose_db=1.0),
        "accent": Voice(rest_db=-18.0, full_db=-8.0, pan=0.2),
    },
    instruments={
        "kick": "frame_drum",
        "bass": "sub_bass",
        "chords": "harp",
        "pad": "string_pad",
        "melody": "music_box",
        "counter": "flute",
        "accent": "bell",
        "nature": "water",
    },
    strands=(
        Strand("kick", _HEART_IN_THREE, length="stroke"),
        Strand("pad", _PAD, length="held", inversion=-1),
        Strand("bass", _BASS_IN_THREE),
        Strand("chords", _HARP_IN_THREE, every="bar"),
    ),
    accent_range_midi=(67, 96),
    melody=_MELODY,
    scenes=(
        Scene(),
        Scene({"melody": 0.06}, lead="counter"),
        Scene({"bass": 0.1, "counter": -0.1}),
        Scene({"chords": -0.02, "counter": 0.1}, lead="counter"),
    ),
    shifts=(-0.03, 0.0, 0.03),
    shifted_layers=frozenset({"melody", "counter"}),
    fade_out_s=900.0,
)

# In six a beat is a dotted quarter: the cradle swings twice a bar. A chord lasts two bars.
_HARP_IN_SIX = (
    (
        *pick((0, 6, -3, 0.0), (6, 6, 1, 0.0), gate="energy"),
        *pick((4, 2, 2, 0.26), (10, 2, 2, 0.32), accent_db=-3.0),
        *pick((2, 2, 0, 0.46), (8, 2, 3, 0.54), accent_db=-4.0),
        *pick((9, 1, 4, 0.86), (3, 1, 3, 0.94), accent_db=-4.0, gate="sparkle"),
    ),
    (
        *pick((0, 6, 0, 0.0), (6, 6, 2, 0.0), gate="energy"),
        *pick((4, 2, 1, 0.3), (10, 2, 3, 0.24), accent_db=-3.0),
        *pick((2, 2, 2, 0.58), (8, 2, 1, 0.5), accent_db=-4.0),
        *pick((5, 1, 3, 0.88), (11, 1, 4, 0.96), accent_db=-4.0, gate="sparkle"),
    ),
    (
        *pick((0, 6, -3, 0.0), (6, 6, 0, 0.0), gate="energy"),
        *pick((10, 2, 1, 0.22), (4, 2, 2, 0.36), accent_db=-3.0),
        *pick((8, 2, 2, 0.44), (2, 2, 1, 0.62), accent_db=-4.0),
        *pick((11, 1, 3, 0.9), (7, 1, 5, 0.98), accent_db=-4.0, gate="sparkle"),
    ),
)
_IN_SIX = replace(
    _IN_THREE,
    meter=METERS["6/8"],
    tempo_range_bpm=(32.0, 84.0),
    harmony=replace(_IN_THREE.harmony, chord_bars=2),
    strands=(
        Strand("kick", _HEART_IN_SIX, length="stroke"),
        Strand("pad", _PAD, length="held", inversion=-1),
        Strand(
            "bass",
            (
                walk_bass((0, 6, "root", 0.2), (6, 6, "root", 0.4)),
                walk_bass((0, 6, "root", 0.2), (6, 6, "fifth", 0.4)),
            ),
            every="bar",
        ),
        Strand("chords", _HARP_IN_SIX, every="bar"),
    ),
    melody=replace(
        _MELODY,
        rhythms=(
            ((0, 4), (4, 2), (6, 4), (10, 2), (12, 10)),
            ((0, 6), (6, 4), (10, 2), (12, 6), (18, 4)),
            ((0, 4), (4, 2), (6, 6), (12, 4), (16, 2), (18, 6)),
            ((6, 4), (10, 2), (12, 8), (20, 2)),
            ((0, 10), (10, 2), (12, 4), (16, 2), (18, 4)),
            ((0, 2), (2, 2), (4, 2), (6, 6), (12, 10)),
        ),
        cadences=(((0, 18),), ((0, 6), (6, 12)), ((0, 4), (4, 2), (6, 12)), ((0, 12), (12, 8))),
    ),
)

LULLABY = replace(_IN_THREE, other_meters=(_IN_SIX,))
