"""Whatever people, sensors and laws do during a plan: no limit is passed, and nothing is lost."""

from __future__ import annotations

import math
import os
from typing import get_args

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from biofeedback.app import make_engine
from biofeedback.control.law import Answer, Wish
from biofeedback.messages import (
    NS_PER_S,
    Check,
    CheckAnswered,
    CommandGiven,
    DecisionMade,
    Key,
    KeyPressed,
    LevelNudged,
    MarkerSet,
    MusicParameters,
    NotePlayed,
    OutcomesTold,
    PhaseChanged,
    PlayNote,
    Rating,
    RatingGiven,
    StateChanged,
    SymptomAnswered,
    TimePassed,
)
from biofeedback.samples import BodyState
from biofeedback.therapies import THERAPIES
from tests.plan_stage import DEMOS, shipped, with_plan

STEP_NS = NS_PER_S // 10
NAMES = MusicParameters.__struct_fields__
STEPS = int(os.environ.get("BIOFEEDBACK_ADVERSARY_STEPS", "20000"))
"""10^6 by ``BIOFEEDBACK_ADVERSARY_STEPS=1000000``."""

few = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
anything = st.floats() | st.just(0.0)


@st.composite
def said(draw):
    """Anything that somebody at the keys may say, and a little more."""
    return draw(
        st.one_of(
            st.sampled_from(get_args(Key)).map(lambda key: KeyPressed(at_ns=0, key=key)),
            st.builds(
                RatingGiven,
                at_ns=st.just(0),
                question=st.sampled_from(get_args(Rating)),
                value=anything,
            ),
            st.builds(
                CheckAnswered,
                at_ns=st.just(0),
                check=st.sampled_from(get_args(Check)),
                yes=st.sampled_from([True, True, True, False]),
            ),
            st.builds(
                SymptomAnswered, at_ns=st.just(0), present=st.sampled_from([False] * 9 + [True])
            ),
            st.builds(LevelNudged, at_ns=st.just(0), change_db=anything),
            st.builds(NotePlayed, at_ns=st.just(0), degree=st.integers(), strength_ratio=anything),
            st.just(MarkerSet(at_ns=0, text="here")),
            st.sampled_from(["skip", "skip", "pause", "resume", "start"]).map(
                lambda command: CommandGiven(at_ns=0, command=command)
            ),
        )
    )


def run(chosen, course):
    """Play a course of (seconds, message) with somebody who is felt the same each time."""
    engine = make_engine(chosen)
    engine._wearers.states = lambda at_ns: [felt(at_ns)]
    outputs = [engine.handle(CommandGiven(at_ns=0, command="start"))]
    at_ns = 0
    for seconds, message in course:
        at_ns += round(seconds * NS_PER_S)
        outputs.append(engine.handle(msgspec.structs.replace(message, at_ns=at_ns)))
    return engine, [output for answer in outputs for output in answer]


def felt(at_ns: int) -> BodyState:
    """Somebody who walks, rests and is lost by turns."""
    turn = at_ns // (40 * NS_PER_S) % 4
    return BodyState(
        wearer="p1",
        has_motion=True,
        has_heart=True,
        motion_age_ms=50.0 if turn != 3 else 5000.0,
        heart_age_ms=500.0,
        heart_rate_bpm=62.0 + 6.0 * turn,
        walking=turn in {1, 2},
        cadence_spm=104.0 if turn in {1, 2} else None,
        last_step_ns=at_ns // (6 * STEP_NS) * 6 * STEP_NS,
        activity_ratio=0.3,
        sustained_ratio=0.5,
        tilt_ratio=0.5,
        breathing_brpm=13.0,
    )


@pytest.mark.parametrize("name", DEMOS)
@few
@given(
    course=st.lists(st.tuples(st.sampled_from([0.0, 0.05, 0.4, 3.0, 12.0]), said()), max_size=60)
)
def test_whatever_people_say_phases_go_on_in_order_and_the_report_comes_once(name, course):
    chosen = shipped(name)
    engine, outputs = run(chosen, [*course, (1.0, CommandGiven(at_ns=0, command="stop"))])
    changes = [o for o in outputs if isinstance(o, PhaseChanged)]
    numbers = [change.number for change in changes if change.phase is not None]
    assert numbers == sorted(set(numbers))
    reports = [o for o in outputs if isinstance(o, OutcomesTold) and o.phase is None]
    assert len(reports) == 1
    names = THERAPIES[chosen.plan.therapy].names
    assert tuple(reports[0].outcomes)[: len(names)] == names
    for value in reports[0].outcomes.values():
        assert value is None or math.isfinite(value)
    assert [o.after for o in outputs if isinstance(o, StateChanged)][-1] == "STOP"
    assert engine._session.is_over
    check_limits(chosen, outputs)
    for note in (o for o in outputs if isinstance(o, PlayNote)):
        assert 0.0 <= note.velocity <= 1.0
        assert note.start_ns >= note.at_ns
        assert note.duration_ns > 0


