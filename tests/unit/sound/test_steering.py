"""Continuous wishes glide; what makes louder waits while nothing may rise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from biofeedback.messages import MusicParameters, Part
from biofeedback.sound.place import Place, balance
from biofeedback.sound.steering import Steering, count_steer_frames

BLOCK_S = 128 / 48_000
MIDDLE = {
    "tempo_bpm": 100.0,
    "energy": 0.5,
    "density": 0.5,
    "brightness": 0.5,
    "articulation": 0.5,
    "tension": 0.5,
    "swell": 0.5,
    "register": 0.0,
    "level_db": 0.0,
}


def advance(glide, seconds, *, wave=0.5, parts=(), may_rise=True, **changes):
    wanted = MusicParameters(**(MIDDLE | changes))
    steps = [
        glide.advance(
            wanted,
            wave=wave(k * BLOCK_S) if callable(wave) else wave,
            parts=parts,
            may_rise=may_rise,
            seconds=BLOCK_S,
        )
        for k in range(round(seconds / BLOCK_S))
    ]
    return steps[-1] if len(steps) == 1 else steps


def test_no_parameter_jumps_from_block_to_block():
    glide = Steering()
    random = np.random.default_rng(1)
    before = advance(glide, BLOCK_S)
    for _ in range(2000):
        energy, brightness, swell, wave = random.integers(0, 2, 4).astype(float)
        now = advance(
            glide,
            BLOCK_S,
            wave=wave,
            energy=energy,
            brightness=brightness,
            swell=swell,
            place=float(random.choice([-1, 1])),
            parts=(Part(energy=energy, place=swell),),
        )
        assert abs(now.brightness - before.brightness) < 0.025
        assert abs(now.place - before.place) < 0.05
        assert abs(now.energy_db - before.energy_db) < 0.03
        assert abs(now.swell_db - before.swell_db) < 0.5
        assert abs(now.parts[0][0] - before.parts[0][0]) < 0.025
        before = now


def test_the_swell_swings_the_deeper_the_more_and_the_mean_power_stays():
    swings, powers = [], []
    for swell in np.linspace(0.0, 1.0, 11):
        glide = Steering()
        steps = advance(
            glide, 20.0, wave=lambda t: 0.5 - 0.5 * np.cos(2 * np.pi * t / 10.0), swell=float(swell)
        )
        db = np.array([step.swell_db for step in steps[len(steps) // 2 :]])
        swings.append(np.ptp(db))
        powers.append(10 * np.log10(np.mean(10 ** (db / 10))))
    assert spearmanr(np.arange(11), swings).statistic == 1.0
    assert swings[0] == pytest.approx(0.0, abs=1e-9)
    assert swings[-1] == pytest.approx(12.0, abs=0.5)
    assert np.ptp(powers) < 0.5


def test_a_shallower_swell_waits_while_nothing_may_rise():
    glide = Steering()
    advance(glide, 2.0, swell=1.0, wave=0.0)
    low_db = advance(glide, 2.0, swell=1.0, wave=0.0)[-1].swell_db
    assert advance(glide, 3.0, swell=0.0, wave=0.0, may_rise=False)[-1].swell_db <= low_db + 1e-6
    assert advance(glide, 3.0, swell=0.0, wave=0.0)[-1].swell_db > low_db + 5.0


def test_a_part_falls_at_any_time_and_rises_only_when_it_may():
    glide = Steering()
    quiet = advance(glide, 2.0, parts=(Part(energy=0.1),), may_rise=False)[-1].parts[0][0]
    assert quiet == pytest.approx(0.1 ** (1 / 0.6), rel=0.01)
    held = advance(glide, 2.0, parts=(Part(energy=0.9),), may_rise=False)[-1].parts[0][0]
    assert held == pytest.approx(quiet, rel=1e-6)
    assert advance(glide, 2.0, parts=(Part(energy=0.9),))[-1].parts[0][0] > 0.8


def test_a_part_that_nobody_speaks_of_is_full_and_in_the_middle():
    steered = advance(Steering(), 1.0, parts=(Part(energy=0.0, place=-1.0),))[-1]
    assert steered.parts[0][1] == pytest.approx(-1.0, abs=0.01)
    assert steered.parts[1:] == ((1.0, 0.0),) * 7


def test_what_is_out_of_range_is_clipped():
    steered = advance(
        Steering(), 2.0, brightness=7.0, place=-9.0, swell=4.0, parts=(Part(energy=3.0, place=5.0),)
    )[-1]
    assert steered.brightness <= 1.0
    assert steered.place >= -1.0
    assert steered.parts[0][0] <= 1.0
    assert steered.parts[0][1] <= 1.0


def test_a_place_keeps_the_power_and_the_middle_changes_nothing():
    block = np.random.default_rng(1).normal(size=(480, 2)) * 0.1
    assert Place().update(block, 0.0) is block
    middle = np.repeat(block[:, :1], 2, axis=1)
    for place in np.linspace(-1.0, 1.0, 9):
        left, right = balance(float(place))
        assert left**2 + right**2 == pytest.approx(2.0)
        mover = Place()
        mover.update(middle, float(place))
        moved = mover.update(middle, float(place))
        assert (moved**2).sum() == pytest.approx((middle**2).sum())


def test_at_either_end_the_other_ear_hears_nothing():
    block = np.random.default_rng(1).normal(size=(480, 2))
    for place, silent in ((1.0, 0), (-1.0, 1)):
        mover = Place()
        mover.update(block, place)
        moved = mover.update(block, place)
        assert np.abs(moved[:, silent]).max() < 1e-9
        assert np.abs(moved[:, 1 - silent]).max() > 0.5


def test_a_place_that_jumps_makes_no_step():
    tone = np.sin(2 * np.pi * 200 * np.arange(4800) / 48_000)
    block = np.stack((tone, tone), axis=1)
    mover = Place()
    out = np.concatenate(
        [mover.update(block[k : k + 480], float((k // 480) % 2)) for k in range(0, 4800, 480)]
    )
    assert np.abs(np.diff(out, axis=0)).max() < 0.05


@pytest.mark.parametrize(
    ("block", "steer"), [(32, 512), (96, 480), (128, 512), (512, 512), (2048, 2048)]
)
def test_the_sound_is_steered_with_whole_blocks(block, steer):
    assert count_steer_frames(block) == steer
