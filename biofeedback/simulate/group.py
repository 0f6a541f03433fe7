"""A group of four to eight people, one of whom can't keep a rhythm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biofeedback.simulate.body import Body
from biofeedback.simulate.story import Act, Person, Story

if TYPE_CHECKING:
    from collections.abc import Callable

FEWEST, MOST = 2, 8


def make_group(
    size: int,
    *,
    seed: int,
    cadence_spm: float,
    together: bool,
    noisy: int = 1,
    tell: Callable[[Act], Story] = lambda walk: Story((walk,)),
) -> list[Body]:
    """Make people who walk on the spot, the noisy ones last.

    Args:
        size: How many, 2 to 8.
        seed: The same seed gives the same group.
        cadence_spm: The pace around which the own paces of all lie, within 4 %.
        together: They listen to the beat and correct towards it; else each goes alone.
        noisy: How many of them step with a variability of 12 % and don't listen.
        tell: Makes the story of each from their walk; by default they walk from the start.

    Raises:
        ValueError: Not a group of 2 to 8.
    """
    if not FEWEST <= size <= MOST:
        raise ValueError(f"a group has {FEWEST} to {MOST} members, not {size}")
    rng = np.random.default_rng([seed, 2])
    bodies: list[Body] = []
    for index in range(size):
        is_noisy = index >= size - noisy
        gain = 0.3 if together and not is_noisy else 0.0
        person = Person(
            rest_hr_bpm=float(rng.uniform(60.0, 75.0)),
            step_time_cv=0.12 if is_noisy else 0.025,
            step_time_memory=0.0,
            fatigue_per_min=0.0,
            drift_ratio_per_min=0.02,
            phase_gain=gain,
            period_gain=gain,
        )
        own_spm = cadence_spm * float(rng.uniform(0.96, 1.04))
        walk = Act(start_s=0.0, doing="walk", cadence_spm=(own_spm, own_spm))
        bodies.append(Body(person, tell(walk), seed=seed * MOST + index))
    return bodies
