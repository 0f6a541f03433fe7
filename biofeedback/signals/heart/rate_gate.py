"""The gate that every heart rate passes, whoever tells it: a device, beats, a tracked pulse.

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
from biofeedback.signals.findings import Teller
from biofeedback.signals.heart.recovery import HeartRateRecovery
from biofeedback.signals.heart.suspicion import Suspicion

if TYPE_CHECKING:
    from biofeedback.signals.findings import Finding

LOWEST_BPM = 30
HIGHEST_BPM = 220
JUMP_BPM = 60
SUSPECT_QUALITY = 0.2
_NO_CONTACT_QUALITY = 0.5
_JUMP_WITHIN_NS = 10 * NS_PER_S
_CONSISTENT_BPM = 10
_CONSISTENT_READINGS = 3
_DEAD_AFTER_NS = 5 * NS_PER_S


class RateGate:
    """Let pass the rates of one source; ``heart_rate_bpm`` is the last that did."""

    def __init__(self, wearer: str, sensor: str) -> None:
        self._tell = Teller(wearer, sensor)
        self._recovery = HeartRateRecovery()
        self._jumped: list[int] = []
        self._same_bpm: int | None = None
        self._same_since_ns = 0
        self._suspicion = Suspicion()
        self._out_of_contact = False
        self.heart_rate_bpm: float | None = None
        self.suspect = False
        self.quality = 0.0
        self.valid_at_ns: int | None = None

    def is_doubted(self, at_ns: int) -> bool:
        """Tell whether a leap was seen and waits for readings that agree with it.

        It waits no longer once the rate before it is so old that any reading would be believed.
        """
        return bool(self._jumped) and self._is_recent(at_ns)

    def update(
        self,
        bpm: int | None,
        of_ns: int,
        at_ns: int,
        *,
        contact: bool | None,
        has_intervals: bool,
        cadence_spm: float | None,
        optical: bool,
    ) -> list[Finding]:
        """Take a rate of an instant ``of_ns``; answer what else it tells, known at ``at_ns``.

        If the rate has passed, ``valid_at_ns`` is ``of_ns``. ``contact`` is what a device says of
        it, ``cadence_spm`` that of the wearer, None if nobody walks.
        """
        found: list[Finding] = []
        if bpm is None or not LOWEST_BPM <= bpm <= HIGHEST_BPM:
            if contact is False:
                self._lose_contact(at_ns, found)
            return found
        if bpm != self._same_bpm:
            self._same_bpm = bpm
            self._same_since_ns = of_ns
        same_ns = of_ns - self._same_since_ns
        if contact is False and not has_intervals and same_ns >= _DEAD_AFTER_NS:
            self._lose_contact(at_ns, found)
            return found
        self._out_of_contact = False
        if self._is_jump(bpm, of_ns):
            return found
        suspect = self._suspicion.update(bpm, of_ns, cadence_spm=cadence_spm, optical=optical)
        if suspect and not self.suspect:
            found.append(self._tell.notice("heart_rate_suspect", at_ns))
        self.suspect = suspect
        self.quality = 1.0 if contact is not False else _NO_CONTACT_QUALITY
        if suspect:
            self.quality = SUSPECT_QUALITY
        self.heart_rate_bpm = float(bpm)
        self.valid_at_ns = of_ns
        if not suspect:
            fall_bpm = self._recovery.update(float(bpm), of_ns, moving=cadence_spm is not None)
            if fall_bpm is not None:
                tell = self._tell.measure
                found.append(tell("heart_rate_recovery_bpm", fall_bpm, self.quality, at_ns))
        return found

    def _lose_contact(self, at_ns: int, found: list[Finding]) -> None:
        if not self._out_of_contact:
            found.append(self._tell.notice("contact_lost", at_ns))
        self._out_of_contact = True
        self.quality = 0.0

    def _is_jump(self, bpm: int, of_ns: int) -> bool:
        """Hold back a value that is too far from the last good one, until three agree."""
        known = self.heart_rate_bpm
        if known is None or not self._is_recent(of_ns) or abs(bpm - known) < JUMP_BPM:
            self._jumped.clear()
            return False
        if any(abs(bpm - other) > _CONSISTENT_BPM for other in self._jumped):
            self._jumped.clear()
        self._jumped.append(bpm)
        if len(self._jumped) < _CONSISTENT_READINGS:
            return True
        self._jumped.clear()
        return False

    def _is_recent(self, at_ns: int) -> bool:
        """Tell whether the last good value is one that others can be compared with."""
        return self.valid_at_ns is not None and at_ns - self.valid_at_ns <= _JUMP_WITHIN_NS
