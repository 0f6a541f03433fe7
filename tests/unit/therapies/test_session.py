"""The machine of phases: what it asks, when it goes on, what it gives to whom."""

from __future__ import annotations

import msgspec
import pytest

from biofeedback.control import LAWS
from biofeedback.control.follow import neutral_music
from biofeedback.control.law import Moment, Press, Wish
from biofeedback.control.limits import Limits
from biofeedback.messages import (
    NS_PER_S,
    CheckAnswered,
    KeyPressed,
    OutcomesTold,
    PhaseChanged,
    QuestionAsked,
    RatingGiven,
    SymptomAnswered,
    TakeKept,
)
from biofeedback.therapies.plan import Phase, PhaseMusic, Plan, StartValues
from biofeedback.therapies.session import BLEND_S, SILENT_DB, TherapySession

LIMITS = Limits(tempo_baseline_bpm=104.0, tempo_band_ratio=0.1)
REST = Phase(name="rest", kind="rest", law="listen", most_s=10.0)
WALK = Phase(name="walk", law="entrain", most_s=20.0)
COOL = Phase(name="cool", kind="cool_down", law="relax", most_s=20.0)


class Desk:
    """A machine and its clock; laws are kept with the plan that they were made with."""

    def __init__(self, *phases, **more):
        given = {"name": "x", "title": "x", "therapy": "gait", "checks": ()}
        self.made = []
        self.machine = TherapySession(
            Plan(phases=phases or (REST, WALK, COOL), **(given | more)), make_law=self.make
        )
        self.at_ns = 0
        self.outputs = self.machine.begin(0)

    def make(self, phase, law_plan):
        self.made.append((phase.name, law_plan))
        given = {} if law_plan is None else {"plan": law_plan}
        return LAWS[phase.law](limits=LIMITS, resting_tempo_bpm=90.0, **given)

    def go(self, seconds, *, state="RUN", bodies=(), left_s=1000.0, presses=()):
        found = []
        for _ in range(round(seconds * 10)):
            self.at_ns += NS_PER_S // 10
            moment = Moment(self.at_ns, bodies, 90.0, 0.1, presses=presses)
            found += self.machine.step(moment, state, time_left_s=left_s)
        self.outputs += found
        return found

    @property
    def phases(self):
        return [o.phase for o in self.outputs if isinstance(o, PhaseChanged)]


def test_phases_follow_each_other_and_then_it_is_done():
    desk = Desk()
    desk.go(49.9)
    assert desk.phases == ["rest", "walk", "cool"]
    assert not desk.machine.is_done
    desk.go(0.3)
    assert desk.machine.is_done
    told = desk.machine.close(desk.at_ns)
    assert isinstance(told[-1], OutcomesTold)
    assert told[-1].phase is None
    assert desk.machine.close(desk.at_ns) == []


@pytest.mark.parametrize("state", ["CALIBRATE", "HOLD", "EASE"])
def test_time_in_a_phase_counts_only_while_the_session_runs(state):
    desk = Desk()
    desk.go(100.0, state=state)
    assert desk.phases == ["rest"]
    desk.go(10.1)
    assert desk.phases == ["rest", "walk"]


def test_checks_wait_for_ever_and_ratings_for_a_minute():
    desk = Desk(checks=("consent",), ask_before=("mood", "pain"))
    desk.go(500.0)
    assert desk.phases == ["before the start"]
    assert desk.machine.skip(desk.at_ns) == []
    desk.machine.hear(CheckAnswered(at_ns=0, check="consent", yes=True))
    desk.go(100.0)
    assert desk.phases == ["before the start"]
    desk.machine.hear(SymptomAnswered(at_ns=0, present=False))
    desk.go(0.1)
    assert desk.phases[-1] == "how is it now?"
    desk.go(40.0)
    desk.machine.hear(RatingGiven(at_ns=0, question="mood", value=3.0))
    desk.go(59.0)
    assert desk.phases[-1] == "how is it now?"
    desk.go(2.0)
    assert desk.phases[-1] == "rest"
    told = desk.machine.close(desk.at_ns)[-1].outcomes
    assert told["mood_before"] == 3.0
    assert told["pain_before"] is None
    assert "pain_change" not in told


def test_a_check_that_is_declined_is_told():
    desk = Desk(checks=("consent", "room"))
    desk.machine.hear(CheckAnswered(at_ns=0, check="room", yes=False))
    desk.go(1.0)
    assert desk.machine.is_refused
    assert desk.phases == ["before the start"]


def test_reasons_against_a_start_are_read_out():
    desk = Desk(checks=("consent", "nothing_against"), not_if=("a fall", "a fever"))
    asked = {o.question: o.detail for o in desk.outputs if isinstance(o, QuestionAsked)}
    assert asked == {"consent": "", "nothing_against": "a fall; a fever", "symptoms": ""}


