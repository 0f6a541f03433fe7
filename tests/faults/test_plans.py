"""Hazards and faults while a plan is running; the row of safety.md stands in each name."""

from __future__ import annotations

import math
from itertools import pairwise

import msgspec
import pytest

from biofeedback.control import effort
from biofeedback.control.effort import choose_ceiling_bpm
from biofeedback.control.law import Answer, Moment, Wish
from biofeedback.control.limits import FOLLOW_SLEW_RATIO_PER_S, Limits
from biofeedback.engine import Engine
from biofeedback.errors import SettingsError
from biofeedback.messages import (
    NS_PER_S,
    CheckAnswered,
    CommandGiven,
    DecisionMade,
    KeyPressed,
    LevelNudged,
    MusicParameters,
    NotePlayed,
    OutcomesTold,
    PhaseChanged,
    PlayNote,
    QuestionAsked,
    RatingGiven,
    StateChanged,
    SteerSound,
    StopSound,
    SymptomAnswered,
    TimePassed,
)
from biofeedback.samples import BodyState
from biofeedback.settings import Person, Settings, parse_settings
from biofeedback.therapies.plan import Phase, Plan
from tests.plan_stage import play, shipped, start, with_plan

STEP_NS = NS_PER_S // 10
REST = Phase(name="rest", kind="rest", law="listen", most_s=20.0)
COOL = Phase(name="cool", kind="cool_down", law="relax", most_s=20.0)


def plan(*phases: Phase, **more: object) -> Plan:
    given = {"checks": (), "therapy": "gait", "name": "made", "title": "made"}
    return Plan(phases=phases, **(given | more))


def settings(*phases: Phase, limits: Limits | None = None, **more: object) -> Settings:
    band = limits or Limits(tempo_baseline_bpm=104.0, tempo_band_ratio=0.1, time_limit_s=3600.0)
    return Settings(calibrate_s=0.0, limits=band, plan=plan(*phases, **more))


class Room:
    """An engine whose wearers are told, without packets."""

    def __init__(self, chosen: Settings) -> None:
        self.engine = Engine(chosen, {})
        self.body = BodyState(
            wearer="p1",
            has_motion=True,
            has_heart=True,
            motion_age_ms=50.0,
            heart_age_ms=500.0,
            heart_rate_bpm=65.0,
            walking=True,
            cadence_spm=104.0,
            activity_ratio=0.4,
            sustained_ratio=0.5,
            tilt_ratio=0.5,
        )
        self.engine._wearers.states = lambda _: [self.body]
        self.outputs = self.engine.handle(CommandGiven(at_ns=0, command="start"))
        self.at_ns = 0

    def go(self, seconds: float, **felt: object) -> list:
        self.body = msgspec.structs.replace(self.body, **felt)
        found: list = []
        for _ in range(round(seconds * 10)):
            self.at_ns += STEP_NS
            if self.body.walking and self.at_ns % (6 * STEP_NS) == 0:
                self.body = msgspec.structs.replace(self.body, last_step_ns=self.at_ns)
            found += self.engine.handle(TimePassed(at_ns=self.at_ns))
        self.outputs += found
        return found

    def say(self, message) -> list:
        said = self.engine.handle(msgspec.structs.replace(message, at_ns=self.at_ns))
        self.outputs += said
        return said

    def only(self, kind):
        return [output for output in self.outputs if isinstance(output, kind)]

    @property
    def state(self) -> str:
        return self.engine._session.state


def states(outputs) -> list[str]:
    return [o.after for o in outputs if isinstance(o, StateChanged)]


# ------------------------------------------------------------ hazards


@pytest.mark.parametrize(("excess_bpm", "within_s"), [(1.0, 7.0), (11.0, 2.0)])
def test_H01_the_heart_rate_at_rest_gives_a_ceiling_that_holds_in_every_later_phase(
    excess_bpm, within_s
):
    lead = Phase(name="lead", law="lead", most_s=300.0)
    room = Room(settings(REST, lead, COOL))
    room.go(25.0, heart_rate_bpm=60.0)
    room.go(20.0, heart_rate_bpm=78.0)
    assert room.state == "RUN"
    before = room.engine._safety.last
    eased_s = None
    for tenth in range(100):
        room.go(0.1, heart_rate_bpm=80.0 + excess_bpm)
        now = room.engine._safety.last
        assert now.tempo_bpm <= before.tempo_bpm
        assert now.energy <= before.energy
        before = now
        if eased_s is None and room.state == "EASE":
            eased_s = 0.1 * (tenth + 1)
    assert eased_s is not None
    assert eased_s <= within_s
    # What made it ease is asked about.
    asked = [q.question for q in room.only(QuestionAsked)]
    assert asked[-1] == "symptoms"


