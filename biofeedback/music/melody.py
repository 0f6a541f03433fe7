"""Melody: a motif is stated, repeated with a change, answered, and comes to rest.

Each cycle has a motif for each kind of section. A phrase's plan says which of its bars state the
motif, repeat it, answer it, pause or close. A motif is a rhythm and a contour in steps of the
scale; the phrase's arc says where in the range it stands, and notes of weight land in the chord.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from biofeedback.music.chance import Draw, choose, roll
from biofeedback.music.form import place_bar

if TYPE_CHECKING:
    from biofeedback.music.form import Place
    from biofeedback.music.harmony import Chord
    from biofeedback.music.style import Rhythm, Style

_MOTIF_CYCLES = 2
"""The rhythm of a motif lives this long, its contour one cycle."""


class MelodyNote(NamedTuple):
    """A note told by its degree; a strong one is moved into the chord when it sounds."""

    step: int
    steps: int
    degree: int
    strong: bool
    chord: Chord


def compose_melody(
    style: Style, seed: int, bar: int, chords: tuple[Chord, ...]
) -> list[MelodyNote]:
    """Compose the melody of one bar over its chords."""
    place = place_bar(style, bar)
    plan = choose(style.plans, seed, Draw.PHRASE_PLAN, place.phrase)
    part = plan[place.bar_in_phrase]
    if part == "rest":
        return []
    if part == "cadence":
        rhythm = choose(style.cadences, seed, Draw.CADENCE, place.phrase)
        contour = choose(style.contours, seed, Draw.CADENCE, place.phrase, 1)
    else:
        rhythm, contour = _recall_motif(style, seed, place, second=part == "answer")
    if part == "repeat":
        contour = _vary(contour, len(rhythm.notes), roll(seed, Draw.VARIATION, bar))
    arc = choose(style.arcs[place.kind], seed, Draw.ARC, place.phrase)
    start = _chord_at(chords, rhythm.notes[0][0]).snap(arc[place.bar_in_phrase])
    last = len(rhythm.notes) - 1
    return [
        MelodyNote(
            step=step,
            steps=steps,
            degree=start + contour[index % len(contour)] - contour[0],
            strong=step % (style.steps_per_bar // 2) == 0 or (part == "cadence" and index == last),
            chord=_chord_at(chords, step),
        )
        for index, (step, steps) in enumerate(rhythm.notes)
    ]


def _recall_motif(
    style: Style, seed: int, place: Place, *, second: bool
) -> tuple[Rhythm, tuple[int, ...]]:
    which = (ord(place.kind), int(second))
    rhythm = choose(style.rhythms, seed, Draw.MOTIF_RHYTHM, place.cycle // _MOTIF_CYCLES, *which)
    contour = choose(style.contours, seed, Draw.MOTIF_CONTOUR, place.cycle, *which)
    return rhythm, contour


def _vary(contour: tuple[int, ...], length: int, bits: int) -> tuple[int, ...]:
    """Turn a contour upside down, bend its end up or down, or leave it to the arc to change it."""
    notes = tuple(contour[index % len(contour)] for index in range(length))
    match bits % 4:
        case 0:
            return tuple(-step for step in notes)
        case 1:
            return (*notes[:-1], notes[-1] + 2)
        case 2:
            return (*notes[:-1], notes[-1] - 1)
        case _:
            return notes


def _chord_at(chords: tuple[Chord, ...], step: int) -> Chord:
    return next(chord for chord in reversed(chords) if chord.start_step <= step)
