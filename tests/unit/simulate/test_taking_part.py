"""Virtual people who take part in a plan answer in turn and do what a phase asks for."""

from __future__ import annotations

import pytest

from biofeedback.messages import (
    NS_PER_S,
    CheckAnswered,
    KeyPressed,
    PhaseChanged,
    QuestionAsked,
    RatingGiven,
    SymptomAnswered,
    TimePassed,
)
from biofeedback.simulate.source import ListedSource
from biofeedback.simulate.story import Act
from biofeedback.simulate.taking_part import LivingStory, TakingPart
from biofeedback.therapies.plan import Phase, Plan

PLAN = Plan(
    name="x",
    title="x",
    therapy="songwriting",
    phases=(
        Phase(name="draw", law="songwrite", most_s=30.0),
        Phase(name="wait", law="listen", least_s=10.0, most_s=60.0, ends="key"),
    ),
)


def begin(name, at_s=0.0):
    return PhaseChanged(
        at_ns=round(at_s * NS_PER_S), phase=name, kind="work", number=1, of=2, why="begun"
    )


def drain(source):
    found = []
    while source.next_at_ns() is not None:
        found.append(source.take())
    return found


def people(*, answers=True, seconds=100):
    ticks = [TimePassed(at_ns=second * NS_PER_S) for second in range(1, seconds)]
    return TakingPart(ListedSource(ticks), PLAN, answers=answers)


def test_questions_are_answered_one_after_the_other_and_later_otherwise():
    source = people()
    asked = [
        QuestionAsked(at_ns=0, question="consent"),
        QuestionAsked(at_ns=0, question="symptoms"),
        QuestionAsked(at_ns=0, question="mood", lowest=0.0, highest=10.0),
    ]
    source.hear(asked)
    source.hear([QuestionAsked(at_ns=50 * NS_PER_S, question="mood", lowest=0.0, highest=10.0)])
    said = [m for m in drain(source) if not isinstance(m, TimePassed)]
    assert [type(m) for m in said] == [CheckAnswered, SymptomAnswered, RatingGiven, RatingGiven]
    assert [m.at_ns / NS_PER_S for m in said] == [1.0, 2.0, 3.0, 51.0]
    assert said[1].present is False
    assert said[2].value < said[3].value


def test_messages_come_in_the_order_of_time():
    source = people()
    source.hear([begin("draw"), QuestionAsked(at_ns=0, question="symptoms")])
    stamps = [message.at_ns for message in drain(source)]
    assert stamps == sorted(stamps)


def test_a_song_is_tapped_then_decided_on_and_a_key_ends_a_phase():
    source = people()
    source.hear([begin("draw")])
    keys = [m.key for m in drain(source) if isinstance(m, KeyPressed)]
    assert keys[:8] == ["tap"] * 8
    assert keys[8] == "reject"
    assert set(keys[9:]) == {"accept"}
    source = people()
    source.hear([begin("wait")])
    (key,) = [m for m in drain(source) if isinstance(m, KeyPressed)]
    assert (key.key, key.at_ns) == ("go_on", 15 * NS_PER_S)


def test_what_belonged_to_a_phase_is_not_said_after_it():
    source = people()
    source.hear([begin("draw")])
    source.hear([begin("wait", 3.0)])
    keys = [m.key for m in drain(source) if isinstance(m, KeyPressed)]
    assert keys == ["go_on"]


def test_where_somebody_else_answers_they_keep_quiet():
    source = people(answers=False)
    source.hear([begin("draw"), QuestionAsked(at_ns=0, question="symptoms")])
    assert {type(m) for m in drain(source)} == {TimePassed}


def test_a_living_story_goes_on_from_where_it_is_told():
    story = LivingStory(Act(start_s=0.0, doing="rest"))
    story.go([Act(start_s=5.0, doing="walk", cadence_spm=(100.0, 100.0))])
    story.go(
        [
            Act(start_s=9.0, doing="walk", cadence_spm=(110.0, 110.0)),
            Act(start_s=20.0, doing="rest"),
        ]
    )
    assert [story.act_at(t).doing for t in (1.0, 6.0, 10.0, 25.0)] == [
        "rest",
        "walk",
        "walk",
        "rest",
    ]
    assert story.cadence_spm(15.0) == pytest.approx(110.0)
    # What was still to come gives way.
    story.go([Act(start_s=12.0, doing="rest")])
    assert story.act_at(25.0).doing == "rest"
    assert story.act_at(13.0).doing == "rest"
    assert story.next_start_s(13.0) is None
    story.go([])
    assert story.act_at(10.0).doing == "walk"
