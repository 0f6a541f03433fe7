"""Hazards that the laws of therapies could bring; the row of safety.md stands in each name."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, get_args

import numpy as np
import pytest

from biofeedback.app import make_engine
from biofeedback.control import LAWS
from biofeedback.control.follow import neutral_music
from biofeedback.control.law import Cue, Moment, Wish
from biofeedback.control.limits import Limits
from biofeedback.control.safety import Safety
from biofeedback.messages import (
    NS_PER_S,
    TICKS_PER_BEAT,
    CommandGiven,
    DecisionMade,
    EventDetected,
    NoticeGiven,
    PlayNote,
    StretchSong,
    TimePassed,
)
from biofeedback.music.song_map import SongMap
from biofeedback.settings import Music, Settings
from biofeedback.simulate.scenarios import make_scenario
from biofeedback.simulate.story import Act, Person
from tests.law_stage import Runner, Stage, walker

if TYPE_CHECKING:
    from biofeedback.messages import Output

GAIT = Limits(tempo_baseline_bpm=110.0, tempo_band_ratio=0.1, time_limit_s=3600.0)
TEMPO_LAWS = ("follow", "entrain", "lead", "ensemble")


@pytest.mark.parametrize("name", TEMPO_LAWS)
@pytest.mark.parametrize(("gain", "lead"), [(1.0, 0.01), (1.0, 0.05), (0.5, 0.05)])
def test_H02_no_law_leaves_the_band_with_somebody_who_always_goes_further(name, gain, lead):
    """Twenty minutes; benchmarks/bench_laws.py goes on for an hour."""
    runner = Runner(LAWS[name](limits=GAIT, resting_tempo_bpm=110.0), GAIT, gain=gain, lead=lead)
    tempi = np.array([runner.step() for _ in range(12_000)])
    assert tempi.min() >= 99.0 - 1e-9
    assert tempi.max() <= 121.0 + 1e-9


@pytest.mark.parametrize("name", TEMPO_LAWS)
def test_H06_no_beat_differs_from_the_one_before_by_more_than_two_per_cent_nor_the_laws_slew(name):
    """A walker who stumbles, freezes, runs, vanishes and comes back."""
    acts = (
        Act(start_s=0.0, doing="walk", cadence_spm=(104.0, 118.0)),
        Act(start_s=20.0, doing="freeze"),
        Act(start_s=27.0, doing="walk", cadence_spm=(96.0, 96.0)),
        Act(start_s=40.0, doing="run", cadence_spm=(160.0, 160.0)),
    )
    law = LAWS[name](limits=GAIT, resting_tempo_bpm=110.0)
    person = walker(110.0, acts=acts, step_time_cv=0.08, phase_gain=0.2)
    stage = Stage(law, [person], GAIT, 110.0).play(45)
    stage.absent = {"p1"}
    stage.play(10)
    stage.absent = set()
    stage.play(10)
    last_tick = stage.clock.first_tick_at(stage.at_ns) // TICKS_PER_BEAT
    beats_ns = [stage.clock.time_ns(n * TICKS_PER_BEAT) for n in range(1, last_tick)]
    intervals = np.diff(beats_ns)
    changes = np.abs(intervals[1:] / intervals[:-1] - 1.0)
    most = min(0.02, law.tempo_slew_ratio_per_s * intervals.max() / NS_PER_S)
    assert changes.max() <= most * 1.02


def test_H06_at_a_slow_tempo_a_beat_changes_no_more_than_at_a_fast_one():
    slow = Limits(tempo_baseline_bpm=50.0, tempo_band_ratio=0.2)
    safety = Safety(slow, neutral_music(45.0))
    before = safety.last.tempo_bpm
    wish = neutral_music(60.0)
    after = safety.limit(wish, state="RUN", elapsed_s=0.1, may_rise=True).parameters.tempo_bpm
    beat_s = 60.0 / before
    assert (after / before - 1.0) * beat_s / 0.1 <= 0.02 + 1e-9


def test_H15_no_law_hurries_somebody_who_breathes_with_the_swell():
    safety = Safety(Limits(), neutral_music(60.0))
    rng = np.random.default_rng(1)
    for _ in range(3000):
        before = safety.last
        wish = neutral_music(60.0)
        wish = type(wish)(
            **{
                **{name: getattr(wish, name) for name in wish.__struct_fields__},
                "swell": float(rng.uniform(0.0, 1.0)),
                "swell_brpm": float(rng.uniform(-5.0, 60.0)),
            }
        )
        after = safety.limit(wish, state="RUN", elapsed_s=0.1, may_rise=True).parameters
        assert 4.0 <= after.swell_brpm <= 10.0
        if before.swell > 0.05:
            assert abs(after.swell_brpm - before.swell_brpm) <= 0.5 / 300.0 + 1e-9


class Cueing:
    """A law that wishes one cue, and pulses at fixed instants."""

    tempo_slew_ratio_per_s = 0.02

    def __init__(self, cue: str) -> None:
        self.cue = cue

    def propose(self, moment: Moment) -> Wish:
        pulses = (moment.at_ns + 350_000_000,) if moment.at_ns % NS_PER_S == 0 else ()
        loud = neutral_music(100.0)
        wish = type(loud)(
            **{
                **{name: getattr(loud, name) for name in loud.__struct_fields__},
                "energy": 1.0,
                "density": 1.0,
            }
        )
        return Wish(wish, "walking", cue=self.cue, pulses_ns=pulses, notices=("gait_frozen",))

    def outcomes(self):
        return {}


class Failing(Cueing):
    """A law that raises whenever it is asked."""

    def propose(self, moment: Moment) -> Wish:
        raise ZeroDivisionError


def cued(
    cue: str, *, state: str = "RUN", fails: bool = False, music: Music | None = None
) -> list[Output]:
    engine = make_engine(Settings(calibrate_s=0.0, music=music or Music()))
    engine.handle(CommandGiven(at_ns=0, command="start"))
    engine._law = Cueing("full")
    engine._session._state = "RUN"
    # The session has no sensor here: its states are told, not stepped.
    engine._session.step = lambda *_: []
    engine.handle(TimePassed(at_ns=20 * NS_PER_S))
    engine._law = Cueing(cue)
    engine.handle(TimePassed(at_ns=21 * NS_PER_S))
    engine._session._state = state
    if fails:
        engine._law = Failing(cue)
    return engine.handle(TimePassed(at_ns=41 * NS_PER_S))


def heard(
    cue: str, *, state: str = "RUN", fails: bool = False
) -> tuple[list[PlayNote], list[NoticeGiven]]:
    outputs = cued(cue, state=state, fails=fails)
    notes = [o for o in outputs if isinstance(o, PlayNote) and o.start_ns > 22 * NS_PER_S]
    return notes, [o for o in outputs if isinstance(o, NoticeGiven)]


def test_the_engine_leaves_out_what_a_cue_mutes():
    full = {note.layer for note in heard("full")[0]}
    assert {"kick", "pad"} <= full
    assert {note.layer for note in heard("bed")[0]} == {"pad"}
    assert heard("silent")[0] == []
    bars = {n.tick // (4 * TICKS_PER_BEAT) % 2 for n in heard("one_in_two")[0] if n.layer == "kick"}
    assert bars == {0}


@pytest.mark.parametrize("cue", get_args(Cue))
def test_a_song_of_ones_own_is_muted_where_the_beat_is_gone(cue):
    song = SongMap(
        song="one",
        title="one",
        sounds_from_s=0.3,
        sounds_to_s=120.0,
        beats_s=tuple(0.4 + 0.6 * number for number in range(200)),
        downbeats=tuple(range(0, 200, 4)),
        beats_per_bar=4,
        confidence=1.0,
    )
    outputs = cued(cue, music=Music(songs=(song,), click=True))
    pieces = [o for o in outputs if isinstance(o, StretchSong)]
    strokes = {o.layer for o in outputs if isinstance(o, PlayNote)}
    if cue in {"bed", "pulse", "silent"}:
        assert pieces == []
        assert strokes == ({"click"} if cue == "pulse" else set())
        return
    assert pieces[-1].end_ns > 41 * NS_PER_S
    assert all(a.end_ns == b.start_ns and a.to_s == b.from_s for a, b in pairwise(pieces))
    assert strokes == ({"percussion", "click"} if cue == "full" else {"percussion"})


def test_the_engine_plays_pulses_at_their_instants_and_tells_the_notice():
    notes, notices = heard("pulse")
    clicks_s = [note.start_ns / NS_PER_S for note in notes if note.layer == "click"]
    assert {note.layer for note in notes} == {"click", "pad"}
    assert np.diff(clicks_s) == pytest.approx(1.0)
    assert {notice.code for notice in notices} == {"gait_frozen"}


def test_in_hold_the_cue_stays_as_it_was():
    notes, notices = heard("bed", state="HOLD")
    assert {note.layer for note in notes} == {"pad"}
    assert notices == []


@pytest.mark.parametrize(("cue", "layers"), [("silent", set()), ("bed", {"pad"})])
def test_F57_a_law_that_fails_lets_nothing_sound_that_its_cue_muted(cue, layers):
    notes, notices = heard(cue, fails=True)
    assert {note.layer for note in notes} == layers
    assert "law_failed" in {notice.code for notice in notices}


def test_F57_a_law_that_fails_in_a_freeze_leaves_the_beat_in_place_of_its_pulses():
    notes, _ = heard("pulse", fails=True)
    assert {"kick", "pad"} <= {note.layer for note in notes}


@pytest.mark.timeout(240)
def test_a_freeze_of_a_virtual_person_is_answered_through_the_whole_engine():
    limits = Limits(tempo_baseline_bpm=106.0, tempo_band_ratio=0.1)
    engine = make_engine(Settings(law="entrain", calibrate_s=2.0, limits=limits))
    source = make_scenario("freeze", seed=1, duration_s=56.0, person=Person(step_time_cv=0.015))
    outputs = engine.handle(CommandGiven(at_ns=0, command="start"))
    while source.next_at_ns() is not None:
        outputs += engine.handle(source.take())
    steps_s = sorted(
        o.event_ns / NS_PER_S for o in outputs if isinstance(o, EventDetected) and o.event == "step"
    )
    stopped_s = max(step_s for step_s in steps_s if step_s < 37.0)
    decisions = [o for o in outputs if isinstance(o, DecisionMade)]
    clicks_s = [
        o.start_ns / NS_PER_S for o in outputs if isinstance(o, PlayNote) and o.layer == "click"
    ]
    noticed_s = [o.at_ns / NS_PER_S for o in outputs if getattr(o, "code", "") == "gait_frozen"]
    assert noticed_s[0] - stopped_s == pytest.approx(2.05, abs=0.15)
    assert clicks_s[0] - noticed_s[0] <= 1.0
    assert np.ptp(np.diff(clicks_s)) < 1e-6
    before_bpm = [d.allowed.tempo_bpm for d in decisions if d.at_ns / NS_PER_S < noticed_s[0]][-1]
    assert 60.0 / np.diff(clicks_s)[0] == pytest.approx(0.9 * before_bpm, rel=0.002)
    assert [d.reason for d in decisions if 20.0 < d.at_ns / NS_PER_S < 33.0].count("matching") > 120
    assert decisions[-1].reason in {"matching", "freeze"}
