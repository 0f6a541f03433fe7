"""Where the next beat is: on the beat, ahead of time, each once, and never guessed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.control.law import AHEAD_NS, Moment
from biofeedback.control.next_beat import next_beat_ns
from biofeedback.messages import NS_PER_S
from biofeedback.music.beats import BeatClock

STEP_NS = 10**8
KNOWN_NS = 2 * STEP_NS
"""So far ahead of a moment the tempo is decided already, as in the engine."""


def at(beat_ratio: float | None, tempo_bpm: float = 60.0) -> Moment:
    return Moment(10**12, [], tempo_bpm, 0.1, beat_ratio=beat_ratio)


@pytest.mark.parametrize(
    ("beat_ratio", "notes_per_beat", "in_s"),
    [
        (0.0, 1, 1.0),
        (0.25, 1, 0.75),
        (0.7, 1, 0.3),
        (0.8, 1, 1.2),
        (0.8, 2, 0.7),
        (0.1, 2, 0.4),
    ],
)
def test_the_next_beat_is_the_first_that_can_still_be_ordered_for(beat_ratio, notes_per_beat, in_s):
    beat_ns = next_beat_ns(at(beat_ratio), notes_per_beat=notes_per_beat)
    assert (beat_ns - 10**12) / NS_PER_S == pytest.approx(in_s, abs=1e-8)


def test_a_beat_that_is_not_known_yet_is_not_guessed():
    assert next_beat_ns(at(None)) is None
    assert next_beat_ns(at(None), after_ns=10**12) is None


def test_a_beat_that_slipped_by_between_two_moments_is_told_as_soon_as_can_be():
    assert next_beat_ns(at(0.71), after_ns=10**12 - 7 * STEP_NS) == 10**12 + AHEAD_NS


def test_after_a_silence_the_row_goes_on_with_the_beat():
    beat_ns = next_beat_ns(at(0.9), after_ns=10**12 - 30 * NS_PER_S)
    assert beat_ns - 10**12 == pytest.approx(1.1 * NS_PER_S, abs=10)


@given(
    st.lists(st.floats(-0.02, 0.02), min_size=20, max_size=60),
    st.floats(42, 180),
    st.sampled_from([1, 2]),
    st.integers(0, STEP_NS - 1),
)
def test_each_note_is_told_once_and_on_the_beat_however_the_tempo_glides(
    slews, start_bpm, notes_per_beat, start_ns
):
    """The tempo glides by up to 2 % a second, another way each second or two."""
    clock, tempo_bpm = BeatClock(start_ns, start_bpm), start_bpm
    told_ns, at_ns = [], 2 * STEP_NS
    clock.extend(at_ns + KNOWN_NS, tempo_bpm)
    for slew in slews:
        for _ in range(15):
            moment = Moment(at_ns, [], tempo_bpm, 0.1, beat_ratio=clock.beats_at(at_ns) % 1.0)
            until_ns = at_ns + AHEAD_NS + STEP_NS
            after_ns = told_ns[-1] if told_ns else None
            while (
                beat_ns := next_beat_ns(moment, notes_per_beat=notes_per_beat, after_ns=after_ns)
            ) < until_ns:
                assert beat_ns >= at_ns + AHEAD_NS
                told_ns.append(after_ns := beat_ns)
            tempo_bpm = min(max(tempo_bpm * (1.0 + slew * 0.1), 40.0), 180.0)
            at_ns += STEP_NS
            clock.extend(at_ns + KNOWN_NS, tempo_bpm)
    clock.extend(at_ns + NS_PER_S, tempo_bpm)
    places = np.array([clock.beats_at(ns) * notes_per_beat for ns in told_ns])
    numbers = np.round(places)
    assert all(after - before == 1.0 for before, after in itertools.pairwise(numbers))
    off_s = (places - numbers) / notes_per_beat * 60.0 / 40.0
    assert np.max(np.abs(off_s)) < 0.01
