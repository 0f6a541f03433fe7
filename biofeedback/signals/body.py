"""One wearer: the samples of all sensors in, measures, events and the state out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.messages import NS_PER_MS, EventDetected, MeasureTaken, NoticeGiven
from biofeedback.samples import (
    AccelerationBlock,
    BodyState,
    CadenceReading,
    HeartReading,
)
from biofeedback.signals.feet import Feet
from biofeedback.signals.heart import Heart
from biofeedback.signals.motion import Finding, Motion
from biofeedback.signals.told_cadence import QUALITY, ToldCadence

if TYPE_CHECKING:
    from biofeedback.messages import Site
    from biofeedback.samples import Samples

_MOTION_STALE_NS = 500 * NS_PER_MS
_HEART_STALE_NS = 3_000 * NS_PER_MS
_WORN_NS = 10_000 * NS_PER_MS
"""A sensor that felt a heart so lately is worn, however still it lies."""

_GAIT_ORDER: dict[Site, int] = {
    "waist": 0,
    "chest": 1,
    "ankle": 2,
    "arm": 3,
    "wrist": 4,
    "unknown": 5,
}
"""Where gait is felt best: where both legs are felt alike."""


class Body:
    """Everything that is known of one wearer.

    Every sensor may deliver anything: what it is, is told by its samples. Several sensors are not
    mixed: each measure carries its sensor, and the state follows the best one that is fresh.
    """

    def __init__(self, wearer: str) -> None:
        self._wearer = wearer
        self._sites: dict[str, Site] = {}
        self._declared_hz: dict[str, float | None] = {}
        self._motions: dict[str, Motion] = {}
        self._hearts: dict[str, Heart] = {}
        self._told: dict[str, ToldCadence] = {}
        self._feet = Feet()

    def attach(self, sensor: str, site: Site, *, declared_hz: float | None = None) -> None:
        """Let a sensor join; ``declared_hz`` is the acceleration rate that it claims, if known.

        A sensor that joins again at the same site goes on where it was: a lost link is a gap.
        """
        if self._sites.get(sensor) != site:
            self.detach(sensor)
        self._sites[sensor] = site
        self._declared_hz[sensor] = declared_hz

    def detach(self, sensor: str) -> None:
        """Forget a sensor that left for good."""
        stages = (self._motions, self._hearts, self._told)
        for known in (self._sites, self._declared_hz, *stages):
            known.pop(sensor, None)
        self._feet.forget(sensor)

    def update(
        self, sensor: str, samples: Samples, at_ns: int
    ) -> list[MeasureTaken | EventDetected | NoticeGiven]:
        """Take samples that became known at ``at_ns``; return what they tell.

        Kinds of samples without a measure yet are accepted and tell nothing. A sensor that never
        was attached is taken as one at an unknown site.
        """
        if isinstance(samples, AccelerationBlock):
            motion = self._motions.get(sensor)
            if motion is None:
                site = self._sites.get(sensor, "unknown")
                motion = Motion(self._wearer, sensor, site, self._declared_hz.get(sensor))
                self._motions[sensor] = motion
            heart = self._hearts.get(sensor)
            heart_ns = None if heart is None else heart.valid_at_ns
            beats = heart_ns is not None and at_ns - heart_ns <= _WORN_NS
            found = motion.update(samples, at_ns, heart_beats=beats)
            if motion.site == "ankle" and len(self._motions) > 1:
                self._compare_feet(sensor, at_ns, found)
            return found
        if isinstance(samples, HeartReading):
            heart = self._hearts.get(sensor)
            if heart is None:
                heart = Heart(self._wearer, sensor)
                self._hearts[sensor] = heart
            best = self._best_motion(at_ns)
            cadence_spm = None if best is None else best.cadence_spm(at_ns)
            return heart.update(samples, at_ns, cadence_spm=cadence_spm)
        if isinstance(samples, CadenceReading):
            told = self._told.get(sensor)
            if told is None:
                told = self._told[sensor] = ToldCadence(self._wearer, sensor)
            return [*told.update(samples, at_ns)]
        return []

    def _compare_feet(self, sensor: str, at_ns: int, found: list[Finding]) -> None:
        steps = [f for f in found if isinstance(f, EventDetected) and f.event == "step"]
        for step in steps:
            asymmetry = self._feet.update(sensor, step.event_ns)
            if asymmetry is not None:
                found.append(
                    MeasureTaken(
                        at_ns=at_ns,
                        wearer=self._wearer,
                        sensor=sensor,
                        measure="step_asymmetry",
                        value=asymmetry,
                        quality=step.quality,
                    )
                )

    def not_finite(self, sensor: str) -> int:
        """Count the acceleration samples of a sensor that were stopped for being no numbers."""
        motion = self._motions.get(sensor)
        return 0 if motion is None else motion.not_finite

    def ages_ms(self, at_ns: int) -> dict[tuple[str, str], float]:
        """Tell how old the newest valid sample of everything is: (sensor, kind) -> age."""
        known: dict[tuple[str, str], int | None] = {
            **{(name, "motion"): motion.valid_at_ns for name, motion in self._motions.items()},
            **{(name, "heart"): heart.valid_at_ns for name, heart in self._hearts.items()},
            **{(name, "cadence"): told.valid_at_ns for name, told in self._told.items()},
        }
        return {key: (at_ns - ns) / NS_PER_MS for key, ns in known.items() if ns is not None}

    def _best_motion(self, at_ns: int) -> Motion | None:
        """Return the fresh sensor at the best site, or the freshest if all are stale."""
        motions = self._motions.values()
        if len(motions) == 1:
            return next(iter(motions))
        best: Motion | None = None
        best_rank: tuple[int, int] | None = None
        for motion in motions:
            if motion.valid_at_ns is None:
                continue
            age_ns = at_ns - motion.valid_at_ns
            stale_ns = age_ns if age_ns > _MOTION_STALE_NS else 0
            rank = (stale_ns, _GAIT_ORDER[motion.site])
            if best_rank is None or rank < best_rank:
                best, best_rank = motion, rank
        return best

    def _best_heart(self, at_ns: int) -> Heart | None:
        """Return the fresh electrical source, else any fresh one, else the freshest."""
        hearts = self._hearts.values()
        if len(hearts) == 1:
            return next(iter(hearts))
        best: Heart | None = None
        best_rank: tuple[int, bool, bool] | None = None
        for heart in hearts:
            if heart.valid_at_ns is None:
                continue
            age_ns = at_ns - heart.valid_at_ns
            stale_ns = age_ns if age_ns > _HEART_STALE_NS else 0
            rank = (stale_ns, heart.suspect, not heart.electrical)
            if best_rank is None or rank < best_rank:
                best, best_rank = heart, rank
        return best

    def state(self, at_ns: int) -> BodyState:
        """Tell what is known at a control step; reads only.

        A heart rate that is older than 3 s or suspect is None; the ages go on counting.
        """
        motion = self._best_motion(at_ns)
        heart = self._best_heart(at_ns)
        motion_ns = None if motion is None else motion.valid_at_ns
        heart_ns = None if heart is None else heart.valid_at_ns
        heart_rate_bpm = None
        if heart is not None and heart_ns is not None and not heart.suspect:
            fresh = at_ns - heart_ns <= _HEART_STALE_NS
            heart_rate_bpm = heart.heart_rate_bpm if fresh else None
        if motion is None and self._told:
            return self._told_state(at_ns, heart, heart_ns, heart_rate_bpm)
        activity = None if motion is None else motion.activity
        expected = None if motion is None else motion.next_step(at_ns)
        swing = None if motion is None else motion.repetition(at_ns)
        return BodyState(
            wearer=self._wearer,
            has_motion=motion is not None,
            has_heart=heart is not None,
            motion_age_ms=None if motion_ns is None else (at_ns - motion_ns) / NS_PER_MS,
            heart_age_ms=None if heart_ns is None else (at_ns - heart_ns) / NS_PER_MS,
            heart_rate_bpm=heart_rate_bpm,
            heart_rate_doubted=heart is not None and heart.doubted,
            heart_quality=0.0 if heart is None else heart.quality,
            walking=motion is not None and motion.walking(at_ns),
            cadence_spm=None if motion is None else motion.cadence_spm(at_ns),
            last_step_ns=None if motion is None else motion.last_step_ns,
            activity_mps2=None if activity is None else activity.activity_mps2,
            activity_ratio=None if activity is None else activity.activity_ratio,
            sustained_ratio=None if activity is None else activity.sustained_ratio,
            tilt_ratio=None if activity is None else activity.tilt_ratio,
            motion_quality=0.0 if motion is None else motion.quality,
            next_step_ns=None if expected is None else expected[0],
            next_step_sd_ms=None if expected is None else expected[1],
            swing_ns=None if swing is None else swing[0],
            swing_period_s=None if swing is None else swing[1],
        )

    def _told_state(
        self, at_ns: int, heart: Heart | None, heart_ns: int | None, heart_rate_bpm: float | None
    ) -> BodyState:
        """Tell what is known of somebody whose only movement is a cadence that a device counts."""
        told = min(self._told.values(), key=lambda told: told.age_ns(at_ns))
        cadence_spm = told.cadence_spm(at_ns)
        told_ns = told.valid_at_ns
        return BodyState(
            wearer=self._wearer,
            has_motion=True,
            has_heart=heart is not None,
            motion_age_ms=None if told_ns is None else (at_ns - told_ns) / NS_PER_MS,
            heart_age_ms=None if heart_ns is None else (at_ns - heart_ns) / NS_PER_MS,
            heart_rate_bpm=heart_rate_bpm,
            heart_rate_doubted=heart is not None and heart.doubted,
            heart_quality=0.0 if heart is None else heart.quality,
            walking=cadence_spm is not None,
            cadence_spm=cadence_spm,
            last_step_ns=None,
            activity_mps2=None,
            activity_ratio=told.vigour_ratio(at_ns),
            sustained_ratio=None,
            tilt_ratio=None,
            motion_quality=QUALITY if told_ns is not None else 0.0,
        )
