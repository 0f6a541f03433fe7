"""Where a bar stands, and in which key.

A chord lasts one bar or several; four chords are a phrase, a section two phrases (a question and an
answer), a cycle all sections of the style's form. Each cycle has its own progressions and motif
and a step of the tour through keys; the last chord of a cycle already belongs to the next key, so
that its dominant leads there.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from biofeedback.music.chance import Draw, choose
from biofeedback.music.scales import OCTAVE, Key

if TYPE_CHECKING:
    from biofeedback.music.scales import Mode
    from biofeedback.music.style import SectionKind, Style

PHRASE_CHORDS = 4
SECTION_CHORDS = 2 * PHRASE_CHORDS


class Place(msgspec.Struct, frozen=True, gc=False):
    """The place of a chord's time; ``section`` and ``phrase`` count from the very beginning."""

    slot: int
    cycle: int
    section: int
    section_in_cycle: int
    kind: SectionKind
    phrase: int
    slot_in_phrase: int
    answers: bool
    ends_section: bool
    ends_cycle: bool


@lru_cache(maxsize=64)
def place_slot(style: Style, slot: int) -> Place:
    """Tell where the time of the chord number ``slot`` stands."""
    section, within = divmod(slot, SECTION_CHORDS)
    form = style.harmony.form
    cycle, section_in_cycle = divmod(section, len(form))
    ends_section = within == SECTION_CHORDS - 1
    return Place(
        slot=slot,
        cycle=cycle,
        section=section,
        section_in_cycle=section_in_cycle,
        kind=form[section_in_cycle],
        phrase=slot // PHRASE_CHORDS,
        slot_in_phrase=slot % PHRASE_CHORDS,
        answers=within >= PHRASE_CHORDS,
        ends_section=ends_section,
        ends_cycle=ends_section and section_in_cycle == len(form) - 1,
    )


def phrase_ticks(style: Style) -> int:
    """Tell the length of a phrase: at its ends the arrangement may change."""
    return PHRASE_CHORDS * style.harmony.chord_bars * style.meter.ticks


def find_key(style: Style, seed: int, slot: int) -> Key:
    """Tell the key of a chord's time."""
    home, tour = _draw_tour(style, seed)
    cycle = (slot + 1) // (SECTION_CHORDS * len(style.harmony.form))
    semitones, mode = tour[cycle % len(tour)]
    return Key((home + semitones) % OCTAVE, mode)


@lru_cache(maxsize=8)
def _draw_tour(style: Style, seed: int) -> tuple[int, tuple[tuple[int, Mode], ...]]:
    """Draw the home tonic and the journey from it."""
    home = choose(range(OCTAVE), seed, Draw.TONIC)
    return home, choose(style.harmony.tours, seed, Draw.TOUR)


def key_at(style: Style, seed: int, tick: int) -> Key:
    """Tell the key of the moment."""
    return find_key(style, seed, tick // (style.harmony.chord_bars * style.meter.ticks))
