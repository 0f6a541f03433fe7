"""A chord: a root, a bass note and three voices, and how it is stretched by tension."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biofeedback.music.scales import DEGREES
from biofeedback.music.style import FOURTH, NINTH, SIXTH

if TYPE_CHECKING:
    from biofeedback.music.scales import Key

SEVENTHS, NINTHS, FOURTHS, SIXTHS = 1, 2, 3, 4
"""Colours of harmony, each rougher than the one before; 0 is the plain triad."""
COLOUR_OF_VOICE = {NINTH: NINTHS, FOURTH: FOURTHS, SIXTH: SIXTHS}
"""From which colour on a voice beside the triad sounds."""

_TRIAD = 3
_ROOT, _THIRD, _FIFTH = 0, 2, 4
_BESIDE = {NINTH: _ROOT, FOURTH: _THIRD, SIXTH: _FIFTH}
_STRETCHED = {_ROOT: NINTHS, _THIRD: FOURTHS, _FIFTH: SIXTHS}
# What has to be added to a degree, told as steps above the root, to reach a tone of the triad.
_SNAP = (0, -1, 0, 1, 0, -1, 1)


class Chord(msgspec.Struct, frozen=True, gc=False):
    """A triad with its voices.

    ``voices`` are three degrees, lowest first. ``start_step`` and ``steps`` tell where it lies in
    the time that the progression gives to one chord (two may share it).
    """

    key: Key
    root: int
    start_step: int
    steps: int
    bass_midi: int
    voices: tuple[int, int, int]

    def voice_pitch(self, voice: int, *, inversion: int, colour: int) -> int:
        """Tell the pitch of one voice.

        Args:
            voice: As in ``Stab``; a voice beside the triad is a step above its neighbour.
            inversion: So many voices change their octave, upwards when positive.
            colour: From ``SEVENTHS`` on the root, which the bass has, goes down to the seventh. In
                higher octaves a tone becomes its neighbour as soon as that one sounds, so that
                broken chords are stretched too.
        """
        octave = 0
        if voice in _BESIDE:
            index = self._index_of(_BESIDE[voice])
            degree = self.voices[index] + 1
        else:
            octave, index = divmod(voice, _TRIAD)
            degree = self.voices[index]
            role = self._role(index)
            if octave > 0 and colour >= _STRETCHED[role]:
                degree += 1
            elif role == _ROOT and colour >= SEVENTHS:
                degree -= 1
        octave += (inversion - 1 - index) // _TRIAD + 1 if inversion > 0 else 0
        octave -= (index - inversion) // _TRIAD if inversion < 0 else 0
        return self.key.pitch(degree + DEGREES * octave)

    def snap(self, degree: int) -> int:
        """Move a degree to the nearest tone of the triad."""
        return degree + _SNAP[(degree - self.root) % DEGREES]

    def snap_root(self, degree: int) -> int:
        """Move a degree to the nearest root."""
        return degree - (degree - self.root + 3) % DEGREES + 3

    def _role(self, index: int) -> int:
        return (self.voices[index] - self.root) % DEGREES

    def _index_of(self, role: int) -> int:
        return next(index for index in range(_TRIAD) if self._role(index) == role)
