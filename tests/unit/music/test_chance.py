"""Draws hang on nothing but their seed and place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from biofeedback.music.chance import choose, roll, roll_pairs


@given(st.integers(), st.lists(st.integers(0, 2**40), min_size=1, max_size=20))
def test_many_draws_at_once_are_the_same_draws(seed: int, keys: list[int]) -> None:
    drawn = [roll(seed, key) for key in keys]
    assert roll_pairs(seed, keys) == [
        [(bits % 2**32) / 2**32, (bits // 2**32) / 2**32] for bits in drawn
    ]


def test_a_choice_of_one_is_that_one() -> None:
    assert choose(["only"], 7, 3) == "only"
    assert {choose("abc", 7, place) for place in range(50)} == set("abc")
