"""One acceleration sensor: samples in, measures and events out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

from biofeedback.messages import NS_PER_S, EventDetected, MeasureTaken, NoticeGiven
from biofeedback.signals.activity import Activity
from biofeedback.signals.cadence import Cadence
from biofeedback.signals.gestures import Gestures
from biofeedback.signals.quality import MotionQuality, Verdict, differs_from_declared
from biofeedback.signals.resample import TICK_NS, Resampler, Ticks
from biofeedback.signals.steps import EVALUATE_TICKS, Step, Steps

if TYPE_CHECKING:
    from biofeedback.messages import (
        Event,
        Measure,
        NoticeCode,
        Site,
    )
    from biofeedback.samples import AccelerationBlock

Finding: TypeAlias = MeasureTaken | EventDetected | NoticeGiven

_CV_EVERY_STEPS = 5


class Motion:
    """The streams of one acceleration sensor of one wearer."""

    def __init__(self, wearer: str, sensor: str, site: Site, declared_hz: float | None) -> None:
        self._wearer = wearer
        self._sensor = sensor
        self.site: Site = site
        self._declared_hz = declared_hz
        self._sieve = MotionQuality()
        self._resampler = Resampler()
        self.activity = Activity()
        self._steps = Steps(site)
        self._cadence = Cadence(steps_apart=2 if site == "ankle" else 1)
        self._gestures = Gestures()
        self._since_cv = 0
        self._clipping = False
        self._mismatch_told = False
        self._cadence_spm: float | None = None
        self.quality = 0.0
        self.last_step_ns: int | None = None
        self.valid_at_ns: int | None = None

    @property
    def not_finite(self) -> int:
        """How many samples were stopped because they weren't numbers."""
        return self._sieve.not_finite

    def walking(self, at_ns: int) -> bool:
        """Tell whether the gait goes on; silence ends it even if no more samples come."""
        patience_s = self._steps.silence_s
        if patience_s is None or self.last_step_ns is None:
            return False
        return at_ns - self.last_step_ns <= round(patience_s * NS_PER_S)

    def cadence_spm(self, at_ns: int) -> float | None:
        """Return steps per minute, None when nobody walks or the sensor clips."""
        return self._cadence_spm if not self._clipping and self.walking(at_ns) else None

    def update(self, block: AccelerationBlock, at_ns: int) -> list[Finding]:
        """Take the next samples; they became known at ``at_ns``."""
        found: list[Finding] = []
        for piece in self._sieve.seconds(block.times_ns):
            times_ns, values, verdict = self._sieve.sieve(
                block.times_ns[piece], block.acceleration_mps2[piece], block.range_mps2
            )
            if verdict is not None:
                self._judge(verdict, at_ns, found)
            if times_ns.size == 0:
                continue
            if self.valid_at_ns is None:
                self.quality = 1.0
            self.valid_at_ns = at_ns
            for ticks in self._resampler.update(times_ns, values):
                self._take(ticks, at_ns, found)
        return found

    def _judge(self, verdict: Verdict, at_ns: int, found: list[Finding]) -> None:
        self.quality = verdict.quality
        found.append(self._measure("signal_quality", verdict.quality, 1.0, at_ns))
        if verdict.clipping and not self._clipping:
            found.append(self._notice("clipping", at_ns))
        self._clipping = verdict.clipping
        if not self._mismatch_told and differs_from_declared(verdict.rate_hz, self._declared_hz):
            self._mismatch_told = True
            found.append(self._notice("rate_mismatch", at_ns))

    def _take(self, ticks: Ticks, at_ns: int, found: list[Finding]) -> None:
        if ticks.restarted:
            self.activity.restart()
            self._steps.restart()
            self._gestures.restart()
        vectors = ticks.vectors
        lengths = [math.sqrt(x * x + y * y + z * z) for x, y, z in vectors]
        band, taken = self.activity.update(ticks.first, lengths, [v[0] for v in vectors])
        for _, activity_mps2 in taken:
            found.append(self._measure("activity_mps2", activity_mps2, self.quality, at_ns))
        # The gate changes only at every EVALUATE_TICKS-th tick: cut there, so that what a gesture
        # knows about walking doesn't depend on the size of a packet.
        start, n = 0, len(lengths)
        while start < n:
            first = ticks.first + start
            end = min(n, start + EVALUATE_TICKS - (first - 1) % EVALUATE_TICKS)
            walking = self._steps.step_s is not None
            gestures = self._gestures.update(first, band[start:end], walking=walking)
            for tick, strength in gestures:
                found.append(self._event("gesture", tick * TICK_NS, strength, at_ns))
            steps = self._steps.update(first, lengths[start:end], vectors[start:end])
            for step in steps:
                self._step(step, at_ns, found)
            start = end

    def _step(self, step: Step, at_ns: int, found: list[Finding]) -> None:
        contact_ns = round(step.contact_s * NS_PER_S)
        event = self._event("step", contact_ns, step.peak_mps2, at_ns)
        found.append(event)
        self.last_step_ns = event.event_ns
        if step.begins:
            self._cadence.restart()
        self._cadence_spm = self._cadence.update(step.contact_s, step_s=step.period_s)
        if self._clipping:
            return
        found.append(self._measure("cadence_spm", self._cadence_spm, self.quality, at_ns))
        self._since_cv += 1
        if self._since_cv >= _CV_EVERY_STEPS:
            cv = self._cadence.step_time_cv()
            if cv is not None:
                self._since_cv = 0
                found.append(self._measure("step_time_cv", cv, self.quality, at_ns))

    def _measure(self, measure: Measure, value: float, quality: float, at_ns: int) -> MeasureTaken:
        return MeasureTaken(
            at_ns=at_ns,
            wearer=self._wearer,
            sensor=self._sensor,
            measure=measure,
            value=value,
            quality=quality,
        )

    def _event(self, event: Event, after_ns: int, strength: float, at_ns: int) -> EventDetected:
        origin_ns = self._resampler.origin_ns
        assert origin_ns is not None  # noqa: S101 - there is an event, so there were samples
        return EventDetected(
            at_ns=at_ns,
            wearer=self._wearer,
            sensor=self._sensor,
            event=event,
            event_ns=origin_ns + after_ns,
            strength=strength,
            quality=self.quality,
        )

    def _notice(self, code: NoticeCode, at_ns: int) -> NoticeGiven:
        return NoticeGiven(at_ns=at_ns, code=code, wearer=self._wearer, sensor=self._sensor)
