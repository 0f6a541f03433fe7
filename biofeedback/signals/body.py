"""One wearer: the samples of all sensors in, measures, events and the state out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from biofeedback.messages import NS_PER_MS, EventDetected, MeasureTaken, NoticeGiven
from biofeedback.samples import (
    AccelerationBlock,
    BodyState,
    CadenceReading,
    EcgBlock,
    HeartReading,
    OpticalBlock,
)
from biofeedback.signals.breath.breathing import Breathing
from biofeedback.signals.breath.chest_motion import ChestMotion
from biofeedback.signals.findings import Teller
from biofeedback.signals.gait.feet import Feet
from biofeedback.signals.gait.told_cadence import QUALITY, ToldCadence
from biofeedback.signals.heart.beat_heart import BeatHeart
from biofeedback.signals.heart.heart import Heart
from biofeedback.signals.motion import Motion

if TYPE_CHECKING:
    from biofeedback.messages import Axis, Site
    from biofeedback.samples import Samples
    from biofeedback.signals.findings import Finding

_HEART_STALE_NS = 3_000 * NS_PER_MS
_SLOW_STALE_NS = 15_000 * NS_PER_MS
"""What is told each 5 s: variability, coherence, breathing."""
_WORN_NS = 10_000 * NS_PER_MS
"""A sensor that felt a heart so lately is worn, however still it lies."""

_GAIT_ORDER: dict[Site, int] = {
    "waist": 0,
    "chest": 1,
    "pocket": 2,
    "ankle": 3,
    "arm": 4,
    "wrist": 5,
    "unknown": 6,
}
"""Where gait is felt best: where both legs are felt alike."""

_BREATHING_SITES = ("chest", "waist")
_UNKNOWN: Final = (None, None)


class Body:
    """Everything that is known of one wearer.

    Every sensor may deliver anything: what it is, is told by its samples. Several sensors are not
    mixed: each measure carries its sensor, and the state follows the best one that is fresh. The
    inclination of single axes is told only if somebody asks for it (``feels_axes``).
    """

    def __init__(self, wearer: str, *, feels_axes: bool = False) -> None:
        self._wearer = wearer
        self._feels_axes = feels_axes
        self._sites: dict[str, Site] = {}
        self._declared_hz: dict[str, float | None] = {}
        self._left_axes: dict[str, Axis | None] = {}
        self._motions: dict[str, Motion] = {}
        self._hearts: dict[str, Heart] = {}
        self._ecgs: dict[str, BeatHeart] = {}
        self._optics: dict[str, BeatHeart] = {}
        self._told: dict[str, ToldCadence] = {}
        self._chests: dict[str, ChestMotion] = {}
        # Of each kind the only one there is, as mostly: then none has to be chosen.
        self._only_motion: Motion | None = None
        self._only_heart: Heart | BeatHeart | None = None
        self._breathing = Breathing(wearer)
        self._feet = Feet()

    def attach(
        self,
        sensor: str,
        site: Site,
        *,
        declared_hz: float | None = None,
        left_axis: Axis | None = None,
    ) -> None:
        """Let a sensor join; ``declared_hz`` is the acceleration rate that it claims, if known.

        ``left_axis`` is the one that points to the wearer's left, if anybody told.
        A sensor that joins again, worn as before, goes on where it was: a lost link is a gap.
        """
        if (self._sites.get(sensor), self._left_axes.get(sensor)) != (site, left_axis):
            self.detach(sensor)
        motion = self._motions.get(sensor)
        if motion is not None:
            motion.declared_hz = declared_hz
        self._sites[sensor] = site
        self._declared_hz[sensor] = declared_hz
        self._left_axes[sensor] = left_axis

    def detach(self, sensor: str) -> None:
        """Forget a sensor that left for good."""
        self._breathing.forget(sensor)
        hearts = (self._hearts, self._ecgs, self._optics)
        stages = (self._motions, *hearts, self._told, self._chests)
        for known in (self._sites, self._declared_hz, self._left_axes, *stages):
            known.pop(sensor, None)
        self._feet.forget(sensor)
        self._note_only()

    def _note_only(self) -> None:
        """Note which source is the only one of its kind, whenever one comes or leaves."""
        motions, hearts = [*self._motions.values()], self._all_hearts()
        self._only_motion = motions[0] if len(motions) == 1 else None
        self._only_heart = hearts[0] if len(hearts) == 1 else None

    def _all_hearts(self) -> list[Heart | BeatHeart]:
        return [*self._ecgs.values(), *self._hearts.values(), *self._optics.values()]

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
                declared_hz = self._declared_hz.get(sensor)
                left_axis = self._left_axes.get(sensor)
                motion = Motion(
                    self._wearer,
                    sensor,
                    site,
                    declared_hz,
                    left_axis=left_axis,
                    feels_axes=self._feels_axes,
                )
                self._motions[sensor] = motion
                self._note_only()
            found = motion.update(samples, at_ns, heart_beats=self._feels_heart(sensor, at_ns))
            if motion.site == "ankle" and len(self._motions) > 1:
                self._compare_feet(sensor, at_ns, found)
            return [*found, *self._feel_breath(sensor, motion, at_ns)]
        if isinstance(samples, HeartReading):
            heart = self._hearts.get(sensor)
            if heart is None:
                heart = Heart(self._wearer, sensor, self._breathing)
                self._hearts[sensor] = heart
                self._note_only()
            raw = self._ecgs.get(sensor) or self._optics.get(sensor)
            doubled = raw is not None and raw.is_listening(at_ns)
            cadence_spm = self._known_cadence_spm(at_ns)
            found = heart.update(samples, at_ns, cadence_spm=cadence_spm, doubled=doubled)
            # What a sensor tells of beats is left out while they are found in its own raw signal.
            return [f for f in found if isinstance(f, NoticeGiven)] if doubled else found
        if isinstance(samples, EcgBlock | OpticalBlock):
            return [*self._take_raw(sensor, samples, at_ns)]
        if isinstance(samples, CadenceReading):
            told = self._told.get(sensor)
            if told is None:
                told = self._told[sensor] = ToldCadence(self._wearer, sensor)
            return [*told.update(samples, at_ns)]
        return []

    def _feels_heart(self, sensor: str, at_ns: int) -> bool:
        """Tell whether the same sensor felt a heart just now."""
        for hearts in (self._hearts, self._ecgs, self._optics):
            heart = hearts.get(sensor)
            heart_ns = None if heart is None else heart.valid_at_ns
            if heart_ns is not None and at_ns - heart_ns <= _WORN_NS:
                return True
        return False

    def _known_cadence_spm(self, at_ns: int) -> float | None:
        """Return the cadence from movement, or else what a sensor tells of it."""
        best = self._best_motion(at_ns)
        if best is not None:
            return best.cadence_spm(at_ns)
        told = (one.cadence_spm(at_ns) for one in self._told.values())
        return next((cadence for cadence in told if cadence is not None), None)

    def _feel_breath(self, sensor: str, motion: Motion, at_ns: int) -> list[MeasureTaken]:
        """Feel the chest or the belly rise."""
        if not motion.seconds or motion.site not in _BREATHING_SITES:
            return []
        chest = self._chests.get(sensor)
        if chest is None:
            chest = self._chests[sensor] = ChestMotion()
        found: list[MeasureTaken] = []
        for second in motion.seconds:
            felt = chest.update(second)
            of_ns = motion.instant_ns(second.end_tick)
            if felt == "movement":
                self._breathing.move(of_ns)
            elif felt != "waiting":
                found += self._breathing.hear(sensor, "chest", felt, at_ns, of_ns=of_ns)
        return found

    def _take_raw(self, sensor: str, samples: EcgBlock | OpticalBlock, at_ns: int) -> list[Finding]:
        """Find beats; how much a sensor moves is asked of itself, else of the best other one."""
        electrical = isinstance(samples, EcgBlock)
        hearts = self._ecgs if electrical else self._optics
        heart = hearts.get(sensor)
        if heart is None:
            kind = "electrical" if electrical else "optical"
            heart = BeatHeart(self._wearer, sensor, kind, self._breathing)
            hearts[sensor] = heart
            self._note_only()
        moved = self._motions.get(sensor) or self._best_motion(at_ns)
        activity_mps2 = None
        if moved is not None and moved.is_fresh(at_ns):
            activity_mps2 = moved.activity.activity_mps2
        return heart.update(
            samples,
            at_ns,
            cadence_spm=self._known_cadence_spm(at_ns),
            activity_mps2=activity_mps2,
        )

    def _compare_feet(self, sensor: str, at_ns: int, found: list[Finding]) -> None:
        steps = [f for f in found if isinstance(f, EventDetected) and f.event == "step"]
        for step in steps:
            asymmetry = self._feet.update(sensor, step.event_ns)
            if asymmetry is not None:
                tell = Teller(self._wearer, sensor)
                found.append(tell.measure("step_asymmetry", asymmetry, step.quality, at_ns))

    def not_finite(self, sensor: str) -> int:
        """Count the acceleration samples of a sensor that were stopped for being no numbers."""
        motion = self._motions.get(sensor)
        return 0 if motion is None else motion.not_finite

    def ages_ms(self, at_ns: int) -> dict[tuple[str, str], float]:
        """Tell how old the newest valid sample of everything is: (sensor, kind) -> age."""
        known: dict[tuple[str, str], int | None] = {
            **{(name, "motion"): motion.valid_at_ns for name, motion in self._motions.items()},
            **{(name, "heart"): heart.valid_at_ns for name, heart in self._hearts.items()},
            **{(name, "ecg"): heart.valid_at_ns for name, heart in self._ecgs.items()},
            **{(name, "optical"): heart.valid_at_ns for name, heart in self._optics.items()},
            **{(name, "cadence"): told.valid_at_ns for name, told in self._told.items()},
        }
        return {key: (at_ns - ns) / NS_PER_MS for key, ns in known.items() if ns is not None}

    def _best_motion(self, at_ns: int) -> Motion | None:
        """Return the fresh sensor at the best site, or the freshest if all are stale."""
        best: Motion | None = self._only_motion
        if best is not None:
            return best
        best_rank: tuple[int, int] | None = None
        for motion in self._motions.values():
            if motion.valid_at_ns is None:
                continue
            stale_ns = 0 if motion.is_fresh(at_ns) else at_ns - motion.valid_at_ns
            rank = (stale_ns, _GAIT_ORDER[motion.site])
            if best_rank is None or rank < best_rank:
                best, best_rank = motion, rank
        return best

    def _best_heart(self, at_ns: int) -> Heart | BeatHeart | None:
        """Return the best source that is fresh, or the freshest if all are stale.

        Beats of an ECG before a rate that a device tells, before pulses of a raw optical signal.
        """
        best: Heart | BeatHeart | None = self._only_heart
        if best is not None:
            return best
        best_rank: tuple[int, bool, int] | None = None
        for heart in self._all_hearts():
            if heart.valid_at_ns is None:
                continue
            age_ns = at_ns - heart.valid_at_ns
            stale_ns = age_ns if age_ns > _HEART_STALE_NS else 0
            raw = isinstance(heart, BeatHeart)
            order = (0 if raw else 1) if heart.electrical else (3 if raw else 2)
            rank = (stale_ns, heart.suspect, order)
            if best_rank is None or rank < best_rank:
                best, best_rank = heart, rank
        return best

    def state(self, at_ns: int) -> BodyState:
        """Tell what is known at a control step; reads only.

        A heart rate that is older than 3 s or suspect is None, and so is all of a movement of which
        nothing has been heard for 3 s; the ages go on counting.
        """
        breathing = self._breathing
        motion, heart = self._best_motion(at_ns), self._best_heart(at_ns)
        breathes = _is_fresh(breathing.valid_at_ns, at_ns)
        breathing_brpm = breathing.breathing_brpm if breathes else None
        if motion is None:
            state = BodyState(wearer=self._wearer, breathing_brpm=breathing_brpm)
        else:
            motion_ns = motion.valid_at_ns
            state = BodyState(
                wearer=self._wearer,
                has_motion=True,
                motion_sensor=motion.sensor,
                motion_age_ms=None if motion_ns is None else (at_ns - motion_ns) / NS_PER_MS,
                motion_limit_ms=motion.limit_ns / NS_PER_MS,
                breathing_brpm=breathing_brpm,
            )
        if heart is not None:
            heart_ns, rhythm = heart.valid_at_ns, heart.rhythm
            believed = not heart.suspect
            known = believed and _is_fresh(rhythm.valid_at_ns, at_ns)
            fresh = believed and heart_ns is not None and at_ns - heart_ns <= _HEART_STALE_NS
            state = msgspec.structs.replace(
                state,
                has_heart=True,
                heart_age_ms=None if heart_ns is None else (at_ns - heart_ns) / NS_PER_MS,
                heart_rate_bpm=heart.heart_rate_bpm if fresh else None,
                heart_rate_doubted=heart.is_doubted(at_ns),
                heart_quality=heart.quality,
                rmssd_ms=rhythm.rmssd_ms if known else None,
                coherence=rhythm.coherence if known else None,
            )
        if motion is None:
            return self._add_counted(state, at_ns)
        return self._add_motion(state, motion, at_ns) if motion.is_heard(at_ns) else state

    def _add_motion(self, state: BodyState, motion: Motion, at_ns: int) -> BodyState:
        """Tell of a movement that is known."""
        activity = motion.activity
        walking = motion.walking(at_ns)
        next_step_ns, next_step_sd_ms = motion.next_step(at_ns) if walking else _UNKNOWN
        swing_ns, swing_period_s = motion.repetition(at_ns) or _UNKNOWN
        return msgspec.structs.replace(
            state,
            walking=walking,
            cadence_spm=motion.pace_spm if walking else None,
            last_step_ns=motion.last_step_ns,
            activity_mps2=activity.activity_mps2,
            activity_ratio=activity.activity_ratio,
            sustained_ratio=activity.sustained_ratio,
            tilt_ratio=activity.tilt_ratio,
            axis_ratios=activity.axis_ratios,
            motion_quality=motion.quality,
            next_step_ns=next_step_ns,
            next_step_sd_ms=next_step_sd_ms,
            swing_ns=swing_ns,
            swing_period_s=swing_period_s,
        )

    def _add_counted(self, state: BodyState, at_ns: int) -> BodyState:
        """Tell of somebody whose only movement is a cadence that a device counts, if any."""
        if not self._told:
            return state
        told = min(self._told.values(), key=lambda told: told.age_ns(at_ns))
        told_ns = told.valid_at_ns
        cadence_spm = told.cadence_spm(at_ns)
        return msgspec.structs.replace(
            state,
            has_motion=True,
            motion_age_ms=None if told_ns is None else (at_ns - told_ns) / NS_PER_MS,
            motion_limit_ms=told.limit_ns / NS_PER_MS,
            walking=cadence_spm is not None,
            cadence_spm=cadence_spm,
            activity_ratio=told.vigour_ratio(at_ns),
            motion_quality=QUALITY if told_ns is not None else 0.0,
        )


def _is_fresh(valid_at_ns: int | None, at_ns: int) -> bool:
    """Tell whether something that comes each 5 s is still to be believed."""
    return valid_at_ns is not None and at_ns - valid_at_ns <= _SLOW_STALE_NS