def test_H01_a_ceiling_from_a_baseline_only_narrows():
    chosen = settings(REST, COOL)
    chosen = msgspec.structs.replace(chosen, persons={"p1": Person(heart_rate_ceiling_bpm=75.0)})
    room = Room(chosen)
    room.go(21.0, heart_rate_bpm=70.0)
    room.go(6.0, heart_rate_bpm=76.0)
    assert room.state == "EASE"


@pytest.mark.parametrize("pushes", [0, 20])
def test_H02_neither_phases_nor_hands_lead_out_of_the_prescribed_band(pushes):
    chosen = shipped("gait-demo")
    room = Room(with_plan(chosen, checks=(), ask_before=()))
    low, high = chosen.limits.tempo_low_bpm, chosen.limits.tempo_high_bpm
    assert (low, high) == (pytest.approx(93.6), pytest.approx(114.4))
    for _ in range(30):
        for _ in range(pushes):
            room.say(KeyPressed(at_ns=0, key="up"))
        room.go(10.0, cadence_spm=140.0)
    assert room.state == "STOP"
    for decision in room.only(DecisionMade):
        assert low - 1e-9 <= decision.allowed.tempo_bpm <= high + 1e-9


def test_H12_with_an_answer_of_yes_or_none_the_formula_of_age_is_never_reached(monkeypatch):
    def unreachable(_age):
        raise AssertionError("the formula of age was asked")

    monkeypatch.setattr(effort, "ceiling_from_age_bpm", unreachable)
    for answers in [
        (True, False, False),
        (False, True, False),
        (False, False, True),
        (None, False, False),
        (None, None, None),
    ]:
        fields = dict(
            zip(
                ("takes_beta_blockers", "has_atrial_fibrillation", "has_pacemaker"),
                answers,
                strict=True,
            )
        )
        person = Person(age_years=70.0, resting_heart_rate_bpm=66.0, **fields)
        assert person.ceiling_bpm == 86.0
        assert Person(age_years=70.0, **fields).ceiling_bpm is None
        assert Person(age_years=70.0, heart_rate_ceiling_bpm=110.0, **fields).ceiling_bpm == 110.0
    with pytest.raises(AssertionError):
        choose_ceiling_bpm(
            staff_bpm=None, resting_bpm=None, age_years=70.0, rules_formula_out=(False,) * 3
        )


def test_H12_the_ceiling_is_the_lowest_of_what_applies_inside_the_hard_range():
    no = {"takes_beta_blockers": False, "has_atrial_fibrillation": False, "has_pacemaker": False}
    assert Person(age_years=70.0, **no).ceiling_bpm == pytest.approx(127.5)
    assert Person(age_years=70.0, heart_rate_ceiling_bpm=100.0, **no).ceiling_bpm == 100.0
    both = Person(heart_rate_ceiling_bpm=120.0, resting_heart_rate_bpm=70.0)
    assert both.ceiling_bpm == 90.0
    assert Person(resting_heart_rate_bpm=35.0).ceiling_bpm == 60.0
    assert Person().ceiling_bpm is None


def test_H13_symptoms_are_asked_for_every_five_minutes_and_when_the_music_eases():
    walk = Phase(name="walk", law="entrain", most_s=1500.0)
    room = Room(settings(REST, walk, COOL, checks=("consent",)))
    room.say(CheckAnswered(at_ns=0, check="consent", yes=True))
    room.say(SymptomAnswered(at_ns=0, present=False))
    room.go(1000.0)
    asked_s = [q.at_ns / NS_PER_S for q in room.only(QuestionAsked) if q.question == "symptoms"]
    assert asked_s[0] == 0.0
    for earlier, later in pairwise(asked_s):
        assert later - earlier == pytest.approx(300.0, abs=5.0)
    assert len(asked_s) == 4
    room.go(20.0, heart_rate_bpm=100.0)
    assert room.state == "EASE"
    newest = [q for q in room.only(QuestionAsked) if q.question == "symptoms"][-1]
    eased = [s for s in room.only(StateChanged) if s.after == "EASE"][-1]
    assert newest.at_ns == eased.at_ns


