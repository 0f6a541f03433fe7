"""RR intervals: what is an artefact, when the beats were, RMSSD and SDNN.

* The raw interval is never replaced: an artefact is told with low quality and left out of sums.
* An artefact is outside 300-2000 ms, or doubted by the device, or further than 20 % from the
  median of the last good ones. Five rejected in a row that agree are a new rate, not artefacts.
* A strap tells durations, not instants. Beats are laid end to end, and the whole row is placed as
  late as the arrivals allow: no beat comes after the packet that tells of it.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from biofeedback.messages import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Sequence

ARTEFACT_QUALITY = 0.2
SHORTEST_MS = 300.0
LONGEST_MS = 2000.0
_DEVIATION = 0.2
_MEDIAN_OF = 9
_NEW_RATE_AFTER = 5
_WINDOW_MS = 60_000.0
_FULL_MS = 55_000.0
_EVERY_MS = 5_000.0
_VALID_SHARE = 0.8
_LEAK_PPM = 100
_LATEST_NS = 3 * NS_PER_S
_APART_NS = 200 * NS_PER_MS


@dataclass(frozen=True, slots=True)
class Interval:
    """One RR interval; ``beat_ns`` is the beat that ends it, None if it can't be placed."""

    rr_ms: float
    clean: bool
    beat_ns: int | None


@dataclass(frozen=True, slots=True)
class Variability:
    """RMSSD and SDNN of the clean beats of the last minute; ``valid_ratio`` is their share."""

    rmssd_ms: float
    sdnn_ms: float
    valid_ratio: float


def measure_variability(intervals: Sequence[tuple[float, bool]]) -> Variability | None:
    """Measure RMSSD and SDNN of (rr_ms, clean), None if they can't be trusted.

    Differences are taken between neighbours that are both clean: leaving an artefact out must not
    make neighbours of beats that weren't.

    References:
        Task Force of the ESC and NASPE (1996), Heart rate variability, Circulation 93.
        Deviation: 60 s instead of five minutes.
    """
    if sum(rr for rr, _ in intervals) < _FULL_MS:
        return None
    clean = [rr for rr, good in intervals if good]
    share = len(clean) / len(intervals)
    differences = [b - a for (a, x), (b, y) in itertools.pairwise(intervals) if x and y]
    if share < _VALID_SHARE or len(differences) < 15:
        return None
    mean = sum(clean) / len(clean)
    variance = sum((rr - mean) * (rr - mean) for rr in clean) / (len(clean) - 1)
    squares = sum(d * d for d in differences) / len(differences)
    return Variability(rmssd_ms=math.sqrt(squares), sdnn_ms=math.sqrt(variance), valid_ratio=share)


class Intervals:
    """Follow the RR intervals of one sensor."""

    def __init__(self) -> None:
        self._good: deque[float] = deque(maxlen=_MEDIAN_OF)
        self._rejected: deque[float] = deque(maxlen=_NEW_RATE_AFTER)
        self._window: deque[tuple[float, bool]] = deque()
        self._window_ms = 0.0
        self._since_ms = 0.0
        self._row_ns: int | None = None
        self._beat_ns: int | None = None
        self._arrival_ns: int | None = None

    def update(
        self, rr_ms: Sequence[float], rr_suspect: Sequence[bool], at_ns: int
    ) -> tuple[list[Interval], Variability | None]:
        """Take the intervals of one packet, oldest first; answer variability each 5 s."""
        told = [
            (rr, i < len(rr_suspect) and rr_suspect[i])
            for i, rr in enumerate(rr_ms)
            if math.isfinite(rr) and rr > 0.0
        ]
        if not told:
            return [], None
        if self._arrival_ns is not None and at_ns - self._arrival_ns > 10 * NS_PER_S:
            self._forget()
        marked = [(rr, self._is_clean(rr, suspect=suspect)) for rr, suspect in told]
        beats = self._place(marked, at_ns)
        self._arrival_ns = at_ns
        for interval in marked:
            self._keep(interval)
        variability = None
        if self._since_ms >= _EVERY_MS:
            self._since_ms = 0.0
            variability = measure_variability(list(self._window))
        found = [
            Interval(rr_ms=rr, clean=clean, beat_ns=beat)
            for (rr, clean), beat in zip(marked, beats, strict=True)
        ]
        return found, variability

    def _forget(self) -> None:
        """The row is broken: neighbours in the window would not be neighbours in the heart."""
        self._window.clear()
        self._window_ms = self._since_ms = 0.0
        self._good.clear()
        self._rejected.clear()
        self._row_ns = None

    def _is_clean(self, rr: float, *, suspect: bool) -> bool:
        if suspect or not SHORTEST_MS <= rr <= LONGEST_MS:
            return False
        if len(self._good) >= 3 and abs(rr / median(self._good) - 1.0) > _DEVIATION:
            self._rejected.append(rr)
            usual = median(self._rejected)
            agree = all(abs(r / usual - 1.0) <= 0.5 * _DEVIATION for r in self._rejected)
            if len(self._rejected) < _NEW_RATE_AFTER or not agree:
                return False
            self._good.clear()
            self._good.extend(self._rejected)
        self._rejected.clear()
        self._good.append(rr)
        return True

    def _keep(self, interval: tuple[float, bool]) -> None:
        # A gap told as one huge interval counts as one lost beat, not as a lost minute.
        length = min(interval[0], LONGEST_MS)
        self._window.append((length, interval[1]))
        self._window_ms += length
        self._since_ms += length
        while self._window_ms > _WINDOW_MS:
            self._window_ms -= self._window.popleft()[0]

    def _place(self, marked: Sequence[tuple[float, bool]], at_ns: int) -> list[int | None]:
        """Lay the beats of one packet end to end and the last of them before its arrival."""
        if any(not 0.5 * SHORTEST_MS <= rr <= 2.0 * LONGEST_MS for rr, _ in marked):
            self._row_ns = None
            return [None] * len(marked)
        lengths_ns = [round(rr * NS_PER_MS) for rr, _ in marked]
        total_ns = sum(lengths_ns)
        if self._row_ns is None or self._arrival_ns is None:
            start_ns = at_ns - total_ns
        else:
            # Drift of the strap's clock: lean towards the arrivals, 0.1 ms a second.
            lean_ns = (at_ns - self._arrival_ns) * _LEAK_PPM // 1_000_000
            start_ns = self._row_ns + lean_ns
            if start_ns + total_ns > at_ns or at_ns - (start_ns + total_ns) > _LATEST_NS:
                start_ns = at_ns - total_ns
        beats: list[int | None] = []
        beat_ns = start_ns
        for length_ns in lengths_ns:
            beat_ns += length_ns
            # Re-placing the row must not make two beats of one, nor turn time round.
            early = self._beat_ns is not None and beat_ns < self._beat_ns + _APART_NS
            beats.append(None if early else beat_ns)
            if not early:
                self._beat_ns = beat_ns
        self._row_ns = beat_ns
        return beats
