"""Harmony: which root serves which time, and how the voices move from one chord to the next.

A phrase is drawn as functions (tonic, subdominant, dominant) and each function as a root. The
voices of a triad then take the nearest place: smallest motion first, then nearness to the middle of
the range. No voice runs in parallel fifths or octaves with the bass, whatever is on top later. The
chain of voicings starts anew with each section, whose end already looks at the next beginning: so
a chord depends on eight others at most.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from biofeedback.music.chance import Draw, choose, roll, roll_unit
from biofeedback.music.chord import Chord
from biofeedback.music.form import PHRASE_CHORDS, SECTION_CHORDS, find_key, place_slot
from biofeedback.music.scales import DEGREES, FUNCTIONS, OCTAVE, Key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.music.form import Place
    from biofeedback.music.scales import Function
    from biofeedback.music.style import Style

_PARALLEL_COST = 1000.0
_CENTRE_COST = 0.4
_LIFTS = (0.0, 2.5, -2.5)
_PERFECT = (0, 7)
_STEP = 4
_LEAP_COST = 3.0
_JOIN_COST = 0.5


class _Voicing(NamedTuple):
    voices: tuple[int, int, int]
    pitches: tuple[int, int, int]
    mean: float


@lru_cache(maxsize=64)
def progress_phrase(style: Style, seed: int, phrase: int) -> tuple[tuple[Function, int], ...]:
    """Draw the functions and roots of the four chords of a phrase.

    Sections of one kind in a cycle begin with the same functions and differ in their second
    phrase; from the second half of the cycle on other chords may serve the functions.
    """
    harmony = style.harmony
    place = place_slot(style, phrase * PHRASE_CHORDS)
    if place.answers:
        last = place_slot(style, (phrase + 1) * PHRASE_CHORDS - 1)
        templates = harmony.turnaround if last.ends_cycle else harmony.closing[place.kind]
        where = (place.cycle, 1 + place.section_in_cycle)
        template = choose(templates, seed, Draw.TEMPLATE, *where)
    else:
        templates = harmony.opening[place.kind]
        again = 2 * place.section_in_cycle >= len(harmony.form)
        where = (place.cycle, ord(place.kind), int(again))
        # Taking turns, so that no cycle begins as the one before did.
        turn = roll(seed, Draw.TEMPLATE, ord(place.kind)) + place.cycle
        template = templates[turn % len(templates)]
    found: list[tuple[Function, int]] = []
    for position, function in enumerate(template):
        key = find_key(style, seed, phrase * PHRASE_CHORDS + position)
        roots = FUNCTIONS[key.mode][function]
        fresh = [root for root in roots if not found or root != found[-1][1]] or list(roots)
        found.append((function, choose(fresh, seed, Draw.CHORD, *where, position)))
    return tuple(found)


@lru_cache(maxsize=128)
def voice_slot(style: Style, seed: int, slot: int) -> tuple[Chord, ...]:
    """Tell the chords of one chord's time: one, or two of half of it each."""
    harmony = style.harmony
    place = place_slot(style, slot)
    key = find_key(style, seed, slot)
    before = voice_slot(style, seed, slot - 1)[-1] if slot % SECTION_CHORDS else None
    after = voice_slot(style, seed, slot + 1)[0] if place.ends_section else None
    # Sections lie a little higher or lower, so that a progression that returns isn't the same.
    centre = sum(harmony.chord_range_midi) / 2 + _draw_lift(seed, place)
    roots = _draw_roots(style, seed, place, key)
    steps = style.meter.steps * harmony.chord_bars // len(roots)
    chords: list[Chord] = []
    for index, root in enumerate(roots):
        low = harmony.bass_low_midi
        bass = low + (key.pitch(root) - low) % OCTAVE
        ahead = after if index == len(roots) - 1 else None
        voices = _lead_voices(_list_voicings(style, key, root), before, ahead, bass, centre)
        before = Chord(key, root, index * steps, steps, bass, voices)
        chords.append(before)
    return tuple(chords)


def voice_roots(style: Style, key: Key, roots: Sequence[int]) -> tuple[Chord, ...]:
    """Tell the chords of roots that somebody else chose, one for each bar."""
    harmony = style.harmony
    centre = sum(harmony.chord_range_midi) / 2
    low = harmony.bass_low_midi
    chords: list[Chord] = []
    for root in roots:
        bass = low + (key.pitch(root) - low) % OCTAVE
        before = chords[-1] if chords else None
        voices = _lead_voices(_list_voicings(style, key, root), before, None, bass, centre)
        chords.append(Chord(key, root, 0, style.meter.steps, bass, voices))
    return tuple(chords)