@pytest.mark.parametrize("phase", ["rest", "work", "cool_down"])
def test_H13_yes_to_symptoms_eases_at_once_in_every_phase(phase):
    walk = Phase(name="walk", law="entrain", most_s=60.0)
    room = Room(settings(REST, walk, COOL))
    room.go({"rest": 5.0, "work": 40.0, "cool_down": 85.0}[phase])
    told = room.say(SymptomAnswered(at_ns=0, present=True))
    assert states(told) == ["EASE"]
    before = room.engine._safety.last.level_db
    room.go(2.0)
    assert room.engine._safety.last.level_db <= before
    # A sensor that goes on, or a phase whose time is over, starts nothing (H32).
    room.go(50.0)
    assert room.state == "EASE"
    room.go(15.0)
    assert room.state == "STOP"


def test_H13_the_answer_no_changes_nothing():
    room = Room(settings(REST, COOL))
    room.go(5.0)
    assert states(room.say(SymptomAnswered(at_ns=0, present=False))) == []


def test_H19_the_cool_down_lies_inside_the_time_limit():
    walk = Phase(name="walk", law="entrain", least_s=60.0, most_s=3000.0, ends="key")
    limits = Limits(tempo_baseline_bpm=104.0, tempo_band_ratio=0.1, time_limit_s=600.0)
    room = Room(settings(REST, walk, COOL, limits=limits, ask_after=("mood",)))
    room.go(620.0)
    begins = {p.phase: (p.at_ns / NS_PER_S, p.why) for p in room.only(PhaseChanged)}
    at_s, why = begins["cool"]
    assert why == "limit_near"
    assert at_s == pytest.approx(460.0, abs=0.3)
    when = {s.after: s.at_ns / NS_PER_S for s in room.only(StateChanged)}
    # Nobody answered the ratings: the end comes by the limit's own rules.
    assert when["STOP"] <= 600.2
    ended = [o for o in room.only(OutcomesTold) if o.phase is None]
    assert len(ended) == 1


def test_H19_a_plan_never_extends_itself():
    walk = Phase(name="walk", law="entrain", most_s=3000.0, ends="key")
    limits = Limits(tempo_baseline_bpm=104.0, tempo_band_ratio=0.1, time_limit_s=600.0)
    room = Room(settings(REST, walk, COOL, limits=limits, checks=("consent",)))
    # Consent comes late, and the session was paused: the limit stays where it was.
    room.go(200.0)
    room.say(CheckAnswered(at_ns=0, check="consent", yes=True))
    room.say(SymptomAnswered(at_ns=0, present=False))
    room.say(CommandGiven(at_ns=0, command="pause"))
    room.go(20.0)
    room.say(CommandGiven(at_ns=0, command="resume"))
    room.go(400.0)
    assert room.state == "STOP"
    stopped = next(s for s in room.only(StateChanged) if s.after == "STOP")
    assert stopped.at_ns <= 600 * NS_PER_S + STEP_NS


def test_H32_no_phase_leads_out_of_hold_or_ease():
    walk = Phase(name="walk", law="entrain", most_s=60.0)
    room = Room(settings(REST, walk, COOL))
    room.go(30.0)
    silent = {"motion_age_ms": 9000.0, "heart_age_ms": 20_000.0, "heart_rate_bpm": None}
    held = room.go(33.0, **silent)
    assert states(held) == ["HOLD", "EASE"]
    phases = len(room.only(PhaseChanged))
    room.go(20.0, motion_age_ms=50.0, heart_age_ms=500.0, heart_rate_bpm=65.0)
    assert room.state == "EASE"
    room.say(CommandGiven(at_ns=0, command="skip"))
    room.go(5.0)
    assert room.state == "EASE"
    assert len(room.only(PhaseChanged)) == phases + 1
    assert states(room.say(CommandGiven(at_ns=0, command="start"))) == ["RUN"]
    # The time in a phase is the time in which the session ran.
    told = {o.phase: o.outcomes["phase_s"] for o in room.only(OutcomesTold) if o.phase}
    assert told["rest"] == pytest.approx(20.0)
    assert told["walk"] == pytest.approx(10.3, abs=0.5)


