"""The criterion ladder: how much is asked, raised after success and lowered after failure.

Two blocks in a row with four fifths of the time in criterion raise it by a step, two below half
lower it; after a change two more are needed, so there is at most one change in two blocks. It never
passes the goal and never asks less than the baseline (changing-criterion design; therapies.md,
behavioural). ``decide_reward`` is the schedule: which of the responses are rewarded.
"""

from __future__ import annotations

from typing import Literal

Change = Literal["raised", "lowered"]
Schedule = Literal["continuous", "second", "variable", "none"]

RAISE_FROM_RATIO = 0.8
LOWER_BELOW_RATIO = 0.5
BLOCKS = 2
_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
_WORD = (1 << 64) - 1


class Ladder:
    """One criterion on its way from a baseline to a goal, upwards or downwards."""

    def __init__(self, *, baseline: float, criterion: float, goal: float, step: float) -> None:
        self._way = 1.0 if goal >= baseline else -1.0
        self._baseline = baseline
        self._goal = goal
        self._step = abs(step)
        self._successes = self._failures = 0
        self.criterion = self._within(criterion)

    def close_block(self, in_criterion_ratio: float, *, may_raise: bool = True) -> Change | None:
        """Judge a block; say whether the criterion changed."""
        self._successes = self._successes + 1 if in_criterion_ratio >= RAISE_FROM_RATIO else 0
        self._failures = self._failures + 1 if in_criterion_ratio < LOWER_BELOW_RATIO else 0
        before = self.criterion
        if self._successes >= BLOCKS and may_raise:
            self.criterion = self._within(before + self._way * self._step)
        elif self._failures >= BLOCKS:
            self.criterion = self._within(before - self._way * self._step)
        if self._successes >= BLOCKS or self._failures >= BLOCKS:
            self._successes = self._failures = 0
        if self.criterion == before:
            return None
        return "raised" if (self.criterion > before) == (self._way > 0.0) else "lowered"

    def _within(self, criterion: float) -> float:
        low, high = sorted((self._baseline, self._goal))
        return min(max(criterion, low), high)


def decide_reward(schedule: Schedule, response: int, *, seed: int) -> bool:
    """Say whether the n-th response (from 0) is rewarded.

    ``variable`` rewards half of them on average, the first always, never more than three in a row
    unrewarded; which ones follows from the seed alone. ``none`` rewards nothing.
    """
    if schedule == "none":
        return False
    if schedule == "continuous" or response == 0:
        return True
    if schedule == "second":
        return response % 2 == 0
    if response % 4 == 0:
        return True
    return _hash(seed, response) % 3 == 0


def _hash(seed: int, number: int) -> int:
    """Mix two numbers (splitmix64)."""
    word = (seed * _MIX[1] + (number + 1) * _MIX[0]) & _WORD
    word = ((word ^ (word >> 30)) * _MIX[1]) & _WORD
    word = ((word ^ (word >> 27)) * _MIX[2]) & _WORD
    return word ^ (word >> 31)
