"""How unlike the usual heart beat one looks: ectopic beats take another way through the heart.

* The signal from 0.1 s before to 0.1 s after a peak is laid where it correlates best with the usual
  form, within 70 ms: of a wave with two peaks of one size now one is found, now the other.
* The usual form is learned from beats that have it. Another is learned from wider beats, and counts
  from the second on; when it has become the commoner, it is the usual one. Eight beats in a row
  that have neither show that the sensor sits elsewhere: theirs is the usual one then.
* Whole numbers throughout: no order of adding up can change a bit.

References:
    Chazal, O'Dwyer & Reilly (2004), IEEE Trans Biomed Eng 51(7): the form of the complex beside
    the intervals around it. Deviation: nobody's ectopic beats are learned from; a form is odd for
    this person, or it isn't.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDER = 1.15
"""An ectopic beat is wider than usual by this, for it doesn't take the quick way."""
_BESIDE_S = 0.1
_LAG_S = 0.07
_SMOOTH_S = 0.012
_FASTEST_HZ = 250.0
"""From twice this on, samples are left out."""
_MOST = 1 << 22
"""Products of two of these, summed over a window and times its length, fit into 63 bits."""
_ALIKE = 0.9
_SHARE = 0.05
_FLAT = 1.0 / 16.0
_OTHERS = 8
_PATIENCE = 20
_STRANGE = 8


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

    def compare(self, raw: NDArray[np.float64], *, learn: bool) -> Unlikeness:
        """Compare a beat with those before, and learn from it.

        Args:
            raw: Whole numbers, shape (2 * beside + 1,), the peak in the middle.
            learn: False if it may not be a beat.
        """
        sums = np.add.accumulate(raw.astype(np.int64))
        smooth = (sums[self._smooth :] - sums[: -self._smooth])[:: self._step]
        smooth -= smooth[len(smooth) // 2]
        signal = np.maximum(np.minimum(smooth, _MOST), -_MOST)
        signal = signal[: 2 * (self._half + self._lag) + 1]
        if self._usual is None:
            if learn:
                self._usual = _Form(signal[self._lag : self._lag + 2 * self._half + 1])
            return Unlikeness(0.0, 0.0, 1.0)
        likeness, found = self._usual.find(signal)
        usual = nearest = _distance(likeness)
        form = _Form(found)
        width = form.width / self._usual.width
        other = 0.0 if self._other is None else form.correlate(self._other)
        if self._other is not None and self._others >= 2:
            between = self._usual.correlate(self._other)
            nearest = _distance(_explain(likeness, other, between))
        seen = Unlikeness(usual, nearest, width)
        if not learn:
            return seen
        if likeness >= _ALIKE:
            self._usual.learn(found)
            self._balance = min(self._balance + 1, _PATIENCE)
            self._strange = 0
        elif width > WIDER:
            self._learn_other(other, form)
        else:
            self._strange += 1
            if self._strange >= _STRANGE:
                self._usual, self._strange = form, 0
        return seen

    def _learn_other(self, likeness: float, form: _Form) -> None:
        """Learn a wide form; what has become the commoner is the usual one."""
        if self._other is None or (likeness < _ALIKE and self._others < 2):
            self._other, self._others = form, 1
        elif likeness < _ALIKE:
            self._others -= 1
        else:
            self._strange = 0
            self._other.learn(form.values)
            self._others = min(self._others + 1, _OTHERS)
            self._balance -= 1
            if self._balance < 0:
                self._usual, self._other = self._other, None
                self._others = self._balance = 0


class _Form:
    """A form of beats, in whole numbers, and where a signal is most like it."""

    def __init__(self, values: NDArray[np.int64]) -> None:
        self._keep(values)

    def _keep(self, values: NDArray[np.int64]) -> None:
        self.values = values
        n = len(values)
        self._sum = int(np.add.reduce(values))
        self._power = max(1, n * int(np.add.reduce(values * values)) - self._sum * self._sum)
        steps = values[1:] - values[:-1]
        # Of a sine, this is its period but for a constant.
        self.width = math.sqrt(self._power / max(1, int(np.add.reduce(steps * steps))))

    def learn(self, values: NDArray[np.int64]) -> None:
        """Lean towards the form of another beat."""
        self._keep(self.values + np.rint(_SHARE * (values - self.values)).astype(np.int64))

    def correlate(self, other: _Form) -> float:
        """Correlate with another form, place by place."""
        product = len(self.values) * int(np.add.reduce(self.values * other.values))
        return (product - self._sum * other._sum) / math.sqrt(self._power * other._power)

    def find(self, signal: NDArray[np.int64]) -> tuple[float, NDArray[np.int64]]:
        """Correlate with each part of a signal; return the best and the part."""
        n = len(self.values)
        first = np.concatenate(([0], np.add.accumulate(signal)))
        second = np.concatenate(([0], np.add.accumulate(signal * signal)))
        sums = first[n:] - first[:-n]
        powers = n * (second[n:] - second[:-n]) - sums * sums
        products = n * np.correlate(signal, self.values, "valid") - sums * self._sum
        # What is nearly flat has a form of its own, but no beat has that.
        powers = np.maximum(powers, _FLAT * self._power)
        likeness = products / np.sqrt(powers * float(self._power))
        place = int(likeness.argmax())
        return float(likeness[place]), signal[place : place + n]


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
