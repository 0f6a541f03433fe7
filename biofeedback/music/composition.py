"""One bar, composed: who plays which pattern over which chords, and the melody.

The choices hang on nothing but the style, the seed and the place; the patterns themselves are made
ready once (``patterns.py``). Bars are cached, which is fine: they are pure.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from biofeedback.music import mapping
from biofeedback.music.chance import Draw, choose, roll, roll_pairs
from biofeedback.music.form import PHRASE_CHORDS, SECTION_CHORDS, place_slot
from biofeedback.music.harmony import voice_slot
from biofeedback.music.melody import compose_melody
from biofeedback.music.patterns import Candidate, Steps, human_key, lay_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import Layer
    from biofeedback.music.chord import Chord
    from biofeedback.music.melody import MelodyNote
    from biofeedback.music.style import Gate, MelodyEntry, Strand, Style

_PHRASE_FILL_SHIFT = 0.15
_DOUBLING_DB = -6.0
_BETWEEN_DB = -1.5
_SINGER = 128
"""The number of the melody's player: more than a style has strands."""


class Source(msgspec.Struct, frozen=True, gc=False):
    """A player in one bar; ``shift`` is added to what its notes ask of their gates."""

    layer: Layer
    steps: Steps
    shift: float


Entry: TypeAlias = "tuple[Layer, float, tuple[Candidate, ...]]"
"""What one player may play at one step of a bar, and what is added to what its notes ask."""


class Bar(msgspec.Struct, frozen=True, gc=False):
    """What may sound in a bar, step by step.

    ``after`` is the chord that follows its last one. ``human`` tells by ``Candidate.human`` how far
    a note is off in loudness and in time, 0..1 each. ``phrasing_db`` lifts what isn't rhythm.
    """

    steps: tuple[tuple[Entry, ...], ...]
    chords: tuple[Chord, ...]
    after: Chord
    human: dict[int, list[float]]
    phrasing_db: float


@lru_cache(maxsize=64)
def compose_bar(style: Style, seed: int, bar: int) -> Bar:
    """Compose one bar."""
    chord_bars = style.harmony.chord_bars
    slot, bar_in_slot = divmod(bar, chord_bars)
    bar_in_phrase = bar % (PHRASE_CHORDS * chord_bars)
    first, chords, starts, after = _lay_chords(style, seed, bar)
    ends_phrase = bar_in_phrase == PHRASE_CHORDS * chord_bars - 1
    sources = _let_play(
        style,
        seed,
        bar,
        starts,
        ends_phrase=ends_phrase,
        ends_section=place_slot(style, slot).ends_section,
    )
    sources += _write_melody(style, seed, slot, bar_in_slot, first)
    phrasing_db = style.phrasing_db[slot % len(style.phrasing_db)]
    return Bar(_lay_steps(style, sources), chords, after, _deviate(sources, seed, bar), phrasing_db)


def accompany_bar(
    style: Style, seed: int, bar: int, chord: Chord, after: Chord, *, ends_section: bool
) -> Bar:
    """Compose a bar over a chord that somebody else chose, without a melody.

    Args:
        style: The style; four bars are a phrase, whatever its own chords last.
        seed: As in ``compose_bar``.
        bar: Its number.
        chord: What sounds in the whole of it.
        after: What sounds next.
        ends_section: A fill may lead on.
    """
    ends_phrase = ends_section or bar % PHRASE_CHORDS == PHRASE_CHORDS - 1
    sources = _let_play(
        style,
        seed,
        bar,
        (0, style.meter.steps),
        ends_phrase=ends_phrase,
        ends_section=ends_section,
    )
    phrasing_db = style.phrasing_db[bar % len(style.phrasing_db)]
    return Bar(
        _lay_steps(style, sources), (chord,), after, _deviate(sources, seed, bar), phrasing_db
    )


def _deviate(sources: Sequence[Source], seed: int, bar: int) -> dict[int, list[float]]:
    """Draw how far each note of a bar is off, all at once."""
    keys = [
        candidate.human
        for source in sources
        for _, candidates in source.steps
        for candidate in candidates
    ]
    return dict(zip(keys, roll_pairs(roll(seed, Draw.HUMAN, bar), keys), strict=True))


