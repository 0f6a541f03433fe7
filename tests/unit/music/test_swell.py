"""The swell breathes at the rate that is set, exactly, whatever the pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.messages import NS_PER_S
from biofeedback.music.swell import Swell


def test_it_begins_low_and_is_high_in_the_middle_of_a_breath() -> None:
    swell = Swell(7 * NS_PER_S)
    swell.extend(27 * NS_PER_S, 6.0)
    waves = [swell.wave((7 + second) * NS_PER_S) for second in (0.0, 2.5, 5, 7.5, 10, 15)]
    assert waves == pytest.approx([0.0, 0.5, 1.0, 0.5, 0.0, 1.0])
    assert swell.wave(0) == 0.0


def test_a_new_rate_goes_on_from_where_the_breath_is() -> None:
    swell = Swell(0)
    swell.extend(5 * NS_PER_S, 6.0)
    before = swell.wave(5 * NS_PER_S)
    swell.extend(10 * NS_PER_S, 12.0)
    assert swell.wave(5 * NS_PER_S) == before == pytest.approx(1.0)
    assert swell.wave(7_500_000_000) == pytest.approx(0.0)


@given(
    start_ns=st.integers(-(2**62), 2**62),
    rates=st.lists(st.floats(2.0, 20.0), min_size=1, max_size=12),
    pieces=st.integers(1, 3),
)
def test_smaller_pieces_and_another_origin_change_nothing(
    start_ns: int, rates: list[float], pieces: int
) -> None:
    step_ns = 300_000_000
    here, there = Swell(0), Swell(start_ns)
    for number, rate in enumerate(rates):
        here.extend((number + 1) * step_ns, rate)
        for piece in range(pieces):
            end_ns = number * step_ns + (piece + 1) * step_ns // pieces
            there.extend(start_ns + end_ns, rate)
    end_ns = len(rates) * step_ns
    for at_ns in (end_ns, end_ns - step_ns // 2):
        assert here.wave(at_ns) == there.wave(start_ns + at_ns)
        assert 0.0 <= here.wave(at_ns) <= 1.0
