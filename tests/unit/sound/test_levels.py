from __future__ import annotations

import numpy as np
import pytest

from biofeedback.sound.fade import Fade
from biofeedback.sound.levels import InputGuard, LevelControl, LoudnessServo
from biofeedback.sound.loudness import GatedLoudness, KWeighting, ShortTermLoudness, lufs_to_power

RATE_HZ = 48_000


def play(lufs_per_chunk, *, may_rise=True) -> tuple[float, list[float]]:
    """Feed the servo; return the integrated loudness of what it made, and its gains."""
    servo, heard, gains = LoudnessServo(target_lufs=-23.0), GatedLoudness(), []
    for lufs in lufs_per_chunk:
        power = lufs_to_power(lufs)
        gain_db = servo.update(power, level_db=0.0, counts=True, may_rise=may_rise)
        heard.update(power * 10 ** (gain_db / 10))
        gains.append(gain_db)
    return heard.integrated_lufs(), gains


@pytest.mark.parametrize("lufs", [-29.5, -26.0, -23.0, -20.0, -18.0])
def test_a_minute_of_any_energy_comes_to_the_target(lufs):
    assert play([lufs] * 600)[0] == pytest.approx(-23.0, abs=1.0)


def test_a_story_from_calm_to_vigorous_and_back_comes_to_the_target():
    story = [-28.0] * 150 + [-23.0] * 200 + [-21.0] * 350 + [-27.0] * 200
    assert play(story)[0] == pytest.approx(-23.0, abs=1.0)


def test_calm_stays_calmer_than_vigorous_inside_a_session():
    story = ([-27.0] * 100 + [-21.0] * 100) * 6
    _, gains = play(story)
    heard = np.array(story) + np.array(gains)
    turns = heard.reshape(-1, 100).mean(axis=1)
    assert (np.diff(turns)[::2] > 3.0).all()
    assert (np.diff(turns)[1::2] < -3.0).all()


def test_gain_never_rises_while_it_may_not():
    _, gains = play([-35.0] * 300, may_rise=False)
    assert (np.diff(gains) <= 0).all()


def test_what_does_not_count_moves_nothing():
    servo = LoudnessServo(target_lufs=-23.0)
    before = servo.gain_db
    for _ in range(100):
        servo.update(lufs_to_power(-50.0), level_db=0.0, counts=False, may_rise=True)
    assert servo.gain_db == before


def test_level_rises_at_six_db_a_second_at_most():
    control = LevelControl(rate_hz=RATE_HZ, target_lufs=-23.0)
    block = np.full((480, 2), 1e-4)  # too quiet for the servo
    for level_db, count in ((-30.0, 10), (0.0, 300)):
        outs = [
            control.update(block, level_db=level_db, counts=False, may_rise=True)[-1, 0]
            for _ in range(count)
        ]
    slopes_db = np.diff(20 * np.log10(outs)) * 100
    assert slopes_db.max() <= 6.0 + 1e-6
    assert slopes_db[:100].min() > 5.9


def test_level_stays_while_it_may_not_rise():
    control = LevelControl(rate_hz=RATE_HZ, target_lufs=-23.0)
    block = np.full((480, 2), 1e-4)
    control.update(block, level_db=-20.0, counts=False, may_rise=True)
    outs = [
        control.update(block, level_db=0.0, counts=False, may_rise=False)[-1, 0] for _ in range(50)
    ]
    assert np.ptp(outs) == 0.0


def test_short_term_loudness_is_capped():
    rng = np.random.default_rng(1)
    control = LevelControl(rate_hz=RATE_HZ, target_lufs=-23.0)
    loud = rng.standard_normal((480, 2)) * 0.25
    heard = [control.update(loud, level_db=0.0, counts=True, may_rise=True) for _ in range(600)]
    weighting, window = KWeighting(rate_hz=RATE_HZ), ShortTermLoudness()
    reads = [window.update(power) for block in heard for power in weighting.update(block)]
    assert max(reads) <= -16.0


def test_guard_takes_out_a_constant():
    guard = InputGuard(rate_hz=RATE_HZ, frames=128)
    for _ in range(3000):
        out, usable = guard.update(np.full((128, 2), 0.5))
    assert usable
    assert np.abs(out).max() < 0.011


def test_guard_leaves_music_alone():
    guard = InputGuard(rate_hz=RATE_HZ, frames=480)
    at = np.arange(48_000)
    wave = 0.5 * np.sin(2 * np.pi * 60 * at / RATE_HZ)
    samples = np.stack((wave, wave), axis=1)
    out = np.concatenate([guard.update(samples[i : i + 480])[0] for i in range(0, 48_000, 480)])
    assert np.array_equal(out, samples)


def test_fade_is_smooth_and_arrives():
    fade = Fade(position=0.0)
    fade.move(1.0, seconds=0.1)
    gains = np.concatenate([fade.render(480, rate_hz=RATE_HZ) for _ in range(10)])
    assert gains[-1] == pytest.approx(1.0)
    assert (np.diff(gains) >= -1e-12).all()
    assert np.diff(gains).max() < 1e-3
    assert fade.render(480, rate_hz=RATE_HZ) is None


def test_fade_starts_at_a_gain():
    fade = Fade(position=1.0)
    fade.start_at(0.1)
    assert fade.gain == pytest.approx(0.1)


def test_a_soft_beginning_does_not_make_what_follows_loud():
    """The first lively bars after a rest aren't louder than the last ones."""
    servo, gains = LoudnessServo(target_lufs=-23.0), []
    for lufs, level_db in [(-33.0, -8.0)] * 300 + [(-21.0, -0.5)] * 600:
        power = lufs_to_power(lufs)
        gains.append(servo.update(power, level_db=level_db, counts=True, may_rise=True))
    assert max(gains) - gains[-1] < 2.0
    assert gains[299] - gains[0] < 1.5
