"""One sensor on the trunk: which steps belong to the same foot?

While one leg stands, the trunk falls away from it, towards the foot that lands next. So just
before each contact it is pushed sideways, to and fro from step to step. That direction is learned
from contacts in a row that alternate beyond doubt, however the sensor is turned; from then on each
contact is weighed by its own push and by whose turn it is, so a step that was missed or one too
many doesn't exchange the feet.

Which of the two is the left one can be said only where the direction of the sensor's axes on the
body is known.

References:
    Zijlstra & Hof (2003), Assessment of spatio-temporal gait parameters from trunk accelerations
    during human walking: the sign of the sideways acceleration tells the foot; McCamley et al.
    (2012). Deviation: the direction is learned, the push before the contact is asked (it is known
    when the contact is), and a two-state filter carries the turn.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from biofeedback.signals.resample import TICK_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import Axis, Side
    from biofeedback.signals.resample import Vector

_AXES: dict[Axis, Vector] = {
    "x": (1.0, 0.0, 0.0),
    "y": (0.0, 1.0, 0.0),
    "z": (0.0, 0.0, 1.0),
    "-x": (-1.0, 0.0, 0.0),
    "-y": (0.0, -1.0, 0.0),
    "-z": (0.0, 0.0, -1.0),
}
_EVERY = 2
_EVERY_S = _EVERY * TICK_S
_KEEP = 170
"""Every second tick is enough; a contact may be told 5.8 s late."""
_PUSH_FROM_S, _PUSH_TO_S = 0.3, 0.1
_FEWEST = 8
_CLEAR = 0.6
_UNCLEAR = 1.2
_LEARN = 0.03
_DOUBT = 0.1
_LEAST_PUSH_MPS2 = 0.15
_MOST_EVIDENCE = 4.0
_TURNS = 0.97
_TURNS_AFTER_TWO = 0.3
_SURE = 0.9
_ALONG = 0.7
"""Cosine: a push that goes another way than sideways contradicts what was told of the mounting."""


class Footfall(msgspec.Struct, frozen=True, gc=False):
    """A contact of one foot: ``foot`` is 0 or 1, and how sure that is, 0.5..1."""

    foot: int
    sureness: float


class Sides:
    """Follow the contacts of one trunk.

    Args:
        left_axis: The axis that points to the wearer's left, None if nobody knows.
    """

    def __init__(self, left_axis: Axis | None = None) -> None:
        self._left = None if left_axis is None else _AXES[left_axis]
        self._vectors: list[Vector] = []
        self._after = 0
        self._recent: deque[tuple[float, Vector]] = deque(maxlen=_FEWEST)
        # Half of the way from one foot's push to the other's, the middle, and the scatter in units
        # of that half way.
        self._half: Vector | None = None
        self._former: Vector | None = None
        self._middle: Vector = (0.0, 0.0, 0.0)
        self._scatter = 0.0
        self._first = 0.5
        self._last: tuple[float, int, Vector] | None = None

    def restart(self) -> None:
        """Begin anew after a gap; the sensor still sits where it sat."""
        self._vectors.clear()
        self._begin()

    def _begin(self) -> None:
        self._recent.clear()
        self._first = 0.5
        self._last = None

    def hear(self, first: int, vectors: Sequence[Vector]) -> None:
        """Take consecutive ticks, before their contacts."""
        del self._vectors[:-_KEEP]
        self._vectors.extend(vectors[-first % _EVERY :: _EVERY])
        self._after = -(-(first + len(vectors)) // _EVERY)

    def update(self, contact_s: float, *, step_s: float, begins: bool) -> Footfall | None:
        """Take the next contact; tell whose it was, None if that can't be known."""
        push = self._push_before(contact_s)
        if push is None:
            return None
        if begins:
            self._begin()
        half = self._half
        if half is None:
            self._recent.append((contact_s, push))
            half = self._learn(step_s)
            if half is None:
                return None
        return self._weigh(contact_s, push, half, step_s)

    def name(self, fall: Footfall) -> Side | None:
        """Tell whether it was the left foot: the push goes towards the foot that lands."""
        if self._left is None or self._half is None or fall.sureness < _SURE:
            return None
        size = math.sqrt(max(1e-12, _dot(self._half, self._half)))
        leftward = _dot(self._half, self._left) / size
        if abs(leftward) < _ALONG:
            return None
        return "left" if (leftward > 0.0) == (fall.foot == 0) else "right"

    def _push_before(self, contact_s: float) -> Vector | None:
        """Return the mean acceleration just before a contact."""
        oldest = self._after - len(self._vectors)
        start = round((contact_s - _PUSH_FROM_S) / _EVERY_S) - oldest
        end = round((contact_s - _PUSH_TO_S) / _EVERY_S) - oldest
        if start < 0 or end > len(self._vectors):
            return None
        return _mean(self._vectors[start:end])

    def _learn(self, step_s: float) -> Vector | None:
        """Learn the direction from contacts in a row, if they alternate beyond doubt."""
        recent = self._recent
        if len(recent) < _FEWEST or any(
            not 0.6 <= (b - a) / step_s <= 1.5 for (a, _), (b, _) in pairwise(recent)
        ):
            return None
        pushes = [push for _, push in recent]
        middle = _mean(pushes)
        signs = [1.0 if i % 2 else -1.0 for i in range(_FEWEST)]
        half = _mean(
            [
                _scaled(_difference(push, middle), sign)
                for push, sign in zip(pushes, signs, strict=True)
            ]
        )
        half = _without(half, middle)
        size = _dot(half, half)
        if size <= _LEAST_PUSH_MPS2 * _LEAST_PUSH_MPS2:
            return None
        along = [
            sign * _dot(_difference(push, middle), half) / size
            for push, sign in zip(pushes, signs, strict=True)
        ]
        mean = math.fsum(along) / _FEWEST
        scatter = math.fsum([(one - mean) * (one - mean) for one in along]) / (_FEWEST - 1)
        if min(along) <= 0.0 or scatter > _CLEAR * _CLEAR:
            return None
        if self._former is not None and _dot(half, self._former) < 0.0:
            # The feet keep their numbers.
            half = _scaled(half, -1.0)
        self._half, self._middle, self._scatter = half, middle, scatter
        return half

    def _weigh(
        self, contact_s: float, push: Vector, half: Vector, step_s: float
    ) -> Footfall | None:
        """Weigh a push and whose turn it is; follow the direction and the middle between the feet.

        Written out by components: this is done for each step.
        """
        hx, hy, hz = half
        mx, my, mz = self._middle
        ox, oy, oz = push[0] - mx, push[1] - my, push[2] - mz
        along = (ox * hx + oy * hy + oz * hz) / (hx * hx + hy * hy + hz * hz)
        evidence = 2.0 * along / max(0.05, self._scatter)
        evidence = min(_MOST_EVIDENCE, max(-_MOST_EVIDENCE, evidence))
        before, last = self._first, self._last
        if last is not None:
            steps = (contact_s - last[0]) / step_s
            turns = _TURNS if steps < 1.5 else _TURNS_AFTER_TWO if steps < 2.5 else 0.5
            before = before * (1.0 - turns) + (1.0 - before) * turns
        # Odds of the first foot, Bayes' rule.
        odds = before / (1.0 - before) * math.exp(evidence)
        self._first = first = odds / (1.0 + odds)
        foot, sureness, side = (0, first, 1.0) if first >= 0.5 else (1, 1.0 - first, -1.0)
        missed = along - side
        self._scatter += _DOUBT * (missed * missed - self._scatter)
        if sureness >= _SURE:
            # The part across gravity, which the middle shows.
            lean = side * (ox * mx + oy * my + oz * mz) / max(1e-9, mx * mx + my * my + mz * mz)
            self._half = (
                hx + _LEARN * (side * ox - lean * mx - hx),
                hy + _LEARN * (side * oy - lean * my - hy),
                hz + _LEARN * (side * oz - lean * mz - hz),
            )
            if last is not None and last[1] != foot:
                px, py, pz = last[2]
                self._middle = (
                    mx + _LEARN * (px + push[0] - 2.0 * mx),
                    my + _LEARN * (py + push[1] - 2.0 * my),
                    mz + _LEARN * (pz + push[2] - 2.0 * mz),
                )
        self._last = (contact_s, foot, push)
        if self._scatter > _UNCLEAR * _UNCLEAR:
            # The sensor sits otherwise, or nobody walks as before.
            self._former, self._half = self._half, None
            self._recent.clear()
            return None
        return Footfall(foot, sureness)


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _difference(a: Vector, b: Vector) -> Vector:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _scaled(a: Vector, by: float) -> Vector:
    return a[0] * by, a[1] * by, a[2] * by


def _mean(vectors: Sequence[Vector]) -> Vector:
    n = len(vectors)
    sx = sy = sz = 0.0
    for x, y, z in vectors:
        sx += x
        sy += y
        sz += z
    return sx / n, sy / n, sz / n


def _without(a: Vector, along: Vector) -> Vector:
    """Return the part of ``a`` across gravity, which ``along`` shows."""
    return _difference(a, _scaled(along, _dot(a, along) / max(1e-9, _dot(along, along))))
