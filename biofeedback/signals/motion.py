"""One acceleration sensor: samples in, measures and events out."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from biofeedback.messages import NS_PER_MS, NS_PER_S, EventDetected
from biofeedback.signals.activity import Activity
from biofeedback.signals.findings import Teller
from biofeedback.signals.gait.asymmetry import StepAsymmetry
from biofeedback.signals.gait.cadence import Cadence
from biofeedback.signals.gait.freezing import FreezeIndex
from biofeedback.signals.gait.prediction import StepPrediction
from biofeedback.signals.gait.sides import Sides
from biofeedback.signals.gait.site import SiteFinder
from biofeedback.signals.gait.site_features import EVERY_TICKS
from biofeedback.signals.gait.steps import Step, Steps
from biofeedback.signals.movement.cycle import PATIENCE_CYCLES
from biofeedback.signals.movement.manner import Manner
from biofeedback.signals.movement.movement import Movement
from biofeedback.signals.packet_rhythm import PacketRhythm
from biofeedback.signals.quality import (
    MotionQuality,
    Timing,
    Verdict,
    differs_from_declared,
    drift_ppm,
)
from biofeedback.signals.resample import TICK_NS, Resampler, Ticks
from biofeedback.signals.seconds import Seconds

if TYPE_CHECKING:
    from biofeedback.messages import Axis, Direction, Event, NoticeCode, Side, Site
    from biofeedback.samples import AccelerationBlock
    from biofeedback.signals.findings import Finding
    from biofeedback.signals.gait.sides import Footfall
    from biofeedback.signals.movement.movement import Moves
    from biofeedback.signals.seconds import Second

_CV_EVERY_STEPS = 5
_UNSTEADY = 0.4
_OFF_BODY_S = 120
_OFF_BODY_QUALITY = 0.2
_TRUNK: tuple[Site, ...] = ("waist", "chest")
_UNSURE_OF_CONTACTS = 0.6
_SILENT_NS = 3000 * NS_PER_MS
"""After this time nothing is known of the movement any more (safety.md, section 0)."""
_LOWER_BODY: tuple[Site, ...] = ("waist", "pocket", "ankle")


class Motion:
    """The streams of one acceleration sensor of one wearer."""

    def __init__(
        self,
        wearer: str,
        sensor: str,
        site: Site,
        declared_hz: float | None,
        *,
        left_axis: Axis | None = None,
        feels_axes: bool = False,
    ) -> None:
        self._tell = Teller(wearer, sensor)
        self.sensor = sensor
        self.site: Site = site
        self.declared_hz = declared_hz
        self._packets = PacketRhythm()
        self._sieve = MotionQuality()
        self._resampler = Resampler()
        self.activity = Activity(feels_axes=feels_axes)
        self._steps = Steps(site)
        self._cadence = Cadence(site)
        self._prediction = StepPrediction(steps_apart=2 if site == "ankle" else 1)
        self._freezing = FreezeIndex() if site in _LOWER_BODY else None
        self._left_axis: Axis | None = left_axis
        self._sides = Sides(left_axis) if site in _TRUNK else None
        self._asymmetry = StepAsymmetry()
        self._finder = SiteFinder() if site == "unknown" else None
        self._movement = Movement(site)
        self._second_by_second = Seconds()
        self._manner = Manner()
        self._since_cv = 0
        self._clipping = False
        self._off_body = False
        self._mismatch_told = False
        self._cadence_spm: float | None = None
        self.quality = 0.0
        self.last_step_ns: int | None = None
        self.swing: tuple[int, float] | None = None
        self.seconds: list[Second] = []
        """The seconds that the newest block completed."""
        self.valid_at_ns: int | None = None

    @property
    def not_finite(self) -> int:
        """How many samples were stopped because they weren't numbers."""
        return self._sieve.not_finite

    @property
    def limit_ns(self) -> int:
        """The age up to which the newest sample is fresh, by the rhythm of the packets."""
        return self._packets.limit_ns

    def is_fresh(self, at_ns: int) -> bool:
        """Tell whether samples come as they use to."""
        return self.valid_at_ns is not None and at_ns - self.valid_at_ns <= self.limit_ns

    def is_heard(self, at_ns: int) -> bool:
        """Tell whether anything is known of the movement, fresh or not."""
        return self.valid_at_ns is not None and at_ns - self.valid_at_ns <= _SILENT_NS

    def walking(self, at_ns: int) -> bool:
        """Tell whether the gait goes on, as far as it is known.

        Steps that lie in a packet which isn't here yet don't end it; a sensor that is silent does.
        """
        last_ns, valid_at_ns = self.last_step_ns, self.valid_at_ns
        patience_s = self._steps.silence_s
        if last_ns is None or patience_s is None or valid_at_ns is None:
            return False
        known_ns = min(at_ns, valid_at_ns)
        return known_ns - last_ns <= patience_s * NS_PER_S and at_ns - valid_at_ns <= _SILENT_NS

    def repetition(self, at_ns: int) -> tuple[int, float] | None:
        """Return the newest phase 0 and the period in s of a repeated movement that goes on."""
        if self.swing is None:
            return None
        zero_ns, period_s = self.swing
        lasts = at_ns - zero_ns <= round(PATIENCE_CYCLES * period_s * NS_PER_S)
        return self.swing if lasts else None

    def cadence_spm(self, at_ns: int) -> float | None:
        """Return steps per minute, None when nobody walks or the sensor clips."""
        return self.pace_spm if self.walking(at_ns) else None

    @property
    def pace_spm(self) -> float | None:
        """Steps per minute of who walks, None when the sensor clips."""
        return None if self._clipping else self._cadence_spm

    def next_step(self, at_ns: int) -> tuple[int | None, float | None]:
        """Return when the next contact of somebody who walks is expected, and its SD in ms.

        Both are None until the walk has shown its pace.
        """
        origin_ns = self._resampler.origin_ns
        if origin_ns is None:
            return None, None
        expected = self._prediction.next_step((at_ns - origin_ns) / NS_PER_S)
        if expected is None:
            return None, None
        return origin_ns + round(expected.contact_s * NS_PER_S), expected.sd_s * 1000.0

    def instant_ns(self, tick: int) -> int:
        """Return the instant of a tick."""
        return (self._resampler.origin_ns or 0) + tick * TICK_NS

    def update(
        self, block: AccelerationBlock, at_ns: int, *, heart_beats: bool = False
    ) -> list[Finding]:
        """Take the next samples; they became known at ``at_ns``.

        ``heart_beats`` is True if the same sensor feels a heart: then it is worn, however still.
        """
        found: list[Finding] = []
        self.seconds.clear()
        for times_ns, values, verdict in self._sieve.sieve(block):
            if verdict is not None:
                self._judge(verdict, at_ns, found, heart_beats=heart_beats)
            if times_ns.size == 0:
                continue
            if self.valid_at_ns is None:
                self.quality = 1.0
            self.valid_at_ns = at_ns
            self._packets.hear(at_ns)
            for ticks in self._resampler.update(times_ns, values):
                if self._finder is None:
                    self._take(ticks, at_ns, found)
                else:
                    self._find_site(self._finder, ticks, at_ns, found)
        return found

    def _judge(
        self, verdict: Verdict, at_ns: int, found: list[Finding], *, heart_beats: bool
    ) -> None:
        off_body = not heart_beats and self._manner.dead_s >= _OFF_BODY_S
        if off_body and not self._off_body:
            found.append(self._tell.notice("off_body", at_ns))
        self._off_body = off_body
        quality = min(verdict.quality, _OFF_BODY_QUALITY) if off_body else verdict.quality
        self.quality = quality
        found.append(self._tell.measure("signal_quality", quality, 1.0, at_ns))
        if verdict.gap_s is not None:
            found.append(self._tell.measure("gap_s", verdict.gap_s, 1.0, at_ns))
        if verdict.timing is not None:
            self._tell_clock(verdict.timing, at_ns, found)
        if verdict.clipping and not self._clipping:
            found.append(self._tell.notice("clipping", at_ns))
        self._clipping = verdict.clipping
        if not self._mismatch_told and differs_from_declared(verdict.rate_hz, self.declared_hz):
            self._mismatch_told = True
            found.append(self._tell.notice("rate_mismatch", at_ns))

    def _tell_clock(self, timing: Timing, at_ns: int, found: list[Finding]) -> None:
        found.append(self._tell.measure("sample_rate_hz", timing.rate_hz, 1.0, at_ns))
        found.append(self._tell.measure("sample_jitter_ms", timing.jitter_ms, 1.0, at_ns))
        drift = drift_ppm(timing.rate_hz, self.declared_hz)
        if drift is not None:
            found.append(self._tell.measure("clock_drift_ppm", drift, 1.0, at_ns))

    def _find_site(
        self, finder: SiteFinder, ticks: Ticks, at_ns: int, found: list[Finding]
    ) -> None:
        """Cut where the finder looks, so that when it finds doesn't depend on packets."""
        if ticks.restarted:
            finder.restart()
        after = ticks.first + len(ticks.vectors)
        first, restarted = ticks.first, ticks.restarted
        while first < after:
            end = min(after, first + 1 + -first % EVERY_TICKS)
            vectors = ticks.vectors[first - ticks.first : end - ticks.first]
            self._take(Ticks(first=first, vectors=vectors, restarted=restarted), at_ns, found)
            looks = self._finder is not None and (end - 1) % EVERY_TICKS == 0
            walking = self._steps.step_s is not None
            guess = finder.update(vectors, self._steps.rhythm if looks else None, walking=walking)
            if guess is not None:
                code: NoticeCode = "site_found" if guess.found else "site_unknown"
                found.append(self._tell.notice(code, at_ns, detail=guess.detail))
                found.append(self._tell.measure("site_confidence", guess.share, 1.0, at_ns))
                if guess.found:
                    self._settle(guess.site)
            first, restarted = end, False

    def _settle(self, site: Site) -> None:
        """Go on at the site that was found."""
        self.site = site
        self._finder = None
        self._steps.settle(site)
        self._cadence = Cadence(site)
        self._prediction = StepPrediction(steps_apart=2 if site == "ankle" else 1)
        self._freezing = FreezeIndex() if site in _LOWER_BODY else None
        self._sides = Sides(self._left_axis) if site in _TRUNK else None
        self._movement = Movement(site)

    def _take(self, ticks: Ticks, at_ns: int, found: list[Finding]) -> None:
        if ticks.restarted:
            self._restart()
        vectors = ticks.vectors
        lengths = [sqrt(x * x + y * y + z * z) for x, y, z in vectors]
        band, taken = self.activity.update(ticks.first, lengths, vectors)
        for _, activity_mps2 in taken:
            found.append(self._tell.measure("activity_mps2", activity_mps2, self.quality, at_ns))
        walking = self._steps.step_s is not None
        steps = self._steps.update(ticks.first, lengths, vectors)
        # Cut where walking began or ended, so that what a gesture knows of it doesn't depend on
        # the size of a packet.
        start = 0
        for turn in self._steps.turns:
            end = turn + 1 - ticks.first
            moves = self._movement.update(ticks.first + start, vectors[start:end], walking=walking)
            self._move(moves, at_ns, found)
            walking = not walking
            start = end
        rest = vectors[start:] if start else vectors
        self._move(self._movement.update(ticks.first + start, rest, walking=walking), at_ns, found)
        if self._sides is not None:
            self._sides.hear(ticks.first, vectors)
        for step in steps:
            self._step(step, at_ns, found)
        for second in self._second_by_second.update(ticks.first, vectors):
            self.seconds.append(second)
            for measure, value, quality in self._manner.update(second):
                found.append(self._tell.measure(measure, value, quality * self.quality, at_ns))
        if self._freezing is not None:
            found.extend(
                self._tell.measure("freeze_index", index, self.quality, at_ns)
                for index in self._freezing.update(ticks.first, band)
            )

    def _restart(self) -> None:
        """Begin anew after a gap."""
        self.activity.restart()
        self._steps.restart()
        self._movement.restart()
        self._second_by_second.restart()
        self._manner.restart()
        if self._sides is not None:
            self._sides.restart()
        if self._freezing is not None:
            self._freezing.restart()

    def _move(self, moves: Moves, at_ns: int, found: list[Finding]) -> None:
        for gesture in moves.gestures:
            strength_mps2, direction = gesture.strength_mps2, gesture.direction
            after_ns = gesture.tick * TICK_NS
            found.append(
                self._event("gesture", after_ns, strength_mps2, at_ns, direction=direction)
            )
        for cycle in moves.cycles:
            event = self._event("swing", round(cycle.zero_ticks * TICK_NS), None, at_ns)
            found.append(event)
            self.swing = (event.event_ns, cycle.period_s)
            quality = cycle.regularity * self.quality
            found.append(self._tell.measure("movement_period_s", cycle.period_s, quality, at_ns))

    def _step(self, step: Step, at_ns: int, found: list[Finding]) -> None:
        contact_ns = round(step.contact_s * NS_PER_S)
        fall: Footfall | None = None
        side: Side | None = None
        if self._sides is not None:
            fall = self._sides.update(step.contact_s, step_s=step.period_s, begins=step.begins)
            side = None if fall is None else self._sides.name(fall)
        event = self._event("step", contact_ns, step.peak_mps2, at_ns, side=side)
        found.append(event)
        self.last_step_ns = event.event_ns
        if step.begins:
            self._asymmetry.restart()
            self._cadence.restart()
            self._prediction.restart()
        self._prediction.update(step.contact_s, step_s=step.period_s)
        self._cadence_spm = self._cadence.update(step.contact_s, step_s=step.period_s)
        if self._clipping:
            return
        quality = self.quality if self._cadence.is_steady() else min(self.quality, _UNSTEADY)
        found.append(self._tell.measure("cadence_spm", self._cadence_spm, quality, at_ns))
        unlike = self._asymmetry.update(step.contact_s, fall, step_s=step.period_s)
        if unlike is not None:
            asymmetry, sure = unlike
            quality = _UNSURE_OF_CONTACTS * sure * self.quality
            found.append(self._tell.measure("step_asymmetry", asymmetry, quality, at_ns))
        self._since_cv += 1
        if self._since_cv >= _CV_EVERY_STEPS:
            cv = self._cadence.step_time_cv()
            if cv is not None:
                self._since_cv = 0
                found.append(self._tell.measure("step_time_cv", cv, self.quality, at_ns))

    def _event(
        self,
        event: Event,
        after_ns: int,
        strength: float | None,
        at_ns: int,
        *,
        direction: Direction | None = None,
        side: Side | None = None,
    ) -> EventDetected:
        origin_ns = self._resampler.origin_ns
        assert origin_ns is not None  # noqa: S101 - there is an event, so there were samples
        return self._tell.event(
            event,
            origin_ns + after_ns,
            self.quality,
            at_ns,
            strength=strength,
            direction=direction,
            side=side,
        )
