"""Which names and texts are accepted. They come from people, and go into files and pages."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Final

from msgspec import Meta

from biofeedback.errors import RecordsError

NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{0,31}\Z"
Name = Annotated[str, Meta(pattern=NAME_PATTERN)]
"""A pseudonym, or the short name of a goal or a project: it is a file's name too."""

LONGEST_TEXT: Final = 200
_NAME = re.compile(NAME_PATTERN)
_WINDOWS = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)
"""Names that mean devices there: a folder that is copied to such a computer has to work."""


def check_name(text: str, *, what: str) -> str:
    """Return ``text`` if it can be a name.

    Raises:
        RecordsError: It can't; the text says which can.
    """
    if not _NAME.match(text) or text in _WINDOWS:
        near = suggest_name(text)
        hint = f" For instance: {near}." if near else ""
        raise RecordsError(
            f"{what} {text!r}: use 1 to 32 small letters a-z, digits, - and _, beginning with a "
            f"letter or a digit.{hint}"
        )
    return text


def check_pseudonym(text: str) -> str:
    """Return ``text`` if it can be a pseudonym.

    No name is suggested from what was typed: that may have been the person's own.

    Raises:
        RecordsError: It can't; the text says which can.
    """
    if not _NAME.match(text) or text in _WINDOWS:
        raise RecordsError(
            f"person {text!r}: use a pseudonym of 1 to 32 small letters a-z, digits, - and _, "
            "such as p7 or blue-owl, and never a real name."
        )
    return text


def suggest_name(text: str) -> str | None:
    """Make a name from a title; None if nothing of it can be used."""
    plain = unicodedata.normalize("NFKD", text.casefold()).replace("ß", "ss")
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    name = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:32].rstrip("-")
    if not name:
        return None
    return f"{name}-1"[:32] if name in _WINDOWS else name


def check_text(text: str, *, what: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text in one line, composed and without space at its ends.

    Raises:
        RecordsError: It is empty, too long, or holds signs that can't be shown.
    """
    clean = unicodedata.normalize("NFC", text).strip()
    if not clean:
        raise RecordsError(f"{what}: this is empty.")
    if len(clean) > longest:
        raise RecordsError(f"{what}: {len(clean)} letters are too many; {longest} are allowed.")
    for sign in clean:
        # Cc controls, Cs halves of a pair, Cn and Co nobody's signs, Zl and Zp line ends. Cf stays:
        # Persian and Indian words are joined with it; but nothing that turns the reading direction.
        turns = "\u202a" <= sign <= "\u202e" or "\u2066" <= sign <= "\u2069"
        if turns or unicodedata.category(sign) in {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}:
            raise RecordsError(f"{what}: the sign U+{ord(sign):04X} can't be used in a text.")
    return clean