def chord_at(style: Style, seed: int, tick: int) -> Chord:
    """Tell the chord that sounds at a tick."""
    slot, within = divmod(tick, style.harmony.chord_bars * style.meter.ticks)
    step = within // style.meter.ticks_per_step
    return next(
        chord for chord in reversed(voice_slot(style, seed, slot)) if chord.start_step <= step
    )


def _draw_lift(seed: int, place: Place) -> float:
    """Take turns: of three sections no two lie alike, and one that comes back is another."""
    turn = roll(seed, Draw.VOICING, place.cycle) + place.section_in_cycle
    return _LIFTS[turn % len(_LIFTS)]


def _draw_roots(style: Style, seed: int, place: Place, key: Key) -> tuple[int, ...]:
    """A dominant is sometimes prepared by a subdominant of half its time."""
    progression = progress_phrase(style, seed, place.phrase)
    function, root = progression[place.slot_in_phrase]
    chance = style.harmony.split_chance
    if function != "D" or roll_unit(seed, Draw.SPLIT, place.phrase) >= chance:
        return (root,)
    previous = progression[place.slot_in_phrase - 1][1] if place.slot_in_phrase else root
    fresh = [other for other in FUNCTIONS[key.mode]["S"] if other not in {root, previous}]
    return (choose(fresh, seed, Draw.SPLIT, place.phrase, 1), root) if fresh else (root,)


@lru_cache(maxsize=512)
def _list_voicings(style: Style, key: Key, root: int) -> tuple[_Voicing, ...]:
    """List the close positions of a triad that fit the range of the chords."""
    low, high = style.harmony.chord_range_midi
    found: list[_Voicing] = []
    for lowest in range(-2 * DEGREES, 2 * DEGREES):
        part = (lowest - root) % DEGREES
        if part not in {0, 2, 4}:
            continue
        middle = lowest + (3 if part == 4 else 2)
        voices = (lowest, middle, middle + (3 if part == 2 else 2))
        pitches = (key.pitch(voices[0]), key.pitch(voices[1]), key.pitch(voices[2]))
        if low <= pitches[0] and pitches[2] <= high:
            found.append(_Voicing(voices, pitches, sum(pitches) / 3))
    if not found:
        raise ValueError(f"no triad fits the chord range {low}..{high} of style {style.name}")
    return tuple(found)


def _lead_voices(
    voicings: tuple[_Voicing, ...],
    before: Chord | None,
    after: Chord | None,
    bass_midi: int,
    centre: float,
) -> tuple[int, int, int]:
    old = None if before is None else [before.key.pitch(voice) for voice in before.voices]
    new = None if after is None else [after.key.pitch(voice) for voice in after.voices]
    least, best = math.inf, None
    for voices, pitches, mean in voicings:
        cost = _CENTRE_COST * (mean - centre) ** 2
        if before is not None and old is not None:
            cost += _move(old, pitches)
            if cost >= least:
                continue
            if _run_in_parallel(old, before.bass_midi, pitches, bass_midi):
                cost += _PARALLEL_COST
        if after is not None and new is not None:
            cost += _JOIN_COST * _move(pitches, new)
            if _run_in_parallel(pitches, bass_midi, new, after.bass_midi):
                cost += _PARALLEL_COST
        if cost < least:
            least, best = cost, voices
    assert best is not None  # noqa: S101 - there is at least one voicing
    return best


def _move(old: tuple[int, ...] | list[int], new: tuple[int, ...] | list[int]) -> float:
    """Tell what it costs the voices to move; a leap costs more than the steps that it spares."""
    cost = 0.0
    for a, b in zip(old, new, strict=True):
        motion = abs(a - b)
        cost += motion if motion <= _STEP else motion + _LEAP_COST * (motion - _STEP)
    return cost


def _run_in_parallel(
    old: tuple[int, ...] | list[int],
    old_bass: int,
    new: tuple[int, ...] | list[int],
    new_bass: int,
) -> bool:
    """Tell whether any voice keeps a fifth or an octave above a bass that moves."""
    if old_bass == new_bass:
        return False
    for a, b in zip(old, new, strict=True):
        interval = (a - old_bass) % OCTAVE
        if interval in _PERFECT and interval == (b - new_bass) % OCTAVE:
            return True
    return False
