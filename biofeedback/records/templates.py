"""Lyrics with blanks: a line has words and ``___``, and whoever writes the song fills them.

Lines are short enough to stand in large letters on a page. Blanks that stay open may be filled
later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from biofeedback.errors import RecordsError

if TYPE_CHECKING:
    from collections.abc import Sequence

BLANK: Final = "___"
LONGEST_LINE: Final = 34


class Template(NamedTuple):
    """A text with blanks, and for which part of a song it is meant."""

    title: str
    part: str
    lines: tuple[str, ...]

    @property
    def blanks(self) -> int:
        """How many blanks there are."""
        return sum(line.count(BLANK) for line in self.lines)


TEMPLATES: Final[dict[str, Template]] = {
    "i-am": Template(
        "I am",
        "verse",
        ("I am ___ when ___", "I am ___ when ___", "And when ___ is here", "I am ___ again"),
    ),
    "morning": Template(
        "Morning",
        "verse",
        ("In the morning I see ___", "In the morning I hear ___", "I open ___", "and let in ___"),
    ),
    "someone": Template(
        "For someone",
        "verse",
        ("You are my ___", "You gave me ___", "When I think of ___", "I hear you say ___"),
    ),
    "place": Template(
        "A place I know",
        "verse",
        ("There is a place with ___", "It smells of ___", "I go there when ___", "and I feel ___"),
    ),
    "letter": Template(
        "A letter to my body",
        "verse",
        ("Dear body, you have ___", "You carried me to ___", "I ask you for ___", "I give you ___"),
    ),
    "hope": Template(
        "What I hope",
        "chorus",
        ("I hope for ___", "I hope for ___", "And until then", "I hold on to ___"),
    ),
    "strong": Template(
        "What makes me strong",
        "chorus",
        ("___ makes me strong", "___ makes me laugh", "___ takes me home", "and I am ___"),
    ),
    "let-go": Template(
        "Letting go",
        "bridge",
        ("Today I leave ___", "Today I keep ___"),
    ),
    "thanks": Template(
        "Thanks",
        "chorus",
        ("Thank you for ___", "Thank you for ___", "For ___ and ___", "thank you"),
    ),
}


def find_template(name: str) -> Template:
    """Return a template by its name.

    Raises:
        RecordsError: There is none; the text lists them.
    """
    if name not in TEMPLATES:
        raise RecordsError(f"there is no template {name!r}. Templates: {', '.join(TEMPLATES)}.")
    return TEMPLATES[name]


def fill_blanks(lines: Sequence[str], words: Sequence[str]) -> tuple[str, ...]:
    """Fill blanks with words, in order; those that are left stay blank.

    Raises:
        RecordsError: There are more words than blanks.
    """
    blanks = sum(line.count(BLANK) for line in lines)
    if len(words) > blanks:
        raise RecordsError(f"{len(words)} words for {blanks} blanks: leave some out.")
    rest = iter(words)
    filled: list[str] = []
    for line in lines:
        first, *others = line.split(BLANK)
        filled.append(first + "".join(next(rest, BLANK).strip() + piece for piece in others))
    return tuple(filled)
