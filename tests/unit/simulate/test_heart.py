import numpy as np
import pytest

from biofeedback.simulate.heart import Heart
from biofeedback.simulate.story import Act, Person, Story

PERSON = Person(rest_hr_bpm=60.0, top_hr_bpm=180.0)
REST = Act(start_s=0.0, doing="rest")


def listen(story: Story, until_s: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    heart = Heart(PERSON, story, np.random.default_rng(seed))
    times, rr = [], []
    for second in range(int(until_s)):
        heart.beat_until(second + 1.0)
        for time, interval in zip(heart.beat_times_s, heart.rr_s, strict=True):
            if second < time <= second + 1.0:
                times.append(time)
                rr.append(interval)
    return np.array(times), np.array(rr)


def test_a_resting_heart_beats_at_its_resting_rate_with_variability() -> None:
    _, rr_s = listen(Story((REST,)), 300.0)
    assert 60.0 / rr_s.mean() == pytest.approx(60.0, abs=1.5)
    rmssd_ms = float(np.sqrt(np.mean(np.diff(rr_s) ** 2))) * 1000.0
    assert 15.0 < rmssd_ms < 80.0


def test_every_beat_ends_its_interval() -> None:
    times_s, rr_s = listen(Story((REST,)), 60.0)
    assert np.diff(times_s) == pytest.approx(rr_s[1:])


def test_effort_lifts_the_rate_with_a_lag_of_25_s_and_recovery_takes_longer() -> None:
    story = Story(
        (
            REST,
            Act(start_s=60.0, doing="run", cadence_spm=(160.0, 160.0), effort_ratio=(0.5, 0.5)),
            Act(start_s=240.0, doing="rest"),
        )
    )
    times_s, rr_s = listen(story, 400.0)

    def rate(at_s: float) -> float:
        near = abs(times_s - at_s) < 4.0
        return float(60.0 / rr_s[near].mean())

    assert rate(85.0) == pytest.approx(60.0 + 60.0 * (1 - np.exp(-1)), abs=4.0)
    assert rate(235.0) == pytest.approx(120.0, abs=5.0)
    assert rate(285.0) == pytest.approx(60.0 + 60.0 * np.exp(-1), abs=6.0)


def test_variability_shrinks_as_the_heart_beats_faster() -> None:
    effort = Act(start_s=0.0, doing="run", cadence_spm=(160.0, 160.0), effort_ratio=(0.6, 0.6))
    _, calm = listen(Story((REST,)), 200.0)
    _, busy = listen(Story((effort,)), 200.0)
    assert np.std(np.diff(busy)) < 0.4 * np.std(np.diff(calm))


def test_long_listening_keeps_the_newest_beats_only() -> None:
    heart = Heart(PERSON, Story((REST,)), np.random.default_rng(1))
    for second in range(0, 3600, 10):
        heart.beat_until(float(second))
    assert len(heart.beat_times_s) <= 140
    assert heart.beat_times_s[-1] > 3590.0
