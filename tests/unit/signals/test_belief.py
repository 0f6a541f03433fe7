from __future__ import annotations

import pytest

from biofeedback.signals.gait.belief import Belief
from biofeedback.signals.gait.rhythm import Rhythm


def rhythm(similarity: float, *, spm: float = 108.0, size_mps2: float = 2.0) -> Rhythm:
    return Rhythm(similarity=similarity, step_s=60.0 / spm, size_mps2=size_mps2)


def looks_until_open(found: Rhythm | None, *, lift: float | None, site="wrist") -> int | None:
    belief = Belief(site)
    for n in range(1, 41):
        if belief.look(found, lift, walking=False):
            return n
    return None


def test_a_clear_walk_needs_one_look_a_doubtful_one_more_and_fidgeting_never_opens() -> None:
    assert looks_until_open(rhythm(0.9), lift=0.8) == 1
    doubtful = looks_until_open(rhythm(0.72), lift=None)
    assert doubtful is not None
    assert 1 < doubtful <= 5
    assert looks_until_open(rhythm(0.45, size_mps2=0.8), lift=0.5) is None


@pytest.mark.parametrize(
    "found",
    [
        None,
        rhythm(0.9, size_mps2=8.0),
        rhythm(0.9, size_mps2=0.1),
        rhythm(0.9, spm=180, size_mps2=1.0),
    ],
)
def test_nothing_heavy_arms_and_a_tremble_are_no_walk(found) -> None:
    assert looks_until_open(found, lift=0.6) is None


def test_waving_without_lifting_is_no_walk_however_regular() -> None:
    assert looks_until_open(rhythm(0.95), lift=0.2) is None


def test_a_hand_that_sways_wider_than_a_walkers_is_no_walk_though_it_lifts_like_one() -> None:
    assert looks_until_open(rhythm(0.9, spm=114, size_mps2=2.2), lift=0.47) is None
    assert looks_until_open(rhythm(0.9, spm=114, size_mps2=1.4), lift=0.47) is not None


def test_a_slow_hand_that_is_lifted_by_more_than_a_walker_rises_is_no_walk() -> None:
    assert looks_until_open(rhythm(0.95, spm=67, size_mps2=3.2), lift=0.9) is None
    assert looks_until_open(rhythm(0.95, spm=67, size_mps2=1.6), lift=0.9) is not None
    assert looks_until_open(rhythm(0.95, spm=115, size_mps2=3.6), lift=0.85) is not None


def test_a_runner_may_shake_a_hand_harder_than_a_walker() -> None:
    assert looks_until_open(rhythm(0.9, spm=165, size_mps2=8.0), lift=0.9) is not None


def test_a_trunk_is_believed_sooner_than_a_hand() -> None:
    found = rhythm(0.55, size_mps2=1.2)
    assert looks_until_open(found, lift=0.6, site="waist") == 2
    hand = looks_until_open(found, lift=0.6)
    assert hand is None or hand > 3


def test_one_bad_look_doesnt_end_a_sure_walk_but_several_do() -> None:
    belief = Belief("waist")
    for _ in range(5):
        assert belief.look(rhythm(0.9), 0.8, walking=True)
    bad = rhythm(0.1, size_mps2=1.0)
    seen = [belief.look(bad, 0.5, walking=True) for _ in range(6)]
    assert seen[0]
    assert not seen[-1]
    assert seen == sorted(seen, reverse=True)
