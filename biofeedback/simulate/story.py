"""Who the virtual person is and what they do when."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import Literal

import msgspec

Doing = Literal["rest", "walk", "run", "dance", "freeze"]
"""``freeze``: the feet are glued to the ground and the legs tremble, as in freezing of gait."""

Mood = Literal["changing", "flowing", "abrupt", "small", "heavy"]
"""How the arms move in a dance: flowing and striking by turns, or one manner throughout."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A body's own numbers.

    ``effort`` 0..1 lies between resting and top heart rate. ``phase_gain`` and ``period_gain``
    say how much of the distance to the heard beat one step corrects; 0 ignores the music, more
    than 1 over-follows it, and who is eager walks that part faster than the beat they follow.
    ``step_time_memory`` is how much of one step's slip is in the next (lag-one correlation).
    ``asymmetry_ratio`` is |L - R| / (L + R) of the step times. Fatigue lowers cadence and raises
    variability by that part per minute of movement; ``wander_ratio`` is how far cadence drifts by
    itself over half a minute, ``drift_ratio_per_min`` how fast it drifts for longer, up and down
    within 5 %. ``breath_gain`` says how much of the distance to the rate of the heard swell
    breathing goes. The heart's breath wave is largest at ``resonance_brpm``. Calm music takes
    at most ``calming_bpm`` off the heart rate.
    """

    rest_hr_bpm: float = 66.0
    top_hr_bpm: float = 172.0
    breathing_brpm: float = 13.0
    step_time_cv: float = 0.02
    step_time_memory: float = 0.5
    asymmetry_ratio: float = 0.012
    fatigue_per_min: float = 0.003
    wander_ratio: float = 0.006
    vigour_ratio: float = 1.0
    drift_ratio_per_min: float = 0.0
    phase_gain: float = 0.0
    period_gain: float = 0.0
    eager_ratio: float = 0.0
    breath_gain: float = 0.0
    resonance_brpm: float = 5.5
    calming_bpm: float = 0.0


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What is done from ``start_s`` until the next act: cadence and effort glide linearly."""

    start_s: float
    doing: Doing
    cadence_spm: tuple[float, float] = (0.0, 0.0)
    effort_ratio: tuple[float, float] = (0.0, 0.0)
    mood: Mood = "changing"


class Story:
    """Acts one after the other; the last one goes on at its final values."""

    def __init__(self, acts: tuple[Act, ...]) -> None:
        if not acts or acts[0].start_s != 0.0:
            raise ValueError("a story begins with an act at 0 s")
        if any(b.start_s <= a.start_s for a, b in pairwise(acts)):
            raise ValueError("the acts of a story must begin one after the other")
        self._acts = acts
        self._starts_s = [act.start_s for act in acts]

    def act_at(self, time_s: float) -> Act:
        """Find the act at an instant; before 0 it is the first."""
        return self._acts[max(0, bisect_right(self._starts_s, time_s) - 1)]

    def next_start_s(self, time_s: float) -> float | None:
        """Say when the next act begins; None in the last."""
        index = bisect_right(self._starts_s, max(time_s, 0.0))
        return self._starts_s[index] if index < len(self._starts_s) else None

    def cadence_spm(self, time_s: float) -> float:
        """Say the cadence that the person has in mind."""
        return self._glide(time_s, self.act_at(time_s).cadence_spm)

    def effort_ratio(self, time_s: float) -> float:
        """Say how hard the person works."""
        return self._glide(time_s, self.act_at(time_s).effort_ratio)

    def _glide(self, time_s: float, ends: tuple[float, float]) -> float:
        start_s = self.act_at(time_s).start_s
        end_s = self.next_start_s(time_s)
        if end_s is None:
            return ends[1]
        part = min(max((time_s - start_s) / (end_s - start_s), 0.0), 1.0)
        return ends[0] + (ends[1] - ends[0]) * part
