"""Does somebody learn over sessions? Said plainly, and said as well when they don't.

Learning is a trend of what the person does in silent probes, towards the goal, that chance would
give less than once in a hundred times (Mann-Kendall); no more often, because a course is looked at
again after each session. Reaching the goal means meeting it in two sessions in a row.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_SESSIONS = 5
SESSIONS_FOR_NO = 10
"""A trend may show earlier; that there is none takes longer to say."""

ONCE_IN_HUNDRED = 2.326
REACHED_RATIO = 0.8
REACHED_SESSIONS = 2

Verdict = Literal["too_early", "reached", "learning", "not_learning"]


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What one session left: what was asked at its end, how often met, and the silent probes."""

    criterion: float
    in_criterion_ratio: float
    probe_value: float


def judge_learning(sessions: Sequence[Session], *, baseline: float, goal: float) -> Verdict:
    """Judge a row of sessions, oldest first."""
    newest = sessions[-REACHED_SESSIONS:]
    reached = len(newest) == REACHED_SESSIONS and all(
        session.criterion == goal and session.in_criterion_ratio >= REACHED_RATIO
        for session in newest
    )
    if reached:
        return "reached"
    if len(sessions) < FEWEST_SESSIONS:
        return "too_early"
    enough = len(sessions) >= SESSIONS_FOR_NO
    way = 1.0 if goal >= baseline else -1.0
    trend = trend_z([way * session.probe_value for session in sessions])
    if trend > ONCE_IN_HUNDRED:
        return "learning"
    return "not_learning" if enough else "too_early"


def trend_z(values: Sequence[float]) -> float:
    """Tell how surely values rise, as a standard normal deviate (Mann 1945; Kendall 1975)."""
    n = len(values)
    score = sum((b > a) - (b < a) for a, b in combinations(values, 2))
    spread = math.sqrt(n * (n - 1) * (2 * n + 5) / 18.0)
    if not score or not spread:
        return 0.0
    # The continuity correction.
    return (score - math.copysign(1.0, score)) / spread
