"""``calm``: a slow tide of pads under a felt piano, 40 to 84 beats a minute; nothing strikes.

At rest a pad, the breath of the wind and a few single notes of the piano; then its broken chords
grow denser, a low root carries them, a flute sings in short phrases and a harp answers. Chords are
sevenths and ninths that go home without a dominant's pull, two bars each. There is no drum, so
there is no beat to obey.
"""

from __future__ import annotations

from biofeedback.music.meter import METERS
from biofeedback.music.style import (
    FOURTH,
    NINTH,
    SIXTH,
    WHOLE,
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
    DORIAN_TOUR,
    GENTLE_CONTOURS,
    IONIAN_TOUR,
    LYDIAN_TOUR,
    MIXOLYDIAN_TOUR,
    SPARSE_PLANS,
    harmonise,
    pick,
    walk_bass,
)

_PAD = ((Stab(0, WHOLE, (0, 1, 2, NINTH, FOURTH, SIXTH), 0.0, gate="energy"),),)
_ROOT = (walk_bass((0, WHOLE, "root", 0.16)),)

# Broken chords: (step, steps, voice, enter); a wave up and down, thinned out at rest.
_PIANO = (
    (
        *pick((0, 12, 0, 0.0), gate="energy"),
        *pick((8, 8, 2, 0.27), (4, 8, 1, 0.32), (12, 4, 1, 0.4)),
        *pick((6, 4, 2, 0.46), (10, 4, 3, 0.54), (2, 4, 3, 0.62), (14, 2, 2, 0.68), accent_db=-1.0),
        *pick((7, 2, 3, 0.76), (13, 2, 4, 0.8), (3, 2, 4, 0.86), (11, 2, 5, 0.92), accent_db=-2.0),
        *pick((5, 2, 4, 0.88), (9, 2, 4, 0.96), accent_db=-2.0, gate="sparkle"),
    ),
    (
        *pick((0, 12, -3, 0.02), gate="energy"),
        *pick((6, 8, 1, 0.28), (10, 6, 2, 0.34), (2, 6, 0, 0.42)),
        *pick((8, 4, 3, 0.46), (4, 4, 1, 0.52), (12, 4, 2, 0.6), (14, 2, 3, 0.68), accent_db=-1.0),
        *pick((3, 2, 3, 0.74), (11, 2, 4, 0.8), (7, 2, 4, 0.86), (15, 1, 4, 0.9), accent_db=-2.0),
        *pick((9, 2, 5, 0.88), (13, 2, 4, 0.95), accent_db=-2.0, gate="sparkle"),
    ),
    (
        *pick((0, 8, 1, 0.0), gate="energy"),
        *pick((12, 4, 0, 0.28), (4, 8, 2, 0.33), (8, 8, 3, 0.42)),
        *pick((10, 4, 2, 0.48), (6, 4, 1, 0.56), (14, 2, 1, 0.64), (2, 4, 0, 0.7), accent_db=-1.0),
        *pick((5, 2, 3, 0.76), (9, 2, 4, 0.82), (13, 2, 3, 0.86), (1, 1, 3, 0.92), accent_db=-2.0),
        *pick((7, 2, 4, 0.87), (15, 1, 4, 0.96), accent_db=-2.0, gate="sparkle"),
    ),
    (
        *pick((4, 8, 2, 0.03), gate="energy"),
        *pick((0, 8, 0, 0.27), (10, 6, 1, 0.32), (14, 2, 3, 0.41)),
        *pick((8, 4, 2, 0.46), (2, 4, 1, 0.54), (12, 3, 2, 0.62), (6, 4, 3, 0.68), accent_db=-1.0),
        *pick((13, 2, 3, 0.76), (5, 2, 4, 0.82), (9, 2, 3, 0.86), (3, 1, 4, 0.92), accent_db=-2.0),
        *pick((11, 2, 5, 0.89), (7, 2, 4, 0.95), accent_db=-2.0, gate="sparkle"),
    ),
)

CALM = Style(
    name="calm",
    title="pads, felt piano and a breath of wind; no beat",
    meter=METERS["4/4"],
    tempo_range_bpm=(40.0, 84.0),
    has_beat=False,
    harmony=harmonise(
        (LYDIAN_TOUR, IONIAN_TOUR, DORIAN_TOUR, MIXOLYDIAN_TOUR),
        bass_low_midi=31,
        chord_range_midi=(49, 77),
        chord_bars=2,
        colours=(1, 4),
        slow=True,
    ),
    layers={
        "bass": Voice(rest_db=-12.0, full_db=-7.0, late_ms=8.0, loose_db=0.4),
        "chords": Voice(
            rest_db=-8.5, full_db=-3.5, pan=0.1, spread=0.1, late_ms=12.0, loose_db=1.5
        ),
        "pad": Voice(rest_db=-13.5, full_db=-11.0, spread=0.35, late_ms=12.0, loose_db=0.4),
        "melody": Voice(rest_db=-11.0, full_db=-6.0, pan=-0.15, late_ms=12.0, loose_db=1.0),
        "counter": Voice(rest_db=-14.0, full_db=-9.0, pan=0.35, late_ms=10.0, loose_db=1.2),
        "accent": Voice(rest_db=-16.0, full_db=-6.0, pan=-0.2),
    },
    instruments={
        "bass": "sub_bass",
        "chords": "felt_piano",
        "pad": "air_pad",
        "melody": "flute",
        "counter": "harp",
        "accent": "kalimba",
        "nature": "wind",
    },
    strands=(
        Strand("pad", _PAD, length="held", inversion=-1),
        Strand("bass", _ROOT, length="held"),
        Strand("chords", _PIANO, every="bar"),
    ),
    accent_range_midi=(62, 91),
    melody=Melody(
        range_midi=(55, 91),
        home_low_midi=60,
        rhythms=(
            ((4, 8), (12, 4), (16, 12)),
            ((0, 12), (12, 4), (16, 8), (24, 6)),
            ((8, 8), (16, 4), (20, 4), (24, 8)),
            ((0, 8), (8, 4), (12, 12)),
            ((4, 4), (8, 12), (20, 8)),
            ((0, 16), (16, 4), (20, 10)),
            ((6, 6), (12, 4), (16, 12)),
        ),
        cadences=(
            ((0, 24),),
            ((0, 8), (8, 20)),
            ((4, 4), (8, 16)),
            ((0, 6), (6, 6), (12, 16)),
        ),
        contours=GENTLE_CONTOURS,
        arcs=ARCS,
        plans=SPARSE_PLANS,
        entry=MelodyEntry(
            strong=0.42, beat=0.45, offbeat=0.55, sixteenth=0.9, doubled=2.0, echo=0.6
        ),
        scale="pentatonic",
    ),
    scenes=(
        Scene(),
        Scene({"melody": 0.1, "counter": -0.1}, lead="counter"),
        Scene({"bass": -0.06, "chords": 0.06}),
        Scene({"melody": -0.06}, lead="counter"),
    ),
    shifts=(-0.03, 0.0, 0.03),
    shifted_layers=frozenset({"chords", "melody"}),
)