@few
@given(
    course=st.lists(st.tuples(st.sampled_from([0.0, 0.4, 3.0, 12.0]), said()), max_size=40),
    extra=st.lists(st.integers(0, 90 * NS_PER_S), max_size=60),
)
def test_the_same_course_gives_the_same_session_and_extra_wake_ups_change_nothing(course, extra):
    chosen = shipped("gait-demo")
    _, outputs = run(chosen, course)
    assert run(chosen, course)[1] == outputs
    at_ns, stamped = 0, []
    for seconds, message in course:
        at_ns += round(seconds * NS_PER_S)
        stamped.append(msgspec.structs.replace(message, at_ns=at_ns))
    ticks = [TimePassed(at_ns=tick_ns) for tick_ns in extra if tick_ns <= at_ns]
    mixed = sorted([*stamped, *ticks], key=lambda m: (m.at_ns, isinstance(m, TimePassed)))
    engine = make_engine(chosen)
    engine._wearers.states = lambda now_ns: [felt(now_ns)]
    again = engine.handle(CommandGiven(at_ns=0, command="start"))
    for message in mixed:
        again += engine.handle(message)
    assert again == outputs


class Adversary:
    """A law that tries everything that a wish can hold."""

    def __init__(self, slew_ratio_per_s: float, rng: np.random.Generator) -> None:
        self.tempo_slew_ratio_per_s = slew_ratio_per_s
        self._rng = rng
        self._values = [0.0, 1.0, -1.0, 40.0, 180.0, 400.0, math.nan, math.inf, -math.inf, 1e300]

    def propose(self, moment):
        rng = self._rng
        if rng.random() < 0.0005:
            raise ArithmeticError
        values = {name: float(rng.choice(self._values)) for name in NAMES}
        at_ns = moment.at_ns + int(rng.integers(-(10**9), 4 * 10**9))
        answers = tuple(
            Answer(at_ns, float(rng.choice(self._values)), int(rng.integers(-99, 99)), 0.5)
            for _ in range(int(rng.integers(0, 20)))
        )
        return Wish(MusicParameters(**values), "walking", answers=answers)

    def outcomes(self):
        return {"a_s": math.nan, "b_s": 1e308}


@pytest.mark.parametrize("name", DEMOS)
def test_F59_no_law_breaks_out_of_any_phase_of_any_therapy(name):
    chosen = shipped(name)
    # Phases without questions that last, so that all laws' slews come round.
    phases = tuple(msgspec.structs.replace(p, most_s=15.0, least_s=0.0) for p in chosen.plan.phases)
    chosen = with_plan(chosen, checks=(), ask_before=(), ask_after=(), phases=phases)
    rng = np.random.default_rng(7)
    steps = STEPS // len(DEMOS)
    done, fastest = 0, {}
    while done < steps:
        engine = make_engine(chosen)
        engine._wearers.states = lambda at_ns: [felt(at_ns)]
        outputs = engine.handle(CommandGiven(at_ns=0, command="start"))
        make = engine._therapy._make_law

        def adversarial(phase, law_plan, make=make):
            return Adversary(make(phase, law_plan).tempo_slew_ratio_per_s, rng)

        engine._therapy._make_law = adversarial
        at_ns = 0
        while not engine._session.is_over and done < steps:
            at_ns += STEP_NS
            done += 1
            if rng.random() < 0.02:
                key = str(rng.choice(get_args(Key)))
                outputs += engine.handle(KeyPressed(at_ns=at_ns, key=key))
            outputs += engine.handle(TimePassed(at_ns=at_ns))
        check_limits(chosen, outputs)
        slews = {
            phase.name: make(phase, None).tempo_slew_ratio_per_s for phase in chosen.plan.phases
        }
        check_slews(outputs, slews, fastest)
    # The gate follows the law in force both ways: what may be fast is.
    for phase in chosen.plan.phases:
        if phase.kind == "work":
            slew = make(phase, None).tempo_slew_ratio_per_s
            assert fastest[phase.name] >= 0.05 * slew, phase.name


def check_limits(chosen, outputs):
    """Look at what was allowed: band, slew, level, rise, breath, and that all is finite."""
    limits = chosen.started_limits
    before = None
    for decision in (o for o in outputs if isinstance(o, DecisionMade)):
        now = decision.allowed
        assert all(math.isfinite(getattr(now, name)) for name in NAMES)
        assert limits.tempo_low_bpm - 1e-9 <= now.tempo_bpm <= limits.tempo_high_bpm + 1e-9
        assert now.level_db <= limits.level_max_db
        if before is not None:
            most = limits.tempo_slew_ratio_per_s * 0.1 + 1e-12
            assert abs(now.tempo_bpm / before.tempo_bpm - 1.0) <= most
            assert now.level_db <= before.level_db + 0.6 + 1e-9
            assert now.energy <= before.energy + 0.05 + 1e-9
            assert now.density <= before.density + 0.05 + 1e-9
            if before.swell > 0.05 and decision.state in {"RUN", "CALIBRATE"}:
                assert abs(now.swell_brpm - before.swell_brpm) <= 0.1 * 0.5 / 30.0 + 1e-9
                assert 4.0 <= now.swell_brpm <= 10.0
        if decision.state == "HOLD" and before is not None:
            assert now.tempo_bpm == before.tempo_bpm
            assert now.level_db <= before.level_db
        before = now


def check_slews(outputs, slews, fastest):
    """The tempo moves no faster than the law of the phase may, the moment it begins."""
    phase, before = None, None
    for output in outputs:
        if isinstance(output, PhaseChanged):
            phase = output.phase
        elif isinstance(output, DecisionMade):
            tempo_bpm = output.allowed.tempo_bpm
            if phase in slews and before is not None and output.state == "RUN":
                change = abs(tempo_bpm / before - 1.0)
                assert change <= slews[phase] * 0.1 + 1e-12
                fastest[phase] = max(change, fastest.get(phase, 0.0))
            before = tempo_bpm