def test_H32_somebody_who_declines_hears_nothing():
    engine, outputs = start(shipped("gait-demo"))
    assert next(o.question for o in outputs if isinstance(o, QuestionAsked)) == "consent"
    outputs += engine.handle(TimePassed(at_ns=20 * NS_PER_S))
    outputs += engine.handle(CheckAnswered(at_ns=20 * NS_PER_S, check="consent", yes=False))
    outputs += engine.handle(TimePassed(at_ns=21 * NS_PER_S))
    assert [o.reason for o in outputs if isinstance(o, StateChanged)][-1] == "refused"
    assert [o for o in outputs if isinstance(o, PlayNote)] == []
    assert [o for o in outputs if isinstance(o, StopSound)] != []


def test_H32_a_member_of_a_group_who_leaves_and_returns_never_stops_the_music():
    together = Phase(name="together", law="ensemble", most_s=200.0)
    limits = Limits(tempo_baseline_bpm=104.0, tempo_band_ratio=0.2, time_limit_s=3600.0)
    room = Room(settings(REST, together, COOL, therapy="group", limits=limits))
    gone = {"motion_age_ms": 60_000.0, "heart_age_ms": 60_000.0, "heart_rate_bpm": None}
    other = {"away": False}

    def bodies(_at_ns):
        second = msgspec.structs.replace(room.body, wearer="p2")
        return [room.body, msgspec.structs.replace(second, **gone) if other["away"] else second]

    room.engine._wearers.states = bodies
    room.go(60.0)
    assert set(room.engine._session._ceilings._ceilings_bpm) == {"p1", "p2"}
    other["away"] = True
    alone = room.go(60.0)
    other["away"] = False
    room.go(30.0)
    assert states(room.outputs)[1:] == ["RUN"]
    assert [n for n in alone if isinstance(n, PlayNote)] != []


def test_H06_somebody_s_own_notes_and_answers_keep_to_what_is_allowed():
    lean = Phase(name="play", law="improvise", most_s=60.0)
    chosen = settings(REST, lean, COOL, therapy="improvisation")
    room = Room(chosen)
    room.go(10.0)
    # At rest it is silent: keys don't sound either.
    assert room.say(NotePlayed(at_ns=0, degree=3)) == []
    room.go(20.0)
    (note,) = room.say(NotePlayed(at_ns=0, degree=3))
    assert note.start_ns == room.at_ns
    assert room.say(NotePlayed(at_ns=0, degree=400)) == []
    louder = room.say(NotePlayed(at_ns=0, degree=3, strength_ratio=1e9))
    assert louder[0].velocity <= 1.0
    room.say(CommandGiven(at_ns=0, command="pause"))
    assert room.say(NotePlayed(at_ns=0, degree=3)) == []


@pytest.mark.parametrize("state", ["RUN", "HOLD", "EASE"])
def test_H07_staff_lower_the_level_at_once_and_never_raise_it_above_the_plan(state):
    walk = Phase(name="walk", law="follow", most_s=600.0)
    limits = Limits(level_max_db=-6.0, time_limit_s=3600.0)
    room = Room(settings(REST, walk, COOL, limits=limits, therapy="movement"))
    room.go(60.0)
    if state == "HOLD":
        room.say(CommandGiven(at_ns=0, command="pause"))
    elif state == "EASE":
        room.say(SymptomAnswered(at_ns=0, present=True))
    room.go(0.2)
    room.say(LevelNudged(at_ns=0, change_db=-10.0))
    room.go(0.1)
    assert room.engine._safety.last.level_db <= -16.0
    for change_db in (100.0, math.inf, math.nan, 12.0, 12.0):
        room.say(LevelNudged(at_ns=0, change_db=change_db))
    for _ in range(20):
        room.go(0.5)
        assert room.engine._safety.last.level_db <= -6.0


