"""Where a bar stands, and in which key.

A phrase is four bars, a section two phrases (a question and an answer), a cycle all sections of
the style's form. Each cycle has its own progressions and motif and a step of the tour through
keys; the last bar of a cycle already belongs to the next key, so that its dominant leads there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from biofeedback.music.chance import Draw, choose
from biofeedback.music.scales import OCTAVE, Key

if TYPE_CHECKING:
    from biofeedback.music.style import SectionKind, Style

PHRASE_BARS = 4
SECTION_BARS = 2 * PHRASE_BARS


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a bar; ``section`` and ``phrase`` count from the first bar of all."""

    bar: int
    cycle: int
    section: int
    section_in_cycle: int
    kind: SectionKind
    phrase: int
    bar_in_phrase: int
    answers: bool
    ends_section: bool
    ends_cycle: bool


def place_bar(style: Style, bar: int) -> Place:
    """Tell where a bar stands."""
    section, bar_in_section = divmod(bar, SECTION_BARS)
    cycle, section_in_cycle = divmod(section, len(style.form))
    ends_section = bar_in_section == SECTION_BARS - 1
    return Place(
        bar=bar,
        cycle=cycle,
        section=section,
        section_in_cycle=section_in_cycle,
        kind=style.form[section_in_cycle],
        phrase=bar // PHRASE_BARS,
        bar_in_phrase=bar % PHRASE_BARS,
        answers=bar_in_section >= PHRASE_BARS,
        ends_section=ends_section,
        ends_cycle=ends_section and section_in_cycle == len(style.form) - 1,
    )


def find_key(style: Style, seed: int, bar: int) -> Key:
    """Tell the key of a bar."""
    tour = choose(style.tours, seed, Draw.TOUR)
    cycle = (bar + 1) // (SECTION_BARS * len(style.form))
    semitones, mode = tour[cycle % len(tour)]
    return Key(tonic=(choose(range(OCTAVE), seed, Draw.TONIC) + semitones) % OCTAVE, mode=mode)