def test_the_cool_down_begins_when_the_limit_is_near():
    desk = Desk()
    desk.go(5.0, left_s=20.1)
    assert desk.phases == ["rest"]
    (changed,) = [o for o in desk.go(0.1, left_s=20.0) if isinstance(o, PhaseChanged)]
    assert (changed.phase, changed.why) == ("cool", "limit_near")
    # In the cool-down itself it changes nothing.
    assert desk.go(5.0, left_s=1.0) == []


def test_laws_learn_from_what_came_before_unless_the_plan_says_otherwise(body):
    relax = Phase(name="calm", law="relax", most_s=20.0, options={"minutes": 6})
    told = Phase(name="told", law="relax", most_s=20.0, options={"resting_heart_rate_bpm": 70.0})
    lead = Phase(name="lead", law="lead", most_s=20.0)
    after = Phase(name="after", law="entrain", most_s=20.0)
    desk = Desk(REST, relax, told, lead, after, COOL)
    desk.go(75.0, bodies=[body(heart_rate_bpm=58.0)])
    made = dict(desk.made)
    assert made["calm"].resting_heart_rate_bpm == 58.0
    assert made["calm"].minutes == 6
    assert made["told"].resting_heart_rate_bpm == 70.0
    assert made["lead"].baseline_step_time_cv is None
    assert made["after"].starts == "at_once"
    assert desk.machine.take_ceilings() == {"p1": 78.0}
    assert desk.machine.take_ceilings() == {}


def test_the_first_beat_starts_in_phase(body):
    desk = Desk()
    desk.go(11.0, bodies=[body()])
    assert dict(desk.made)["walk"].starts == "in_phase"


def test_a_resting_heart_rate_beyond_all_bounds_is_given_to_nobody(body):
    relax = Phase(name="calm", law="relax", most_s=20.0)
    desk = Desk(REST, relax, COOL)
    desk.go(11.0, bodies=[body(heart_rate_bpm=140.0)])
    assert dict(desk.made)["calm"].resting_heart_rate_bpm is None


def test_start_values_of_earlier_sessions_go_to_the_ladder():
    reward = Phase(name="work", law="reward", most_s=60.0, options={"goal": 110.0})
    desk = Desk(
        REST, reward, COOL, therapy="contingent", start=StartValues(baseline=90.0, criterion=99.0)
    )
    desk.go(10.1)
    made = dict(desk.made)["work"]
    assert (made.baseline, made.criterion, made.goal) == (90.0, 99.0, 110.0)


def test_pain_is_remembered_in_later_phases():
    reward = Phase(name="work", law="reward", most_s=5.0)
    again = Phase(name="again", law="reward", most_s=5.0, options={"schedule": "none"})
    desk = Desk(REST, reward, again, COOL, therapy="contingent")
    desk.go(11.0)
    assert not dict(desk.made)["work"].pain
    desk.machine.hear(KeyPressed(at_ns=desk.at_ns, key="pain"))
    desk.go(6.0)
    assert dict(desk.made)["again"].pain
    assert not desk.machine.law.is_probe


def test_a_wish_is_led_over_within_seconds_and_then_left_alone():
    desk = Desk()
    desk.go(10.1)
    last = msgspec.structs.replace(neutral_music(90.0), articulation=0.0, level_db=-30.0)
    wanted = msgspec.structs.replace(neutral_music(100.0), articulation=1.0, level_db=-2.0)
    first = desk.machine.shape(Wish(wanted, "walking"), last, 0.1).parameters
    assert first.articulation == pytest.approx(0.1 / BLEND_S)
    assert first.level_db == pytest.approx(-30.0 + 40.0 * 0.1 / BLEND_S)
    assert first.tempo_bpm == 100.0
    desk.go(BLEND_S)
    assert desk.machine.shape(Wish(wanted, "walking"), last, 0.1).parameters == wanted


def test_a_silence_ends_softly_and_a_phase_may_be_softer():
    softer = msgspec.structs.replace(WALK, music=PhaseMusic(level_db=-3.0))
    desk = Desk(REST, softer, COOL)
    desk.go(5.0)
    neutral = neutral_music(90.0)
    silent = desk.machine.shape(Wish(neutral, "listening", cue="silent"), neutral, 0.1)
    assert silent.parameters.level_db == SILENT_DB
    desk.go(10.0)
    heard = desk.machine.shape(Wish(neutral, "walking"), neutral, 0.1).parameters
    assert heard.level_db == neutral.level_db - 3.0