# ------------------------------------------------------------ laws that fail


class BadLaw:
    """Proposes what it is told to, whatever that is."""

    tempo_slew_ratio_per_s = FOLLOW_SLEW_RATIO_PER_S

    def __init__(self, wish=None, error=None, outcomes=None):
        self.wish, self.error, self.told = wish, error, outcomes

    def propose(self, _moment: Moment):
        if self.error is not None:
            raise self.error
        return self.wish

    def outcomes(self):
        if isinstance(self.told, Exception):
            raise self.told
        return self.told or {}


def replace_law(room: Room, law: BadLaw) -> None:
    room.engine._law = room.engine._phase_law = room.engine._therapy.law = law


def test_F57_a_law_that_raises_in_a_phase_holds_at_once_then_eases():
    walk = Phase(name="walk", law="follow", most_s=600.0)
    room = Room(settings(REST, walk, COOL, therapy="movement"))
    room.go(30.0)
    replace_law(room, BadLaw(error=ZeroDivisionError(), outcomes=ZeroDivisionError()))
    found = room.go(1.0)
    assert states(found)[0] == "HOLD"
    assert states(found)[-1] == "EASE"
    # The report is told all the same, with what is unknown left unknown.
    room.go(70.0)
    assert room.state == "STOP"
    (report,) = [o for o in room.only(OutcomesTold) if o.phase is None]
    assert report.outcomes["moved_s"] is not None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e9, 10**400, None, "loud"])
def test_F58_a_law_that_returns_nonsense_in_a_phase_changes_nothing_unsafe(value):
    walk = Phase(name="walk", law="follow", most_s=600.0)
    limits = Limits(tempo_baseline_bpm=100.0, tempo_band_ratio=0.2, time_limit_s=3600.0)
    room = Room(settings(REST, walk, COOL, therapy="movement", limits=limits))
    room.go(30.0)
    nonsense = MusicParameters(**dict.fromkeys(MusicParameters.__struct_fields__, value))
    broken = (Answer(room.at_ns, math.nan, 3, 0.5), Answer(0, 1.0, 10**6, math.inf))
    replace_law(room, BadLaw(Wish(nonsense, "walking", answers=broken)))
    found = room.go(3.0)
    for decision in (o for o in found if isinstance(o, DecisionMade)):
        assert 80.0 <= decision.allowed.tempo_bpm <= 120.0
        for name in MusicParameters.__struct_fields__:
            assert math.isfinite(getattr(decision.allowed, name))
    assert [
        o for o in found if isinstance(o, PlayNote) and o.layer == "counter" and o.tick is None
    ] == []


def test_F58_an_outcome_that_is_no_number_is_unknown():
    walk = Phase(name="walk", law="follow", most_s=600.0)
    room = Room(settings(REST, walk, COOL, therapy="movement"))
    room.go(30.0)
    neutral = room.engine._safety.last
    replace_law(room, BadLaw(Wish(neutral, "walking"), outcomes={"a_bpm": math.nan, "b_s": 1.0}))
    told = room.say(CommandGiven(at_ns=0, command="skip"))
    (outcomes,) = [o.outcomes for o in told if isinstance(o, OutcomesTold)]
    assert outcomes["a_bpm"] is None
    assert outcomes["b_s"] == 1.0


def test_F60_orders_of_a_session_by_a_plan_are_numbered_and_expire():
    played = play(shipped("movement-relax-demo"))
    orders = played.only(SteerSound)
    assert [o.sequence for o in orders] == list(range(1, len(orders) + 1))
    assert all(0 < o.expires_ns - o.at_ns <= 2 * NS_PER_S for o in orders)


def test_F60_answers_that_nobody_asked_for_change_nothing():
    room = Room(settings(REST, COOL, ask_before=("mood",)))
    for value in (math.nan, -1.0, 11.0, math.inf):
        room.say(RatingGiven(at_ns=0, question="mood", value=value))
    room.say(RatingGiven(at_ns=0, question="pain", value=5.0))
    room.say(CheckAnswered(at_ns=0, check="consent", yes=False))
    assert room.state == "CALIBRATE"
    room.say(RatingGiven(at_ns=0, question="mood", value=4.0))
    room.say(RatingGiven(at_ns=0, question="mood", value=9.0))
    room.go(50.0)
    (report,) = [o for o in room.only(OutcomesTold) if o.phase is None]
    assert report.outcomes["mood_before"] == 4.0
    assert "mood_change" not in report.outcomes


