"""ENTRAIN with walkers: starts in phase, stays, fades away, and answers a freeze."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from biofeedback.control.cue import FADING, fade_cue, is_muted
from biofeedback.control.entrain import EntrainLaw, EntrainPlan
from biofeedback.control.law import AHEAD_NS, Wish
from biofeedback.control.limits import Limits
from biofeedback.messages import NS_PER_S
from biofeedback.simulate.story import Act
from tests.law_stage import QUIET, Stage, asynchronies, lock, neutral_music, walker

FREE = Limits(tempo_baseline_bpm=110.0, tempo_band_ratio=0.4)
GAIT = Limits(tempo_baseline_bpm=110.0, tempo_band_ratio=0.1)
FREEZES = (
    Act(start_s=0.0, doing="walk", cadence_spm=(110.0, 110.0)),
    Act(start_s=30.0, doing="freeze"),
    Act(start_s=40.0, doing="walk", cadence_spm=(106.0, 106.0)),
)


class Metronome:
    """Fixed: what the law is compared with."""

    tempo_slew_ratio_per_s = 0.02

    def __init__(self, tempo_bpm: float) -> None:
        self._wish = Wish(neutral_music(tempo_bpm), "walking")

    def propose(self, _moment):
        return self._wish

    def outcomes(self):
        return {}


def entrain(limits=FREE, **plan) -> EntrainLaw:
    return EntrainLaw(EntrainPlan(**plan), limits=limits, resting_tempo_bpm=limits.tempo_low_bpm)


@pytest.mark.parametrize("cadence_spm", [100.0, 110.0, 120.0])
def test_the_beat_stays_with_somebody_who_ignores_it_and_drifts(cadence_spm):
    stage = Stage(entrain(), [walker(cadence_spm, step_time_memory=0.0)], FREE).play(150)
    length, share = lock(asynchronies(stage))
    assert length >= 0.9
    assert share >= 0.75
    assert stage.fastest_change_ratio_per_s() <= 0.02 + 1e-9


def test_a_metronome_does_not_stay_with_them():
    stage = Stage(Metronome(110.0), [walker(110.0, step_time_memory=0.0)], FREE, 110.0).play(150)
    length, share = lock(asynchronies(stage))
    assert length < 0.7
    assert share < 0.5


def test_the_beat_is_heard_only_once_it_is_in_phase():
    stage = Stage(entrain(), [walker(110.0, step_time_cv=0.01)], FREE, 80.0).play(40)
    enters_s = next(row.at_s for row in stage.rows if row.wish.cue == "full")
    assert all(row.wish.cue == "bed" for row in stage.rows if row.at_s < enters_s)
    first = [s.asynchrony_beats for s in stage.steps if s.at_ns / NS_PER_S > enters_s][:10]
    assert np.max(np.abs(first)) < 0.2


def test_slow_walkers_get_two_beats_a_step_and_fast_ones_half_a_beat():
    slow = Stage(entrain(), [walker(50.0, **QUIET)], FREE, 100.0).play(60)
    assert slow.rows[-1].allowed.tempo_bpm == pytest.approx(100.0, rel=0.02)
    fast = Stage(entrain(), [walker(160.0, **QUIET)], FREE, 80.0).play(60)
    assert fast.rows[-1].allowed.tempo_bpm == pytest.approx(80.0, rel=0.02)


def test_mutual_meets_the_walker_half_way_and_fixed_keeps_the_prescribed_tempo():
    person = {**QUIET, "phase_gain": 0.3, "period_gain": 0.3}
    mutual = Stage(entrain(GAIT, rule="mutual"), [walker(104.0, **person)], GAIT).play(90)
    assert 105.0 < np.mean(mutual.tempi()[-300:]) < 109.5
    fixed = Stage(entrain(GAIT, rule="fixed"), [walker(108.0, **person)], GAIT).play(90)
    assert fixed.tempi()[-1] == pytest.approx(110.0)


def test_a_freeze_is_answered_within_a_second_by_a_steady_slower_pulse():
    stage = Stage(entrain(GAIT), [walker(110.0, acts=FREEZES, **QUIET)], GAIT, 110.0).play(60)
    stopped_s = max(s.at_ns for s in stage.steps if s.at_ns < 35 * NS_PER_S) / NS_PER_S
    pulses_s = np.array([ns for row in stage.rows for ns in row.wish.pulses_ns]) / NS_PER_S
    begins_s = next(row.at_s for row in stage.rows if row.wish.reason == "freeze")
    before_bpm = [row.allowed.tempo_bpm for row in stage.rows if row.at_s < begins_s][-1]
    assert begins_s - stopped_s <= 2.1
    assert pulses_s[0] - begins_s <= 1.0
    assert np.ptp(np.diff(pulses_s)) < 1e-6
    assert 60.0 / np.diff(pulses_s)[0] == pytest.approx(0.9 * before_bpm, rel=0.001)
    notices = [code for row in stage.rows for code in row.wish.notices]
    assert notices == ["gait_frozen"]
    assert stage.fastest_change_ratio_per_s() <= 0.02 + 1e-9


def test_the_pulse_of_a_freeze_waits_until_it_is_known_where_the_beat_is():
    stage = Stage(entrain(GAIT), [walker(110.0, acts=FREEZES, **QUIET)], GAIT, 110.0).play(36)
    first = next(i for i, row in enumerate(stage.rows) if row.wish.reason == "freeze")
    law, pulses_ns = entrain(GAIT), []
    for index, moment in enumerate(stage.moments):
        known = not first <= index < first + 20
        told = moment if known else msgspec.structs.replace(moment, beat_ratio=None)
        wish = law.propose(told)
        assert known or wish.pulses_ns == ()
        pulses_ns += wish.pulses_ns
    beat = stage.clock.beats_at(pulses_ns[0])
    assert beat == pytest.approx(round(beat), abs=0.02)
    assert pulses_ns[0] >= stage.moments[first + 20].at_ns + AHEAD_NS


def test_after_a_freeze_the_beat_takes_over_in_phase_with_the_new_steps():
    stage = Stage(entrain(GAIT), [walker(110.0, acts=FREEZES, **QUIET)], GAIT, 110.0).play(70)
    again_s = next(r.at_s for r in stage.rows if r.at_s > 40 and r.wish.reason == "matching")
    assert again_s < 56.0
    after = [s.asynchrony_beats for s in stage.steps if s.at_ns / NS_PER_S > again_s + 0.5]
    assert np.max(np.abs(after)) < 0.15


def test_somebody_who_stands_for_long_is_no_longer_called():
    acts = (FREEZES[0], Act(start_s=30.0, doing="rest"))
    stage = Stage(entrain(GAIT), [walker(110.0, acts=acts, **QUIET)], GAIT, 110.0).play(75)
    pulses_s = [ns / NS_PER_S for row in stage.rows for ns in row.wish.pulses_ns]
    assert max(pulses_s) < 64.0
    assert (stage.rows[-1].wish.reason, stage.rows[-1].wish.cue) == ("listening", "bed")


def test_the_cue_fades_to_silence_and_the_walk_without_it_is_told():
    law = entrain(GAIT, fade_after_s=10.0, fade_step_s=10.0)
    stage = Stage(law, [walker(110.0, **QUIET)], GAIT, 110.0).play(100)
    heard = [row.wish.cue for row in stage.rows]
    assert list(dict.fromkeys(heard)) == ["bed", *FADING]
    assert law.outcomes()["uncued_cadence_spm"] == pytest.approx(110.0, rel=0.06)
    assert law.outcomes()["with_beat_ratio"] > 0.9


def test_fading_goes_down_one_rung_at_a_time():
    assert [fade_cue(s, step_s=20.0) for s in (0.0, 19.9, 20.0, 40.0, 60.0, 900.0)] == [
        "no_click",
        "no_click",
        "three_in_four",
        "one_in_two",
        "silent",
        "silent",
    ]


@pytest.mark.parametrize(
    ("cue", "bars"),
    [
        ("full", [0, 1, 2, 3]),
        ("no_click", [0, 1, 2, 3]),
        ("three_in_four", [0, 1, 2]),
        ("one_in_two", [0, 2]),
        ("bed", []),
        ("pulse", []),
        ("silent", []),
    ],
)
def test_each_rung_mutes_its_bars_and_only_silence_mutes_the_pad(cue, bars):
    assert [bar for bar in range(4) if not is_muted(cue, "kick", bar)] == bars
    assert is_muted(cue, "click", 0) == (cue != "full")
    assert is_muted(cue, "pad", 3) == (cue == "silent")
