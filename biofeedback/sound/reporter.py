"""What the sound process tells: a report now and then, and the summary at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.messages import SoundReported
from biofeedback.sound.meters import peak_to_db
from biofeedback.sound.settings import SoundSummary

if TYPE_CHECKING:
    from biofeedback.sound.performer import Performer


class Reporter:
    """Count from report to report."""

    def __init__(self, performer: Performer, *, rate_hz: int, every_s: float) -> None:
        self._performer = performer
        self._every_frames = round(every_s * rate_hz)
        self._next_frame = self._every_frames
        self._played = 0
        self._late = 0
        self._xruns = 0

    def poll(self, *, at_ns: int, xruns: int) -> SoundReported | None:
        """Return a report when one is due."""
        if self._performer.rendered_frames < self._next_frame:
            return None
        self._next_frame += self._every_frames
        return self.report(at_ns=at_ns, xruns=xruns)

    def report(self, *, at_ns: int, xruns: int) -> SoundReported:
        """Return what happened since the last report. ``xruns`` counts from the start."""
        performer = self._performer
        counts = performer.notes.counts
        report = SoundReported(
            at_ns=at_ns,
            played_notes=counts.played - self._played,
            late_notes=counts.late - self._late,
            timing_error_ms=counts.take_recent_worst_ms(),
            xruns=xruns - self._xruns,
            short_term_lufs=performer.meters.short_term_lufs,
            true_peak_dbtp=performer.meters.take_report_dbtp(),
        )
        self._played, self._late, self._xruns = counts.played, counts.late, xruns
        return report

    def summarise(
        self,
        *,
        seconds: float,
        file: str | None = None,
        xruns: int = 0,
        restarts: int = 0,
        output_latency_ms: float | None = None,
    ) -> SoundSummary:
        """Return the whole."""
        performer = self._performer
        performer.meters.flush()
        counts = performer.notes.counts
        return SoundSummary(
            seconds=seconds,
            integrated_lufs=performer.meters.integrated_lufs(),
            true_peak_dbtp=peak_to_db(performer.meters.peak),
            played_notes=counts.played,
            late_notes=counts.late,
            dropped_notes=counts.dropped,
            ignored_orders=performer.ignored_orders,
            timing_error_ms=counts.worst_ms,
            timing_error_p99_ms=counts.percentile_ms(0.99),
            xruns=xruns,
            restarts=restarts + performer.rebuilds,
            output_latency_ms=output_latency_ms,
            file=file,
        )
