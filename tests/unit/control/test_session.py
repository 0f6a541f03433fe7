"""The session's state machine and its timers."""

from __future__ import annotations

import pytest

from biofeedback.control.session import TRANSITIONS, Session
from biofeedback.messages import NS_PER_S, CommandGiven

STEP_NS = NS_PER_S // 10


def make_session(*, calibrate_s=0.0, time_limit_s=1200.0, ceilings=None) -> Session:
    session = Session(
        calibrate_s=calibrate_s,
        time_limit_s=time_limit_s,
        heart_rate_ceilings_bpm=ceilings or {},
    )
    session.obey(CommandGiven(at_ns=0, command="start"))
    return session


def run(session, bodies, *, from_s, to_s):
    """Step on the grid; return [(second, state after)] of every change."""
    changes = []
    for at_ns in range(round(from_s * NS_PER_S) + STEP_NS, round(to_s * NS_PER_S) + 1, STEP_NS):
        now = bodies(at_ns / NS_PER_S) if callable(bodies) else bodies
        changes += [(at_ns / NS_PER_S, c.after) for c in session.step(at_ns, now)]
    return changes


def test_no_state_leads_out_of_stop():
    assert TRANSITIONS["STOP"] == {}


@pytest.mark.parametrize("state", ["INIT", "CALIBRATE", "RUN", "HOLD", "EASE"])
def test_stop_is_obeyed_in_every_state(state):
    assert TRANSITIONS[state]["stop"] == "STOP"


@pytest.mark.parametrize("state", ["EASE", "STOP"])
def test_only_a_start_leads_from_ease_back_and_nothing_else_does(state):
    into_run = {signal for signal, after in TRANSITIONS[state].items() if after == "RUN"}
    assert into_run <= {"start"}


def test_calibration_ends_after_its_time_with_a_fresh_sensor(body):
    session = make_session(calibrate_s=5.0)
    assert run(session, [body()], from_s=0, to_s=6) == [(5.0, "RUN")]


def test_calibration_waits_for_a_sensor(body):
    session = make_session(calibrate_s=5.0)
    silent = [body(motion_age_ms=None, heart_age_ms=None)]
    assert run(session, silent, from_s=0, to_s=20) == []
    assert run(session, [body()], from_s=20, to_s=21) == [(20.1, "RUN")]


def test_a_band_that_sends_every_second_is_not_stale_between_packets(body):
    session = make_session()
    run(session, [body()], from_s=0, to_s=1)

    def slow(second):
        return [body(motion_age_ms=(second % 1.2) * 1000)]

    run(session, slow, from_s=1, to_s=6)
    assert run(session, slow, from_s=6, to_s=60) == []


def test_pause_holds_and_resume_goes_on(body):
    session = make_session()
    run(session, [body()], from_s=0, to_s=1)
    session.obey(CommandGiven(at_ns=NS_PER_S, command="pause"))
    assert session.state == "HOLD"
    assert run(session, [body()], from_s=1, to_s=20) == []
    session.obey(CommandGiven(at_ns=20 * NS_PER_S, command="resume"))
    assert run(session, [body()], from_s=20, to_s=21) == [(20.1, "RUN")]


def test_a_pause_while_it_settles_in_does_not_end_the_settling(body):
    session = make_session(calibrate_s=20.0)
    run(session, [body()], from_s=0, to_s=1)
    session.obey(CommandGiven(at_ns=NS_PER_S, command="pause"))
    assert session.state == "HOLD"
    assert run(session, [body()], from_s=1, to_s=5) == []
    session.obey(CommandGiven(at_ns=5 * NS_PER_S, command="resume"))
    changes = run(session, [body()], from_s=5, to_s=26)
    assert changes == [(5.1, "CALIBRATE"), (pytest.approx(25.1), "RUN")]
    session.obey(CommandGiven(at_ns=26 * NS_PER_S, command="pause"))
    session.obey(CommandGiven(at_ns=26 * NS_PER_S, command="resume"))
    assert run(session, [body()], from_s=26, to_s=27) == [(26.1, "RUN")]


