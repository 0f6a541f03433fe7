"""What holds for every law: finite wishes, no surprise from odd moments, no way past the gate."""

from __future__ import annotations

import math
from typing import get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from biofeedback.control import LAWS
from biofeedback.control.follow import neutral_music
from biofeedback.control.law import AHEAD_NS, Cue, Key, Moment, Press, Step, Wish
from biofeedback.control.limits import FOLLOW_SLEW_RATIO_PER_S, Limits
from biofeedback.control.safety import Safety
from biofeedback.messages import EventDetected, MeasureTaken, MusicParameters, NoticeCode, Reason
from biofeedback.samples import BodyState
from biofeedback.simulate.story import Act
from tests.law_stage import Stage, walker

ROOM = Limits(tempo_baseline_bpm=100.0, tempo_band_ratio=0.2)
NAMES = MusicParameters.__struct_fields__
STEP_NS = 10**8
START_NS = 10**12
ratio = st.floats(0, 1)
maybe = st.none()
steps_of_time = st.integers(0, 40)


@st.composite
def bodies(draw, at_ns: int):
    """Anything that signals may tell, and a little more."""
    walking = draw(st.booleans())
    newest_ns = at_ns - draw(st.integers(0, 5 * 10**9))
    return BodyState(
        wearer=draw(st.sampled_from("abc")),
        has_motion=draw(st.booleans()),
        has_heart=draw(st.booleans()),
        motion_age_ms=draw(maybe | st.floats(0, 1e6)),
        heart_age_ms=draw(maybe | st.floats(0, 1e6)),
        heart_rate_bpm=draw(maybe | st.floats(30, 220)),
        walking=walking,
        cadence_spm=draw(maybe | st.floats(20, 250)),
        last_step_ns=draw(maybe | st.just(newest_ns)),
        activity_ratio=draw(maybe | ratio),
        sustained_ratio=draw(maybe | ratio),
        tilt_ratio=draw(maybe | ratio),
        swing_ns=draw(maybe | st.just(newest_ns)),
        swing_period_s=draw(maybe | st.floats(0.1, 10)),
        coherence=draw(maybe | ratio),
        breathing_brpm=draw(maybe | st.floats(1, 60)),
    )


@st.composite
def moments(draw, at_ns: int, tempo_bpm: float):
    present = draw(st.lists(bodies(at_ns), max_size=3, unique_by=lambda body: body.wearer))
    steps = [
        Step(body.wearer, body.last_step_ns, draw(maybe | st.floats(-0.5, 0.5)))
        for body in present
        if body.walking and body.last_step_ns is not None and draw(st.booleans())
    ]
    findings = []
    for body in present:
        if draw(st.booleans()):
            findings.append(
                EventDetected(
                    at_ns=at_ns,
                    wearer=body.wearer,
                    sensor="s",
                    event="gesture",
                    event_ns=at_ns - draw(st.integers(0, 10**9)),
                    strength=draw(maybe | st.floats(0, 200)),
                    quality=1.0,
                )
            )
        if draw(st.booleans()):
            findings.append(
                MeasureTaken(
                    at_ns=at_ns,
                    wearer=body.wearer,
                    sensor="s",
                    measure=draw(st.sampled_from(["rr_ms", "smoothness_sparc"])),
                    value=draw(st.floats(-10, 3000)),
                    quality=draw(ratio),
                )
            )
    keys = draw(st.lists(st.sampled_from(get_args(Key)), max_size=2))
    beat_ratio = draw(maybe | ratio)
    return Moment(
        at_ns,
        present,
        tempo_bpm,
        0.1,
        steps,
        findings,
        [Press(key, at_ns) for key in keys],
        beat_ratio,
    )


def make(name: str):
    return LAWS[name](limits=ROOM, resting_tempo_bpm=90.0)


