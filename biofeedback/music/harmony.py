"""Chords: which root serves which bar, and how the voices move from one chord to the next.

A phrase is drawn as functions (tonic, subdominant, dominant) and each function as a root. The
voices of a triad then take the nearest place: smallest motion first, then nearness to the middle of
the range; parallel fifths and octaves between bass and top voice cost more than any motion does.
The chain of voicings starts anew with each section, so a bar depends on seven others at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from biofeedback.music.chance import Draw, choose, roll_unit
from biofeedback.music.form import PHRASE_BARS, SECTION_BARS, find_key, place_bar
from biofeedback.music.scales import DEGREES, FUNCTIONS, OCTAVE, Key

if TYPE_CHECKING:
    from biofeedback.music.form import Place
    from biofeedback.music.scales import Function
    from biofeedback.music.style import Style

NINTH_VOICE = 3
_PARALLEL_COST = 24.0
_CENTRE_COST = 2.0
_LIFT = 1.0
_PERFECT = (0, 7)
_PERFECT_FOURTH = 5
# What has to be added to a degree, told as steps above the root, to reach a tone of the triad.
_SNAP = (0, -1, 0, 1, 0, -1, 1)


@dataclass(frozen=True, slots=True)
class Chord:
    """A triad with its voices; ``voices`` are three degrees, lowest first."""

    key: Key
    root: int
    start_step: int
    steps: int
    bass_midi: int
    voices: tuple[int, int, int]

    def voice_pitch(self, voice: int, *, inversion: int, colour: int, resolved: bool) -> int:
        """Tell the pitch of one voice.

        Args:
            voice: 0..2, or ``NINTH_VOICE``.
            inversion: So many voices change their octave, upwards when positive.
            colour: 0 triad; 1 seventh for the root, which the bass has; 2 a ninth may be added;
                3 a fourth that hangs in place of the third until it is ``resolved``.
            resolved: The suspension has gone to its third.
        """
        if voice == NINTH_VOICE:
            index = next(i for i, v in enumerate(self.voices) if (v - self.root) % DEGREES == 0)
            degree = self.voices[index] + 1
        else:
            index = voice
            degree = self.voices[voice]
            part = (degree - self.root) % DEGREES
            if part == 0 and colour >= 1:
                degree -= 1
            elif part == 2 and colour >= 3 and not resolved and self._fourth_is_perfect():
                degree += 1
        raised = (inversion - 1 - index) // 3 + 1 if inversion > 0 else 0
        lowered = (index - inversion) // 3 if inversion < 0 else 0
        return self.key.pitch(degree + DEGREES * (raised - lowered))

    def is_third(self, voice: int) -> bool:
        """Tell whether a voice of the triad has its third."""
        return voice != NINTH_VOICE and (self.voices[voice] - self.root) % DEGREES == 2

    def snap(self, degree: int) -> int:
        """Move a degree to the nearest tone of the triad."""
        return degree + _SNAP[(degree - self.root) % DEGREES]

    def _fourth_is_perfect(self) -> bool:
        return self.key.pitch(self.root + 3) - self.key.pitch(self.root) == _PERFECT_FOURTH


@lru_cache(maxsize=64)
def progress_phrase(style: Style, seed: int, phrase: int) -> tuple[tuple[Function, int], ...]:
    """Draw the functions and roots of the four bars of a phrase.

    All sections of one kind in a cycle begin with the same phrase and differ in their second.
    """
    place = place_bar(style, phrase * PHRASE_BARS)
    if place.answers:
        last = place_bar(style, (phrase + 1) * PHRASE_BARS - 1)
        templates = style.turnaround if last.ends_cycle else style.closing[place.kind]
        where = (place.cycle, 1 + place.section_in_cycle)
    else:
        templates = style.opening[place.kind]
        where = (place.cycle, -1 - ord(place.kind))
    template = choose(templates, seed, Draw.TEMPLATE, *where)
    found: list[tuple[Function, int]] = []
    for position, function in enumerate(template):
        key = find_key(style, seed, phrase * PHRASE_BARS + position)
        roots = FUNCTIONS[key.mode][function]
        fresh = [root for root in roots if not found or root != found[-1][1]] or list(roots)
        found.append((function, choose(fresh, seed, Draw.CHORD, *where, position)))
    return tuple(found)


@lru_cache(maxsize=256)
def voice_bar(style: Style, seed: int, bar: int) -> tuple[Chord, ...]:
    """Tell the chords of a bar: one, or two of half a bar each."""
    place = place_bar(style, bar)
    key = find_key(style, seed, bar)
    before: Chord | None = None
    if bar % SECTION_BARS:
        before = voice_bar(style, seed, bar - 1)[-1]
    # Sections lie a little higher or lower, so that a progression that returns isn't the same.
    centre = sum(style.chord_range_midi) / 2 + _draw_lift(seed, place)
    chords: list[Chord] = []
    roots = _draw_roots(style, seed, place, key)
    steps = style.steps_per_bar // len(roots)
    for index, root in enumerate(roots):
        low = style.bass_low_midi
        bass = low + (key.pitch(root) - low) % OCTAVE
        voices = _lead_voices(style, key, before, root=root, bass=bass, centre=centre)
        before = Chord(key, root, index * steps, steps, bass, voices)
        chords.append(before)
    return tuple(chords)


def find_chord(style: Style, seed: int, tick: int) -> Chord:
    """Tell the chord that sounds at a tick."""
    bar, within = divmod(tick, style.ticks_per_bar)
    chords = voice_bar(style, seed, bar)
    return chords[within * len(chords) // style.ticks_per_bar]


def _draw_lift(seed: int, place: Place) -> float:
    return 2.0 * _LIFT * roll_unit(seed, Draw.VOICING, place.section) - _LIFT


def _draw_roots(style: Style, seed: int, place: Place, key: Key) -> tuple[int, ...]:
    """A dominant bar is sometimes prepared by half a bar of subdominant."""
    progression = progress_phrase(style, seed, place.phrase)
    function, root = progression[place.bar_in_phrase]
    if function != "D" or roll_unit(seed, Draw.SPLIT, place.phrase) >= style.split_chance:
        return (root,)
    previous = progression[place.bar_in_phrase - 1][1] if place.bar_in_phrase else root
    fresh = [other for other in FUNCTIONS[key.mode]["S"] if other not in {root, previous}]
    return (choose(fresh, seed, Draw.SPLIT, place.phrase, 1), root) if fresh else (root,)


def _lead_voices(
    style: Style, key: Key, before: Chord | None, *, root: int, bass: int, centre: float
) -> tuple[int, int, int]:
    low, high = style.chord_range_midi
    old = [] if before is None else [before.key.pitch(voice) for voice in before.voices]
    best: tuple[float, tuple[int, int, int]] | None = None
    for lowest in range(-2 * DEGREES, 2 * DEGREES):
        part = (lowest - root) % DEGREES
        if part not in {0, 2, 4}:
            continue
        middle = lowest + (3 if part == 4 else 2)
        voices = (lowest, middle, middle + (3 if part == 2 else 2))
        pitches = [key.pitch(voice) for voice in voices]
        if pitches[0] < low or pitches[2] > high:
            continue
        cost = _CENTRE_COST * abs(sum(pitches) / 3 - centre)
        if before is not None:
            cost += sum([abs(new - was) for new, was in zip(pitches, old, strict=True)])
            if _moves_in_parallel(old[2], before.bass_midi, pitches[2], bass):
                cost += _PARALLEL_COST
        if best is None or cost < best[0]:
            best = (cost, voices)
    if best is None:
        raise ValueError(f"no triad fits the chord range {low}..{high} of style {style.name}")
    return best[1]


def _moves_in_parallel(top_was: int, bass_was: int, top: int, bass: int) -> bool:
    interval = (top - bass) % OCTAVE
    return top != top_was and interval in _PERFECT and interval == (top_was - bass_was) % OCTAVE
