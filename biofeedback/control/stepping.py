"""How somebody steps, and how well with the beat: the numbers that gait laws decide by and report.

A step is with the beat when it lies within 15 % of the beat period of it. The resultant length R
tells whether steps keep the same distance from the beat, whatever it is: a constant offset hides in
it, which is why both are told.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import fmean, median, pstdev
from typing import TYPE_CHECKING, NamedTuple

from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.control.law import Step

WINDOW_STEPS = 30
WITH_BEAT_RATIO = 0.15
LONGEST_STEP_S = 1.6
KEPT_STEPS = 4000
"""An hour at an easy pace; what is older no longer counts in the outcomes."""


class Window(NamedTuple):
    """Thirty steps: share with the beat (0..1) and step-time CV."""

    with_beat_ratio: float
    step_time_cv: float


class Stepping:
    """Collects steps of one walker."""

    def __init__(self) -> None:
        self._newest_ns: int | None = None
        self._times_s: deque[float] = deque(maxlen=KEPT_STEPS)
        self._asynchronies: deque[float] = deque(maxlen=KEPT_STEPS)
        self._window: list[tuple[float, float | None]] = []

    def take(self, steps: Sequence[Step]) -> list[Window]:
        """Take steps; return the windows that they complete."""
        complete: list[Window] = []
        for step in steps:
            newest_ns, self._newest_ns = self._newest_ns, step.at_ns
            if step.asynchrony_beats is not None:
                self._asynchronies.append(step.asynchrony_beats)
            if newest_ns is None:
                continue
            step_time_s = (step.at_ns - newest_ns) / NS_PER_S
            if not 0.0 < step_time_s <= LONGEST_STEP_S:
                continue
            self._times_s.append(step_time_s)
            self._window.append((step_time_s, step.asynchrony_beats))
            if len(self._window) == WINDOW_STEPS:
                complete.append(_judge(self._window))
                self._window = []
        return complete

    def begin_window(self) -> None:
        """Let the next window begin with the next step."""
        self._window = []

    def outcomes(self) -> dict[str, float | None]:
        """Tell cadence, variability and synchrony of all steps so far."""
        times_s, phases = [*self._times_s], [*self._asynchronies]
        known = len(times_s) >= WINDOW_STEPS // 3
        synchronised = len(phases) >= WINDOW_STEPS // 3
        return {
            "steps": float(len(times_s)),
            "cadence_spm": 60.0 / median(times_s) if known else None,
            "step_time_cv": variation(times_s) if known else None,
            "step_asymmetry": asymmetry(times_s) if known else None,
            "asynchrony_mean_beats": fmean(phases) if synchronised else None,
            "asynchrony_sd_beats": pstdev(phases) if synchronised else None,
            "resultant_length": resultant_length(phases) if synchronised else None,
            "with_beat_ratio": with_beat_ratio(phases) if synchronised else None,
        }


def variation(times_s: Sequence[float]) -> float:
    """Tell the coefficient of variation of step times."""
    return pstdev(times_s) / fmean(times_s)


def asymmetry(times_s: Sequence[float]) -> float:
    """Tell |L - R| / (L + R) of every second step time, whichever foot came first."""
    first, second = fmean(times_s[::2]), fmean(times_s[1::2])
    return abs(first - second) / (first + second)


def resultant_length(phases_beats: Sequence[float]) -> float:
    """Tell |mean exp(i 2 pi phase)|, 0..1."""
    x = fmean(math.cos(math.tau * phase) for phase in phases_beats)
    y = fmean(math.sin(math.tau * phase) for phase in phases_beats)
    return math.hypot(x, y)


def with_beat_ratio(phases_beats: Sequence[float]) -> float:
    """Tell the share of steps within 15 % of the beat."""
    return sum(abs(phase) <= WITH_BEAT_RATIO for phase in phases_beats) / len(phases_beats)


def _judge(window: list[tuple[float, float | None]]) -> Window:
    phases = [math.inf if phase is None else phase for _, phase in window]
    return Window(with_beat_ratio(phases), variation([time_s for time_s, _ in window]))
