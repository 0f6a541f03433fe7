"""The names of keys and chords, spelled as their signature has it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from biofeedback.music.scales import OCTAVE, SCALES, Key, Mode

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAJORS: Final = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINORS: Final = ("Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm")
_MINORS_MAJOR: Final = ("Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B", "C", "Db", "D")
_TO_MAJOR: Final = {"ionian": 0, "dorian": -2, "lydian": -5, "mixolydian": -7}
_DEGREE_OF_MAJOR: Final[Mapping[Mode, int]] = {
    "ionian": 0,
    "dorian": 1,
    "lydian": 3,
    "mixolydian": 4,
    "aeolian": 5,
}
_LETTERS: Final = "CDEFGAB"
_SEMITONES: Final = (0, 2, 4, 5, 7, 9, 11)
_ACCIDENTALS: Final = {"": 0, "#": 1, "b": -1, "♯": 1, "♭": -1}
_WORDS: Final[dict[str, Mode]] = {
    "": "ionian",
    "major": "ionian",
    "m": "aeolian",
    "minor": "aeolian",
}
_KEY: Final = re.compile(r"([A-Ga-g])([#b♯♭]?)\s*([a-z]*)\Z")
_MINOR_THIRD, _FIFTH = 3, 7


def name_signature(key: Key) -> str:
    """Name the signature of a key: of modes that are neither major nor minor the one they share."""
    if key.mode == "aeolian":
        return _MINORS[key.tonic]
    return _MAJORS[(key.tonic + _TO_MAJOR[key.mode]) % OCTAVE]


def name_key(key: Key) -> str:
    """Name a key in words: ``D minor``, ``Bb major``, ``E dorian``."""
    words = {"ionian": "major", "aeolian": "minor"}
    return f"{name_degree(key, 0)} {words.get(key.mode, key.mode)}"


def name_degree(key: Key, degree: int) -> str:
    """Name a note of a key."""
    major = _MINORS_MAJOR[key.tonic] if key.mode == "aeolian" else name_signature(key)
    letter = _LETTERS[(_LETTERS.index(major[0]) + _DEGREE_OF_MAJOR[key.mode] + degree) % 7]
    plain = _SEMITONES[_LETTERS.index(letter)]
    # From -1 to 1: signatures have no double accidentals.
    away = (key.pitch(degree) - plain + 6) % OCTAVE - 6
    return letter + {-1: "b", 0: "", 1: "#"}[away]


def name_chord(key: Key, root: int) -> str:
    """Name the triad on a degree: ``C``, ``Am``, ``Bdim``."""
    third = key.pitch(root + 2) - key.pitch(root)
    fifth = key.pitch(root + 4) - key.pitch(root)
    if fifth < _FIFTH:
        return name_degree(key, root) + "dim"
    return name_degree(key, root) + ("m" if third == _MINOR_THIRD else "")


def parse_key(text: str) -> Key | None:
    """Read ``C``, ``F# minor``, ``Am``, ``D dorian``; None when it is none of these."""
    match = _KEY.match(text.strip())
    if match is None:
        return None
    letter, accidental, word = match.groups()
    mode = _WORDS.get(word) or (word if word in SCALES else None)
    if mode is None:
        return None
    tonic = _SEMITONES[_LETTERS.index(letter.upper())] + _ACCIDENTALS[accidental]
    return Key(tonic=tonic % OCTAVE, mode=mode)
