"""Players, phrases, and a partner whose behaviours can be told apart by their notes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.control import partner
from biofeedback.control.improvise import ImproviseLaw, ImprovisePlan
from biofeedback.control.law import AHEAD_NS, Moment, Press
from biofeedback.control.limits import Limits
from biofeedback.control.phrases import Gesture, Player, degree_of
from biofeedback.messages import NS_PER_S, EventDetected
from biofeedback.music.beats import BeatClock

ROOM = Limits(tempo_baseline_bpm=90.0, tempo_band_ratio=0.4)
PHRASE = [
    Gesture(0, 0.9, 0),
    Gesture(500_000_000, 0.3, 4),
    Gesture(750_000_000, 0.5, 2),
    Gesture(1_500_000_000, 0.7, 7),
]


def gesture(at_s: float, strength: float = 12.0, wearer: str = "p1") -> EventDetected:
    return EventDetected(
        at_ns=round((at_s + 0.1) * NS_PER_S),
        wearer=wearer,
        sensor="wrist",
        event="gesture",
        event_ns=round(at_s * NS_PER_S),
        strength=strength,
        quality=1.0,
    )


class Duet:
    """A law that hears gestures; collects the notes of the partner."""

    def __init__(self, body, behaviour: str) -> None:
        self.law = ImproviseLaw(
            ImprovisePlan(partner=behaviour), limits=ROOM, resting_tempo_bpm=90.0
        )
        self.body = body
        self.tempo_bpm = 90.0
        self.beats = 0.0
        self.answers = []
        self.heard_s = []

    def play(self, seconds, gestures=(), *, keys=()):
        pending = sorted(gestures, key=lambda event: event.at_ns)
        for tick in range(1, round(seconds * 10) + 1):
            at_ns = tick * 10**8
            self.beats += self.tempo_bpm / 600.0
            due = [event for event in pending if event.at_ns <= at_ns]
            pending = pending[len(due) :]
            presses = [Press("next", at_ns) for key_s in keys if round(key_s * 10) == tick]
            moment = Moment(
                at_ns,
                [self.body()],
                self.tempo_bpm,
                0.1,
                (),
                due,
                presses,
                self.beats % 1.0,
            )
            wish = self.law.propose(moment)
            self.tempo_bpm += 0.1 * (wish.parameters.tempo_bpm - self.tempo_bpm)
            self.answers += wish.answers
            assert all(answer.start_ns >= at_ns + AHEAD_NS - 10**8 for answer in wish.answers)
        return self.answers


FOUR = [gesture(1.0, 20.0), gesture(1.5, 8.0), gesture(1.75, 12.0), gesture(2.5, 16.0)]


def starts_s(answers) -> np.ndarray:
    return np.array([answer.start_ns for answer in answers]) / NS_PER_S


def test_imitation_repeats_rhythm_and_melody():
    answers = partner.imitate(PHRASE, start_ns=3 * NS_PER_S)
    assert [answer.degree for answer in answers] == [0, 4, 2, 7]
    assert starts_s(answers) == pytest.approx([3.0, 3.5, 3.75, 4.5])
    strengths = [answer.strength_ratio for answer in answers]
    assert strengths == pytest.approx([0.72, 0.24, 0.4, 0.56])


def test_contrast_turns_melody_loudness_and_pace_over():
    answers = partner.contrast(PHRASE, start_ns=0)
    assert [answer.degree for answer in answers] == [7, 3, 5, 0]
    assert starts_s(answers) == pytest.approx([0.0, 1.0, 1.5, 3.0])
    order = np.argsort([answer.strength_ratio for answer in answers])
    assert list(order) == list(np.argsort([-g.strength_ratio for g in PHRASE]))


@given(
    st.lists(st.tuples(st.integers(0, 10**10), st.floats(0, 1), st.integers(-4, 8)), max_size=12)
)
def test_answers_are_notes_whatever_was_played(notes):
    phrase = [Gesture(*note) for note in sorted(notes)]
    for answers in (partner.imitate(phrase, start_ns=7), partner.contrast(phrase, start_ns=7)):
        assert len(answers) == len(phrase)
        for answer in answers:
            assert 0.0 <= answer.strength_ratio <= 1.0
            assert 0.15 <= answer.duration_s <= 1.5
            assert answer.start_ns >= 7
            assert -4 <= answer.degree <= 8


def test_mirror_answers_each_note_at_once_with_the_same(body):
    answers = Duet(body, "mirror").play(5, FOUR)
    assert len(answers) == 4
    heard_s = np.array([event.at_ns for event in FOUR]) / NS_PER_S
    assert np.all(starts_s(answers) - heard_s <= 0.45)


def test_imitate_waits_for_the_phrase_to_end(body):
    answers = Duet(body, "imitate").play(9, FOUR)
    assert len(answers) == 4
    assert starts_s(answers)[0] > 3.7
    assert np.diff(starts_s(answers)) == pytest.approx([0.5, 0.25, 0.75])


def test_ground_keeps_going_in_the_players_tempo(body):
    duet = Duet(body, "ground")
    steady = [gesture(0.6 * n, 12.0) for n in range(1, 30)]
    answers = duet.play(20, steady)
    assert 60.0 / np.median(np.diff(starts_s(answers)[-8:])) == pytest.approx(100.0, rel=0.03)
    assert {answer.degree for answer in answers} == {0, 2, 4}


def test_ground_stays_on_the_beat_while_the_tempo_glides(body):
    """The player goes from 80 to 110: each beat once, none of them beside it."""
    law = ImproviseLaw(ImprovisePlan(partner="ground"), limits=ROOM, resting_tempo_bpm=80.0)
    gaps_s = 60.0 / np.linspace(80.0, 110.0, 50)
    pending = [gesture(at_s) for at_s in np.cumsum(gaps_s)]
    clock, tempo_bpm, starts_ns = BeatClock(0, 80.0), 80.0, []
    clock.extend(2 * 10**8, 80.0)
    for tick in range(1, 320):
        at_ns = tick * 10**8
        due = [event for event in pending if event.at_ns <= at_ns]
        pending = pending[len(due) :]
        ratio = clock.beats_at(at_ns) % 1.0
        wish = law.propose(Moment(at_ns, [body()], tempo_bpm, 0.1, findings=due, beat_ratio=ratio))
        starts_ns += [answer.start_ns for answer in wish.answers]
        most_bpm = 0.002 * tempo_bpm
        wanted_bpm = wish.parameters.tempo_bpm
        tempo_bpm += min(max(wanted_bpm - tempo_bpm, -most_bpm), most_bpm)
        clock.extend(at_ns + 2 * 10**8, tempo_bpm)
    assert tempo_bpm > 100.0
    beats = np.array([clock.beats_at(ns) for ns in starts_ns if ns <= clock.end_ns])
    assert np.all(np.diff(np.round(beats)) == 1.0)
    assert beats == pytest.approx(np.round(beats), abs=0.02)


@pytest.mark.parametrize("behaviour", ["ground", "hold", "imitate", "contrast"])
def test_the_partner_anchors_nothing_before_it_is_known_where_the_beat_is(body, behaviour):
    law = ImproviseLaw(ImprovisePlan(partner=behaviour), limits=ROOM, resting_tempo_bpm=90.0)
    for tick in range(60):
        at_ns = tick * 10**8
        due = [event for event in FOUR if at_ns - 10**8 < event.at_ns <= at_ns]
        assert law.propose(Moment(at_ns, [body()], 90.0, 0.1, findings=due)).answers == ()


def test_hold_leans_on_the_tonic_and_wait_says_nothing(body):
    held = Duet(body, "hold").play(20, FOUR)
    assert {answer.degree for answer in held} == {0}
    assert np.diff(starts_s(held)) == pytest.approx(4.0)
    assert Duet(body, "wait").play(20, FOUR) == []


def test_the_next_key_goes_round_the_behaviours(body):
    duet = Duet(body, "contrast")
    duet.play(3, keys=(1.0, 2.0))
    assert duet.law.behaviour == "wait"


def test_outcomes_tell_how_turns_were_taken(body):
    duet = Duet(body, "imitate")
    # The partner's answer ends near 6 s; the player comes in again about a second later.
    duet.play(20, [*FOUR, *(gesture(at_s) for at_s in (7.3, 7.8, 8.3))])
    told = duet.law.outcomes()
    assert told["notes_per_min"] == pytest.approx(21.0)
    assert 0.0 < told["turn_taking_lag_s"] < 3.0
    assert told["initiative_ratio"] == pytest.approx(0.5)
    assert 0.3 < told["silence_ratio"] < 0.9
    assert told["player_share_ratio"] == pytest.approx(0.5)


def test_echoes_of_a_gesture_are_no_notes_and_phrases_end_by_themselves(body):
    player = Player("p1")
    heard = []
    for event in (gesture(1.0), gesture(1.1), gesture(1.6), gesture(2.1), gesture(9.0, wearer="x")):
        heard += player.listen(Moment(event.at_ns, [body()], 90.0, 0.1, findings=[event]))
    assert [note.at_ns / NS_PER_S for note in heard] == [1.0, 1.6, 2.1]
    assert player.end_phrase(round(2.8 * NS_PER_S)) is None
    assert len(player.end_phrase(round(3.7 * NS_PER_S))) == 3
    assert player.end_phrase(round(3.8 * NS_PER_S)) is None


def test_a_raised_hand_plays_high():
    assert degree_of(0.0) < degree_of(0.5) < degree_of(1.0)
