"""What a person sees: words for everything, lines that keep their places, nothing contradictory."""

from __future__ import annotations

from io import StringIO
from typing import get_args

import pytest
from msgspec.structs import replace
from rich.console import Console

from biofeedback.cli import view as views
from biofeedback.cli.card import LiveView
from biofeedback.cli.sitting import say_outcome
from biofeedback.cli.view import PlainView, say_change
from biofeedback.messages import (
    NS_PER_S,
    DecisionMade,
    Limit,
    MeasureTaken,
    MusicParameters,
    NoticeCode,
    PacketReceived,
    PhaseChanged,
    QuestionAsked,
    Reason,
    SensorAttached,
    SessionState,
    StateChanged,
    TimePassed,
)
from biofeedback.trace.journal import JournalStatus

MUSIC = MusicParameters(
    tempo_bpm=86.0,
    energy=0.5,
    density=0.5,
    brightness=0.25,
    articulation=0.5,
    tension=0.0,
    swell=0.0,
    register=0.0,
    level_db=0.0,
)
DECISION = DecisionMade(
    at_ns=0,
    state="RUN",
    reason="walking",
    wanted=replace(MUSIC, tempo_bpm=104.0),
    allowed=MUSIC,
    limits_hit=("tempo_slew",),
    input_age_ms=None,
    tempo_from_ns=0,
)
ALL_WELL = JournalStatus(True, None, 0, 0, 0, 0)
BROKEN = JournalStatus(False, "No space left on device", 0, 9, 0, 0)


def change(after, reason, at_s=0.0):
    at_ns = round(at_s * NS_PER_S)
    return StateChanged(at_ns=at_ns, before="CALIBRATE", after=after, reason=reason)


def measure(name, value, at_s, sensor="chest"):
    at_ns = round(at_s * NS_PER_S)
    return MeasureTaken(
        at_ns=at_ns, wearer="p1", sensor=sensor, measure=name, value=value, quality=0.9
    )


def show(view, at_s, *outputs):
    view.latest.take(TimePassed(at_ns=round(at_s * NS_PER_S)), outputs)


def attach(view):
    for sensor, profile in (("chest", "polar_h10"), ("wrist", "polar_verity_sense")):
        attached = SensorAttached(at_ns=0, wearer="p1", sensor=sensor, profile=profile, site=sensor)
        view.latest.take(attached, [])


def packet(view, at_s, sensor="chest"):
    received = PacketReceived(
        at_ns=round(at_s * NS_PER_S),
        wearer="p1",
        sensor=sensor,
        characteristic="2a37",
        payload=b"\x00\x40",
    )
    view.latest.take(received, [])


def text_of(view, width=80, height=40):
    console = Console(width=width, height=height, file=StringIO(), record=True)
    console.print(view.draw())
    return console.export_text()


@pytest.fixture
def card():
    view = LiveView(Console(file=StringIO()), "a story", duration_s=90.0, keys=True)
    attach(view)
    return view


def test_there_are_words_for_everything_that_can_be_said():
    assert set(views.STATE_WORDS) >= set(get_args(SessionState))
    assert set(views.REASON_WORDS) >= set(get_args(Reason))
    assert set(views.LIMIT_WORDS) >= set(get_args(Limit))
    assert set(views.NOTICE_WORDS) >= set(get_args(NoticeCode))


@pytest.mark.parametrize("width", [80, 100])
def test_a_running_session_fits_its_lines(card, width):
    show(card, 17, change("RUN", "resting"), DECISION)
    packet(card, 17)
    packet(card, 17, "wrist")
    show(
        card,
        17,
        measure("heart_rate_bpm", 102.4, 17),
        measure("cadence_spm", 104.2, 17),
        measure("activity_mps2", 12.34, 17),
        measure("signal_quality", 0.9, 17),
        measure("signal_quality", 0.1, 17, "wrist"),
    )
    text = text_of(card, width)
    lines = text.splitlines()
    assert len(lines) <= 22
    assert "…" not in text
    assert any("heart 102 (good)" in x and "steps 104/min" in x and "12.3 m/s²" in x for x in lines)
    assert any("chest  polar_h10 at the chest" in x and "signal good" in x for x in lines)
    assert any("wrist  polar_verity_sense at the wrist" in x and "signal poor" in x for x in lines)
    assert "0:17 of 1:30" in text
    assert "towards 104" in text


