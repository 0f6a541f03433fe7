"""Heart rate and rhythm as the packets of one source tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.signals.breath.breathing import Breathing
from biofeedback.signals.findings import Teller
from biofeedback.signals.heart.intervals import Intervals
from biofeedback.signals.heart.rate_gate import RateGate
from biofeedback.signals.heart.rhythm import ARTEFACT_QUALITY, HeartRhythm

if TYPE_CHECKING:
    from biofeedback.samples import HeartReading
    from biofeedback.signals.findings import Finding


class Heart:
    """The heart as one source tells it."""

    def __init__(self, wearer: str, sensor: str, breathing: Breathing | None = None) -> None:
        self._tell = Teller(wearer, sensor)
        self._gate = RateGate(wearer, sensor)
        self._intervals = Intervals()
        self.rhythm = HeartRhythm(wearer, sensor, breathing or Breathing(wearer))
        self.electrical = False
        self.heart_rate_bpm: float | None = None
        """The last rate that can be trusted."""
        self.valid_at_ns: int | None = None
        """When that rate was told."""
        self.quality = 0.0
        """How far it can be trusted, 0..1."""
        self.suspect = False
        """The rate is not to be used for control."""

    def is_doubted(self, at_ns: int) -> bool:
        """Tell whether a leap was seen and waits for readings that agree with it."""
        return self._gate.is_doubted(at_ns)

    def update(
        self,
        reading: HeartReading,
        at_ns: int,
        *,
        cadence_spm: float | None,
        doubled: bool = False,
    ) -> list[Finding]:
        """Take one packet; ``cadence_spm`` is the wearer's, None if nobody walks.

        ``doubled`` tells that the same heart is heard better elsewhere: its rhythm is kept up, but
        not analysed.
        """
        self.rhythm.doubled = doubled
        self.electrical = reading.source == "electrical"
        gate = self._gate
        found = gate.update(
            reading.heart_rate_bpm,
            at_ns,
            at_ns,
            contact=reading.contact,
            has_intervals=bool(reading.rr_ms),
            cadence_spm=cadence_spm,
            optical=reading.source == "optical",
        )
        self.heart_rate_bpm, self.valid_at_ns = gate.heart_rate_bpm, gate.valid_at_ns
        self.quality, self.suspect = gate.quality, gate.suspect
        if self.heart_rate_bpm is not None and self.valid_at_ns == at_ns:
            tell = self._tell.measure
            found.append(tell("heart_rate_bpm", self.heart_rate_bpm, self.quality, at_ns))
        self._take_intervals(reading, at_ns, found)
        return found

    def _take_intervals(self, reading: HeartReading, at_ns: int, found: list[Finding]) -> None:
        for interval in self._intervals.update(reading.rr_ms, reading.rr_suspect, at_ns):
            if interval.beat_ns is not None:
                quality = 1.0 if interval.clean else ARTEFACT_QUALITY
                found.append(self._tell.event("beat", interval.beat_ns, quality, at_ns))
            if interval.gap_ms:
                found += self.rhythm.break_row(interval.gap_ms, at_ns)
            found += self.rhythm.take_interval(interval.rr_ms, at_ns, doubted=interval.doubted)
