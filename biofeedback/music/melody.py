"""Melody: a motif is stated, repeated with a change, answered, and comes to rest.

Each cycle has a motif for each kind of section. A phrase's plan says in which chord's time the
motif is stated, repeated, answered, left out or closed. A motif is a rhythm and a contour in steps
of the scale; the phrase's arc says where in the range it stands, notes of weight land in the
chord, and a section that comes home ends on the tonic. Where the melody rests, another instrument
may echo it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import msgspec

from biofeedback.music.chance import Draw, choose, roll
from biofeedback.music.form import find_key, place_slot
from biofeedback.music.harmony import progress_phrase, voice_slot
from biofeedback.music.scales import DEGREES, OCTAVE

if TYPE_CHECKING:
    from biofeedback.music.chord import Chord
    from biofeedback.music.form import Place
    from biofeedback.music.scales import Scale
    from biofeedback.music.style import Melody, PhrasePlan, SectionKind, Style

_MOTIF_CYCLES = 2
"""The rhythm of a motif lives this long, its contour one cycle."""
_HOMEWARD = 2
"""Where the key changes, phrases end, which go down: a tonic above is nearer than one below."""
_BELOW = -2
"""An echo begins a third lower than what it answers."""

Weight = Literal["free", "chord", "home"]
"""Where a note may lie: where the contour leads it, in the chord, on the chord's root."""


class MelodyNote(msgspec.Struct, frozen=True, gc=False):
    """A note told by its degree, which is moved to where its ``weight`` wants it when it sounds.

    ``step`` and ``chord`` count within the chord's time.
    """

    step: int
    steps: int
    degree: int
    weight: Weight
    chord: int
    echoes: bool


@lru_cache(maxsize=32)
def compose_melody(style: Style, seed: int, slot: int) -> tuple[MelodyNote, ...]:
    """Compose the melody of one chord's time, and what echoes it."""
    if style.melody is None:
        return ()
    return tuple(_compose(style, style.melody, seed, slot))


def _compose(style: Style, melody: Melody, seed: int, slot: int) -> list[MelodyNote]:
    chords = voice_slot(style, seed, slot)
    place = place_slot(style, slot)
    plan, arc = _plan_phrase(melody, seed, place.phrase, place.kind)
    part = plan[place.slot_in_phrase]
    start = arc[place.slot_in_phrase] + _lift_home(style, melody, seed, place)
    writer = _Writer(style, melody, chords)
    answer, turns = _recall_motif(melody, seed, place.cycle, place.kind, 1)
    if part == "rest":
        writer.write(answer, tuple(-step for step in turns), start + _BELOW, echoes=True)
        return writer.notes
    if part == "cadence":
        rhythm = choose(melody.cadences, seed, Draw.CADENCE, place.phrase)
        contour = choose(melody.contours, seed, Draw.CADENCE, place.phrase, 1)
        home = place.ends_section and progress_phrase(style, seed, place.phrase)[-1][0] == "I"
        writer.write(rhythm, contour, start, ends="home" if home else "chord")
        end = rhythm[-1][0] + rhythm[-1][1]
        writer.write(tuple(n for n in answer if n[0] >= end), turns, start + _BELOW, echoes=True)
        return writer.notes
    if part == "answer":
        rhythm, contour = answer, turns
    else:
        rhythm, contour = _recall_motif(melody, seed, place.cycle, place.kind, 0)
    if part == "repeat":
        rhythm, contour = _vary(rhythm, contour, roll(seed, Draw.VARIATION, slot))
    writer.write(rhythm, contour, start)
    return writer.notes


def _lift_home(style: Style, melody: Melody, seed: int, place: Place) -> int:
    """Tell the degree of the tonic that the melody stands on, in the key of a chord's time.

    Where the key changes within a phrase, it is the tonic that is nearest to the phrase's first.
    """
    first = find_key(style, seed, place.slot - place.slot_in_phrase).pitch(0)
    home = first + OCTAVE * -((first - melody.home_low_midi) // OCTAVE)
    here = find_key(style, seed, place.slot).pitch(0)
    return DEGREES * round((home + _HOMEWARD - here) / OCTAVE)


class _Writer:
    def __init__(self, style: Style, melody: Melody, chords: tuple[Chord, ...]) -> None:
        self._scale: Scale = melody.scale
        self._strong = style.meter.strong_beats * style.meter.steps_per_beat
        self._chords = chords
        self.notes: list[MelodyNote] = []

    def write(
        self,
        rhythm: tuple[tuple[int, int], ...],
        contour: tuple[int, ...],
        start: int,
        *,
        ends: Weight = "free",
        echoes: bool = False,
    ) -> None:
        if not rhythm:
            return
        first = self._chords[self._chord_at(rhythm[0][0])]
        start = first.snap(start)
        for index, (step, steps) in enumerate(rhythm):
            weight: Weight = "chord" if step % self._strong == 0 else "free"
            if ends != "free" and index == len(rhythm) - 1:
                weight = ends
            chord = self._chord_at(step)
            up = contour[index % len(contour)] - contour[0]
            degree = self._chords[chord].key.walk(start, up, self._scale)
            self.notes.append(MelodyNote(step, steps, degree, weight, chord, echoes))

    def _chord_at(self, step: int) -> int:
        return len(self._chords) - 1 if step >= self._chords[-1].start_step else 0


@lru_cache(maxsize=8)
def _plan_phrase(
    melody: Melody, seed: int, phrase: int, kind: SectionKind
) -> tuple[PhrasePlan, tuple[int, ...]]:
    """Draw the plan of a phrase and its arc."""
    plan = choose(melody.plans, seed, Draw.PHRASE_PLAN, phrase)
    return plan, choose(melody.arcs[kind], seed, Draw.ARC, phrase)


@lru_cache(maxsize=16)
def _recall_motif(
    melody: Melody, seed: int, cycle: int, kind: SectionKind, number: int
) -> tuple[tuple[tuple[int, int], ...], tuple[int, ...]]:
    """Draw the first motif (0) of a kind of section in a cycle, or the one that answers it (1)."""
    which = (ord(kind), number)
    rhythm = choose(melody.rhythms, seed, Draw.MOTIF_RHYTHM, cycle // _MOTIF_CYCLES, *which)
    contour = choose(melody.contours, seed, Draw.MOTIF_CONTOUR, cycle, *which)
    return rhythm, contour


def _vary(
    rhythm: tuple[tuple[int, int], ...], contour: tuple[int, ...], bits: int
) -> tuple[tuple[tuple[int, int], ...], tuple[int, ...]]:
    """Turn a motif upside down, bend its end up or down, let it breathe, or leave it to the arc."""
    notes = tuple(contour[index % len(contour)] for index in range(len(rhythm)))
    match bits % 5:
        case 0:
            return rhythm, tuple(-step for step in notes)
        case 1:
            return rhythm, (*notes[:-1], notes[-1] + 2)
        case 2:
            return rhythm, (*notes[:-1], notes[-1] - 1)
        case 3 if len(rhythm) > 3:
            return (*rhythm[:1], *rhythm[2:]), (*notes[:1], *notes[2:])
        case _:
            return rhythm, notes
