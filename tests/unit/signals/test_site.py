"""Where a sensor is worn is found from a walk, or asked; it is never assumed."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import MeasureTaken, NoticeGiven
from biofeedback.signals.gait.rhythm import Rhythm
from biofeedback.signals.gait.site import (
    ASK_WINDOWS,
    FEWEST_WINDOWS,
    MODEL,
    SiteFinder,
    weigh_sites,
)
from biofeedback.signals.gait.site_features import (
    WINDOW_TICKS,
    WalkFeatures,
    WalkWindows,
    describe_walk,
)
from biofeedback.signals.motion import Motion
from biofeedback.signals.resample import TICK_S

WALK = Rhythm(similarity=0.9, step_s=0.55, size_mps2=2.0)


def thigh(seconds: float) -> np.ndarray:
    """A thigh that turns by 20 degrees with each stride and is shaken with each step."""
    t = np.arange(round(seconds / TICK_S)) * TICK_S
    stride = 2 * np.pi * t / (2 * WALK.step_s)
    turn = np.radians(14) * np.sin(stride)
    shock = 14 * np.maximum(0, np.cos(2 * stride)) ** 24 * (1 + 0.35 * np.cos(stride))
    along = 9.81 + 1.2 * np.cos(2 * stride) + shock
    return np.column_stack(
        [along * np.cos(turn), along * np.sin(turn) + 1.2 * np.sin(2 * stride), 0 * t]
    )


def turned(vectors: np.ndarray, seed: int) -> np.ndarray:
    return vectors @ np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]


def looks(finder: SiteFinder, vectors: np.ndarray, *, n: int) -> list:
    found = []
    for i in range(n):
        piece = np.roll(vectors, -96 * i, axis=0)[:96]
        guess = finder.update([tuple(v) for v in piece.tolist()], WALK, walking=True)
        if guess is not None:
            found.append((i, guess))
    return found


def test_how_a_walk_feels_does_not_depend_on_how_the_sensor_is_turned() -> None:
    vectors = thigh(WINDOW_TICKS * TICK_S)
    felt = describe_walk(vectors, step_s=WALK.step_s)
    for seed in range(3):
        assert describe_walk(turned(vectors, seed), step_s=WALK.step_s) == pytest.approx(felt)


def test_a_turning_sensor_swings_and_one_that_is_lifted_bounces() -> None:
    t = np.arange(WINDOW_TICKS) * TICK_S
    sway = 0.2 * np.sin(np.pi * t / 0.55)
    lifted = np.column_stack([9.81 + 2 * np.cos(2 * np.pi * t / 0.55), sway, 0 * t])
    angle = 0.3 * np.sin(np.pi * t / 0.55)
    swung = 9.81 * np.column_stack([np.cos(angle), np.sin(angle), 0 * t])
    assert describe_walk(lifted, step_s=0.55).bounce == pytest.approx(np.log(2.0), abs=0.1)
    assert describe_walk(lifted, step_s=0.55).swing == pytest.approx(np.log(0.25), abs=0.1)
    assert describe_walk(swung, step_s=0.55).swing == pytest.approx(np.log(2.9), abs=0.1)
    assert describe_walk(swung, step_s=0.55).bounce < -2


def test_what_was_learned_of_a_site_is_nearest_to_that_site_and_the_shares_add_up() -> None:
    for site, mean in zip(MODEL.sites, MODEL.means, strict=True):
        shares, distance = weigh_sites(MODEL, mean)
        assert max(shares, key=lambda one: shares[one]) == site
        assert sum(shares.values()) == pytest.approx(1.0)
        assert distance == pytest.approx(0.0)


def test_the_inverse_covariance_is_one() -> None:
    assert MODEL.precision == pytest.approx(MODEL.precision.T)
    assert np.linalg.eigvalsh(MODEL.precision).min() > 0


def test_nothing_is_looked_at_while_nobody_walks() -> None:
    windows = WalkWindows()
    vectors = [tuple(v) for v in thigh(6.0).tolist()]
    assert windows.update(vectors, WALK, walking=True) is not None
    assert windows.update(vectors, WALK, walking=False) is None
    assert windows.update(vectors, None, walking=True) is None
    windows.restart()
    assert windows.update(vectors[: WINDOW_TICKS - 1], WALK, walking=True) is None


def test_a_thigh_is_found_after_some_looks_and_not_before() -> None:
    (when, guess), *_ = looks(SiteFinder(), thigh(30.0), n=12)
    assert (guess.site, guess.found) == ("pocket", True)
    # The first looks have less than four seconds in sight.
    assert when == FEWEST_WINDOWS + 1
    assert "pocket" in guess.detail
    assert "swing" in guess.detail


def test_what_is_like_nothing_that_was_learned_is_asked_once() -> None:
    guesses = looks(SiteFinder(), 6.0 * thigh(60.0), n=40)
    assert [(i, g.found) for i, g in guesses] == [(ASK_WINDOWS + 1, False)]


def test_a_found_site_is_told_and_gone_by(walk, feed, monkeypatch) -> None:
    foot = WalkFeatures(*MODEL.means[MODEL.sites.index("ankle")].tolist())

    def feel(_self, _vectors, rhythm, *, walking):
        return foot if walking and rhythm is not None else None

    monkeypatch.setattr(WalkWindows, "update", feel)
    motion = Motion("w", "s", "unknown", None)
    found = feed(motion, walk(100.0, 30.0, 110.0))
    (notice,) = [f for f in found if isinstance(f, NoticeGiven)]
    (sure,) = [f for f in found if isinstance(f, MeasureTaken) and f.measure == "site_confidence"]
    assert (notice.code, motion.site) == ("site_found", "ankle")
    assert notice.detail is not None
    assert sure.value > 0.95


@pytest.mark.parametrize("site", ["waist", "wrist", "ankle"])
def test_a_site_that_was_said_is_never_looked_for(walk, feed, site) -> None:
    motion = Motion("w", "s", site, None)
    found = feed(motion, walk(100.0, 60.0, 110.0))
    assert not [f for f in found if isinstance(f, NoticeGiven)]
    assert motion.site == site
