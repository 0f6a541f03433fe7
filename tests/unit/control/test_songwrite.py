"""SONGWRITE: tempo from the body, a melody drawn in the key, slots kept or cleared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.control.law import Moment, Press
from biofeedback.control.limits import Limits
from biofeedback.control.songwrite import SongwriteLaw, SongwritePlan
from biofeedback.control.songwriting import (
    bring_into_song,
    draw_degree,
    pick_groove,
    tempo_from_taps,
)
from biofeedback.messages import NS_PER_S
from tests.law_stage import Stage, sitter

ROOM = Limits(tempo_baseline_bpm=90.0, tempo_band_ratio=0.4)


def songwrite(**plan) -> SongwriteLaw:
    return SongwriteLaw(SongwritePlan(**plan), limits=ROOM, resting_tempo_bpm=80.0)


class Desk:
    """Somebody who draws, and staff at the keys."""

    def __init__(self, law, body) -> None:
        self.law = law
        self.body = body
        self.at_ns = 0
        self.answers = []

    def go(self, seconds, *, key=None, height=lambda _s: 0.5, **state):
        for tick in range(round(seconds * 10)):
            self.at_ns += 10**8
            presses = [Press(key, self.at_ns)] if key and tick == 0 else []
            someone = self.body(tilt_ratio=height(self.at_ns / NS_PER_S), **state)
            beat_ratio = (self.at_ns / NS_PER_S * 1.5) % 1.0
            moment = Moment(
                self.at_ns, [someone], 90.0, 0.1, presses=presses, beat_ratio=beat_ratio
            )
            self.wish = self.law.propose(moment)
            self.answers += self.wish.answers
        return self.wish


def test_taps_give_the_tempo_through_a_missed_and_a_doubled_one():
    taps_s = [10.0, 10.6, 11.2, 11.8, 13.0, 13.6, 13.7, 14.2, 14.8]
    assert tempo_from_taps([round(s * NS_PER_S) for s in taps_s]) == pytest.approx(100, rel=0.06)
    assert tempo_from_taps([0, NS_PER_S, 2 * NS_PER_S]) is None
    pause = [0, NS_PER_S // 2, NS_PER_S, 9 * NS_PER_S, round(9.5 * NS_PER_S)]
    assert tempo_from_taps(pause) is None


@given(st.lists(st.integers(0, 10**12), max_size=30))
def test_any_taps_give_a_finite_tempo_or_none(taps_ns):
    tempo_bpm = tempo_from_taps(sorted(taps_ns))
    assert tempo_bpm is None or 0.0 < tempo_bpm < 1e12


@given(st.floats(0, 1e9))
def test_any_rate_comes_into_the_tempo_of_a_song(rate):
    assert 60.0 <= bring_into_song(rate) <= 140.0


@pytest.mark.parametrize(("rate", "tempo_bpm"), [(112, 112), (170, 85), (52, 104), (64, 64)])
def test_steps_and_hearts_are_halved_or_doubled(rate, tempo_bpm):
    assert bring_into_song(rate) == tempo_bpm


@pytest.mark.parametrize(
    ("source", "state", "tempo_bpm"),
    [
        ("walking", {"walking": True, "cadence_spm": 104.0}, 104.0),
        ("heart", {"heart_rate_bpm": 66.0}, 66.0),
    ],
)
def test_the_tempo_comes_from_the_body_and_then_stands(body, source, state, tempo_bpm):
    desk = Desk(songwrite(tempo_from=source), body)
    assert desk.go(5, **state).reason == "listening"
    desk.go(10, **state)
    assert desk.wish.parameters.tempo_bpm == pytest.approx(tempo_bpm)
    desk.go(20, walking=True, cadence_spm=130.0, heart_rate_bpm=95.0)
    assert desk.wish.parameters.tempo_bpm == pytest.approx(tempo_bpm)


def test_tapping_finds_the_tempo(body):
    desk = Desk(songwrite(), body)
    for _ in range(5):
        desk.go(0.6, key="tap")
    assert desk.law.outcomes()["tempo_bpm"] == pytest.approx(100.0)


def test_a_rising_arm_draws_a_rising_melody_heard_as_it_is_drawn(body):
    desk = Desk(songwrite(tempo_from="plan", bars=1), body)
    desk.go(2.8, height=lambda s: s / 3.0)
    degrees = [answer.degree for answer in desk.answers]
    assert degrees == sorted(degrees)
    assert len(set(degrees)) >= 4
    assert np.diff([a.start_ns for a in desk.answers]) / NS_PER_S == pytest.approx(1 / 3, abs=1e-6)


def test_the_melody_stays_on_the_beat_while_the_tempo_glides():
    """From 70 to 126 bpm: each eighth once, none beside the beat."""
    law = songwrite(tempo_from="plan", tempo_bpm=126.0)
    stage = Stage(law, [sitter()], ROOM, 70.0).play(60)
    assert stage.rows[-1].allowed.tempo_bpm == pytest.approx(126.0)
    starts_ns = [answer.start_ns for row in stage.rows[:-2] for answer in row.wish.answers]
    eighths = np.array([2 * stage.clock.beats_at(start_ns) for start_ns in starts_ns])
    assert np.all(np.diff(np.round(eighths)) == 1.0)
    assert eighths == pytest.approx(np.round(eighths), abs=0.02)


def test_nothing_is_drawn_before_it_is_known_where_the_beat_is(body):
    law, answers = songwrite(tempo_from="plan"), []
    for tick in range(30):
        beat_ratio = None if tick < 20 else (0.9 + 0.15 * (tick - 20)) % 1.0
        moment = Moment(tick * 10**8, [body()], 90.0, 0.1, beat_ratio=beat_ratio)
        answers += law.propose(moment).answers
        assert tick >= 20 or not answers
    assert answers[0].start_ns / NS_PER_S == pytest.approx(2.0 + 0.6 / 1.5, abs=1e-6)


def test_a_full_drawing_repeats_until_staff_decide(body):
    desk = Desk(songwrite(tempo_from="plan", bars=1), body)
    desk.go(6.0, height=lambda s: (s % 3) / 3)
    degrees = [answer.degree for answer in desk.answers]
    assert degrees[8:16] == degrees[:8]
    desk.go(0.1, key="reject")
    assert desk.law.outcomes()["takes_rejected"] == 1.0
    desk.go(4.0, height=lambda _s: 1.0)
    desk.go(0.1, key="accept")
    assert desk.law.slot == "chorus"
    (take,) = desk.law.takes
    assert (take.slot, len(take.degrees)) == ("verse", 8)
    assert set(take.degrees[2:]) == {7}
    desk.go(4.0)
    desk.go(0.1, key="accept")
    assert desk.law.slot is None
    assert desk.go(1.0).reason == "playing"


def test_waiting_for_the_staff_leaves_nothing_in_the_next_drawing(body):
    """Two minutes with the arm down behind a full drawing, then a slot drawn with it raised."""
    desk = Desk(songwrite(tempo_from="plan", bars=1), body)
    desk.go(3.0, height=lambda _s: 1.0)
    desk.go(120, height=lambda _s: 0.0)
    desk.go(0.1, key="reject", height=lambda _s: 1.0)
    desk.go(4.0, height=lambda _s: 1.0)
    desk.go(0.1, key="accept", height=lambda _s: 1.0)
    (take,) = desk.law.takes
    assert take.degrees == (7,) * 8


def test_a_half_drawn_slot_can_not_be_accepted(body):
    desk = Desk(songwrite(tempo_from="plan"), body)
    desk.go(1.0)
    desk.go(0.1, key="accept")
    assert desk.law.takes == ()


def test_energy_picks_the_groove_reluctantly(body):
    assert pick_groove(0.1, None) == "sparse"
    assert pick_groove(0.35, "sparse") == "sparse"
    assert pick_groove(0.4, "sparse") == "steady"
    assert pick_groove(0.63, "driving") == "driving"
    assert pick_groove(0.2, "driving") == "sparse"
    desk = Desk(songwrite(tempo_from="plan"), body)
    calm = desk.go(10, activity_ratio=0.1).parameters
    lively = desk.go(15, activity_ratio=0.9).parameters
    assert lively.energy > calm.energy + 0.3


def test_no_hand_is_a_rest():
    assert draw_degree([]) is None
    assert draw_degree([0.0]) == -2
    assert draw_degree([1.0, 1.0]) == 7
