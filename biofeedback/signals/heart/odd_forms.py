"""Beats whose wave looks odd: ectopic ones, also where they come at the heart's own rate.

* Odd is a wave that is wider than usual and further from the usual form than this person's waves
  are, and than those around it. Noise spoils the neighbours too, each in its own way; ectopic beats
  in a row are alike, so neighbours count with their distance from the known forms.
* A wave that wasn't seen before may be noise: it is *strange*, which counts where it comes at an
  odd time. The third of its kind is odd.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from biofeedback.signals.beats.usual_form import LEAST, WIDER
from biofeedback.signals.heart.usual_size import UsualSize

if TYPE_CHECKING:
    from biofeedback.signals.beats.usual_form import Unlikeness

_BEFORE, _AFTER = 4, 2
_FEWEST = 3
_SIZES = 2.25
_NEIGHBOURS = 2.0
_EARLY = 0.15
_KNOWN = 0.6


class OddForms:
    """Judge the beats of one heart, each when the two after it are known."""

    def __init__(self) -> None:
        self._size = UsualSize(early=_EARLY)
        self._beats: deque[Unlikeness | None] = deque(maxlen=_BEFORE + 1 + _AFTER)
        self.odd = False
        """The newest beat that was judged is odd."""
        self.strange = False
        """It would be, had such a wave been seen before."""
        self.odd_before = False
        """The one before it was."""

    def restart(self) -> None:
        """Forget the newest beats: others are missing. What is usual stays."""
        self._beats.clear()
        self.odd = self.strange = self.odd_before = False

    def hear(self, beat: Unlikeness | None) -> None:
        """Take the next beat, None if its form isn't known, and judge the one two before it."""
        beats = self._beats
        beats.append(beat)
        self.odd_before = self.odd
        self.odd = self.strange = False
        if len(beats) <= _AFTER:
            return
        judged = beats[-1 - _AFTER]
        if judged is None:
            return
        around = sorted([b.nearest for b in beats if b is not None and b is not judged])
        if len(around) < _FEWEST:
            return
        middle = around[len(around) // 2]
        threshold = max(LEAST, _SIZES * self._size.read(), _NEIGHBOURS * middle)
        if judged.usual > threshold and judged.width > WIDER:
            self.odd = judged.nearest < _KNOWN * judged.usual
            self.strange = not self.odd
        self._size.learn(min(judged.nearest, threshold))
