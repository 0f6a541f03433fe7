"""The newest seconds of a signal, for looking at what lies under a candidate and around it."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biofeedback.signals.beats.forms import BeatForms
    from biofeedback.signals.beats.traits import Traits

_KEPT_S = 4.0
"""What came while a search learns (2.5 s) is judged when it has learnt."""
_SWING_WITHIN_S = 1.0
_BESIDE_S = 0.12
_STUCK_BEFORE_S = 0.4
_STUCK_S = 0.1
_TWO_WAYS = 0.3


class Sight(NamedTuple):
    """The peak of a candidate: its place, height in sharpness, form of length 1, size in raw."""

    peak: float
    peak_height: float
    form: NDArray[np.float64]
    likeness: float
    size: float


class BeatWindow:
    """Filter a stretch of a signal and keep the newest of it; places are samples since it began."""

    def __init__(self, rate_hz: float, traits: Traits) -> None:
        self.band = traits.band(rate_hz)
        self.count = 0
        self._most = round(_KEPT_S * rate_hz)
        self._most_raw = float(self.band.most)
        self._within = round(traits.peak_within_s * rate_hz)
        self._half = round(traits.form_s * rate_hz)
        self._second = round(_SWING_WITHIN_S * rate_hz)
        self._beside = round(_BESIDE_S * rate_hz)
        self._stuck_before = round(_STUCK_BEFORE_S * rate_hz)
        self._stuck = round(_STUCK_S * rate_hz)
        self._raw = np.empty(0)
        self._sharp = np.empty(0)
        self._strength = np.empty(0)
        self._first = 0

    def update(self, values: NDArray[np.float64]) -> list[tuple[int, float]]:
        """Take finite samples, shape (n,), n > 0; list places and heights of the maxima."""
        n = len(values)
        start = self.count - self._first
        if start + n > len(self._raw):
            start = self._make_room(start, n)
        end = start + n
        raw = np.rint(values, out=self._raw[start:end])
        np.maximum(raw, -self._most_raw, out=raw)
        np.minimum(raw, self._most_raw, out=raw)
        self._sharp[start:end], self._strength[start:end] = self.band.update(raw)
        self.count += n
        # The last sample can't be a maximum yet: what follows it isn't known.
        before = max(0, start - 2)
        s = self._strength[before:end]
        rises = s[1:] > s[:-1]
        places = (rises[:-1] > rises[1:]).nonzero()[0] + 1
        heights = s[places].tolist()
        places += before + self._first
        return list(zip(places.tolist(), heights, strict=True))

    def _make_room(self, start: int, n: int) -> int:
        """Forget the oldest; tell where ``n`` new samples begin."""
        kept = min(start, self._most)
        size = max(4 * self._most, kept + n)
        self._raw = _move(self._raw, start - kept, start, size)
        self._sharp = _move(self._sharp, start - kept, start, size)
        self._strength = _move(self._strength, start - kept, start, size)
        self._first += start - kept
        return kept

    def swing(self, now: int) -> float:
        """Tell how far the raw signal went within the last second."""
        end = now - self._first + 1
        recent = self._raw[max(0, end - self._second) : end]
        return float(np.maximum.reduce(recent) - np.minimum.reduce(recent))

    def around(self, place: int, beside: int, now: int) -> NDArray[np.float64] | None:
        """Return the raw signal round a place, shape (2 * beside + 1,); None if it isn't kept."""
        if place < beside or not now - self._most <= place - beside <= now - 2 * beside:
            return None
        start = place - beside - self._first
        return self._raw[start : start + 2 * beside + 1]

    def rests(self, at: int, now: int) -> bool:
        """Tell whether the raw signal rests on one value round a place, as at a rail."""
        start = max(0, at - self._first - self._stuck_before)
        end = now - self._first + 1
        changes = np.flatnonzero(np.diff(self._raw[start:end]))
        edges = [-1, *changes.tolist(), end - start - 1]
        return max(b - a for a, b in itertools.pairwise(edges)) > self._stuck

    def between(self, at: int, height: float, last: int | None) -> float:
        """Tell how strong it was on average since the last beat, in heights of a candidate."""
        start = at - self._second
        if last is not None:
            start = max(start, last + self._beside)
        low, high = max(0, start - self._first), at - self._beside - self._first
        if high <= low:
            return 0.0
        return float(np.add.reduce(self._strength[low:high])) / (high - low) / height

    def look(self, at: int, now: int, forms: BeatForms) -> Sight | None:
        """Find the peak under a candidate and how much it looks like a beat."""
        band, half = self.band, self._half
        centre = round(at - band.energy_delay + band.sharp_delay) - self._first
        low = max(half, centre - self._within)
        # Not beyond what was known, however much has come since.
        high = min(now - self._first - half, centre + self._within + 1)
        if high <= low:
            return None
        piece = self._sharp[low:high]
        up, down = int(piece.argmax()), int(piece.argmin())
        top, bottom = float(piece[up]), -float(piece[down])
        places = [low + up, low + down]
        if top < bottom:
            places.reverse()
        if min(top, bottom) < _TWO_WAYS * max(top, bottom):
            places.pop()
        # Of two lobes of like size always the same: the one that the known form is centred on.
        likeness, place, form = -1.0, places[0], np.empty(0)
        for tried in places:
            shape = self._sharp[tried - half : tried + half + 1]
            shape = shape / (math.sqrt(np.add.reduce(shape * shape)) or 1.0)
            alike = forms.likeness(shape)
            if alike > likeness:
                likeness, place, form = alike, tried, shape
        before, here, after = self._sharp[place - 1 : place + 2].tolist()
        bend = before - 2.0 * here + after
        shift = 0.5 * (before - after) / bend if bend else 0.0
        middle = place - round(band.sharp_delay)
        around = self._raw[max(0, middle - half) : max(1, middle + half + 1)]
        return Sight(
            peak=place + self._first - band.sharp_delay + min(max(shift, -0.5), 0.5),
            peak_height=here,
            form=form,
            likeness=likeness,
            size=float(np.maximum.reduce(around) - np.minimum.reduce(around)),
        )


def _move(old: NDArray[np.float64], start: int, end: int, size: int) -> NDArray[np.float64]:
    """Make an array that begins with a part of another."""
    new = np.empty(size)
    new[: end - start] = old[start:end]
    return new
