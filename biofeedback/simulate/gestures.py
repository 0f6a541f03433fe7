"""Reaches of the arm, flowing or abrupt.

A reach follows the minimum-jerk path (Flash & Hogan 1985): over the part tau of its duration T the
hand has gone s = 10 tau^3 - 15 tau^4 + 6 tau^5 of the distance D, with the acceleration
D / T^2 (60 tau - 180 tau^2 + 120 tau^3). Long T flows, short T strikes; the forearm turns with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biofeedback.simulate.story import Mood, Story

_PHASE_S = 4.5
_LOWER_S = 1.2
_SIZES: dict[Mood, float] = {"small": 0.3, "heavy": 1.3}
_SLOWNESS: dict[Mood, float] = {"small": 0.8, "heavy": 1.5}
_KEPT_S = 3.0
"""Sensors ask a frame apart from each other; what ended longer ago is only a turned forearm."""


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """One reach: ``way_m`` (3,) forward, left, up; ``turn_rad`` of the forearm."""

    start_s: float
    duration_s: float
    way_m: NDArray[np.float64]
    turn_rad: float

    @property
    def end_s(self) -> float:
        """When the hand is there."""
        return self.start_s + self.duration_s


class Reaches:
    """Reaches while the story says dance: phases that flow and phases that strike take turns."""

    def __init__(self, story: Story, rng: np.random.Generator) -> None:
        self._story = story
        self._rng = rng
        self._until_s = 0.0
        self._outward = True
        self._last_way_m = np.zeros(3)
        self._last_turn_rad = 0.0
        self._past_turn_rad = 0.0
        self.made: list[Reach] = []

    def reach_until(self, time_s: float) -> None:
        """Make reaches until they cover ``time_s``."""
        while self._until_s <= time_s:
            act = self._story.act_at(self._until_s)
            if act.doing != "dance":
                if not self._outward:
                    self._lower()
                    continue
                next_s = self._story.next_start_s(self._until_s)
                self._until_s = max(time_s + 1.0, self._until_s) if next_s is None else next_s
                continue
            self._reach(act.start_s)
        while self.made and self.made[0].end_s < time_s - _KEPT_S:
            self._past_turn_rad += self.made.pop(0).turn_rad

    def sample(
        self, times_s: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Give the hand's acceleration (n, 3) in m/s2 and the forearm's turn (n,) in rad.

        Returns:
            None for an arm that hangs as it always did.
        """
        first_s, last_s = float(times_s[0]), float(times_s[-1])
        self.reach_until(last_s)
        if not self.made:
            return None
        acceleration = np.zeros((len(times_s), 3))
        turn = np.full(len(times_s), self._past_turn_rad)
        for reach in self.made:
            if reach.start_s > last_s:
                break
            if reach.end_s < first_s:
                turn += reach.turn_rad
                continue
            tau = (times_s - reach.start_s) * (1.0 / reach.duration_s)
            tau = np.minimum(np.maximum(tau, 0.0), 1.0)
            square = tau * tau
            curve = 60.0 * tau - 180.0 * square + 120.0 * square * tau
            acceleration += curve[:, None] * (reach.way_m / reach.duration_s**2)
            turn += reach.turn_rad * square * tau * (10.0 - 15.0 * tau + 6.0 * square)
        return acceleration, turn

    def _reach(self, act_start_s: float) -> None:
        rng = self._rng
        mood = self._story.act_at(self._until_s).mood
        turn = int((self._until_s - act_start_s) / _PHASE_S) % 2 == 1
        abrupt = turn if mood == "changing" else mood == "abrupt"
        step_s = 60.0 / max(self._story.cadence_spm(self._until_s), 60.0)
        if abrupt:
            duration_s, pause_s = float(rng.uniform(0.25, 0.36)), 2.0 * step_s
        else:
            duration_s = float(rng.uniform(1.8, 2.4)) * step_s * _SLOWNESS.get(mood, 1.0)
            pause_s = duration_s
        if self._outward:
            way = rng.standard_normal(3) + np.array([0.8, 0.0, 0.8])
            size = _SIZES.get(mood, 1.0)
            way_m = way / np.linalg.norm(way) * rng.uniform(0.35, 0.55) * size
            turn_rad = float(rng.uniform(0.5, 1.1)) * size
        else:
            # Back to where the arm hangs, so that it never wanders off.
            way_m, turn_rad = -self._last_way_m, -self._last_turn_rad
        self.made.append(Reach(self._until_s, duration_s, way_m, turn_rad))
        self._last_way_m, self._last_turn_rad = way_m, turn_rad
        self._outward = not self._outward
        self._until_s += max(pause_s, duration_s)

    def _lower(self) -> None:
        """Let the arm down after the dance."""
        way_m, turn_rad = -self._last_way_m, -self._last_turn_rad
        self.made.append(Reach(self._until_s, _LOWER_S, way_m, turn_rad))
        self._outward = True
        self._until_s += _LOWER_S
