"""RR intervals as packets tell them: what each is worth at once, and when its beat was.

* The raw interval is never replaced. At once it can only be compared with those before: doubted by
  the device, outside 300-2000 ms, or further than 20 % from the median of the last good ones (five
  rejected in a row that agree are a new rate). ``artefacts.py`` judges better, three beats later.
* A strap tells durations, not instants. Beats are laid end to end, and the whole row is placed as
  late as the arrivals allow: no beat comes after the packet that tells of it.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from biofeedback.messages import NS_PER_MS, NS_PER_S
from biofeedback.signals.heart.artefacts import LONGEST_MS, SHORTEST_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEVIATION = 0.2
_MEDIAN_OF = 9
_NEW_RATE_AFTER = 5
_LEAK_PPM = 100
_LATEST_NS = 3 * NS_PER_S
_SILENCE_NS = 10 * NS_PER_S
_LONGEST_TOLD_MS = 65_536.0
_APART_NS = 200 * NS_PER_MS


class Interval(msgspec.Struct, frozen=True, gc=False):
    """One RR interval; ``beat_ns`` is the beat that ends it, None if it can't be placed.

    ``clean`` is what could be said at once, ``doubted`` what the device says, and before the
    interval lie ``gap_ms`` of which nothing is known.
    """

    rr_ms: float
    clean: bool
    doubted: bool
    beat_ns: int | None
    gap_ms: float


class Intervals:
    """Follow the RR intervals of one sensor."""

    def __init__(self) -> None:
        self._good: deque[float] = deque(maxlen=_MEDIAN_OF)
        self._rejected: deque[float] = deque(maxlen=_NEW_RATE_AFTER)
        self._row_ns: int | None = None
        self._beat_ns: int | None = None
        self._arrival_ns: int | None = None

    def update(
        self, rr_ms: Sequence[float], rr_suspect: Sequence[bool], at_ns: int
    ) -> list[Interval]:
        """Take the intervals of one packet, oldest first."""
        told = [
            (rr, i < len(rr_suspect) and rr_suspect[i])
            for i, rr in enumerate(rr_ms)
            if math.isfinite(rr) and rr > 0.0
        ]
        if not told:
            return []
        gap_ns = self._find_gap_ns(math.fsum([min(rr, _LONGEST_TOLD_MS) for rr, _ in told]), at_ns)
        cleans = [self._is_clean(rr, suspect=suspect) for rr, suspect in told]
        beats = self._place([rr for rr, _ in told], at_ns)
        self._arrival_ns = at_ns
        return [
            Interval(
                rr_ms=rr,
                clean=clean,
                doubted=suspect,
                beat_ns=beat,
                gap_ms=gap_ns / NS_PER_MS if i == 0 else 0.0,
            )
            for i, ((rr, suspect), clean, beat) in enumerate(zip(told, cleans, beats, strict=True))
        ]

    def _find_gap_ns(self, total_ms: float, at_ns: int) -> int:
        """Tell how much time no interval accounts for, 0 if that may be the way they arrive."""
        if self._arrival_ns is None:
            return 0
        total_ns = round(total_ms * NS_PER_MS)
        missing_ns = at_ns - self._arrival_ns - total_ns
        if missing_ns > _SILENCE_NS:
            self._good.clear()
            self._rejected.clear()
            self._row_ns = None
            return missing_ns
        if self._row_ns is None:
            return 0
        late_ns = at_ns - self._row_ns - total_ns
        return late_ns if late_ns > _LATEST_NS else 0

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

    def _place(self, told_ms: Sequence[float], at_ns: int) -> list[int | None]:
        """Lay the beats of one packet end to end and the last of them before its arrival."""
        if any(not 0.5 * SHORTEST_MS <= rr <= 2.0 * LONGEST_MS for rr in told_ms):
            self._row_ns = None
            return [None] * len(told_ms)
        lengths_ns = [round(rr * NS_PER_MS) for rr in told_ms]
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
