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

    from biofeedback.simulate.story import Story

_PHASE_S = 4.5
_KEPT_REACHES = 16


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """One reach: ``way_m`` (3,) forward, left, up; ``turn_rad`` of the forearm."""

    start_s: float
    duration_s: float
    way_m: NDArray[np.float64]
    turn_rad: float
    abrupt: bool


class Reaches:
    """Reaches while the story says dance: phases that flow and phases that strike take turns."""

    def __init__(self, story: Story, rng: np.random.Generator) -> None:
        self._story = story
        self._rng = rng
        self._until_s = 0.0
        self._outward = True
        self._last_way_m = np.zeros(3)
        self._last_turn_rad = 0.0
        self.made: list[Reach] = []

    def reach_until(self, time_s: float) -> None:
        """Make reaches until they cover ``time_s``."""
        while self._until_s <= time_s:
            act = self._story.act_at(self._until_s)
            if act.doing != "dance":
                next_s = self._story.next_start_s(self._until_s)
                self._until_s = max(time_s + 1.0, self._until_s) if next_s is None else next_s
                continue
            self._reach(act.start_s)
        if len(self.made) > 2 * _KEPT_REACHES:
            del self.made[:-_KEPT_REACHES]

    def sample(
        self, times_s: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Give the hand's acceleration (n, 3) in m/s2 and the forearm's turn (n,) in rad.

        Returns:
            None while the arm does nothing and hangs where it always hangs.
        """
        first_s, last_s = float(times_s[0]), float(times_s[-1])
        self.reach_until(last_s)
        acceleration = np.zeros((len(times_s), 3))
        turn = np.zeros(len(times_s))
        busy = False
        for reach in self.made:
            if reach.start_s > last_s:
                break
            end_s = reach.start_s + reach.duration_s
            if end_s < first_s:
                turn += reach.turn_rad
                busy = busy or abs(reach.turn_rad) > 0.0
                continue
            busy = True
            tau = np.clip((times_s - reach.start_s) / reach.duration_s, 0.0, 1.0)
            curve = tau * (60.0 + tau * (-180.0 + tau * 120.0)) / reach.duration_s**2
            acceleration += curve[:, None] * reach.way_m
            turn += reach.turn_rad * tau**3 * (10.0 + tau * (-15.0 + tau * 6.0))
        return (acceleration, turn) if busy else None

    def _reach(self, act_start_s: float) -> None:
        rng = self._rng
        abrupt = int((self._until_s - act_start_s) / _PHASE_S) % 2 == 1
        step_s = 60.0 / max(self._story.cadence_spm(self._until_s), 60.0)
        if abrupt:
            duration_s, pause_s = float(rng.uniform(0.22, 0.32)), 2.0 * step_s
        else:
            duration_s = float(rng.uniform(1.8, 2.4)) * step_s
            pause_s = duration_s
        if self._outward:
            way = rng.standard_normal(3) + np.array([0.8, 0.0, 0.8])
            way_m = way / np.linalg.norm(way) * rng.uniform(0.35, 0.55)
            turn_rad = float(rng.uniform(0.5, 1.1))
        else:
            # Back to where the arm hangs, so that it never wanders off.
            way_m, turn_rad = -self._last_way_m, -self._last_turn_rad
        self.made.append(Reach(self._until_s, duration_s, way_m, turn_rad, abrupt))
        self._last_way_m, self._last_turn_rad = way_m, turn_rad
        self._outward = not self._outward
        self._until_s += max(pause_s, duration_s)