def test_a_value_that_becomes_unknown_moves_nothing_and_has_no_unit(card):
    show(card, 17, DECISION, measure("cadence_spm", 104.0, 17), measure("activity_mps2", 1, 17))
    before = text_of(card)
    show(card, 20.5, measure("activity_mps2", 1, 20.5))
    after = text_of(card)
    assert "steps 104/min" in before
    assert "steps unknown" in after
    assert "unknown/min" not in after
    assert [x.find("movement") for x in before.splitlines()] == [
        x.find("movement") for x in after.splitlines()
    ]


def test_a_sensor_that_is_silent_is_named(card):
    packet(card, 10)
    show(card, 13.2)
    text = text_of(card)
    assert "silent for 3 s" in text
    assert "nothing heard yet" in text


def test_a_session_that_is_over_says_so_and_nothing_else(card):
    show(card, 20, change("RUN", "resting"), DECISION)
    show(card, 89.9, change("STOP", "stopped", 89.9))
    text = text_of(card)
    assert "stopped" in text
    assert "stopped: stopped" not in text
    assert "the beat follows your steps" not in text
    assert "1:30 of 1:30" in text
    assert "pause" not in text


def test_a_session_that_was_stopped_early_shows_how_far_it_came(card):
    show(card, 0)
    show(card, 40, change("STOP", "stopped", 40))
    assert "0:40 of 1:30" in text_of(card)


@pytest.mark.parametrize(
    ("after", "reason", "said"),
    [
        ("RUN", "resting", "playing with you"),
        ("STOP", "stopped", "stopped"),
        ("STOP", "time_limit", "stopped: the time of this session is over"),
        ("HOLD", "paused", "holding the beat: paused"),
    ],
)
def test_a_change_is_said_with_its_reason_where_that_adds_something(after, reason, said):
    assert say_change(change(after, reason)) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(-0.001, "0.00"), (-0.0, "0"), (-0.25, "-0.25"), (-3.0, "-3"), (1234.5, "1234")],
)
def test_what_is_rounded_to_zero_has_no_sign(value, said):
    assert say_outcome("asymmetry", value) == ("asymmetry", said)


def test_the_keys_are_those_that_do_something_now(card):
    show(card, 1, change("RUN", "resting"))
    assert "space pause   q stop" in text_of(card)
    show(card, 2, change("HOLD", "paused"))
    assert "space go on   q stop" in text_of(card)
    show(card, 3, change("EASE", "motion_lost"))
    assert "s start again   q stop" in text_of(card)


def test_F72_the_card_says_in_red_that_it_is_not_recording():
    now = [ALL_WELL]
    view = LiveView(Console(file=StringIO()), "x", duration_s=None, status=lambda: now[0])
    assert "not recording" not in text_of(view)
    now[0] = BROKEN
    assert "not recording: No space left on device" in text_of(view)
    console = Console(width=80, file=StringIO(), record=True, force_terminal=True)
    console.print(view.draw())
    assert "\x1b[1;31mnot recording" in console.export_text(styles=True)


@pytest.mark.parametrize("as_json", [False, True])
def test_F72_plain_lines_say_when_recording_ends_and_when_it_goes_on(as_json):
    now = [ALL_WELL]
    out = StringIO()
    view = PlainView(Console(file=out, width=80), as_json=as_json, status=lambda: now[0])
    for second, status in enumerate((ALL_WELL, BROKEN, BROKEN, ALL_WELL)):
        now[0] = status
        view.see(TimePassed(at_ns=second * NS_PER_S), [])
    said = out.getvalue()
    lines = said.splitlines()
    assert len(lines) == 2
    assert "No space left on device" in lines[0]
    assert ('"recording":true' if as_json else "recording again") in lines[1]


