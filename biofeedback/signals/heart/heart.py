"""Heart rate that can be trusted, from the packets of one source.

* Outside 30..220 bpm is invalid, never clipped.
* A jump of 60 bpm or more is held back until three readings in a row agree.
* "No contact" alone proves nothing: straps are known that say so all the time and measure well.
  It halves the quality; the value is refused only if it also looks dead: no RR intervals with it
  and the same number for five seconds.
* A frozen rate and one that has locked onto the steps (``suspicion.py``) are told once, keep
  quality 0.2, and are not offered for control.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.messages import NS_PER_S
from biofeedback.signals.breath.breathing import Breathing
from biofeedback.signals.findings import Teller
from biofeedback.signals.heart.intervals import Intervals
from biofeedback.signals.heart.recovery import HeartRateRecovery
from biofeedback.signals.heart.rhythm import ARTEFACT_QUALITY, HeartRhythm
from biofeedback.signals.heart.suspicion import Suspicion

if TYPE_CHECKING:
    from biofeedback.samples import HeartReading
    from biofeedback.signals.findings import Finding

LOWEST_BPM = 30
HIGHEST_BPM = 220
SUSPECT_QUALITY = 0.2
_NO_CONTACT_QUALITY = 0.5
_JUMP_BPM = 60
_JUMP_WITHIN_NS = 10 * NS_PER_S
_CONSISTENT_BPM = 10
_CONSISTENT_READINGS = 3
_DEAD_AFTER_NS = 5 * NS_PER_S


class Heart:
    """The heart as one source tells it."""

    def __init__(self, wearer: str, sensor: str, breathing: Breathing | None = None) -> None:
        self._tell = Teller(wearer, sensor)
        self._intervals = Intervals()
        self._recovery = HeartRateRecovery()
        self.rhythm = HeartRhythm(wearer, sensor, breathing or Breathing(wearer))
        self._jumped: list[int] = []
        self._same_bpm: int | None = None
        self._same_since_ns = 0
        self._suspicion = Suspicion()
        self._out_of_contact = False
        self.electrical = False
        self.heart_rate_bpm: float | None = None
        self.suspect = False
        self.quality = 0.0
        self.valid_at_ns: int | None = None

    @property
    def doubted(self) -> bool:
        """A leap was seen and waits for readings that agree with it."""
        return bool(self._jumped)

    def update(
        self, reading: HeartReading, at_ns: int, *, cadence_spm: float | None
    ) -> list[Finding]:
        """Take one packet; ``cadence_spm`` is the wearer's, None if nobody walks."""
        self.electrical = reading.source == "electrical"
        found: list[Finding] = []
        self._take_rate(reading, at_ns, cadence_spm, found)
        self._take_intervals(reading, at_ns, found)
        return found

    def _take_rate(
        self,
        reading: HeartReading,
        at_ns: int,
        cadence_spm: float | None,
        found: list[Finding],
    ) -> None:
        bpm = reading.heart_rate_bpm
        if bpm is None or not LOWEST_BPM <= bpm <= HIGHEST_BPM:
            if reading.contact is False:
                self._lose_contact(at_ns, found)
            return
        if bpm != self._same_bpm:
            self._same_bpm = bpm
            self._same_since_ns = at_ns
        same_ns = at_ns - self._same_since_ns
        dead = reading.contact is False and not reading.rr_ms and same_ns >= _DEAD_AFTER_NS
        if dead:
            self._lose_contact(at_ns, found)
            return
        self._out_of_contact = False
        if self._is_jump(bpm, at_ns):
            return
        suspect = self._suspicion.update(
            bpm, at_ns, cadence_spm=cadence_spm, optical=reading.source == "optical"
        )
        if suspect and not self.suspect:
            found.append(self._tell.notice("heart_rate_suspect", at_ns))
        self.suspect = suspect
        self.quality = 1.0 if reading.contact is not False else _NO_CONTACT_QUALITY
        if suspect:
            self.quality = SUSPECT_QUALITY
        self.heart_rate_bpm = float(bpm)
        self.valid_at_ns = at_ns
        found.append(self._tell.measure("heart_rate_bpm", float(bpm), self.quality, at_ns))
        if not suspect:
            self._take_recovery(float(bpm), at_ns, found, moving=cadence_spm is not None)

    def _take_recovery(self, bpm: float, at_ns: int, found: list[Finding], *, moving: bool) -> None:
        fall_bpm = self._recovery.update(bpm, at_ns, moving=moving)
        if fall_bpm is not None:
            found.append(
                self._tell.measure("heart_rate_recovery_bpm", fall_bpm, self.quality, at_ns)
            )

    def _lose_contact(self, at_ns: int, found: list[Finding]) -> None:
        if not self._out_of_contact:
            found.append(self._tell.notice("contact_lost", at_ns))
        self._out_of_contact = True
        self.quality = 0.0

    def _is_jump(self, bpm: int, at_ns: int) -> bool:
        """Hold back a value that is too far from the last good one, until three agree."""
        known = self.heart_rate_bpm
        recent = self.valid_at_ns is not None and at_ns - self.valid_at_ns <= _JUMP_WITHIN_NS
        if known is None or not recent or abs(bpm - known) < _JUMP_BPM:
            self._jumped.clear()
            return False
        if any(abs(bpm - other) > _CONSISTENT_BPM for other in self._jumped):
            self._jumped.clear()
        self._jumped.append(bpm)
        if len(self._jumped) < _CONSISTENT_READINGS:
            return True
        self._jumped.clear()
        return False

    def _take_intervals(self, reading: HeartReading, at_ns: int, found: list[Finding]) -> None:
        for interval in self._intervals.update(reading.rr_ms, reading.rr_suspect, at_ns):
            if interval.beat_ns is not None:
                quality = 1.0 if interval.clean else ARTEFACT_QUALITY
                found.append(self._tell.event("beat", interval.beat_ns, quality, at_ns))
            if interval.gap_ms:
                found += self.rhythm.break_row(interval.gap_ms, at_ns)
            found += self.rhythm.take_interval(interval.rr_ms, at_ns, doubted=interval.doubted)
