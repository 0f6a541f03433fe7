"""The chance that what was found is a beat, from how it looks and from what is around it.

Both fits are logistic. That of pulses is of clean and noisy optical signals. That of R waves is of
clean arrhythmia records, of made electrode motion (6 to 0 dB), and of made running on records of
the same kind at one to two times their rate: steps that swing or strike harder than the heart,
muscle noise, a strap that loses contact. There one beat tells little and the last eight more:
whether they are of one form and height, and how much lies between them.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_USUAL_BEATS = 8


class Circumstances(NamedTuple):
    """What is known of a beat and of those before it.

    ``evidence`` and ``likeness`` are its height among the others, times its form, and its form;
    ``noise`` is the usual height of what was refused, in heights of a beat; ``rival`` the evidence
    of the best one refused since the last beat; ``early`` by how much of an interval it comes
    early; ``chaos`` how irregular the intervals are. ``between`` is the mean strength since the
    last beat, in heights of this one, and ``swing`` how far the raw signal went within a second,
    in sizes of this beat.
    """

    evidence: float
    likeness: float
    noise: float
    rival: float
    early: float
    chaos: float
    between: float
    swing: float


class BeatQuality:
    """Judge the beats of one signal, one after the other."""

    def __init__(self, odds: Callable[[Circumstances, Usual], float]) -> None:
        self._odds = odds
        self._likeness: deque[float] = deque(maxlen=_USUAL_BEATS)
        self._between: deque[float] = deque(maxlen=_USUAL_BEATS)
        self._swing: deque[float] = deque(maxlen=_USUAL_BEATS)
        self._logs: deque[float] = deque(maxlen=_USUAL_BEATS + 1)

    def learn(self, height: float) -> None:
        """Take all beats before the next as being of this height."""
        self._logs.extend([math.log(max(height, 1.0))] * _USUAL_BEATS)

    def judge(self, beat: Circumstances, height: float) -> float:
        """Estimate the chance that this is a beat."""
        self._likeness.append(beat.likeness)
        self._between.append(beat.between)
        self._swing.append(beat.swing)
        self._logs.append(math.log(max(height, 1.0)))
        n = len(self._logs)
        mean = math.fsum(self._logs) / n
        usual = Usual(
            likeness=math.fsum(self._likeness) / len(self._likeness),
            between=_middle(self._between),
            swing=_middle(self._swing),
            uneven=math.sqrt(math.fsum([(x - mean) ** 2 for x in self._logs]) / n),
        )
        return 1.0 / (1.0 + math.exp(-self._odds(beat, usual)))


class Usual(NamedTuple):
    """The same of the last eight beats; ``uneven`` is the deviation of their heights' logarithm."""

    likeness: float
    between: float
    swing: float
    uneven: float


def odds_of_r_wave(beat: Circumstances, usual: Usual) -> float:
    """Return the logarithm of the odds that this is a beat of an ECG."""
    noisy = max(0.0, beat.noise - 0.1)
    swinging = min(max(usual.swing - 1.25, 0.0), 1.5)
    unlike = min(max(0.95 - usual.likeness, 0.0), 0.3)
    return (
        0.2
        + 2.2 * min(beat.evidence, 1.0)
        + 0.5 * beat.likeness
        - noisy * (2.1 + 9.9 * beat.early + 6.0 * beat.chaos)
        - 2.5 * min(max(beat.between - 0.15, 0.0), 1.0)
        - 1.5 * min(max(beat.swing - 1.5, 0.0), 2.0)
        - 4.3 * swinging * min(usual.uneven, 0.5)
        - 23.6 * unlike * min(max(usual.between - 0.12, 0.0), 0.6)
    )


def odds_of_pulse(beat: Circumstances, _: Usual) -> float:
    """Return the logarithm of the odds that this is a pulse of an optical signal."""
    noisy = max(0.0, beat.noise - 0.1)
    rival = min(max(beat.rival, 0.0), 1.0)
    return (
        -3.0
        + 7.4 * min(beat.evidence, 1.0)
        + 1.4 * beat.likeness
        - noisy * (4.0 + 5.7 * rival + 45.0 * beat.early + 80.0 * beat.chaos)
    )


def _middle(values: deque[float]) -> float:
    ordered = sorted(values)
    n = len(ordered)
    return 0.5 * (ordered[(n - 1) // 2] + ordered[n // 2])