def test_plain_lines_say_unknown_without_a_unit():
    out = StringIO()
    view = PlainView(Console(file=out, width=200), as_json=False)
    attach(view)
    view.see(TimePassed(at_ns=NS_PER_S), [DECISION])
    assert "heart unknown steps unknown  walking" in out.getvalue()


def begin_phase(name, number, *, of, say):
    return PhaseChanged(
        at_ns=0,
        phase=name,
        kind="work",
        number=number,
        of=of,
        why="time",
        least_s=0.0,
        most_s=40.0,
        say=say,
    )


def test_a_plan_shows_its_phase_the_time_left_what_to_say_and_what_is_asked():
    view = LiveView(Console(file=StringIO()), "a plan", duration_s=480.0, keys=True)
    phase = begin_phase("match", 5, of=10, say="The beat comes to your steps.")
    show(view, 1.0, change("RUN", "resting"), phase)
    for _ in range(100):
        show(view, 2.0, DECISION)
    said = text_of(view)
    assert "5 of 10: match   0:30 left" in said
    assert "The beat comes to your steps." in said
    assert "! unwell" in said
    # In a pause the time left stands still.
    show(view, 3.0, change("HOLD", "paused"), replace(DECISION, state="HOLD"))
    assert "0:30 left" in text_of(view)
    show(view, 3.0, QuestionAsked(at_ns=0, question="mood", lowest=0.0, highest=10.0))
    view.latest.sitting.typed = "7"
    assert "How is your mood now? 0 to 10  7" in text_of(view)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 20), (60, 12), (40, 10)])
def test_in_a_low_window_the_keys_stay_and_other_lines_give_way(width, height):
    view = LiveView(Console(file=StringIO()), "a group", duration_s=180.0, keys=True)
    for person in range(1, 6):
        for sensor, profile in (("chest", "polar_h10"), ("wrist", "polar_verity_sense")):
            view.latest.take(
                SensorAttached(
                    at_ns=0, wearer=f"p{person}", sensor=sensor, profile=profile, site=sensor
                ),
                [],
            )
    say = "Find one pulse together. Whoever likes may lead."
    phase = begin_phase("together", 3, of=5, say=say)
    asked = QuestionAsked(at_ns=0, question="mood", lowest=0.0, highest=10.0)
    show(view, 1.0, change("RUN", "resting"), phase, asked, DECISION)
    packet(view, 1.0)
    whole, low = text_of(view, width, 60), text_of(view, width, height)
    assert len(whole.splitlines()) > height
    assert len(low.splitlines()) <= height
    for kept in ("playing with you", "3 of 5: together", "How is your mood", "q stop", "! unwell"):
        assert kept in low
    assert low.splitlines()[-2].split() == whole.splitlines()[-3].split(), "the keys are last"
    assert ("p5" in low) == (height >= 20), "people stay longer than bars, notices and sensors"
    assert "energy" not in low
    assert "none met" not in low


def test_a_sensor_that_is_silent_stays_longer_than_one_that_is_heard(card):
    packet(card, 10, "wrist")
    show(card, 13.2, DECISION)
    packet(card, 13.2, "chest")
    low = text_of(card, height=9)
    assert "silent for 3 s" in low
    assert "polar_h10" not in low
    assert "q stop" in low


def test_without_a_plan_nothing_of_it_is_shown():
    view = LiveView(Console(file=StringIO()), "a walk", duration_s=60.0, keys=True)
    show(view, 1.0, change("RUN", "resting"), DECISION)
    said = text_of(view)
    assert "left" not in said
    assert "marker" not in said