# ------------------------------------------------------------ plans that are none

GOOD = """
[limits]
tempo_baseline_bpm = 104
tempo_band_ratio = 0.1
time_limit_s = 600

[plan]
name = "mine"
therapy = "gait"
title = "mine"
checks = ["consent"]

[[plan.phases]]
name = "rest"
kind = "rest"
law = "listen"
most_s = 60

[[plan.phases]]
name = "walk"
law = "entrain"
options = { rule = "follow" }
most_s = 120

[[plan.phases]]
name = "cool-down"
kind = "cool_down"
law = "relax"
most_s = 60
"""


def test_the_plan_from_which_the_bad_ones_are_made_is_good():
    assert parse_settings(GOOD, source="mine.toml").plan is not None


@pytest.mark.parametrize(
    ("was", "is_now", "said"),
    [
        ("tempo_band_ratio = 0.1", "tempo_band_ratio = 0.2", "at most 0.1"),
        ("time_limit_s = 600", "time_limit_s = 300", "before the music eases"),
        ("time_limit_s = 600", "time_limit_s = 4000", "at most 3600"),
        ("most_s = 120", "most_s = 99999", "plan.phases[1].most_s"),
        ("most_s = 120", "most_s = nan", "finite"),
        ("most_s = 120", "most_s = 120\nleast_s = 300", "longer than most_s"),
        ('law = "entrain"', 'law = "reward"', "allowed: entrain, lead, listen, relax"),
        ('law = "entrain"', 'law = "entrian"', "Did you mean 'entrain'"),
        ('rule = "follow"', 'rule = "push"', "plan.phases[1]"),
        ('rule = "follow"', 'rules = "follow"', "known: starts, rule"),
        ('therapy = "gait"', 'therapy = "gate"', "Did you mean 'gait'"),
        ('therapy = "gait"', 'therapy = "analytical"\nform = "home"', "demo, clinic"),
        ('therapy = "gait"', 'therapy = "gait"\nmode = "relax"', "no mode"),
        ('checks = ["consent"]', "checks = []", "consent"),
        ('checks = ["consent"]', 'checks = ["consent", "nothing_against"]', "plan.not_if"),
        ('title = "mine"', 'titel = "mine"', "Did you mean 'title'"),
        ('kind = "cool_down"', 'kind = "work"', "no cool-down"),
        ('kind = "rest"', 'kind = "work"', "no baseline at rest"),
        ('name = "walk"', 'name = "rest"', "its own name"),
        ('title = "mine"', 'title = "mine"\nstart = { cadence = 90 }', "cadence_spm"),
        ('checks = ["consent"]', '[plan.start]\nchecks = ["consent"]', "belongs in [plan]"),
        ('therapy = "gait"', 'therapy = "group"\nstart = { baseline = 90.0 }', "plan.start"),
        ('kind = "rest"\nlaw = "listen"', 'kind = "rest"\nlaw = "relax"', "only listens"),
        ("most_s = 120", 'most_s = 120\nends = "song_whole"', "needs a song"),
        ("most_s = 120", 'most_s = 120\nmusic = { style = "polka" }', "there is no 'polka'"),
        (
            '[plan]\nname = "mine"',
            '[plan]\nname = "mine"\nsupervised = true\nform = "home"',
            "nobody",
        ),
    ],
)
def test_F52_a_plan_that_breaks_a_limit_is_refused_with_place_and_what_is_allowed(
    was, is_now, said
):
    assert was in GOOD
    bad = GOOD.replace(was, is_now, 1)
    with pytest.raises(SettingsError) as told:
        parse_settings(bad, source="mine.toml")
    assert said in str(told.value)
    assert "mine.toml" in str(told.value)


def test_F55_a_trace_keeps_the_plan_and_gives_it_back():
    chosen = shipped("gait-clinic")
    kept = msgspec.json.decode(msgspec.json.encode(chosen))
    assert msgspec.convert(kept, Settings) == chosen
