"""The rate of a swell that people may breathe with: 4 to 10 a minute, changed slowly.

``safety.py`` enforces the same bounds on every law; here they shape what is wished.
"""

from __future__ import annotations

SLOWEST_BRPM = 4.0
FASTEST_BRPM = 10.0
CHANGE_BRPM_PER_S = 0.5 / 30.0
OWN_SHARE = 0.75
"""Swells at this part of the person's own rate calm more than a fixed six (Leslie et al. 2019)."""


class Swell:
    """Glides from rate to rate."""

    def __init__(self, start_brpm: float) -> None:
        self.brpm = _within(start_brpm)

    def glide(self, goal_brpm: float, elapsed_s: float) -> float:
        """Go towards a rate for some time; return where the swell is."""
        change_brpm = CHANGE_BRPM_PER_S * elapsed_s
        goal_brpm = _within(goal_brpm)
        self.brpm = min(max(goal_brpm, self.brpm - change_brpm), self.brpm + change_brpm)
        return self.brpm


def slower_than_own(own_brpm: float) -> float:
    """Tell the rate that leads somebody to breathe more slowly; it is never followed down."""
    return _within(OWN_SHARE * own_brpm)


def _within(brpm: float) -> float:
    return min(max(brpm, SLOWEST_BRPM), FASTEST_BRPM)
