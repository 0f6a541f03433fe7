"""Cadence that a device computed by itself, as steps a minute.

A running sensor says "per minute" and means strides of one leg by its text, steps in many products.
So the unit is learned from what a body can do, and until then nothing is told:

* more than 120 can't be strides: that would be 240 steps a minute;
* running with less than 110 can't be steps;
* walking: with the speed it tells, one of the two step lengths is impossible; and nobody who is
  slower than 1.6 m/s makes more than 160 steps a minute, so more than 80 are steps.

One turn of a crank is two strokes of the legs, counted as two steps.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from biofeedback.messages import NS_PER_S, MeasureTaken
from biofeedback.signals.findings import Teller
from biofeedback.signals.packet_rhythm import PacketRhythm

if TYPE_CHECKING:
    from biofeedback.samples import CadenceReading

MAX_CADENCE_SPM = 260.0
LEAST_MOVING_SPM = 30.0
FRESH_NS = 3 * NS_PER_S
CALM_SPM, VIGOROUS_SPM = 40.0, 180.0
"""What counts as no and as full vigour: it is all that such a device tells of it."""
MAX_STRIDES_PER_MIN = 120.0
LEAST_RUNNING_STEPS_PER_MIN = 110.0
LONGEST_WALKING_STEP_M = 1.1
SHORTEST_WALKING_STEP_M = 0.3
LEAST_SPEED_MPS = 0.5
MOST_WALKING_STRIDES_PER_MIN, FASTEST_STROLL_MPS = 80.0, 1.6
QUALITY = 0.8
"""Averaged inside the device over seconds that it doesn't tell."""


class ToldCadence:
    """The cadence of one sensor that counts by itself."""

    def __init__(self, wearer: str, sensor: str) -> None:
        self._tell = Teller(wearer, sensor)
        self._steps_each: int | None = None
        self._cadence_spm: float | None = None
        self._packets = PacketRhythm()
        self.valid_at_ns: int | None = None

    @property
    def limit_ns(self) -> int:
        """The age up to which the newest reading is fresh, by the rhythm of the packets."""
        return self._packets.limit_ns

    def age_ns(self, at_ns: int) -> float:
        """Return how old the newest reading is; infinite before the first one."""
        return math.inf if self.valid_at_ns is None else at_ns - self.valid_at_ns

    def cadence_spm(self, at_ns: int) -> float | None:
        """Return the newest cadence, None for one that is old, unknown or of nobody who moves."""
        cadence_spm = self._cadence_spm
        if cadence_spm is None or self.age_ns(at_ns) > FRESH_NS:
            return None
        return cadence_spm if cadence_spm >= LEAST_MOVING_SPM else None

    def vigour_ratio(self, at_ns: int) -> float:
        """Return how vigorous the movement is, 0..1, as far as a cadence tells."""
        cadence_spm = self.cadence_spm(at_ns)
        if cadence_spm is None:
            return 0.0
        return min(max((cadence_spm - CALM_SPM) / (VIGOROUS_SPM - CALM_SPM), 0.0), 1.0)

    def update(self, reading: CadenceReading, at_ns: int) -> list[MeasureTaken]:
        """Return the cadence in steps a minute, nothing while its unit isn't known."""
        steps_each = self._learn(reading)
        cadence_spm = None if steps_each is None else reading.cadence_per_min * steps_each
        if cadence_spm is not None and cadence_spm > MAX_CADENCE_SPM:
            return []
        self.valid_at_ns, self._cadence_spm = at_ns, cadence_spm
        self._packets.hear(at_ns)
        if cadence_spm is None:
            return []
        return [self._tell.measure("cadence_spm", cadence_spm, QUALITY, at_ns)]

    def _learn(self, reading: CadenceReading) -> int | None:
        if reading.unit is not None:
            return 1 if reading.unit == "steps" else 2
        learned = _judge(reading)
        # Only steps can be proved beyond doubt, so a doubtful verdict never takes them back.
        if learned == 1 or (learned is not None and self._steps_each is None):
            self._steps_each = learned
        return self._steps_each


def _judge(reading: CadenceReading) -> int | None:
    """Return how many steps one count is, None when both are possible."""
    per_min, speed_mps = reading.cadence_per_min, reading.speed_mps
    if per_min > MAX_STRIDES_PER_MIN:
        return 1
    if per_min <= 0:
        return None
    if reading.running:
        return 2 if per_min < LEAST_RUNNING_STEPS_PER_MIN else None
    if speed_mps is None or speed_mps < LEAST_SPEED_MPS:
        return None
    return _judge_walk(per_min, speed_mps)


def _judge_walk(per_min: float, speed_mps: float) -> int | None:
    if per_min > MOST_WALKING_STRIDES_PER_MIN and speed_mps < FASTEST_STROLL_MPS:
        return 1
    step_m = speed_mps * 60 / per_min
    if step_m > LONGEST_WALKING_STEP_M:
        return 2
    return 1 if step_m / 2 < SHORTEST_WALKING_STEP_M else None