@pytest.mark.parametrize("name", LAWS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_F59_every_law_wishes_what_can_be_played_and_no_limit_is_passed(name, data):
    law = make(name)
    safety = Safety(ROOM, neutral_music(90.0), law_slew_ratio_per_s=law.tempo_slew_ratio_per_s)
    at_ns = START_NS
    for _ in range(data.draw(st.integers(1, 12))):
        # Moments come each 0.1 s; now and then a law is told nothing for a while.
        at_ns += STEP_NS * data.draw(st.sampled_from([1, 1, 1, 30]))
        before = safety.last
        wish = law.propose(data.draw(moments(at_ns, before.tempo_bpm)))
        assert isinstance(wish, Wish)
        assert wish.reason in get_args(Reason)
        assert wish.cue in get_args(Cue)
        assert set(wish.notices) <= set(get_args(NoticeCode))
        assert all(math.isfinite(getattr(wish.parameters, field)) for field in NAMES)
        assert all(0.0 <= part.energy <= 1.0 and -1.0 <= part.place <= 1.0 for part in wish.parts)
        assert all(0.0 <= answer.strength_ratio <= 1.0 for answer in wish.answers)
        allowed = safety.limit(
            wish.parameters, state="RUN", elapsed_s=0.1, may_rise=data.draw(st.booleans())
        ).parameters
        slew_bpm = before.tempo_bpm * law.tempo_slew_ratio_per_s * 0.1
        assert abs(allowed.tempo_bpm - before.tempo_bpm) <= slew_bpm + 1e-9
        assert ROOM.tempo_low_bpm - 1e-9 <= allowed.tempo_bpm <= ROOM.tempo_high_bpm + 1e-9
        if before.swell > 0.05:
            assert abs(allowed.swell_brpm - before.swell_brpm) <= 0.5 / 300 + 1e-9
        assert 4.0 <= allowed.swell_brpm <= 10.0
    told = law.outcomes()
    assert all(value is None or math.isfinite(value) for value in told.values())


@pytest.mark.parametrize("name", LAWS)
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data(), shift_ns=st.integers(-(10**11), 10**15))
def test_the_same_moments_give_the_same_wishes_and_a_shift_of_time_changes_nothing(
    name, data, shift_ns
):
    ticks = range(1, 1 + data.draw(st.integers(1, 6)))
    told = [data.draw(moments(START_NS + tick * STEP_NS, 90.0)) for tick in ticks]
    first, again, later = make(name), make(name), make(name)
    for moment in told:
        wish = first.propose(moment)
        assert again.propose(moment) == wish
        assert shifted_wish(later.propose(shifted(moment, shift_ns)), -shift_ns) == wish


@pytest.mark.parametrize("name", LAWS)
def test_people_who_live_later_get_the_same_music(name):
    """Real walks and hearts, with a freeze in them, where every part of a law is at work."""
    acts = (
        Act(start_s=0.0, doing="walk", cadence_spm=(100.0, 104.0), effort_ratio=(0.1, 0.1)),
        Act(start_s=25.0, doing="freeze"),
        Act(start_s=30.0, doing="dance", cadence_spm=(100.0, 100.0), effort_ratio=(0.3, 0.3)),
    )
    group = [walker(100.0, acts=acts, seed=seed, phase_gain=0.2) for seed in (1, 2)]
    stage = Stage(make(name), group, ROOM, 90.0).play(45)
    later = make(name)
    for row, moment in zip(stage.rows, stage.moments, strict=True):
        wish = later.propose(shifted(moment, 987_654_321_987))
        assert shifted_wish(wish, -987_654_321_987) == row.wish


def shifted(moment: Moment, by_ns: int) -> Moment:
    def move(ns):
        return None if ns is None else ns + by_ns

    return msgspec.structs.replace(
        moment,
        at_ns=moment.at_ns + by_ns,
        bodies=[
            msgspec.structs.replace(
                body, last_step_ns=move(body.last_step_ns), swing_ns=move(body.swing_ns)
            )
            for body in moment.bodies
        ],
        steps=[step._replace(at_ns=step.at_ns + by_ns) for step in moment.steps],
        findings=[
            msgspec.structs.replace(found, event_ns=found.event_ns + by_ns)
            if isinstance(found, EventDetected)
            else found
            for found in moment.findings
        ],
        presses=[press._replace(at_ns=press.at_ns + by_ns) for press in moment.presses],
    )


def shifted_wish(wish: Wish, by_ns: int) -> Wish:
    return msgspec.structs.replace(
        wish,
        pulses_ns=tuple(ns + by_ns for ns in wish.pulses_ns),
        answers=tuple(a._replace(start_ns=a.start_ns + by_ns) for a in wish.answers),
    )


@pytest.mark.parametrize("name", LAWS)
def test_every_law_declares_one_of_the_slews_and_none_above_the_hard_limit(name):
    assert 0.0 < LAWS[name].tempo_slew_ratio_per_s <= FOLLOW_SLEW_RATIO_PER_S


@pytest.mark.parametrize(
    ("declared", "counts"),
    [(0.004, 0.004), (0.5, 0.02), (math.inf, 0.02), (math.nan, 0.0), (-1.0, 0.0), (0.0, 0.0)],
)
def test_F59_a_law_that_declares_too_much_gets_the_plans_slew_and_nonsense_gets_none(
    declared, counts
):
    safety = Safety(Limits(), neutral_music(80.0), law_slew_ratio_per_s=declared)
    wish = msgspec.structs.replace(safety.last, tempo_bpm=140.0)
    allowed = safety.limit(wish, state="RUN", elapsed_s=0.1, may_rise=True).parameters
    assert allowed.tempo_bpm == pytest.approx(80.0 * (1.0 + 0.1 * counts))


def test_notes_that_a_law_wants_are_never_already_on_their_way(body):
    """What starts within ``AHEAD_NS`` has been handed to the sound already."""
    for name in ("improvise", "songwrite"):
        law = make(name)
        for tick in range(400):
            at_ns = tick * STEP_NS
            press = [Press("tap", at_ns)] if tick % 6 == 0 else []
            wish = law.propose(Moment(at_ns, [body()], 90.0, 0.1, presses=press, beat_ratio=0.3))
            assert all(answer.start_ns >= at_ns + AHEAD_NS - STEP_NS for answer in wish.answers)
