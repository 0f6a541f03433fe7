"""Groups and axes: parts go from the bodies through safety to notes and sound."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from biofeedback.app import make_engine
from biofeedback.messages import (
    NS_PER_S,
    CommandGiven,
    DecisionMade,
    PlayNote,
    StateChanged,
    SteerSound,
)
from biofeedback.settings import Music, Settings
from biofeedback.simulate.merge import MergedStream
from biofeedback.simulate.scenarios import make_scenario


def play(music: Music, *scenarios: str, seconds: int = 40):
    engine = make_engine(Settings(calibrate_s=2.0, music=music))
    people = [
        make_scenario(name, seed=number, duration_s=seconds, wearer=f"p{number}")
        for number, name in enumerate(scenarios, 1)
    ]
    stream = MergedStream(people)
    outputs = engine.handle(CommandGiven(at_ns=0, command="start"))
    while stream.next_at_ns() is not None:
        outputs += engine.handle(stream.take())
    outputs += engine.handle(CommandGiven(at_ns=seconds * NS_PER_S, command="stop"))
    return outputs


def only(outputs, kind):
    return [output for output in outputs if isinstance(output, kind)]


def test_in_a_group_each_wearer_is_heard_by_their_own_part():
    outputs = play(Music(style="drum-circle"), "rest", "walk")
    steers = only(outputs, SteerSound)
    still, walker = steers[-1].parts
    assert still.energy < 0.3 < 0.5 < walker.energy
    assert still.place != walker.place
    late = [n for n in only(outputs, PlayNote) if n.start_ns > 25 * NS_PER_S]
    drums = Counter(n.layer for n in late if n.layer.startswith("part_"))
    assert set(drums) == {"part_1", "part_2"}
    assert drums["part_2"] > 2 * drums["part_1"]


def test_decisions_and_orders_tell_the_same_parts_and_they_rise_slowly():
    outputs = play(Music(style="drum-circle"), "walk", "walk")
    decisions, steers = only(outputs, DecisionMade), only(outputs, SteerSound)
    assert [d.parts for d in decisions] == [s.parts for s in steers]
    # Before the session runs the parts are there and silent.
    (running,) = [s.at_ns for s in only(outputs, StateChanged) if s.after == "RUN"]
    assert all(part.energy == 0 for d in decisions if d.at_ns < running for part in d.parts)
    for before, after in pairwise(decisions):
        for old, new in zip(before.parts, after.parts, strict=False):
            assert new.energy <= old.energy + 0.05 + 1e-9


def test_somebody_alone_has_the_whole_band():
    outputs = play(Music(style="drum-circle"), "walk")
    assert {s.parts for s in only(outputs, SteerSound)} == {()}
    played = {n.layer for n in only(outputs, PlayNote)}
    assert {"kick", "chords", "part_1", "part_2"} <= played


def test_the_drone_gives_each_axis_a_part():
    outputs = play(Music(style="drone"), "dance")
    parts = [s.parts for s in only(outputs, SteerSound) if s.at_ns > 10 * NS_PER_S]
    assert {len(three) for three in parts} == {3}
    for axis in range(3):
        energies = [three[axis].energy for three in parts]
        assert all(0.0 <= energy <= 1.0 for energy in energies)
    moved = [
        max(p[axis].energy for p in parts) - min(p[axis].energy for p in parts) for axis in (0, 2)
    ]
    assert max(moved) > 0.2


def test_the_swell_breathes_in_the_orders():
    steers = only(play(Music(style="calm"), "rest", seconds=60), SteerSound)
    waves = [s.swell_wave for s in steers]
    assert min(waves) < 0.02
    assert max(waves) > 0.98
    # 6 a minute: it is high five and fifteen seconds after the music has begun.
    highs = [s.at_ns / NS_PER_S for s in steers if s.swell_wave > 0.995]
    assert min(highs) == pytest.approx(5.0, abs=0.6)


def test_a_lullaby_falls_silent_by_itself():
    outputs = play(Music(style="lullaby", fade_out_s=60.0), "rest", seconds=70)
    decisions = only(outputs, DecisionMade)
    loud = max(d.allowed.level_db for d in decisions)
    assert loud > -12.0
    assert decisions[-1].allowed.level_db == -60.0
    assert decisions[-1].allowed.energy == 0.0
    walk = only(play(Music(style="walk"), "rest", seconds=70), DecisionMade)
    assert walk[-1].allowed.level_db > -12.0


def test_a_plan_may_ask_for_a_click_and_a_meter():
    outputs = play(Music(style="walk", meter="2/4", click=True), "walk")
    clicks = [n for n in only(outputs, PlayNote) if n.layer == "click"]
    assert len({n.velocity for n in clicks[::2]}) == 1
    assert {n.tick % 480 for n in clicks if n.tick is not None} == {0}
    assert clicks[0].velocity > clicks[1].velocity
