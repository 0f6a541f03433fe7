"""How unlike the usual heart beat one looks: ectopic beats take another way through the heart.

* The signal from 0.1 s before to 0.1 s after a peak is laid where it correlates best with the usual
  form, within 70 ms: of a wave with two peaks of one size now one is found, now the other.
* The usual form is learned from beats that have it. Another is learned from wider beats, and counts
  once two had it; when it has become the commoner, it is the usual one. Eight beats in a row that
  are narrow and unlike show that the sensor sits elsewhere: theirs is the usual one then.
* Whole numbers throughout: no order of adding up can change a bit.

References:
    Chazal, O'Dwyer & Reilly (2004), IEEE Trans Biomed Eng 51(7): the form of the complex beside
    the intervals around it. Deviation: nobody's ectopic beats are learned from; a form is odd for
    this person, or it isn't.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDER = 1.15
"""An ectopic beat is wider than usual by this, for it doesn't take the quick way."""
LEAST = 0.2
"""What is nearer than this to the usual form isn't odd."""
_BESIDE_S = 0.1
_LAG_S = 0.07
_SMOOTH_S = 0.012
_FASTEST_HZ = 250.0
"""From twice this on, samples are left out."""
_MOST = 1 << 19
"""Squares of this times the length of a window (below 128), summed over it, fit into 63 bits."""
_ALIKE = 0.9
_LEARN_BITS = 4
_FLAT = 16
_OTHERS = 8
_PATIENCE = 20
"""So many beats of a wide form in a row make it the usual one."""
_STRANGE = 8
_TURNS = 4


class Unlikeness(NamedTuple):
    """How far a beat is from the usual form, and from the nearest sum of the two known forms.

    Between forms of length 1: 0 is the same, 1.41 another, 2 the opposite. A fusion beat is a sum
    of both. ``width`` is how wide it is, in widths of the usual form.
    """

    usual: float
    nearest: float
    width: float


class UsualForm:
    """Learn the usual form of one lead."""

    def __init__(self, rate_hz: float) -> None:
        self._step = max(1, int(rate_hz / _FASTEST_HZ))
        self._smooth = max(1, round(_SMOOTH_S * rate_hz))
        self._half = round(_BESIDE_S * rate_hz / self._step)
        self._lag = round(_LAG_S * rate_hz / self._step)
        self.beside = (self._half + self._lag) * self._step + self._smooth // 2 + 1
        """How many samples on either side of a peak are needed."""
        self._usual: _Form | None = None
        self._other: _Form | None = None
        self._others = 0
        # How many more beats had the usual form than the other; how many in a row had neither.
        self._balance = 0
        self._strange = 0
        self._turn = 0

    def compare(self, raw: NDArray[np.float64], *, learn: bool) -> Unlikeness:
        """Compare a beat with those before, and learn from it.

        Args:
            raw: Whole numbers, shape (2 * beside + 1,), the peak in the middle.
            learn: False if it may not be a beat.
        """
        sums = np.add.accumulate(raw.astype(np.int64))
        smooth = (sums[self._smooth :] - sums[: -self._smooth])[:: self._step]
        signal = smooth[: 2 * (self._half + self._lag) + 1]
        signal -= signal[self._half + self._lag]
        np.maximum(signal, -_MOST, out=signal)
        np.minimum(signal, _MOST, out=signal)
        if self._usual is None:
            if learn:
                self._usual = _Form(signal[self._lag : self._lag + 2 * self._half + 1])
            return Unlikeness(0.0, 0.0, 1.0)
        form = self._usual.find(signal)
        likeness = form.correlate(self._usual)
        usual = nearest = _distance(likeness)
        if usual < LEAST:
            if learn:
                self._learn_usual(self._usual, form)
            return Unlikeness(usual, nearest, 1.0)
        other = 0.0
        if self._other is not None:
            other = form.correlate(self._other)
            if self._others >= 2:
                between = self._usual.correlate(self._other)
                nearest = _distance(_explain(likeness, other, between))
        width = form.width / self._usual.width
        if learn:
            if likeness >= _ALIKE:
                self._learn_usual(self._usual, form)
            elif width > WIDER:
                self._learn_other(form, other)
            else:
                self._learn_strange(form)
        return Unlikeness(usual, nearest, width)

    def _learn_usual(self, usual: _Form, form: _Form) -> None:
        self._strange = 0
        self._balance = min(self._balance + 1, _PATIENCE)
        # Once it is known, every fourth is enough.
        if self._balance < _PATIENCE or self._turn == 0:
            self._usual = usual.lean_to(form)
        self._turn = (self._turn + 1) % _TURNS

    def _learn_strange(self, form: _Form) -> None:
        self._strange += 1
        if self._strange >= _STRANGE:
            self._usual, self._strange = form, 0

    def _learn_other(self, form: _Form, likeness: float) -> None:
        """Learn a wide form; what has become the commoner is the usual one."""
        if self._other is None or (likeness < _ALIKE and self._others < 2):
            self._other, self._others = form, 1
        elif likeness < _ALIKE:
            self._others -= 1
        else:
            self._strange = 0
            self._other = self._other.lean_to(form)
            self._others = min(self._others + 1, _OTHERS)
            self._balance -= 1
            if self._balance < 0:
                self._usual, self._other = self._other, None
                self._others = self._balance = 0


class _Form:
    """The form of a beat, in whole numbers, shape (n,)."""

    def __init__(self, values: NDArray[np.int64]) -> None:
        n, total = len(values), int(np.add.reduce(values))
        self._values = values
        self._total = total
        self._power = max(1, n * int(np.dot(values, values)) - total * total)

    @cached_property
    def _level(self) -> NDArray[np.int64]:
        """The values without their mean, times their number: whole still."""
        return len(self._values) * self._values - self._total

    @cached_property
    def width(self) -> float:
        """How wide it is: of a sine, this is its period but for a constant."""
        steps = self._values[1:] - self._values[:-1]
        return math.sqrt(self._power / max(1, int(np.dot(steps, steps))))

    def find(self, signal: NDArray[np.int64]) -> _Form:
        """Return the part of a signal that follows this form most."""
        place = int(np.correlate(signal, self._level, "valid").argmax())
        return _Form(signal[place : place + len(self._values)])

    def lean_to(self, form: _Form) -> _Form:
        """Return this form, a little more like another."""
        half = 1 << (_LEARN_BITS - 1)
        return _Form(self._values + ((form._values - self._values + half) >> _LEARN_BITS))

    def correlate(self, known: _Form) -> float:
        """Correlate with a known form, place by place."""
        product = int(np.dot(self._values, known._level))
        # What is nearly flat has a form of its own, but no beat has that.
        power = max(self._power, known._power // _FLAT)
        return product / math.sqrt(power * known._power)


def _explain(first: float, second: float, between: float) -> float:
    """Correlate with the nearest sum of two forms, from the correlations with and between them."""
    rest = 1.0 - between * between
    if rest < 1e-6 or second <= first * between:
        return first
    if first <= second * between:
        return second
    square = (first * first + second * second - 2.0 * first * second * between) / rest
    return min(1.0, math.sqrt(max(0.0, square)))


def _distance(likeness: float) -> float:
    return math.sqrt(max(0.0, 2.0 - 2.0 * likeness))
