"""Where the beat ought to be: a walker's steps tracked, and the beat brought onto them.

Two parts, because the tempo may only move slowly:

* The walker is tracked by linear phase and period correction, as people themselves keep up with a
  metronome: the next step is expected one period after the last expectation, corrected by a part
  of the newest error, and the period by a smaller part. Steps become known late, but they are
  judged at their own times, so that lateness costs accuracy and never stability.
* The beat chases that expectation: the error at the instant from which the tempo can still be
  changed decides how much faster or slower than the walker the music goes. Near zero in
  proportion; further off no more than can be braked again within the slew limit.

References:
    Mates (1994), A model of synchronization of motor acts to a stimulus sequence, Biol Cybern 70.
    Repp (2005), Sensorimotor synchronization, Psychon Bull Rev 12. The gains are our choice, by
    simulation (docs/control.md).
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from biofeedback.control.law import AHEAD_NS
from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from biofeedback.control.law import Moment, Step
    from biofeedback.samples import BodyState

PHASE_GAIN = 0.8
PERIOD_GAIN = 0.05
LARGEST_ERROR_RATIO = 0.25
"""A step further off than this part of a period is taken as one at that distance."""

CHASE_GAIN = 0.3
BRAKING_SHARE = 0.9
ONE_TO_ONE_SPM = (60.0, 130.0)
KEEP_ONE_TO_ONE_SPM = (57.0, 136.0)
RESTART_S = 1.6
_LATEST_TEMPO_S = AHEAD_NS / NS_PER_S - 0.1


class StepTracker:
    """Tracks one walker, the first who walks, and how far the music is ahead of them."""

    def __init__(self) -> None:
        self._origin_ns: int | None = None
        self._wearer: str | None = None
        self._expected_s: float | None = None
        self._newest_s: float | None = None
        self._tempi: deque[tuple[float, float]] = deque(maxlen=40)
        self._multiple = 1.0
        self.period_s: float | None = None
        self.ahead_beats: float | None = None
        self.steps = 0
        self.now_s = 0.0

    @property
    def wearer(self) -> str | None:
        """Who is tracked."""
        return self._wearer

    @property
    def newest_s(self) -> float | None:
        """When the newest step was, in seconds from the first moment, as is ``now_s``."""
        return self._newest_s

    @property
    def own_bpm(self) -> float | None:
        """The tempo at which one beat is one step, or half or twice one for slow or fast steps."""
        return None if self.period_s is None else 60.0 * self._multiple / self.period_s

    @property
    def beats_per_step(self) -> float:
        """How many beats a step has: 1 for 60 to 130 steps a minute."""
        return self._multiple

    def update(self, moment: Moment) -> list[Step]:
        """Take a moment; return the steps that were tracked."""
        if self._origin_ns is None:
            self._origin_ns = moment.at_ns
        self.now_s = (moment.at_ns - self._origin_ns) / NS_PER_S
        self._tempi.append((self.now_s + _LATEST_TEMPO_S, moment.tempo_bpm))
        walkers = [body for body in moment.bodies if body.walking]
        if all(body.wearer != self._wearer for body in walkers):
            self._begin(walkers[0] if walkers else None)
        tracked = [step for step in moment.steps if step.wearer == self._wearer]
        if self.ahead_beats is not None and self.own_bpm is not None:
            drift_bpm = moment.tempo_bpm - self.own_bpm
            self.ahead_beats = self._fold(self.ahead_beats + drift_bpm * moment.elapsed_s / 60.0)
        for step in tracked:
            self._take(step, (step.at_ns - self._origin_ns) / NS_PER_S, walkers)
        return tracked

    def chase_bpm(self, *, goal_bpm: float, slew_ratio_per_s: float, gain: float = 1.0) -> float:
        """Say which tempo brings the beat onto the steps of somebody who goes at ``goal_bpm``."""
        if self.ahead_beats is None:
            return goal_bpm
        off = abs(self.ahead_beats)
        brakable = BRAKING_SHARE * math.sqrt(2.0 * slew_ratio_per_s * off * 60.0 / goal_bpm)
        correction = gain * min(CHASE_GAIN * off, brakable)
        return goal_bpm * (1.0 - math.copysign(correction, self.ahead_beats))

    def _begin(self, body: BodyState | None) -> None:
        """Forget a walker who stands; the next who walks is tracked from the start."""
        if body is None:
            return
        self._wearer = body.wearer
        self._expected_s = self.period_s = self.ahead_beats = None
        self.steps = 0

    def _take(self, step: Step, at_s: float, walkers: list[BodyState]) -> None:
        newest_s, self._newest_s = self._newest_s, at_s
        walker = next(body for body in walkers if body.wearer == self._wearer)
        paused = newest_s is None or at_s - newest_s > RESTART_S
        if self.period_s is None or self._expected_s is None or newest_s is None or paused:
            if walker.cadence_spm is None:
                # The next step, however soon, must not be held against what was expected long ago.
                self._expected_s = None
                return
            self.period_s, self._expected_s = 60.0 / walker.cadence_spm, at_s
            self.steps = 0
        else:
            passed = max(1, round((at_s - newest_s) / self.period_s))
            expected_s = self._expected_s + passed * self.period_s
            largest_s = LARGEST_ERROR_RATIO * self.period_s
            error_s = min(max(at_s - expected_s, -largest_s), largest_s)
            self._expected_s = expected_s + PHASE_GAIN * error_s
            self.period_s += PERIOD_GAIN * error_s / passed
        self.steps += 1
        self._choose_multiple(60.0 / self.period_s)
        if step.asynchrony_beats is not None:
            beats_per_s = self._multiple / self.period_s
            ahead = step.asynchrony_beats - (at_s - self._expected_s) * beats_per_s
            self.ahead_beats = self._look_ahead(ahead, at_s, beats_per_s)

    def _look_ahead(self, ahead: float, from_s: float, beats_per_s: float) -> float:
        """Carry a distance on to where the tempo is not decided yet."""
        for until_s, tempo_bpm in self._tempi:
            if until_s > from_s:
                ahead += (until_s - from_s) * (tempo_bpm / 60.0 - beats_per_s)
                from_s = until_s
        return self._fold(ahead)

    def _choose_multiple(self, cadence_spm: float) -> None:
        """Let one step be one beat where that is danceable; a choice once made is kept longer."""
        low, high = KEEP_ONE_TO_ONE_SPM if self._multiple == 1.0 else ONE_TO_ONE_SPM
        self._multiple = 2.0 if cadence_spm < low else 0.5 if cadence_spm > high else 1.0

    def _fold(self, beats: float) -> float:
        """Bring a distance to the nearest beat, or half beat when two steps share one."""
        span = min(1.0, self._multiple)
        return (beats + span / 2) % span - span / 2
