"""Gestures as notes, notes as phrases: what a player plays.

A gesture within the refractory time of the one before is its echo and no note. A phrase ends with
a silence that is long for its own rhythm, or after eight seconds.
"""

from __future__ import annotations

import itertools
from collections import deque
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from biofeedback.messages import NS_PER_S, EventDetected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.control.law import Moment

REFRACTORY_NS = 200_000_000
STRONGEST_GESTURE_MPS2 = 25.0
"""From here on a gesture is as strong as any."""
LONGEST_PHRASE_S = 8.0
SHORTEST_END_S = 1.2
END_INTERVALS = 2.5
TEMPO_INTERVALS = 8
FEWEST_INTERVALS = 3
INTERVAL_S = (0.2, 2.0)
LOWEST_DEGREE, DEGREES = -4, 12
"""A hanging hand plays four scale steps below the tonic, a raised one eight above."""


class Gesture(NamedTuple):
    """One note of a player: when, how strong 0..1, and its scale step from the tonic."""

    at_ns: int
    strength_ratio: float
    degree: int


def degree_of(height_ratio: float) -> int:
    """Tell the scale step of a height of the hand, 0 (hanging) to 1 (raised)."""
    return LOWEST_DEGREE + round(min(max(height_ratio, 0.0), 1.0) * DEGREES)


class Player:
    """One wearer as a player."""

    def __init__(self, wearer: str) -> None:
        self._wearer = wearer
        self._phrase: list[Gesture] = []
        self._intervals_s: deque[float] = deque(maxlen=TEMPO_INTERVALS)
        self._newest_ns: int | None = None

    def listen(self, moment: Moment) -> list[Gesture]:
        """Return the gestures that became known, without echoes: the first of each instant."""
        height = next(
            (body.tilt_ratio for body in moment.bodies if body.wearer == self._wearer), None
        )
        heard: list[Gesture] = []
        for finding in moment.findings:
            if not isinstance(finding, EventDetected) or finding.event != "gesture":
                continue
            if finding.wearer != self._wearer or self._is_echo(finding.event_ns):
                continue
            self._note_interval(finding.event_ns)
            strength = min(1.0, (finding.strength or 0.0) / STRONGEST_GESTURE_MPS2)
            gesture = Gesture(
                finding.event_ns, strength, degree_of(0.5 if height is None else height)
            )
            heard.append(gesture)
        self._phrase += heard
        return heard

    def end_phrase(self, at_ns: int) -> list[Gesture] | None:
        """Return the phrase that has just ended, if one has."""
        if not self._phrase:
            return None
        silence_s = (at_ns - self._phrase[-1].at_ns) / NS_PER_S
        lasts_s = (at_ns - self._phrase[0].at_ns) / NS_PER_S
        end_s = max(SHORTEST_END_S, END_INTERVALS * (self.interval_s or 0.0))
        if silence_s < end_s and lasts_s < LONGEST_PHRASE_S:
            return None
        phrase, self._phrase = self._phrase, []
        return phrase

    @property
    def interval_s(self) -> float | None:
        """The player's own beat, from the newest intervals; None while it isn't known."""
        if len(self._intervals_s) < FEWEST_INTERVALS:
            return None
        return median(self._intervals_s)

    def _is_echo(self, at_ns: int) -> bool:
        return self._newest_ns is not None and at_ns - self._newest_ns < REFRACTORY_NS

    def _note_interval(self, at_ns: int) -> None:
        newest_ns, self._newest_ns = self._newest_ns, at_ns
        if newest_ns is None:
            return
        interval_s = (at_ns - newest_ns) / NS_PER_S
        if INTERVAL_S[0] <= interval_s <= INTERVAL_S[1]:
            self._intervals_s.append(interval_s)


def intervals_s(phrase: Sequence[Gesture]) -> list[float]:
    """List the times between the notes of a phrase."""
    return [(after.at_ns - before.at_ns) / NS_PER_S for before, after in itertools.pairwise(phrase)]
