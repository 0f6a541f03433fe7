import numpy as np
import pytest

from biofeedback.simulate.gestures import Reaches
from biofeedback.simulate.story import Act, Story

STORY = Story(
    (
        Act(start_s=0.0, doing="rest"),
        Act(start_s=5.0, doing="dance", cadence_spm=(112.0, 112.0)),
        Act(start_s=25.0, doing="rest"),
    )
)


def perform(until_s: float, block_s: float = 0.25) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    reaches = Reaches(STORY, np.random.default_rng(2))
    times_s = np.arange(0.0, until_s, 0.005)
    hand, turn = np.zeros((len(times_s), 3)), np.zeros(len(times_s))
    size = int(block_s / 0.005)
    for first in range(0, len(times_s), size):
        sampled = reaches.sample(times_s[first : first + size])
        if sampled is not None:
            hand[first : first + size], turn[first : first + size] = sampled
    return times_s, hand, turn


def test_the_arm_hangs_until_the_dance() -> None:
    times_s, hand, turn = perform(10.0)
    assert not hand[times_s < 5.0].any()
    assert not turn[times_s < 5.0].any()
    assert hand[times_s > 5.0].any()


def test_flowing_and_abrupt_phases_take_turns() -> None:
    times_s, hand, _ = perform(25.0)
    strength = np.linalg.norm(hand, axis=1)
    flowing = strength[(times_s > 5.0) & (times_s < 9.0)].max()
    abrupt = strength[(times_s > 10.0) & (times_s < 13.0)].max()
    assert flowing < 8.0
    assert abrupt > 15.0


def test_a_reach_brings_the_hand_to_rest() -> None:
    reaches = Reaches(STORY, np.random.default_rng(2))
    reaches.reach_until(6.0)
    reach = reaches.made[0]
    times_s = np.linspace(reach.start_s, reach.start_s + reach.duration_s, 2001)
    alone = Reaches(STORY, np.random.default_rng(2))
    sampled = alone.sample(times_s)
    assert sampled is not None
    step_s = times_s[1] - times_s[0]
    speed = np.cumsum(sampled[0], axis=0) * step_s
    assert np.abs(speed[-1]).max() < 0.02 * np.abs(speed).max()
    way = speed.sum(axis=0) * step_s
    assert way == pytest.approx(reach.way_m, abs=0.01)


def test_the_arm_comes_down_after_the_dance() -> None:
    times_s, hand, turn = perform(40.0)
    assert np.abs(turn[times_s > 28.0]).max() < 1e-9
    assert not hand[times_s > 28.0].any()


def test_the_size_of_a_block_changes_nothing() -> None:
    one, other = perform(30.0, 0.25), perform(30.0, 0.1)
    assert np.array_equal(one[1], other[1])
    assert one[2] == pytest.approx(other[2], abs=1e-12)
