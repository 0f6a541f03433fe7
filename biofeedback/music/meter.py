"""Meters: how felt beats are grouped and divided.

A beat is what a foot taps: a quarter in 4/4, 2/4 and 3/4, a dotted quarter in 6/8. It always has
``TICKS_PER_BEAT`` ticks. A *step* is the smallest place that a pattern knows: a sixteenth, which is
a quarter of a plain beat and a sixth of a dotted one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from biofeedback.messages import TICKS_PER_BEAT

MeterName = Literal["4/4", "2/4", "3/4", "6/8"]

_STEPS_IN_THREES = 6


@dataclass(frozen=True)
class Meter:
    """How many beats a bar has, how a beat is divided, and where it has weight.

    ``strong_beats`` apart, from the first beat of the bar on, lie the beats of weight: there an
    instrument may come in or leave.
    """

    name: MeterName
    beats: int
    steps_per_beat: int
    strong_beats: int

    @cached_property
    def in_threes(self) -> bool:
        """Whether a beat falls into three eighths."""
        return self.steps_per_beat == _STEPS_IN_THREES

    @cached_property
    def steps(self) -> int:
        """Steps in a bar."""
        return self.beats * self.steps_per_beat

    @cached_property
    def ticks_per_step(self) -> int:
        """Ticks in a step."""
        return TICKS_PER_BEAT // self.steps_per_beat

    @cached_property
    def ticks(self) -> int:
        """Ticks in a bar."""
        return self.beats * TICKS_PER_BEAT

    @cached_property
    def joint_ticks(self) -> int:
        """Ticks from one beat of weight to the next."""
        return self.strong_beats * TICKS_PER_BEAT


METERS: dict[MeterName, Meter] = {
    "4/4": Meter("4/4", beats=4, steps_per_beat=4, strong_beats=2),
    "2/4": Meter("2/4", beats=2, steps_per_beat=4, strong_beats=2),
    "3/4": Meter("3/4", beats=3, steps_per_beat=4, strong_beats=3),
    "6/8": Meter("6/8", beats=2, steps_per_beat=6, strong_beats=2),
}