def test_a_law_that_fails_while_it_settles_in_does_not_end_the_settling(body):
    session = make_session(calibrate_s=20.0)
    run(session, [body()], from_s=0, to_s=1)
    session.note_law_failure(NS_PER_S)
    assert session.state == "HOLD"
    changes = run(session, [body()], from_s=1, to_s=22)
    assert changes == [(1.1, "CALIBRATE"), (pytest.approx(21.1), "RUN")]


def test_a_pause_before_any_sensor_is_heard_goes_back_to_waiting_for_one(body):
    session = make_session(calibrate_s=5.0, ceilings={"p1": 120.0})
    silent = [body(motion_age_ms=None, heart_age_ms=None, heart_rate_bpm=None)]
    run(session, silent, from_s=0, to_s=1)
    session.obey(CommandGiven(at_ns=NS_PER_S, command="pause"))
    assert run(session, silent, from_s=1, to_s=20) == []
    session.obey(CommandGiven(at_ns=20 * NS_PER_S, command="resume"))
    assert run(session, silent, from_s=20, to_s=60) == [(20.1, "CALIBRATE")]


def test_a_pause_of_half_a_minute_while_it_settles_in_eases(body):
    session = make_session(calibrate_s=20.0)
    run(session, [body()], from_s=0, to_s=1)
    session.obey(CommandGiven(at_ns=NS_PER_S, command="pause"))
    assert run(session, [body()], from_s=1, to_s=40) == [(31.0, "EASE")]
    assert session.reason == "paused"


def test_resume_waits_for_a_fresh_sensor_and_does_not_lengthen_the_hold(body):
    session = make_session()
    run(session, [body()], from_s=0, to_s=1)
    session.obey(CommandGiven(at_ns=NS_PER_S, command="pause"))
    silent = [body(motion_age_ms=9000.0)]
    run(session, silent, from_s=1, to_s=20)
    session.obey(CommandGiven(at_ns=20 * NS_PER_S, command="resume"))
    assert run(session, silent, from_s=20, to_s=40) == [(31.0, "EASE")]


def test_one_silent_wearer_does_not_stop_a_group(body):
    session = make_session()
    group = [body(wearer="a"), body(wearer="b", motion_age_ms=9000.0)]
    run(session, group, from_s=0, to_s=1)
    assert session.state == "RUN"
    assert run(session, group, from_s=1, to_s=60) == []


def test_ease_becomes_stop_after_a_minute(body):
    session = make_session()
    run(session, [body()], from_s=0, to_s=1)
    session.note_clock_jump(NS_PER_S)
    assert session.state == "EASE"
    assert run(session, [body()], from_s=1, to_s=70) == [(61.0, "STOP")]


def silence(session, body, *, from_s, to_s, since_s=5.0, walking=True):
    """Step with somebody whose sensor has said nothing since ``since_s``."""
    return run(
        session,
        lambda now_s: [body(motion_age_ms=(now_s - since_s) * 1000, walking=walking)],
        from_s=from_s,
        to_s=to_s,
    )


def test_a_sensor_heard_within_the_thirty_seconds_gets_time_to_make_its_link(body):
    session = make_session()
    run(session, [body(walking=True)], from_s=0, to_s=5)
    (hold_s, state), *more = silence(session, body, from_s=5, to_s=35)
    assert (state, more) == ("HOLD", [])
    assert hold_s < 8.5
    session.note_heard(round(35.0 * NS_PER_S))
    assert silence(session, body, from_s=35, to_s=39.5) == []
    assert run(session, [body(walking=True)], from_s=39.5, to_s=40) == [(39.6, "RUN")]


def test_a_sensor_that_is_heard_and_never_delivers_has_five_seconds(body):
    session = make_session()
    run(session, [body()], from_s=0, to_s=5)
    ((hold_s, _),) = silence(session, body, from_s=5, to_s=30)
    heard_s = hold_s + 29.0
    silence(session, body, from_s=30, to_s=heard_s)
    session.note_heard(round(heard_s * NS_PER_S))
    changes = silence(session, body, from_s=heard_s, to_s=heard_s + 10)
    assert changes == [(pytest.approx(heard_s + 5.0, abs=0.11), "EASE")]


