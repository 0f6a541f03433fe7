"""Patterns made ready: what a strand may play in a bar, laid out by steps.

A pattern's notes are the same in every bar that plays it, so they are made once. What differs from
bar to bar (chord, human deviation, threshold shifts) is looked up when a note sounds.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from biofeedback.music import mapping
from biofeedback.music.style import NINTH, WHOLE, BassNote, Hit, Stab

if TYPE_CHECKING:
    from biofeedback.messages import Layer
    from biofeedback.music.style import Event, Length, Strand, Style

Kind = Literal["stroke", "bass", "voice", "free", "chord", "home"]
BASS_TONES = ("root", "third", "fifth", "octave", "approach")
_MIDDLE_VOICE = 1
_replace = msgspec.structs.replace
_KEYS_PER_STEP = 32
"""More than a chord has voices: keeps the human deviations of a step's notes apart."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A note that sounds when its gate is open to ``enter`` and the colour is in its range.

    ``number`` is a stroke (-1 without one), the place of a bass tone in ``BASS_TONES``, a voice of
    the chord, or a degree, as ``kind`` says. ``chord`` counts the chords of the bar. ``third``
    notes sound only if their voice has (True) or hasn't (False) a third that hangs. ``human``
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
    resolved: bool = True
    third: bool | None = None
    colour_from: int = 0


Steps: TypeAlias = tuple[tuple[Candidate, ...], ...]
"""For each step of a bar the notes that may start there."""


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
    steps: list[list[Candidate]] = [[] for _ in range(style.meter.steps)]
    for event in strand.patterns[pattern]:
        if event.steps < WHOLE:
            chord = max(i for i, start in enumerate(chord_starts[:-1]) if start <= event.step)
            places = [(event.step, chord)]
        else:
            places = [(start, i) for i, start in enumerate(chord_starts[:-1]) if start >= 0]
        for step, chord in places:
            bounds = chord_starts[chord : chord + 2]
            alone = len(chord_starts) == 2
            made = _prepare(style, strand, event, human_key(index, step, 0))
            made = _replace(made, chord=chord, weight=weigh(style, strand.layer, step))
            for later, note in _read(style, event, made, step, bounds, alone=alone):
                steps[step + later].append(note)
    return tuple(map(tuple, steps))


def weigh(style: Style, layer: Layer, step: int) -> int:
    """Tell whether accompaniment at a step could be heard as another beat than the one meant.

    Returns:
        0 on a beat, else the sum of 1 (between beats: as a beat of twice the tempo) and 2 (a
        sixteenth or a backbeat: as one of two thirds or half of it).
    """
    between = step % style.meter.steps_per_beat != 0
    return between + 2 * (layer == "snare" or step % 2 == 1)


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


def _read(
    style: Style, event: Event, made: Candidate, step: int, bounds: tuple[int, ...], *, alone: bool
) -> list[tuple[int, Candidate]]:
    """Make the notes of one event that starts at ``step``; each with the steps it comes later.

    Args:
        style: The style.
        event: What is to be read.
        made: A note with what all kinds of events have in common.
        step: Where the event stands in this bar.
        bounds: Where its chord begins and ends.
        alone: Whether the chord has the bar for itself.
    """
    start, end = bounds
    steps = min(event.steps, end - step)
    per_step = style.meter.ticks_per_step
    match event:
        case Hit():
            return [(0, _replace(made, number=-1 if event.stroke is None else event.stroke))]
        case BassNote():
            tone = BASS_TONES.index(event.tone)
            return [(0, _replace(made, kind="bass", number=tone, ticks=steps * per_step))]
        case Stab():
            pass
    # A fourth hangs for half a bar; a chord that shares its bar has no time for that.
    turn = style.meter.beats // 2 * style.meter.steps_per_beat
    hangs = alone and step == start and steps > turn
    found: list[tuple[int, Candidate]] = []
    for voice in event.voices:
        triad = voice < NINTH
        place = voice % 3 if triad else 3
        note = _replace(
            made,
            kind="voice",
            number=voice,
            ticks=steps * per_step,
            place=place - _MIDDLE_VOICE,
            human=made.human + place + 4 * (voice // 3 % 3 if triad else 0),
            resolved=not alone or step - start >= turn,
            colour_from=mapping.COLOUR_OF_VOICE.get(voice, 0),
        )
        if not (hangs and triad):
            found.append((0, note))
            continue
        hanging = _replace(note, third=True, ticks=turn * per_step)
        rest = _replace(note, third=True, ticks=(steps - turn) * per_step, resolved=True)
        found += [(0, _replace(note, third=False)), (0, hanging), (turn, rest)]
    return found
