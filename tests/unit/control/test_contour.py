"""CONTOUR and LISTEN: the guide's arc, what the body may do to it, and silence that measures."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.control.contour import ContourLaw, ContourPlan
from biofeedback.control.law import Moment, Press
from biofeedback.control.limits import Limits
from biofeedback.control.listen import ListenLaw
from tests.law_stage import QUIET, Stage, sitter, walker

ROOM = Limits(tempo_baseline_bpm=60.0, tempo_band_ratio=0.3)


class Journey:
    """A law that is told an invented body each 0.1 s; remembers the wishes."""

    def __init__(self, body, **plan) -> None:
        settings = ContourPlan(**({"resting_heart_rate_bpm": 65.0} | plan))
        self.law = ContourLaw(settings, limits=ROOM, resting_tempo_bpm=55.0)
        self.body = body
        self.at_ns = 0
        self.tempo_bpm = 55.0
        self.wishes = []

    def go(self, seconds, *, key=None, **state):
        someone = self.body(**({"heart_rate_bpm": 65.0, "activity_ratio": 0.5} | state))
        for tick in range(round(seconds * 10)):
            self.at_ns += 10**8
            presses = [Press(key, self.at_ns)] if key and tick == 0 else []
            moment = Moment(self.at_ns, [someone], self.tempo_bpm, 0.1, presses=presses)
            wish = self.law.propose(moment)
            self.tempo_bpm = wish.parameters.tempo_bpm
            self.wishes.append(wish)
        return self.wishes[-1]


@pytest.mark.parametrize("minutes", [10, 20, 40])
def test_the_arc_builds_peaks_and_returns_within_its_tempo_and_softness(body, minutes):
    journey = Journey(body, minutes=minutes)
    journey.go(60 * minutes)
    tempi = np.array([wish.parameters.tempo_bpm for wish in journey.wishes])
    assert tempi.min() >= 50.0
    assert tempi.max() <= 70.0
    peak = int(tempi.argmax()) / 10
    assert 0.35 * 60 * minutes < peak < 60 * minutes - 180 + 0.1
    assert tempi[-1] < tempi[0]
    assert [w.reason for w in journey.wishes].index("returning") / 10 == pytest.approx(
        60 * minutes - 180, abs=0.2
    )
    assert max(wish.parameters.articulation for wish in journey.wishes) <= 0.3


def test_the_body_nudges_the_density_by_fifteen_per_cent_at_most(body):
    densities = {}
    for activity in (0.0, 0.5, 1.0):
        journey = Journey(body)
        densities[activity] = journey.go(300, activity_ratio=activity).parameters.density
    assert densities[0.0] / densities[0.5] == pytest.approx(1.15, abs=0.005)
    assert densities[1.0] / densities[0.5] == pytest.approx(0.85, abs=0.005)


def test_a_stirred_heart_is_held_after_half_a_minute(body):
    journey = Journey(body)
    journey.go(400)
    assert journey.go(29, heart_rate_bpm=81.0).reason == "journey"
    held = journey.go(2, heart_rate_bpm=81.0)
    assert held.reason == "holding"
    assert held.parameters.density <= 0.2
    assert held.parameters.register == 0.0
    assert journey.go(30, heart_rate_bpm=81.0).parameters.tempo_bpm == held.parameters.tempo_bpm


def test_with_a_guide_holding_ends_by_the_guides_key_only(body):
    journey = Journey(body)
    journey.go(100)
    assert journey.go(1, key="hold").reason == "holding"
    assert journey.go(120).reason == "holding"
    assert journey.go(1, key="go_on").reason == "journey"


def test_at_home_holding_ends_by_itself_and_nothing_escalates_afterwards(body):
    journey = Journey(body, guided=False)
    journey.go(350)
    journey.go(35, heart_rate_bpm=85.0)
    begins = next(i for i, wish in enumerate(journey.wishes) if wish.reason == "holding")
    before = journey.wishes[begins - 1].parameters
    assert journey.go(70).reason == "journey"
    # Twenty minutes' arc would be at its peak by now.
    later = journey.go(250).parameters
    assert later.tempo_bpm <= before.tempo_bpm * 1.02
    assert later.energy <= before.energy * 1.05
    journey.go(1, key="go_on")
    assert journey.go(10).parameters.tempo_bpm > before.tempo_bpm


def test_listening_is_silent_and_tells_what_the_person_is_like():
    law = ListenLaw(limits=ROOM, resting_tempo_bpm=60.0)
    stage = Stage(law, [walker(104.0, **QUIET)], ROOM, 60.0).play(60)
    assert {row.wish.cue for row in stage.rows} == {"silent"}
    assert stage.rows[-1].wish.reason == "uncued"
    assert law.outcomes()["cadence_spm"] == pytest.approx(104.0, rel=0.01)
    rest = ListenLaw(limits=ROOM, resting_tempo_bpm=60.0)
    Stage(rest, [sitter(rest_hr_bpm=70.0)], ROOM, 60.0).play(90)
    assert rest.outcomes()["heart_rate_bpm"] == pytest.approx(70.0, abs=2.0)
    assert rest.outcomes()["cadence_spm"] is None
