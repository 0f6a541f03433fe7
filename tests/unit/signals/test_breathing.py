from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import NS_PER_S
from biofeedback.signals.breath.breathing import Breath, Breathing, find_breath
from biofeedback.signals.breath.chest_motion import ChestMotion
from biofeedback.signals.resample import Resampler
from biofeedback.signals.seconds import Seconds

TIMES_S = np.arange(192) / 4.0


def wave(brpm: float, size: float, phase: float = 0.5) -> np.ndarray:
    return size * np.sin(2 * np.pi * brpm / 60 * TIMES_S + phase)


def find(values, source="rhythm", heart_rate_bpm=70.0) -> Breath | None:
    return find_breath(values, rate_hz=4.0, heart_rate_bpm=heart_rate_bpm, source=source)


@pytest.mark.parametrize("brpm", [4, 5, 6, 8, 10, 12, 15, 20, 25, 30])
def test_breathing_that_swings_the_heart_is_found(brpm: float) -> None:
    noise = np.random.default_rng(1).normal(0, 6, 192)
    breath = find(900 + wave(brpm, 60) + noise)
    assert breath is not None
    assert breath.brpm == pytest.approx(brpm, abs=0.3)
    assert breath.quality > 0.6


@pytest.mark.parametrize("brpm", [13, 15, 17, 22])
def test_breath_is_found_beside_a_larger_slow_wave(brpm: float) -> None:
    breath = find(900 + wave(6, 30) + wave(brpm, 22))
    assert breath is not None
    assert breath.brpm == pytest.approx(brpm, abs=0.5)


def test_a_slow_wave_of_ordinary_size_is_not_called_breath() -> None:
    assert find(900 + wave(6, 25)) is None
    breath = find(900 + wave(6, 60))
    assert breath is not None
    assert breath.brpm == pytest.approx(6, abs=0.3)


def test_the_second_harmonic_of_slow_breath_is_not_the_breath() -> None:
    breath = find(900 + wave(5.5, 70) + wave(11, 18))
    assert breath is not None
    assert breath.brpm == pytest.approx(5.5, abs=0.3)


def test_noise_tells_no_breath() -> None:
    rng = np.random.default_rng(5)
    assert sum(find(900 + rng.normal(0, 30, 192)) is not None for _ in range(40)) <= 4
    assert find(np.full(192, 900.0)) is None


def test_a_slow_heart_cannot_show_fast_breath() -> None:
    assert find(1200 + wave(30, 60), heart_rate_bpm=50.0) is None


def hear(breathing: Breathing, brpm: float | None, source, at_s: float, quality=0.9):
    breath = None if brpm is None else Breath(brpm=brpm, quality=quality)
    at_ns = round(at_s * NS_PER_S)
    return [round(m.value, 9) for m in breathing.hear("belt", source, breath, at_ns, of_ns=at_ns)]


def test_sources_that_agree_are_averaged_and_trusted_more() -> None:
    breathing = Breathing("w")
    (alone,) = breathing.hear("belt", "chest", Breath(brpm=12, quality=0.8), 0, of_ns=0)
    (both,) = breathing.hear("belt", "rhythm", Breath(brpm=13, quality=0.8001), 1, of_ns=1)
    assert both.value == pytest.approx(12.5, abs=0.001)
    assert both.quality > alone.quality
    assert (breathing.breathing_brpm, breathing.valid_at_ns) == (both.value, 1)


def test_good_sources_that_disagree_are_withheld() -> None:
    breathing = Breathing("w")
    assert hear(breathing, 12, "chest", 0, 0.8) == [12]
    assert hear(breathing, 18, "rhythm", 1, 0.9) == []
    assert hear(breathing, 18, "rhythm", 20, 0.9) == [18]


def test_a_weak_source_neither_speaks_nor_objects() -> None:
    breathing = Breathing("w")
    assert hear(breathing, 12, "chest", 0, 0.95) == [12]
    assert hear(breathing, 20, "amplitude", 1, 0.5) == []
    assert hear(breathing, 12, "chest", 5, 0.95) == [12]


def test_who_moves_has_no_breathing_rate_for_a_while() -> None:
    breathing = Breathing("w")
    assert hear(breathing, 12, "chest", 0) == [12]
    breathing.move(1 * NS_PER_S)
    assert hear(breathing, 12, "rhythm", 5) == []
    assert hear(breathing, 12, "rhythm", 17) == [12]


def test_a_sensor_that_left_no_longer_objects() -> None:
    breathing = Breathing("w")
    breathing.hear("old", "chest", Breath(brpm=20, quality=0.9), 0, of_ns=0)
    breathing.forget("old")
    assert hear(breathing, 12, "rhythm", 1, 0.95) == [12]


def chest(brpm: float, *, rate_hz=50.0, seconds=90, tilt_degrees=1.5, shaken=(), seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    angle = 0.4 + np.radians(tilt_degrees) * np.sin(2 * np.pi * brpm / 60 * t)
    values = 9.81 * np.column_stack((np.sin(angle), 0 * t, np.cos(angle)))
    values += rng.normal(0, 0.05, values.shape)
    for from_s, to_s in shaken:
        inside = (t >= from_s) & (t < to_s)
        values[inside] += rng.normal(0, 3, (inside.sum(), 3))
    return np.round(t * 1e9).astype(np.int64), values


def feel(times, values, *, step=25, origin_ns=0):
    """Return (tick, what was felt) of each second but those that only waited."""
    resampler, seconds, motion, found = Resampler(), Seconds(), ChestMotion(), []
    for i in range(0, times.size, step):
        for ticks in resampler.update(times[i : i + step] + origin_ns, values[i : i + step]):
            if ticks.restarted:
                seconds.restart()
            found += [
                (second.end_tick / 50, motion.update(second))
                for second in seconds.update(ticks.first, ticks.vectors)
            ]
    return [(second, felt) for second, felt in found if felt != "waiting"]


@pytest.mark.parametrize("brpm", [5, 6, 9, 12, 16, 22, 30])
@pytest.mark.parametrize("rate_hz", [25.0, 100.0])
def test_the_chest_tells_its_breath(brpm: float, rate_hz: float) -> None:
    found = feel(*chest(brpm, rate_hz=rate_hz))
    assert len(found) >= 10
    for _, breath in found:
        assert breath is not None
        assert breath.brpm == pytest.approx(brpm, abs=0.4)


def test_other_movement_is_told_and_the_window_begins_anew() -> None:
    found = feel(*chest(12, shaken=((40, 41),)))
    moved_s = [second for second, felt in found if felt == "movement"]
    breaths_s = [second for second, felt in found if isinstance(felt, Breath)]
    assert moved_s
    assert 40 <= min(moved_s) <= max(moved_s) <= 42
    assert not [s for s in breaths_s if 42 < s < 72]
    assert [s for s in breaths_s if s > 72]


def test_a_gap_begins_anew() -> None:
    times, values = chest(12, seconds=60)
    times[1000:] += 3 * NS_PER_S
    assert feel(times, values)[0][0] > 53


def test_blocks_and_origin_change_nothing() -> None:
    times, values = chest(11, shaken=((20, 21),))
    whole = feel(times, values, step=times.size)
    assert feel(times, values, step=7) == whole
    assert feel(times, values, origin_ns=123_456_789_012_345) == whole
