"""What a key means depends on what is asked."""

from __future__ import annotations

import pytest

from biofeedback.cli.desk import Desk
from biofeedback.cli.sitting import say_outcome
from biofeedback.cli.view import Latest
from biofeedback.messages import (
    CheckAnswered,
    CommandGiven,
    KeyPressed,
    LevelNudged,
    MarkerSet,
    NotePlayed,
    PhaseChanged,
    QuestionAsked,
    RatingGiven,
    StateChanged,
    SymptomAnswered,
    TimePassed,
)

PHASE = PhaseChanged(at_ns=0, phase="walk", kind="work", number=1, of=2, why="begun", most_s=60.0)
MOOD = QuestionAsked(at_ns=0, question="mood", lowest=0.0, highest=10.0)
EFFORT = QuestionAsked(at_ns=0, question="effort", lowest=6.0, highest=20.0)
CONSENT = QuestionAsked(at_ns=0, question="consent")
SYMPTOMS = QuestionAsked(at_ns=0, question="symptoms")


def sit(*asked):
    latest = Latest()
    latest.take(TimePassed(at_ns=0), [PHASE, *asked])
    return latest, Desk(lambda: latest)


def type_in(desk, keys):
    return [message for key in keys for message in desk.press(key)]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("t", KeyPressed(at_ns=0, key="tap")),
        ("a", KeyPressed(at_ns=0, key="accept")),
        (">", KeyPressed(at_ns=0, key="up")),
        ("5", NotePlayed(at_ns=0, degree=4)),
        ("+", LevelNudged(at_ns=0, change_db=2.0)),
        ("-", LevelNudged(at_ns=0, change_db=-2.0)),
        ("m", MarkerSet(at_ns=0)),
        ("k", CommandGiven(at_ns=0, command="skip")),
        (" ", CommandGiven(at_ns=0, command="pause")),
        ("q", CommandGiven(at_ns=0, command="stop")),
        ("!", SymptomAnswered(at_ns=0, present=True)),
    ],
)
def test_keys_without_a_question(key, message):
    _, desk = sit()
    assert desk.press(key) == [message]


@pytest.mark.parametrize("key", ["9", "y", "n", "z", "\r", "\x7f", "²"])
def test_other_keys_mean_nothing(key):
    _, desk = sit()
    assert desk.press(key) == []


def test_a_rating_is_typed_corrected_and_sent_with_enter():
    latest, desk = sit(MOOD)
    assert type_in(desk, "1") == []
    assert latest.sitting.typed == "1"
    assert type_in(desk, "\x7f7\r") == [RatingGiven(at_ns=0, question="mood", value=7.0)]
    assert type_in(desk, "10\n") == [RatingGiven(at_ns=0, question="mood", value=10.0)]
    assert type_in(desk, "11\r\r") == []


def test_effort_goes_from_six_to_twenty():
    _, desk = sit(EFFORT)
    assert type_in(desk, "5\r") == []
    assert type_in(desk, "13\r") == [RatingGiven(at_ns=0, question="effort", value=13.0)]


def test_orders_work_while_a_question_waits():
    _, desk = sit(MOOD)
    assert desk.press("q") == [CommandGiven(at_ns=0, command="stop")]
    assert desk.press("!") == [SymptomAnswered(at_ns=0, present=True)]


def test_checks_come_before_symptoms_and_are_answered_in_turn():
    latest, desk = sit(SYMPTOMS, CONSENT)
    answer = desk.press("y")
    assert answer == [CheckAnswered(at_ns=0, check="consent", yes=True)]
    latest.take(answer[0], [])
    assert desk.press("n") == [SymptomAnswered(at_ns=0, present=False)]


def test_a_question_of_a_phase_that_is_over_isn_t_asked_any_more():
    latest, _ = sit(MOOD, SYMPTOMS)
    latest.take(TimePassed(at_ns=1), [PHASE])
    assert [asked.question for asked in latest.sitting.questions] == ["symptoms"]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("finished", "the plan is over"),
        ("stopped", "the plan was stopped in 1 of 2: walk"),
        ("time_limit", "the plan was stopped in 1 of 2: walk"),
        ("refused", "the plan was stopped in 1 of 2: walk"),
    ],
)
def test_a_plan_that_was_cut_short_is_not_called_over(reason, said):
    latest, _ = sit()
    stop = StateChanged(at_ns=1, before="RUN", after="STOP", reason=reason)
    over = PhaseChanged(at_ns=1, phase=None, kind=None, number=2, of=2, why="over")
    assert latest.take(TimePassed(at_ns=1), [stop, over])[-1] == said


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("heart_rate_change_bpm", -2.5, ("heart rate change", "-2.50 bpm")),
        ("togetherness", 0.781, ("togetherness", "0.78")),
        ("slots_open", 3.0, ("slots open", "3")),
        ("held_s", None, ("held", "unknown")),
        ("steps", 209.0, ("steps timed in the phases", "209")),
        ("tempo_bpm", 103.6, ("tempo", "104 bpm")),
    ],
)
def test_an_outcome_is_said_with_its_unit_or_as_unknown(name, value, said):
    assert say_outcome(name, value) == said
