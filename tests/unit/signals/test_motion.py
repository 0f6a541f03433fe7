from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import NS_PER_S, EventDetected, MeasureTaken
from biofeedback.signals.motion import Motion

START_NS = 5_000_000_000


def steps_of(found) -> list[EventDetected]:
    return [f for f in found if isinstance(f, EventDetected) and f.event == "step"]


def values_of(found, measure: str) -> list[float]:
    return [f.value for f in found if isinstance(f, MeasureTaken) and f.measure == measure]


@pytest.mark.parametrize("site", ["chest", "waist", "wrist", "arm", "unknown"])
@pytest.mark.parametrize("rate_hz", [25, 52, 100, 200, 416])
def test_every_step_of_a_walk_is_found_at_any_rate(walk, feed, site, rate_hz) -> None:
    motion = Motion("w", "s", site, None)
    found = feed(motion, walk(rate_hz, 30, 110))
    assert len(steps_of(found)) == pytest.approx(30 * 110 / 60, abs=2)
    assert values_of(found, "cadence_spm")[-1] == pytest.approx(110, rel=0.01)


@pytest.mark.parametrize("spm", [70, 90, 110, 130])
def test_the_cadence_is_right_from_slow_to_fast(walk, feed, spm) -> None:
    motion = Motion("w", "s", "waist", None)
    cadence = values_of(feed(motion, walk(100, 25, spm)), "cadence_spm")
    assert cadence[-1] == pytest.approx(spm, rel=0.01)
    assert min(cadence) > 0.9 * spm
    assert max(cadence) < 1.1 * spm


def test_steps_lie_at_the_peaks_and_are_told_within_400_ms(walk, feed) -> None:
    motion = Motion("w", "s", "chest", None)
    steps = steps_of(feed(motion, walk(100, 30, 108), block=5))
    steady = [s for s in steps if s.event_ns > START_NS + 5 * NS_PER_S]
    period_s = 60 / 108
    offsets = [((s.event_ns - START_NS) * 1e-9 + period_s / 2) % period_s for s in steady]
    assert np.std(offsets) < 0.01
    assert abs(np.mean(offsets) - period_s / 2) < 0.06
    assert max(s.at_ns - s.event_ns for s in steady) <= 400_000_000


def test_the_start_of_a_walk_is_seen_within_three_seconds_and_its_stop_within_two(
    walk, feed
) -> None:
    motion = Motion("w", "s", "wrist", None)
    times, values = walk(100, 20, 110, from_s=5.0)
    values[times > START_NS + 15 * NS_PER_S] = [0.0, 0.0, 9.81]
    seen = []
    for i in range(0, times.size, 10):
        feed(motion, (times[i : i + 10], values[i : i + 10]))
        now_ns = int(times[i : i + 10][-1])
        seen.append(((now_ns - START_NS) * 1e-9, motion.walking(now_ns)))
    walked = [t for t, walking in seen if walking]
    assert 5.0 < walked[0] <= 8.0
    assert 15.0 <= walked[-1] <= 17.2


def test_walking_ends_by_itself_when_samples_stop(walk, feed) -> None:
    motion = Motion("w", "s", "wrist", None)
    times, values = walk(100, 10, 110)
    feed(motion, (times, values))
    last_ns = int(times[-1])
    assert motion.walking(last_ns)
    assert motion.cadence_spm(last_ns) is not None
    # What may lie in the next packet ends nothing; silence does.
    assert motion.walking(last_ns + 3 * NS_PER_S)
    assert not motion.walking(last_ns + 3 * NS_PER_S + 1)
    assert motion.cadence_spm(last_ns + 3 * NS_PER_S + 1) is None