@pytest.mark.parametrize(("key", "limit"), [("up", 1.1), ("down", 0.9)])
def test_staff_nudge_the_tempo_by_two_per_cent_up_to_ten(key, limit):
    desk = Desk()
    desk.go(15.0)
    neutral = neutral_music(100.0)
    desk.machine.hear(KeyPressed(at_ns=0, key=key))
    once = desk.machine.shape(Wish(neutral, "walking"), neutral, 0.1).parameters.tempo_bpm
    assert once == pytest.approx(102.0 if key == "up" else 98.0)
    for _ in range(20):
        desk.machine.hear(KeyPressed(at_ns=0, key=key))
    most = desk.machine.shape(Wish(neutral, "walking"), neutral, 0.1).parameters.tempo_bpm
    assert most == pytest.approx(100.0 * limit)


def test_at_the_time_limit_the_last_ratings_are_asked_if_anything_had_begun():
    begun = Desk(ask_after=("mood",))
    begun.go(12.0)
    told = begun.machine.note_ease(begun.at_ns, "time_limit")
    assert [o.question for o in told if isinstance(o, QuestionAsked)] == ["symptoms", "mood"]
    waiting = Desk(checks=("consent",), ask_after=("mood",))
    waiting.go(12.0)
    told = waiting.machine.note_ease(waiting.at_ns, "time_limit")
    assert [o.question for o in told if isinstance(o, QuestionAsked)] == ["symptoms"]


def test_skipping_ends_in_the_report_and_never_passes_it():
    desk = Desk(ask_after=("mood",))
    for _ in range(8):
        desk.outputs += desk.machine.skip(desk.at_ns)
    assert desk.phases == ["rest", "walk", "cool", "how is it afterwards?"]
    assert desk.machine.is_done


def test_a_plan_takes_over_from_sessions_before():
    drawing = Phase(name="draw", law="songwrite", most_s=60.0, options={"slots": ["verse", "end"]})
    plan = Plan(name="x", title="x", therapy="songwriting", phases=(REST, drawing, COOL))
    kept = {"slot": "verse", "degrees": [0, None, 2], "groove": "steady"}
    begun = plan.take_over(StartValues(cadence_spm=99.0), (kept,))
    assert begun.start.cadence_spm == 99.0
    assert begun.phases[1].options == {"slots": ["verse", "end"], "takes": [kept]}
    assert begun.phases[0] == REST
    desk = Desk(*begun.phases, therapy="songwriting")
    desk.go(10.1)
    law = desk.machine.law
    assert law.slot == "end"
    assert law.takes[0].degrees == (0, None, 2)
    # What was kept before isn't told again.
    desk.go(1.0)
    assert [o for o in desk.outputs if isinstance(o, TakeKept)] == []


def draw_and_accept(state):
    """Draw a verse and accept it, as the engine does: the phase is asked first, then the law."""
    drawing = Phase(
        name="draw",
        law="songwrite",
        most_s=60.0,
        options={"slots": ["verse", "end"], "bars": 1, "tempo_from": "plan"},
    )
    desk = Desk(REST, drawing, COOL, therapy="songwriting")
    desk.go(10.1)
    law = desk.machine.law
    tenth = NS_PER_S // 10
    for _ in range(100):
        desk.at_ns += tenth
        law.propose(Moment(desk.at_ns, (), 90.0, 0.1, beat_ratio=desk.at_ns * 1.5e-9 % 1.0))
    assert law.is_drawn
    accepted = Moment(desk.at_ns, (), 90.0, 0.1, presses=[Press("accept", desk.at_ns)])
    desk.outputs += desk.machine.step(accepted, state, time_left_s=1000.0)
    law.propose(accepted)
    assert len(law.takes) == 1
    return desk


@pytest.mark.parametrize("state", ["RUN", "EASE"])
@pytest.mark.parametrize("end", ["skip", "close"])
def test_what_was_accepted_last_is_kept_however_the_phase_ends(state, end):
    desk = draw_and_accept(state)
    outputs = getattr(desk.machine, end)(desk.at_ns)
    assert [o.slot for o in outputs if isinstance(o, TakeKept)] == ["verse"]
    assert isinstance(outputs[0], TakeKept), "before the report that counts it"


def test_to_go_on_is_not_forgotten_in_a_pause():
    desk = Desk(Phase(name="a", law="listen", least_s=2.0, most_s=60.0, ends="key"), COOL)
    desk.go(1.0, state="HOLD")
    desk.machine.hear(KeyPressed(at_ns=desk.at_ns, key="go_on"))
    desk.go(1.0, state="HOLD")
    assert desk.phases == ["a"]
    desk.go(2.1)
    assert desk.phases == ["a", "cool"]