def test_a_sensor_heard_after_the_thirty_seconds_changes_nothing(body):
    session = make_session()
    run(session, [body()], from_s=0, to_s=5)
    silence(session, body, from_s=5, to_s=50)
    assert session.state == "EASE"
    session.note_heard(50 * NS_PER_S)
    assert run(session, [body()], from_s=50, to_s=60) == []


def test_after_a_silence_the_tempo_is_held_until_steps_are_found_again(body):
    session = make_session()
    run(session, [body(walking=True)], from_s=0, to_s=5)
    silence(session, body, from_s=5, to_s=15)
    assert run(session, [body(walking=False)], from_s=15, to_s=18) == []
    assert run(session, [body(walking=True)], from_s=18, to_s=19) == [(18.1, "RUN")]


def test_who_stopped_walking_while_the_sensor_was_away_is_followed_after_five_seconds(body):
    session = make_session()
    run(session, [body(walking=True)], from_s=0, to_s=5)
    silence(session, body, from_s=5, to_s=15)
    changes = run(session, [body(walking=False)], from_s=15, to_s=22)
    assert changes == [(pytest.approx(20.1), "RUN")]


def test_after_a_silence_somebody_who_rested_is_followed_at_once(body):
    session = make_session()
    run(session, [body(walking=False)], from_s=0, to_s=5)
    silence(session, body, from_s=5, to_s=15, walking=False)
    assert run(session, [body(walking=False)], from_s=15, to_s=16) == [(15.1, "RUN")]


def heart_only(body, **facts):
    return body(has_motion=False, motion_age_ms=None, activity_ratio=None, **facts)


@pytest.mark.parametrize("heart_age_ms", [None, 60_000.0])
def test_a_heart_rate_that_led_nobody_does_not_shorten_the_hold_of_others(body, heart_age_ms):
    session = make_session()
    other = heart_only(body, wearer="b", heart_age_ms=heart_age_ms, heart_rate_bpm=None)
    run(session, [body(wearer="a"), other], from_s=0, to_s=5)

    def lost(second):
        return [body(wearer="a", motion_age_ms=(second - 5.0) * 1000), other]

    (hold_s, hold), (ease_s, ease) = run(session, lost, from_s=5, to_s=60)
    assert (hold, ease) == ("HOLD", "EASE")
    assert ease_s - hold_s == pytest.approx(30.0)


def test_somebody_who_joins_while_all_is_held_does_not_end_the_hold(body):
    session = make_session()
    run(session, [body(wearer="a")], from_s=0, to_s=5)

    def lost(second):
        joined = heart_only(body, wearer="b", heart_age_ms=None, heart_rate_bpm=None)
        silent = body(wearer="a", motion_age_ms=(second - 5.0) * 1000)
        return [silent, joined] if second > 12.0 else [silent]

    ((_, state),) = run(session, lost, from_s=5, to_s=30)
    assert state == "HOLD"


def test_H03_a_heart_rate_that_led_beside_motion_that_went_earlier_is_needed(body):
    session = make_session()
    gone = body(wearer="a", motion_age_ms=60_000.0)
    run(session, [body(wearer="a"), heart_only(body, wearer="b")], from_s=0, to_s=5)
    run(session, [gone, heart_only(body, wearer="b")], from_s=5, to_s=10)

    def lost(second):
        age_ms = (second - 10.0) * 1000
        bpm = 80.0 if age_ms <= 3000.0 else None
        return [gone, heart_only(body, wearer="b", heart_age_ms=age_ms, heart_rate_bpm=bpm)]

    (hold_s, hold), (ease_s, ease) = run(session, lost, from_s=10, to_s=30)
    assert (hold, ease) == ("HOLD", "EASE")
    assert hold_s - 10.0 <= 3.5
    assert ease_s - 10.0 <= 10.5
