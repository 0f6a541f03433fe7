"""Modes and keys: a note is a degree of a key, so whatever is composed stays in key."""

from __future__ import annotations

from bisect import bisect_right
from typing import Literal

import msgspec

DEGREES = 7
OCTAVE = 12
_LOWEST_TONIC_MIDI = 55

Mode = Literal["ionian", "dorian", "lydian", "mixolydian", "aeolian"]
Function = Literal["I", "T", "S", "D"]
"""``I`` is the tonic itself; T, S, D stand for any chord of tonic, subdominant, dominant kind."""

Scale = Literal["mode", "pentatonic"]
"""Which notes of the mode a melody uses: all, or the five without half-steps among them."""

SCALES: dict[Mode, tuple[int, ...]] = {
    "ionian": (0, 2, 4, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "aeolian": (0, 2, 3, 5, 7, 8, 10),
}
"""Semitones above the tonic."""

PENTATONIC: dict[Mode, tuple[int, ...]] = {
    "ionian": (0, 1, 2, 4, 5),
    "dorian": (0, 2, 3, 4, 6),
    "lydian": (0, 1, 2, 4, 5),
    "mixolydian": (0, 1, 2, 4, 5),
    "aeolian": (0, 2, 3, 4, 6),
}
"""The degrees that have no half-step between them."""

FUNCTIONS: dict[Mode, dict[Function, tuple[int, ...]]] = {
    "ionian": {"I": (0,), "T": (0, 0, 5, 5, 2), "S": (3, 3, 1), "D": (4,)},
    "dorian": {"I": (0,), "T": (0, 0, 2), "S": (3, 3, 1), "D": (6, 6, 4)},
    "lydian": {"I": (0,), "T": (0, 0, 5, 2), "S": (1, 1, 5), "D": (4, 4, 6)},
    "mixolydian": {"I": (0,), "T": (0, 0, 5), "S": (3, 3, 1), "D": (6, 6, 4)},
    "aeolian": {"I": (0,), "T": (0, 0, 2), "S": (3, 5, 5), "D": (6, 6, 4)},
}
"""Roots (0 is the tonic) that serve a function; one that stands twice is twice as likely.

Diminished triads are left out. The modal dominants keep the scale free of a raised leading tone.
"""


def _find_tonic_midi(tonic: int) -> int:
    """Find the pitch of degree 0: the tonic between G3 and F sharp 4."""
    return _LOWEST_TONIC_MIDI + (tonic - _LOWEST_TONIC_MIDI) % OCTAVE


_PITCHES: dict[Mode, tuple[tuple[int, ...], ...]] = {
    mode: tuple(tuple(_find_tonic_midi(tonic) + step for step in steps) for tonic in range(OCTAVE))
    for mode, steps in SCALES.items()
}
"""The pitches of degrees 0 to 6 of each key, by mode and tonic."""

_PITCH_CLASSES: dict[Mode, tuple[frozenset[int], ...]] = {
    mode: tuple(frozenset(pitch % OCTAVE for pitch in pitches) for pitches in keys)
    for mode, keys in _PITCHES.items()
}


class Key(msgspec.Struct, frozen=True, gc=False):
    """A tonic (0 is C) and a mode."""

    tonic: int
    mode: Mode

    def pitch(self, degree: int) -> int:
        """Turn a degree (7 is one octave above 0) into a MIDI pitch."""
        octave, step = divmod(degree, DEGREES)
        return _PITCHES[self.mode][self.tonic][step] + OCTAVE * octave

    def pitch_classes(self) -> frozenset[int]:
        """List the pitch classes (0 is C) of the key."""
        return _PITCH_CLASSES[self.mode][self.tonic]

    def walk(self, degree: int, steps: int, scale: Scale) -> int:
        """Go ``steps`` of a scale up or down from a degree; the degree first joins the scale."""
        if scale == "mode":
            return degree + steps
        five = PENTATONIC[self.mode]
        octave, step = divmod(degree, DEGREES)
        octaves, index = divmod(bisect_right(five, step) - 1 + steps, len(five))
        return (octave + octaves) * DEGREES + five[index]
