"""Somebody whose behaviour music rewards: one who learns from it, or one who doesn't.

What the person does scatters round a habit. A learner's habit moves towards what was done while
the music was fuller than they had come to expect, and away from what was done while it was poorer
(learning from the error of the expected reward: Rescorla & Wagner 1972); slowly it falls back to
where it began.
"""

from __future__ import annotations

import numpy as np

_MEMORY_S = 6.0
_EXPECT_S = 60.0
_FORGET_PER_S = 1.0 / 20_000.0


class Learner:
    """One number that is done, ten times a second."""

    def __init__(
        self, *, habit: float, scatter_ratio: float, learns_per_s: float, seed: int
    ) -> None:
        self.habit = self._began = habit
        self._scatter = scatter_ratio * habit
        self._learns_per_s = learns_per_s
        self._rng = np.random.default_rng([seed, 3])
        self._off = 0.0
        self._expected = 0.0

    def act(self, elapsed_s: float) -> float:
        """Tell what the person does now."""
        keep = float(np.exp(-elapsed_s / _MEMORY_S))
        fresh = float(self._rng.standard_normal())
        self._off = keep * self._off + (1.0 - keep**2) ** 0.5 * fresh
        return self.habit + self._scatter * self._off

    def hear(self, quality: float, elapsed_s: float) -> None:
        """Learn from the music that followed: ``quality`` is 0 (neutral) to 1 (full)."""
        surprise = quality - self._expected
        self._expected += surprise * min(1.0, elapsed_s / _EXPECT_S)
        done = self._scatter * self._off
        if self._learns_per_s > 0.0:
            self.habit += self._learns_per_s * surprise * done * elapsed_s
            self.habit += (self._began - self.habit) * _FORGET_PER_S * elapsed_s