def test_at_the_ankle_one_foot_gives_every_second_step_and_the_whole_cadence(feed) -> None:
    stride_s, rate_hz = 1.1, 200
    t = np.arange(0, 25, 1 / rate_hz)
    into = t % stride_s
    landing = 12 * np.exp(-(((into - 0.60) / 0.06) ** 2))
    push_off = 14 * np.exp(-(((into - 0.20) / 0.08) ** 2))
    values = np.column_stack((np.zeros_like(t), np.zeros_like(t), 9.81 + landing + push_off))
    times = START_NS + np.round(t * 1e9).astype(np.int64)
    found = feed(Motion("w", "s", "ankle", None), (times, values))
    steps = [s for s in steps_of(found) if s.event_ns > START_NS + 5 * NS_PER_S]
    phases = [((s.event_ns - START_NS) * 1e-9) % stride_s for s in steps]
    assert len(steps) == pytest.approx(20 / stride_s, abs=2)
    assert np.mean(phases) == pytest.approx(0.60, abs=0.05)
    assert values_of(found, "cadence_spm")[-1] == pytest.approx(120 / stride_s, rel=0.02)


def test_step_time_variability_needs_ten_steps_and_is_small_for_a_machine(walk, feed) -> None:
    motion = Motion("w", "s", "waist", None)
    cv = values_of(feed(motion, walk(100, 30, 108)), "step_time_cv")
    assert cv
    assert all(0.0 <= value < 0.03 for value in cv)


def test_signal_quality_is_told_once_a_second(walk, feed) -> None:
    motion = Motion("w", "s", "waist", None)
    quality = values_of(feed(motion, walk(100, 10.5, 108)), "signal_quality")
    assert quality == [1.0] * 10


def test_missing_samples_lower_the_quality(walk, feed) -> None:
    motion = Motion("w", "s", "waist", None)
    times, values = walk(100, 20, 108)
    second = (times - START_NS) // NS_PER_S
    keep = (second < 15) | (np.arange(times.size) % 10 < 5)
    quality = values_of(feed(motion, (times[keep], values[keep])), "signal_quality")
    assert quality[5] == 1.0
    assert quality[16] == pytest.approx(0.5, abs=0.05)


def test_an_impulse_at_rest_is_a_gesture_with_its_strength(feed) -> None:
    t = np.arange(0, 6, 0.01)
    values = np.column_stack((0 * t, 0 * t, 9.81 + 8 * np.exp(-(((t - 4) / 0.05) ** 2))))
    times = START_NS + np.round(t * 1e9).astype(np.int64)
    found = feed(Motion("w", "s", "wrist", None), (times, values), block=2)
    (gesture,) = [f for f in found if isinstance(f, EventDetected) and f.event == "gesture"]
    assert (gesture.event_ns - START_NS) * 1e-9 == pytest.approx(3.96, abs=0.06)
    assert gesture.at_ns - gesture.event_ns <= 80_000_000
    assert gesture.strength == pytest.approx(7.0, abs=1.5)


def test_ordinary_steps_are_no_gestures(walk, feed) -> None:
    found = feed(Motion("w", "s", "wrist", None), walk(100, 40, 110))
    assert not [
        f
        for f in found
        if isinstance(f, EventDetected)
        and f.event == "gesture"
        and f.event_ns > START_NS + 4 * NS_PER_S
    ]


def test_repeated_strokes_are_a_gesture_each(feed) -> None:
    t = np.arange(0, 12, 0.01)
    strokes = 9 * np.exp(-((((t % 0.8) - 0.4) / 0.06) ** 2)) * (t > 2)
    values = np.column_stack((1.6 * strokes, 0 * t, 9.81 + 0 * t))
    times = START_NS + np.round(t * 1e9).astype(np.int64)
    found = feed(Motion("w", "s", "wrist", None), (times, values))
    gestures = [f for f in found if isinstance(f, EventDetected) and f.event == "gesture"]
    assert len(gestures) >= 10


@pytest.mark.parametrize("spm", [60, 66])
def test_slow_walking_is_found_at_the_wrist_within_four_seconds(walk, feed, spm) -> None:
    motion = Motion("w", "s", "wrist", None)
    times, values = walk(100, 30, spm, from_s=5.0)
    steps = steps_of(feed(motion, (times, values)))
    assert len(steps) == pytest.approx(25 * spm / 60, abs=2)
    assert (steps[0].at_ns - START_NS) / NS_PER_S <= 9.0
