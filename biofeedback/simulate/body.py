"""One body: the story, the steps, the reaches and the heart that belong together."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.simulate.gait import StepClock
from biofeedback.simulate.gestures import Reaches
from biofeedback.simulate.heart import Heart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from biofeedback.messages import Output
    from biofeedback.simulate.story import Person, Story


class Body:
    """A virtual person. Every part draws from its own generator, so who asks first changes nothing.

    Times are seconds from the start of the story.
    """

    def __init__(self, person: Person, story: Story, *, seed: int) -> None:
        heart, gait, reaches, sensors = np.random.SeedSequence(seed).spawn(4)
        self.story = story
        self.heart = Heart(person, story, np.random.default_rng(heart))
        self.steps = StepClock(person, story, np.random.default_rng(gait))
        self.reaches = Reaches(story, np.random.default_rng(reaches))
        self._sensors = sensors

    def sensor_rng(self) -> np.random.Generator:
        """Give the next sensor a generator of its own."""
        return np.random.default_rng(self._sensors.spawn(1)[0])

    def hear(self, orders: Sequence[Output]) -> None:
        """Let the person hear the music."""
        self.steps.hear(orders)
        self.heart.hear(orders)

    def breath_wave(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the chest's rise -1..1 at ``times_s`` (n,)."""
        heart = self.heart
        heart.beat_until(float(times_s[-1]))
        first = max(0, bisect_left(heart.beat_times_s, float(times_s[0])) - 1)
        phases = np.interp(times_s, heart.beat_times_s[first:], heart.breath_phases_rad[first:])
        return np.sin(phases)