def _let_play(
    style: Style,
    seed: int,
    bar: int,
    starts: tuple[int, ...],
    *,
    ends_phrase: bool,
    ends_section: bool,
) -> list[Source]:
    """Let all players but the melody's choose what they play in a bar."""
    slot = bar // style.harmony.chord_bars
    chosen = _choose_patterns(style, seed, bar // (PHRASE_CHORDS * style.harmony.chord_bars))
    shifts = _draw_shifts(style, seed, slot // SECTION_CHORDS)
    sources: list[Source] = []
    fills: list[Source] = []
    for index, strand in enumerate(style.strands):
        if not _plays(strand, ends_phrase=ends_phrase, new_chord=starts[0] == 0):
            continue
        pattern = chosen[index]
        if strand.every == "bar":
            pattern = _draw_pattern(strand, seed, index, bar)
        shift = shifts.get(strand.layer, 0.0)
        steps = lay_out(style, index, pattern, starts)
        if strand.at == "phrase_end":
            # Within a section a fill asks for more energy than at its end.
            shift += 0.0 if ends_section else _PHRASE_FILL_SHIFT
            fills.append(Source(strand.layer, steps, shift))
        else:
            sources.append(Source(strand.layer, steps, shift))
    if fills:
        sources = [_give_way(source, fills) for source in sources]
    sources += fills
    return sources


def _lay_steps(style: Style, sources: Sequence[Source]) -> tuple[tuple[Entry, ...], ...]:
    """Turn what each player plays into what is played at each step."""
    steps: list[list[Entry]] = [[] for _ in range(style.meter.steps)]
    for source in sources:
        for step, candidates in source.steps:
            steps[step].append((source.layer, source.shift, candidates))
    return tuple(map(tuple, steps))


def _lay_chords(
    style: Style, seed: int, bar: int
) -> tuple[int, tuple[Chord, ...], tuple[int, ...], Chord]:
    """Find the chords of a bar.

    Returns:
        The number of the first among the chords of its slot, the chords, the steps at which they
        begin and the last one ends, and the chord that comes next.
    """
    slot, bar_in_slot = divmod(bar, style.harmony.chord_bars)
    found = voice_slot(style, seed, slot)
    begin = bar_in_slot * style.meter.steps
    end = begin + style.meter.steps
    here = [i for i, c in enumerate(found) if c.start_step < end and c.start_step + c.steps > begin]
    first, last = here[0], found[here[-1]]
    chords = found[first : here[-1] + 1]
    starts = tuple([chord.start_step - begin for chord in chords])
    after = found[here[-1] + 1 : here[-1] + 2] or voice_slot(style, seed, slot + 1)
    return first, chords, (*starts, last.start_step + last.steps - begin), after[0]


def _plays(strand: Strand, *, ends_phrase: bool, new_chord: bool) -> bool:
    match strand.at:
        case "always":
            return True
        case "new_chord":
            return new_chord
        case "same_chord":
            return not new_chord
        case "phrase_end":
            return ends_phrase


@lru_cache(maxsize=16)
def _choose_patterns(style: Style, seed: int, phrase: int) -> tuple[int, ...]:
    """Choose the pattern that each strand keeps for a phrase or a section."""
    return tuple(
        [
            _draw_pattern(strand, seed, index, phrase // 2 if strand.every == "section" else phrase)
            for index, strand in enumerate(style.strands)
        ]
    )


def _draw_pattern(strand: Strand, seed: int, index: int, time: int) -> int:
    """Draw one of the patterns of a strand for a section, a phrase or a bar; one needs no draw."""
    count = len(strand.patterns)
    return roll(seed, Draw.PATTERN, index, time) % count if count > 1 else 0


@lru_cache(maxsize=16)
def _draw_shifts(style: Style, seed: int, section: int) -> dict[Layer, float]:
    """Let layers come in a little earlier or later, differently in each section."""
    return {
        layer: choose(style.shifts, seed, Draw.SHIFT, section, index)
        for index, layer in enumerate(style.layers)
        if layer in style.shifted_layers
    }


def _give_way(source: Source, fills: list[Source]) -> Source:
    """Leave out strokes where a fill has one of its own."""
    taken = {step for fill in fills if fill.layer == source.layer for step, _ in fill.steps}
    if not taken:
        return source
    left = tuple([notes for notes in source.steps if notes[0] not in taken])
    return Source(source.layer, left, source.shift)


def _write_melody(
    style: Style, seed: int, slot: int, bar_in_slot: int, first_chord: int
) -> list[Source]:
    """Write the part of the melody that lies in one bar, and of its echo."""
    if style.melody is None:
        return []
    entry = style.melody.entry
    lead: list[tuple[int, tuple[Candidate, ...]]] = []
    echo: list[tuple[int, tuple[Candidate, ...]]] = []
    for note in compose_melody(style, seed, slot):
        step = note.step - bar_in_slot * style.meter.steps
        if not 0 <= step < style.meter.steps:
            continue
        sung = _sing(style, entry, note, step, note.chord - first_chord)
        if note.echoes:
            echo.append((step, (sung,)))
        elif entry.doubled < 1.0 + mapping.DENSITY_REACH:
            doubled = msgspec.structs.replace(
                sung,
                enter=max(sung.enter, entry.doubled),
                gate=mapping.GATES["sparkle"],
                accent_db=sung.accent_db + _DOUBLING_DB,
                human=sung.human + 1,
                doubles=True,
            )
            lead.append((step, (sung, doubled)))
        else:
            lead.append((step, (sung,)))
    sources = [Source("melody", tuple(lead), 0.0)]
    if "counter" in style.layers:
        sources.append(Source("counter", tuple(echo), 0.0))
    return sources


def _sing(style: Style, entry: MelodyEntry, note: MelodyNote, step: int, chord: int) -> Candidate:
    on_beat = step % style.meter.steps_per_beat == 0
    gate: Gate = "ornament"
    if note.weight != "free":
        enter, gate = entry.strong, "energy"
    elif on_beat:
        enter = entry.beat
    elif step % 2 == 0:
        enter = entry.offbeat
    else:
        enter = entry.sixteenth
    return Candidate(
        layer="counter" if note.echoes else "melody",
        enter=max(enter, entry.echo) if note.echoes else enter,
        gate=mapping.GATES[gate],
        accent_db=0.0 if on_beat else _BETWEEN_DB,
        ticks=note.steps * style.meter.ticks_per_step,
        length="articulated",
        kind=note.weight,
        number=note.degree,
        human=human_key(_SINGER + note.echoes, step, 0),
        chord=chord,
    )
