"""A chord: a root, a bass note and three voices, and how it is stretched by tension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from biofeedback.music.scales import DEGREES
from biofeedback.music.style import FOURTH, NINTH

if TYPE_CHECKING:
    from biofeedback.music.scales import Key

SEVENTHS, SUSPENSIONS, NINTHS, CLUSTERS = 1, 2, 3, 4
"""Colours of harmony, from the smoothest to the roughest; 0 is the plain triad."""

_PERFECT_FOURTH = 5
_TRIAD = 3
_ROOT, _THIRD = 0, 2
# What has to be added to a degree, told as steps above the root, to reach a tone of the triad.
_SNAP = (0, -1, 0, 1, 0, -1, 1)


@dataclass(frozen=True, slots=True)
class Chord:
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

    def voice_pitch(self, voice: int, *, inversion: int, colour: int, resolved: bool) -> int:
        """Tell the pitch of one voice.

        Args:
            voice: As in ``Stab``.
            inversion: So many voices change their octave, upwards when positive.
            colour: From ``SEVENTHS`` on the root, which the bass has, goes down to the seventh. At
                ``SUSPENSIONS`` the fourth hangs in place of the third until it is ``resolved``.
                From ``NINTHS`` on ``NINTH`` sounds, and a root in a higher octave is a ninth; at
                ``CLUSTERS`` ``FOURTH`` sounds, and a third in a higher octave is a fourth.
            resolved: The suspension has gone to its third.
        """
        octave = 0
        if voice == NINTH:
            index = self._index_of(_ROOT)
            degree = self.voices[index] + 1
        elif voice == FOURTH:
            index = self._index_of(_THIRD)
            degree = self.voices[index] + 1
        else:
            octave, index = divmod(voice, _TRIAD)
            degree = self.voices[index]
            degree += self._stretch(self._role(index), octave, colour, resolved=resolved)
        octave += (inversion - 1 - index) // _TRIAD + 1 if inversion > 0 else 0
        octave -= (index - inversion) // _TRIAD if inversion < 0 else 0
        return self.key.pitch(degree + DEGREES * octave)

    def _stretch(self, role: int, octave: int, colour: int, *, resolved: bool) -> int:
        """Tell by how many steps a tone of the triad moves."""
        if role == _ROOT:
            if octave > 0 and colour >= NINTHS:
                return 1
            return -1 if colour >= SEVENTHS else 0
        if role != _THIRD:
            return 0
        hangs = colour == SUSPENSIONS and not resolved and self.can_hang
        return int(hangs or (octave > 0 and colour == CLUSTERS))

    @property
    def can_hang(self) -> bool:
        """Whether the fourth is a perfect one, which may hang in place of the third."""
        return self.key.pitch(self.root + 3) - self.key.pitch(self.root) == _PERFECT_FOURTH

    def is_third(self, voice: int) -> bool:
        """Tell whether a voice of the triad has its third."""
        return voice < NINTH and self._role(voice % _TRIAD) == _THIRD

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
