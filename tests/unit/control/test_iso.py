"""ISO with people who follow, ignore or resist."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.control.iso import IsoLaw, IsoPlan
from biofeedback.control.law import Moment
from biofeedback.control.limits import Limits

ROOM = Limits(tempo_baseline_bpm=85.0, tempo_band_ratio=0.4)


def live(body, react, *, minutes=7, start=0.7, **plan):
    """Let a person's arousal go with the music's; list (music, arousal, reason) each 0.1 s."""
    law = IsoLaw(IsoPlan(**plan), limits=ROOM, resting_tempo_bpm=80.0)
    arousal, rows = start, []
    for tick in range(minutes * 600):
        someone = body(heart_rate_bpm=65.0 + 55.0 * arousal, activity_ratio=arousal)
        wish = law.propose(Moment(tick * 10**8, [someone], 80.0, 0.1))
        rows.append((wish.parameters.energy, arousal, wish.reason))
        arousal += 0.1 * react(arousal, wish.parameters.energy)
    return law, rows


def test_the_music_begins_where_the_person_is(body):
    _, rows = live(body, lambda _a, _m: 0.0, minutes=1)
    assert rows[190][0] == pytest.approx(0.7, abs=0.01)
    _, rated = live(body, lambda _a, _m: 0.0, minutes=1, self_rating=3.0)
    assert rated[201][0] == pytest.approx(0.5, abs=0.01)


def test_somebody_who_follows_is_led_all_the_way_in_steps_of_a_tenth(body):
    _, rows = live(body, lambda a, m: (m - a) / 30.0)
    music = np.array([row[0] for row in rows])
    assert music[-1] == pytest.approx(0.15)
    assert rows[-1][1] == pytest.approx(0.15, abs=0.03)
    distance = 0.55
    assert np.max(np.abs(music[300:] - music[:-300])) <= distance / 10 + 1e-6


def test_somebody_who_does_not_follow_within_90_s_is_waited_for(body):
    law, rows = live(body, lambda _a, _m: 0.0)
    first = next(i for i, row in enumerate(rows) if row[2] == "waiting")
    assert first / 10 - 20.0 <= 91.0
    assert rows[first][0] == pytest.approx(rows[-1][0])
    assert law.outcomes()["waited_time_ratio"] > 0.5


def test_a_slow_follower_is_waited_for_and_then_led_on(body):
    _, rows = live(body, lambda a, m: (m - a) / 200.0, minutes=9)
    reasons = [row[2] for row in rows]
    assert "waiting" in reasons
    assert reasons[-1] == "sloping"
    assert rows[-1][0] < 0.3


def test_who_goes_the_other_way_is_met_by_half_a_step_back(body):
    _, rows = live(body, lambda a, _m: (1.0 - a) / 60.0, start=0.5, minutes=4)
    diverging = next(i for i, row in enumerate(rows) if row[2] == "diverging")
    start = rows[200][0]
    back = rows[diverging][0] - rows[diverging - 1][0]
    assert 0.0 < back <= abs(0.15 - start) / 20 + 1e-6
    assert max(row[0] for row in rows[250:]) <= start + 1e-3


def test_it_also_leads_upwards(body):
    _, rows = live(body, lambda a, m: (m - a) / 30.0, start=0.2, goal_ratio=0.7)
    assert rows[-1][0] == pytest.approx(0.7)


def test_somebody_who_is_at_the_goal_from_the_start_is_kept_company_without_hoarding(body):
    law, rows = live(body, lambda _a, _m: 0.0, start=0.0, goal_ratio=0.0)
    assert {row[2] for row in rows[210:]} == {"sloping"}
    assert rows[-1][0] == 0.0
    assert len(law._window) <= 300
