"""Patterns made ready: what a strand may play in a bar, laid out by steps.

A pattern's notes are the same in every bar that plays it, so they are made once. What differs from
bar to bar (chord, human deviation, threshold shifts) is looked up when a note sounds.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from biofeedback.music import mapping
from biofeedback.music.chord import COLOUR_OF_VOICE
from biofeedback.music.style import WHOLE, BassNote, Hit, Stab

if TYPE_CHECKING:
    from biofeedback.messages import Layer
    from biofeedback.music.style import Event, Length, Strand, Style

Kind = Literal["stroke", "bass", "voice", "free", "chord", "home"]
BASS_TONES = ("root", "third", "fifth", "octave", "approach")
BETWEEN, QUICK = 1, 2
_MIDDLE_VOICE = 1
_replace = msgspec.structs.replace
_KEYS_PER_STEP = 32
"""More than a chord has voices: keeps the human deviations of a step's notes apart."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A note that sounds when its gate is open to ``enter`` and the colour is in its range.

    ``number`` is a stroke (-1 without one), the place of a bass tone in ``BASS_TONES``, a voice of
    the chord, or a degree, as ``kind`` says. ``chord`` counts the chords of the bar. ``human``
    selects the deviation of its player, ``place`` where it lies among the voices of a chord.
    ``weight`` is what ``weigh`` says.
    """

    layer: Layer
    enter: float
    gate: int
    accent_db: float
    ticks: int
    length: Length
    kind: Kind
    number: int
    human: int
    chord: int = 0
    place: int = 0
    weight: int = 0
    doubles: bool = False
    inversion: int | None = None
    colour_from: int = 0


Steps: TypeAlias = tuple[tuple[int, tuple[Candidate, ...]], ...]
"""Steps of a bar and the notes that may start there."""


@lru_cache(maxsize=2048)
def lay_out(style: Style, index: int, pattern: int, chord_starts: tuple[int, ...]) -> Steps:
    """Lay out one pattern of one strand.

    Args:
        style: The style.
        index: Which of its strands.
        pattern: Which of the strand's patterns.
        chord_starts: Steps, counted from the bar's first, at which its chords begin, and at which
            the last of them ends. The first may have begun before the bar.
    """
    strand = style.strands[index]
    steps: dict[int, tuple[Candidate, ...]] = {}
    for event in strand.patterns[pattern]:
        if event.steps < WHOLE:
            chord = max(i for i, start in enumerate(chord_starts[:-1]) if start <= event.step)
            places = [(event.step, chord)]
        else:
            places = [(start, i) for i, start in enumerate(chord_starts[:-1]) if start >= 0]
        for step, chord in places:
            made = _prepare(style, strand, event, human_key(index, step, 0))
            made = _replace(made, chord=chord, weight=weigh(style, strand.layer, step))
            found = _read(style, event, made, step, chord_starts[chord + 1])
            steps[step] = (*steps.get(step, ()), *found)
    return tuple(steps.items())


def weigh(style: Style, layer: Layer, step: int) -> int:
    """Tell whether accompaniment at a step could be heard as another beat than the one meant.

    Returns:
        0 on a beat, else the sum of ``BETWEEN`` (beats: as a beat of twice the tempo) and ``QUICK``
        (a sixteenth or a backbeat: as one of two thirds or half of it). 0 in a style without a
        beat.
    """
    if not style.has_beat:
        return 0
    between = step % style.meter.steps_per_beat != 0
    return BETWEEN * between + QUICK * (layer == "snare" or step % 2 == 1)


def human_key(index: int, step: int, place: int) -> int:
    """Give the note of a strand a number of its own in the bar."""
    return (index * 256 + step) * _KEYS_PER_STEP + place


def _prepare(style: Style, strand: Strand, event: Event, human: int) -> Candidate:
    return Candidate(
        layer=strand.layer,
        enter=event.enter,
        gate=mapping.GATES[event.gate],
        accent_db=event.accent_db,
        ticks=event.steps * style.meter.ticks_per_step,
        length=strand.length,
        kind="stroke",
        number=-1,
        human=human,
        inversion=strand.inversion,
    )


def _read(style: Style, event: Event, made: Candidate, step: int, end: int) -> list[Candidate]:
    """Make the notes of one event.

    Args:
        style: The style.
        event: What is to be read.
        made: A note with what all kinds of events have in common.
        step: Where the event stands in this bar.
        end: Where its chord ends.
    """
    ticks = min(event.steps, end - step) * style.meter.ticks_per_step
    match event:
        case Hit():
            return [_replace(made, number=-1 if event.stroke is None else event.stroke)]
        case BassNote():
            tone = BASS_TONES.index(event.tone)
            return [_replace(made, kind="bass", number=tone, ticks=ticks)]
        case Stab():
            pass
    found: list[Candidate] = []
    for voice in event.voices:
        beside = voice in COLOUR_OF_VOICE
        place = 3 if beside else voice % 3
        note = _replace(
            made,
            kind="voice",
            number=voice,
            ticks=ticks,
            place=place - _MIDDLE_VOICE,
            human=made.human + voice % _KEYS_PER_STEP,
            colour_from=COLOUR_OF_VOICE[voice] if beside else 0,
        )
        found.append(note)
    return found
