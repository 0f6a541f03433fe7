"""FOLLOW: the music follows the person; below walking it settles to a resting pulse.

Tempo takes the wearers' robust centre of cadence, times 1/2, 1 or 2 so that it stays in reach
(hysteresis keeps the multiple once chosen), and beats drift gently onto the steps: a textbook
linear phase correction beside the period's. Texture follows the vigour and the quality of the
movement (therapies.md, movement to music): flowing movement is low, legato and dark, abrupt
movement higher, short and bright; inclination moves the register.
"""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING, ClassVar

from biofeedback.control.freshness import is_present
from biofeedback.control.law import Wish
from biofeedback.control.limits import FOLLOW_SLEW_RATIO_PER_S
from biofeedback.control.parts import Parts
from biofeedback.messages import MusicParameters
from biofeedback.samples import BodyState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.control.law import Moment
    from biofeedback.control.limits import Limits
    from biofeedback.control.parts import PartSource
    from biofeedback.messages import Reason

MULTIPLES = {multiple: math.log(multiple) for multiple in (0.5, 1.0, 2.0)}
"""Beats per step, with their logarithm."""

KEEP_MULTIPLE_RATIO = 0.06
"""Another multiple has to be this much nearer (in ln tempo) before it replaces the one in use."""

PHASE_GAIN = 0.12
PHASE_CORRECTION_MAX_RATIO = 0.03
PHASE_SMOOTHING = 0.3
ATTACK_S = 0.6
RELEASE_S = 1.8
MANNER_S = 2.0
"""Time constant of how flowing and how upright the movement is."""

HEART_REST_BPM = 60.0
HEART_RANGE_BPM = 100.0
QUIETEST_DB = -8.0
MOVING_RATIO = 0.15
"""Above this vigour the display says that somebody moves; nothing else depends on it."""

_NOBODY = BodyState(wearer="")


