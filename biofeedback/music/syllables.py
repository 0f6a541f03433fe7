"""Words -> syllables, for singing: by the vowels, or as a hyphen says (``mu-sic``).

A syllable has one group of vowels; of the consonants between two groups the last goes with what
follows, and two letters that make one sound (``ch``, ``th``, ``sch``) stay together. A silent e of
English makes no syllable. In Chinese, Japanese and Korean each sign is one. A word in a script
whose vowels aren't known here (Arabic, Hindi ...) is one syllable unless hyphens divide it.

This is a rule of thumb and not hyphenation: it decides how many notes a word gets and roughly where
it is cut, and whoever wants it otherwise writes hyphens.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import Final, NamedTuple

_VOWELS: Final = frozenset("aeiouyæœøıаеёиоуыэюяіїєαεηιουω")  # noqa: RUF001 - Latin, Cyrillic, Greek
_TOGETHER: Final = ("sch", "ch", "sh", "th", "ph", "qu", "gh")
_STOPS: Final = frozenset("bcdfgkpt")
_EACH_SIGN: Final = re.compile(
    "[\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]"
    "[\u3041\u3043\u3045\u3047\u3049\u3083\u3085\u3087\u30a1\u30a3\u30a5\u30a7\u30a9\u30e3\u30e5\u30e7]?\u30fc?"
)
_MARKS: Final = ".,;:!?)\"'\u2019\u201d"
_BLANK: Final = "_"


class Syllable(NamedTuple):
    """A syllable as it is written; ``ends_word`` when a space follows it."""

    text: str
    ends_word: bool


def split_line(line: str, *, language: str) -> tuple[Syllable, ...]:
    """Split a line of lyrics into what is sung on one note each.

    Args:
        line: Words with spaces between; hyphens inside a word divide it and aren't sung.
        language: Two letters; English (``en``) has silent vowels.
    """
    found: list[Syllable] = []
    for word in line.split():
        parts = [part for part in word.split("-") if part]
        if len(parts) < 2:
            parts = split_word(parts[0], language=language) if parts else [word]
        found += [Syllable(part, ends_word=False) for part in parts[:-1]]
        found.append(Syllable(parts[-1], ends_word=True))
    return tuple(found)


def split_word(word: str, *, language: str) -> list[str]:
    """Split one word; put together again the parts are the word."""
    if _BLANK in word:
        return [word]
    if _EACH_SIGN.search(word):
        return _split_signs(word)
    groups = _find_vowels(word, language)
    cuts: list[int] = []
    for (_, end), (start, _) in pairwise(groups):
        cuts.append(_cut_between(word.casefold(), end, start) if start > end else start)
    return [word[a:b] for a, b in zip([0, *cuts], [*cuts, len(word)], strict=True)]


def _split_signs(word: str) -> list[str]:
    """Cut before each sign; what isn't one (a bracket, a comma) goes with its neighbour."""
    starts = [match.start() for match in _EACH_SIGN.finditer(word)]
    return [word[a:b] for a, b in zip([0, *starts[1:]], [*starts[1:], len(word)], strict=True)]


def _find_vowels(word: str, language: str) -> list[tuple[int, int]]:
    """Find the groups of vowels that are sung, as spans of the word."""
    plain = [_plain(sign) for sign in word]
    spans: list[tuple[int, int]] = []
    for index, sign in enumerate(plain):
        if sign not in _VOWELS or (sign == "y" and _leads(plain, index)):
            continue
        if sign == "u" and index and plain[index - 1] == "q":
            continue
        if spans and spans[-1][1] == index and not _is_apart(word[index - 1 : index + 1]):
            spans[-1] = (spans[-1][0], index + 1)
        else:
            spans.append((index, index + 1))
    if language == "en" and len(spans) > 1 and _ends_silently(plain, spans[-1]):
        spans.pop()
    return spans


def _plain(sign: str) -> str:
    """Take accents off: é is e; й is no vowel and stays what it is."""
    small = sign.casefold()
    return small if small in {"й", "ё", "ї"} else unicodedata.normalize("NFD", small)[:1]


def _leads(plain: list[str], index: int) -> bool:
    """Tell whether a y begins a syllable, as in yes or be-yond."""
    return index + 1 < len(plain) and plain[index + 1] in _VOWELS - {"y"}


def _is_apart(pair: str) -> bool:
    """Tell whether two vowels side by side are two syllables: the second has a diaeresis."""
    mark = unicodedata.normalize("NFD", pair[1:])[1:2]
    return mark == "\u0308" and pair[1:].casefold() in {"ë", "ï"}


def _ends_silently(plain: list[str], last: tuple[int, int]) -> bool:
    """Tell whether English doesn't sing the last vowel: home, homes, loved; but not table."""
    start, end = last
    letters = "".join(plain).rstrip(_MARKS)
    if plain[start] != "e" or end - start != 1:
        return False
    before = letters[max(0, start - 1) : start]
    tail = letters[end:]
    if tail == "":
        syllabic = before == "l" and start > 1 and letters[start - 2] not in _VOWELS
        return not syllabic
    if tail == "s":
        return before not in {"s", "z", "x", "c", "g"} and letters[
            max(0, start - 2) : start
        ] not in {
            "sh",
            "ch",
        }
    return tail == "d" and before not in {"t", "d"}


def _cut_between(word: str, end: int, start: int) -> int:
    """Find where to cut the consonants ``word[end:start]`` between two vowels."""
    between = word[end:start]
    for sound in _TOGETHER:
        if between.endswith(sound):
            return start - len(sound)
    blends = len(between) > 1 and between[-1] in "lr" and between[-2] in _STOPS
    # pat-rol, but chil-dren and ta-ble.
    blends = blends and (len(between) > 2 or word[start - 1 :].rstrip(_MARKS) in {"le", "les"})
    return start - 2 if blends else start - 1
