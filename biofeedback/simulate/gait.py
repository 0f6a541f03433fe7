"""Steps, free or drawn to the heard beat.

* The phase of gait counts steps: it is a whole number at each initial contact, an even one for the
  left foot. Phase and amplitudes are linear between knots.
* A step's period follows the cadence in mind, with correlated variability, a longer and a shorter
  side, and fatigue. A person with gains corrects period and phase towards the heard beat by a part
  of the distance: the linear model of sensorimotor synchronisation (Mates 1994; Repp 2005).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.messages import NS_PER_S, TICKS_PER_BEAT, PlayNote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from biofeedback.messages import Output
    from biofeedback.simulate.story import Person, Story

_KEPT_KNOTS = 48
_KEPT_BEATS = 8
_FORGET_BEAT_S = 3.0
_WIDEST_PULL = 0.16
_REFERENCE_WALK_SPM = 110.0
_REFERENCE_RUN_SPM = 165.0
_STANDING_KNOT_S = 1.0
_WANDER_S = 33.0
_DRIFT_REACH = 0.05


class StepClock:
    """Steps, made one by one as far as they are asked for."""

    def __init__(self, person: Person, story: Story, rng: np.random.Generator) -> None:
        self._person = person
        self._story = story
        self._rng = rng
        self._noise = 0.0
        self._wander_phase = float(rng.uniform(0.0, math.tau))
        self._moving_s = 0.0
        self._steps = 0
        self._moving = False
        self._beats: list[tuple[float, int]] = []
        self._times_s = [-1.0]
        self._phases = [0.0]
        self._walk = [0.0]
        self._run = [0.0]

    def hear(self, orders: Sequence[Output]) -> None:
        """Remember the beats among the orders: the kick on a whole beat."""
        for order in orders:
            if (
                isinstance(order, PlayNote)
                and order.layer == "kick"
                and order.tick is not None
                and order.tick % TICKS_PER_BEAT == 0
            ):
                self.hear_beat(order.start_ns / NS_PER_S, order.tick)

    def hear_beat(self, time_s: float, tick: int) -> None:
        """Remember one beat, from when it is known that it will sound."""
        if not self._beats or time_s > self._beats[-1][0]:
            self._beats.append((time_s, tick))
        del self._beats[:-_KEPT_BEATS]

    def step_until(self, time_s: float) -> None:
        """Make knots until the newest lies behind ``time_s``."""
        while self._times_s[-1] <= time_s:
            self._make_knot()
        if len(self._times_s) > 2 * _KEPT_KNOTS:
            for kept in (self._times_s, self._phases, self._walk, self._run):
                del kept[:-_KEPT_KNOTS]

    def sample(
        self, times_s: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.float64] | None] | None:
        """Give phase (steps), walking amplitude and running amplitude, each of shape (n,).

        Returns:
            None while the person stands, and for the amplitude of what they don't do.
        """
        self.step_until(float(times_s[-1]))
        first = max(0, bisect_left(self._times_s, float(times_s[0])) - 1)
        knots = self._times_s[first:]
        walk, run = self._walk[first:], self._run[first:]
        walks, runs = any(walk), any(run)
        if not walks and not runs:
            return None
        return (
            np.interp(times_s, knots, self._phases[first:]),
            np.interp(times_s, knots, walk) if walks else None,
            np.interp(times_s, knots, run) if runs else None,
        )

    def contacts_between(self, start_s: float, end_s: float) -> list[float]:
        """List the initial contacts in (start, end]; only the newest steps are remembered."""
        self.step_until(end_s)
        return [
            time
            for time, phase, walk, run in zip(
                self._times_s, self._phases, self._walk, self._run, strict=True
            )
            if start_s < time <= end_s and phase.is_integer() and walk + run > 0.0
        ]

    def _make_knot(self) -> None:
        time_s = self._times_s[-1]
        cadence_spm = self._story.cadence_spm(time_s)
        if cadence_spm <= 0.0:
            self._stand(time_s)
        elif self._moving:
            self._step(time_s, cadence_spm)
        else:
            self._start(time_s, cadence_spm)

    def _stand(self, time_s: float) -> None:
        phase = self._phases[-1]
        if self._moving:
            # The feet come together: half a step in which the swing dies away.
            self._moving = False
            self._add_knot(time_s + 0.35, phase + 0.5, 0.0, 0.0)
            return
        next_s = self._story.next_start_s(time_s)
        until_s = time_s + _STANDING_KNOT_S
        if next_s is not None and time_s < next_s < until_s:
            until_s = next_s
        self._add_knot(until_s, phase, 0.0, 0.0)

    def _start(self, time_s: float, cadence_spm: float) -> None:
        self._moving = True
        phase = self._phases[-1]
        self._steps = int(phase) + 1
        first_s = (self._steps - phase) * 60.0 / cadence_spm * 1.15
        walk, run = self._amplitudes(time_s, cadence_spm)
        self._add_knot(time_s + first_s, float(self._steps), 0.7 * walk, 0.7 * run)

    def _step(self, time_s: float, cadence_spm: float) -> None:
        person = self._person
        minutes = self._moving_s / 60.0
        tired = 1.0 + person.fatigue_per_min * minutes
        memory = person.step_time_memory
        fresh = float(self._rng.standard_normal())
        self._noise = memory * self._noise + (1.0 - memory**2) ** 0.5 * fresh
        wander = person.wander_ratio * math.sin(math.tau * time_s / _WANDER_S + self._wander_phase)
        own_s = 60.0 / cadence_spm * tired * (1.0 + wander + self._drift_ratio(time_s))
        pulled_s = self._pull(own_s, time_s)
        side = 1.0 if self._steps % 2 else -1.0
        # A slip of more than three deviations would be a stumble, not variability.
        slip = min(max(self._noise, -3.0), 3.0) * person.step_time_cv * tired
        period_s = pulled_s * (1.0 + slip + side * person.asymmetry_ratio)
        self._steps += 1
        self._moving_s += period_s
        walk, run = self._amplitudes(time_s, cadence_spm)
        vary = 1.0 + 0.05 * float(self._rng.standard_normal()) + 0.03 * side
        self._add_knot(time_s + period_s, float(self._steps), walk * vary, run * vary)

    def _drift_ratio(self, time_s: float) -> float:
        """Let the pace go up and down evenly: a triangle from 0, first slower."""
        gone = self._person.drift_ratio_per_min * time_s / 60.0 / _DRIFT_REACH
        return _DRIFT_REACH * (abs((gone - 1.0) % 4.0 - 2.0) - 1.0)

    def _pull(self, own_s: float, step_s: float) -> float:
        """Correct period and phase towards the heard beat."""
        person = self._person
        if person.phase_gain <= 0.0 and person.period_gain <= 0.0:
            return own_s
        heard = [beat for beat in self._beats if beat[0] <= step_s + own_s]
        if len(heard) < 2 or step_s - heard[-1][0] > _FORGET_BEAT_S:
            return own_s
        (from_s, from_tick), (last_s, last_tick) = heard[0], heard[-1]
        if last_tick <= from_tick:
            return own_s
        beat_s = (last_s - from_s) * TICKS_PER_BEAT / (last_tick - from_tick)
        pulse_s = min((beat_s / 2, beat_s, beat_s * 2), key=lambda pulse: abs(pulse / own_s - 1.0))
        if abs(pulse_s / own_s - 1.0) > _WIDEST_PULL:
            return own_s
        early_s = (last_s - step_s + pulse_s / 2) % pulse_s - pulse_s / 2
        pulse_s /= 1.0 + person.eager_ratio
        return own_s + person.period_gain * (pulse_s - own_s) + person.phase_gain * early_s

    def _amplitudes(self, time_s: float, cadence_spm: float) -> tuple[float, float]:
        doing = self._story.act_at(time_s).doing
        vigour = self._person.vigour_ratio
        if doing == "run":
            return 0.0, vigour * (cadence_spm / _REFERENCE_RUN_SPM) ** 2
        lift = 1.15 if doing == "dance" else 1.0
        return vigour * lift * (cadence_spm / _REFERENCE_WALK_SPM) ** 2, 0.0

    def _add_knot(self, time_s: float, phase: float, walk: float, run: float) -> None:
        self._times_s.append(time_s)
        self._phases.append(phase)
        self._walk.append(walk)
        self._run.append(run)