class FollowLaw:
    """Proposes music from bodies; keeps what it needs for smoothness."""

    tempo_slew_ratio_per_s: ClassVar[float] = FOLLOW_SLEW_RATIO_PER_S

    def __init__(
        self, *, limits: Limits, resting_tempo_bpm: float, parts: PartSource = "wearers"
    ) -> None:
        self._low_bpm = limits.tempo_low_bpm
        self._high_bpm = limits.tempo_high_bpm
        self._resting_tempo_bpm = resting_tempo_bpm
        self._multiple = 1.0
        self._phase_beats = 0.0
        self._last_step_ns: int | None = None
        self._vigour = 0.0
        self._sustained = 0.5
        self._tilt = 0.5
        self._parts = Parts(parts)

    def propose(self, moment: Moment) -> Wish:
        """Say what the music should be now."""
        bodies, elapsed_s = moment.bodies, moment.elapsed_s
        # Who has been silent for long no longer leads: nothing is steered by a frozen value (H03).
        leading = [body if is_present(body) else _NOBODY for body in bodies]
        vigours = [_vigour(body) for body in leading]
        self._follow_texture(leading, vigours, elapsed_s)
        cadences_spm = [b.cadence_spm for b in bodies if b.walking and b.cadence_spm is not None]
        reason: Reason
        if cadences_spm:
            goal_bpm = self._fold(median(cadences_spm), moment.tempo_bpm)
            for step in moment.steps:
                self._hear_step(step.asynchrony_beats)
            goal_bpm *= self._phase_correction()
            reason = "walking"
        else:
            self._phase_beats = 0.0
            goal_bpm = self._resting_tempo_bpm
            reason = "moving" if self._vigour > MOVING_RATIO else "resting"
        if not bodies:
            reason = "no_sensor"
        parts = self._parts.follow(bodies, vigours, elapsed_s)
        return Wish(self._dress(goal_bpm), reason, parts=parts)

    def outcomes(self) -> dict[str, float | None]:
        """Tell nothing: who is followed is measured by the body's own measures."""
        return {}

    def _fold(self, cadence_spm: float, tempo_bpm: float) -> float:
        """Bring the cadence to the nearest multiple in reach; keep the one in use if none is."""
        apart = math.log(cadence_spm / tempo_bpm)
        nearest = math.inf
        chosen = self._multiple
        for multiple, log_multiple in MULTIPLES.items():
            if not self._low_bpm <= cadence_spm * multiple <= self._high_bpm:
                continue
            distance = abs(apart + log_multiple)
            if multiple == self._multiple:
                distance -= KEEP_MULTIPLE_RATIO
            if distance < nearest:
                nearest, chosen = distance, multiple
        self._multiple = chosen
        return cadence_spm * chosen

    def _hear_step(self, asynchrony_beats: float | None) -> None:
        if asynchrony_beats is None:
            return
        # At half tempo every other step falls between beats: judge by the nearest half beat.
        error = asynchrony_beats
        if self._multiple < 1.0:
            error = (2 * error + 0.5) % 1.0 / 2 - 0.25
        self._phase_beats += PHASE_SMOOTHING * (error - self._phase_beats)

    def _phase_correction(self) -> float:
        correction = PHASE_GAIN * self._phase_beats
        return 1.0 - min(max(correction, -PHASE_CORRECTION_MAX_RATIO), PHASE_CORRECTION_MAX_RATIO)

    def _follow_texture(
        self, bodies: Sequence[BodyState], vigours: Sequence[float | None], elapsed_s: float
    ) -> None:
        vigour = _mean(vigours)
        goal = 0.0 if vigour is None else vigour
        time_constant_s = ATTACK_S if goal > self._vigour else RELEASE_S
        self._vigour += (goal - self._vigour) * min(1.0, elapsed_s / time_constant_s)
        slow = min(1.0, elapsed_s / MANNER_S)
        sustained = _mean([body.sustained_ratio for body in bodies])
        if sustained is not None:
            self._sustained += (sustained - self._sustained) * slow
        tilt = _mean([body.tilt_ratio for body in bodies])
        if tilt is not None:
            self._tilt += (tilt - self._tilt) * slow

    def _dress(self, tempo_bpm: float) -> MusicParameters:
        # All three are 0..1, and so each sum stays in its range.
        vigour, tilt = self._vigour, self._tilt
        abrupt = 1.0 - self._sustained
        return MusicParameters(
            tempo_bpm=tempo_bpm,
            energy=vigour,
            density=0.25 + 0.75 * vigour,
            brightness=0.15 + 0.6 * vigour + 0.25 * abrupt,
            articulation=0.2 + 0.4 * vigour + 0.4 * abrupt,
            tension=0.15 + 0.35 * vigour,
            swell=0.3 * (1.0 - vigour),
            register=0.5 * (2 * tilt - 1) + 0.3 * (2 * vigour - 1) + 0.2 * (2 * abrupt - 1),
            level_db=QUIETEST_DB * (1.0 - vigour),
        )


def neutral_music(resting_tempo_bpm: float) -> MusicParameters:
    """Describe what music glides to when nobody leads it: a calm resting pulse."""
    return MusicParameters(
        tempo_bpm=resting_tempo_bpm,
        energy=0.0,
        density=0.25,
        brightness=0.2,
        articulation=0.2,
        tension=0.15,
        swell=0.3,
        register=-0.2,
        level_db=QUIETEST_DB,
    )


def _mean(values: Sequence[float | None]) -> float | None:
    """Average what is known."""
    if len(values) == 1:
        return values[0]
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None


def _vigour(body: BodyState) -> float | None:
    if body.activity_ratio is not None:
        return body.activity_ratio
    if body.has_motion or body.heart_rate_bpm is None:
        return None
    return min(1.0, max(0.0, (body.heart_rate_bpm - HEART_REST_BPM) / HEART_RANGE_BPM))
