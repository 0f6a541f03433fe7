from __future__ import annotations

import itertools

import numpy as np
import pytest

from biofeedback.messages import NS_PER_S
from biofeedback.signals.beats.beat import Beat
from biofeedback.signals.beats.usual_form import Unlikeness
from biofeedback.signals.breath.breathing import Breathing
from biofeedback.signals.heart.rhythm import HeartRhythm


def make() -> HeartRhythm:
    return HeartRhythm("w", "s", Breathing("w"))


def beat(at_s: float, **changes) -> Beat:
    told = {"beat_s": at_s, "quality": 1.0, "gap_before": False, "amplitude": None}
    return Beat(**(told | changes))


def paced(seconds: float, *, brpm=6.0, swing=0.06, mean_s=0.9, seed=0) -> np.ndarray:
    """Beats of a heart that breath swings."""
    rng = np.random.default_rng(seed)
    beats = [0.0]
    while beats[-1] < seconds:
        phase = 2 * np.pi * brpm / 60 * beats[-1]
        beats.append(beats[-1] + mean_s * (1 + swing * np.sin(phase) + 0.004 * rng.normal()))
    return np.array(beats)


def take_beats(beats, **changes) -> list:
    rhythm = make()
    return [f for at_s in beats for f in rhythm.take_beat(beat(at_s, **changes), int(at_s * 1e9))]


def of(found, measure: str) -> list[float]:
    return [f.value for f in found if f.measure == measure]


def test_beats_and_intervals_give_the_same() -> None:
    beats = paced(200)
    rhythm = make()
    found = []
    for before, after in itertools.pairwise(beats):
        rr_ms = (after - before) * 1000.0
        found += rhythm.take_interval(rr_ms, int(after * 1e9), doubted=False)
    assert found == take_beats(beats)
    assert len(of(found, "rr_ms")) == len(beats) - 4


def test_slow_paced_breath_is_coherent_and_heard() -> None:
    found = take_beats(paced(200))
    assert min(of(found, "coherence")) > 0.75
    told = of(found, "breathing_brpm")
    assert len(told) > 20
    assert told == pytest.approx([6.0] * len(told), abs=0.3)


def test_the_height_of_the_r_wave_tells_the_breath_of_a_stiff_heart() -> None:
    rhythm, found = make(), []
    rng = np.random.default_rng(2)
    for at_s in np.cumsum(0.85 + rng.normal(0, 0.003, 200)):
        height = 1000 + 60 * np.sin(2 * np.pi * 14 / 60 * at_s) + rng.normal(0, 10)
        found += rhythm.take_beat(beat(at_s, amplitude=height), int(at_s * 1e9))
    told = of(found, "breathing_brpm")
    assert len(told) > 15
    assert told == pytest.approx([14.0] * len(told), abs=0.4)


def test_values_come_each_5_s_when_their_windows_are_full() -> None:
    found = take_beats(paced(400, brpm=14, swing=0.03))
    first = {m: min(f.at_ns for f in found if f.measure == m) / NS_PER_S for m in MEASURES}
    assert 55 <= first["rmssd_ms"] <= 65
    assert 64 <= first["coherence"] <= 72
    assert 275 <= first["rmssd_5min_ms"] <= 285
    assert 48 <= first["breathing_brpm"] <= 58
    assert np.diff([f.at_ns for f in found if f.measure == "rmssd_ms"]).min() >= 4 * NS_PER_S


MEASURES = ("rmssd_ms", "coherence", "rmssd_5min_ms", "breathing_brpm")


def test_a_beat_that_is_not_to_be_counted_on_is_passed_over() -> None:
    beats = paced(100, brpm=15, swing=0.02)
    rhythm = make()
    found = []
    for i, at_s in enumerate(beats):
        found += rhythm.take_beat(beat(at_s), int(at_s * 1e9))
        if i % 9 == 4:
            found += rhythm.take_beat(beat(at_s + 0.3, quality=0.2), int(at_s * 1e9))
    assert found == take_beats(beats)


def test_a_true_beat_that_was_unsure_is_a_missed_one() -> None:
    rhythm, found = make(), []
    for i, at_s in enumerate(paced(60, brpm=15, swing=0.02)):
        quality = 0.3 if i == 30 else 1.0
        found += rhythm.take_beat(beat(at_s, quality=quality), int(at_s * 1e9))
    poor = [f for f in found if f.measure == "rr_ms" and f.quality < 0.5]
    assert [1700 < f.value < 1900 for f in poor] == [True]


@pytest.mark.parametrize("sure", [True, False])
def test_no_interval_is_taken_across_a_gap(sure: bool) -> None:
    beats = paced(300, brpm=15, swing=0.02)
    beats = beats[(beats < 100) | (beats > 104)]
    rhythm, found = make(), []
    begun = int(np.searchsorted(beats, 104))
    for i, at_s in enumerate(beats):
        quality = 0.2 if i == begun and not sure else 1.0
        told = beat(at_s, gap_before=i == begun, quality=quality)
        found += rhythm.take_beat(told, int(at_s * 1e9))
    assert max(of(found, "rr_ms")) < 1000
    assert max(of(found, "rmssd_ms")) < 30


def test_what_cannot_be_trusted_is_withheld() -> None:
    rng = np.random.default_rng(4)
    rhythm, found = make(), []
    for rr_ms in rng.uniform(350, 1500, 400):
        found += rhythm.take_interval(float(rr_ms), 0, doubted=False)
    assert {f.measure for f in found if f.quality > 0.5} <= {"rr_ms"}
    assert not of(found, "coherence")
    assert (rhythm.rmssd_ms, rhythm.coherence) == (None, None)


def test_an_ectopic_beat_now_and_then_leaves_rmssd_as_it_is() -> None:
    clean = paced(400, brpm=15, swing=0.03)
    rough = clean.copy()
    rough[20::25] -= 0.25
    truth, ours = of(take_beats(clean), "rmssd_ms"), of(take_beats(rough), "rmssd_ms")
    assert len(ours) == len(truth)
    assert np.abs(np.array(ours) - truth).max() < 2.5


def test_nonsense_in_is_nothing_out() -> None:
    rhythm = make()
    for at_s in (0.0, 0.0, -5.0, float("nan"), float("inf")):
        assert rhythm.take_beat(beat(at_s), 0) == []
    for rr_ms in (0.0, -1.0, float("nan"), float("inf")):
        assert rhythm.take_interval(rr_ms, 0, doubted=False) == []


def verdicts(beats) -> list[bool]:
    """Tell which intervals are normal."""
    rhythm = make()
    found = [f for b in beats for f in rhythm.take_beat(b, int(b.beat_s * 1e9))]
    return [f.quality > 0.5 for f in found if f.measure == "rr_ms"]


def test_a_form_is_that_of_the_newest_beat_that_is_believed() -> None:
    usual, odd = Unlikeness(0.05, 0.05, 1.0), Unlikeness(0.9, 0.1, 1.8)
    beats = [beat(0.8 * i, before=odd if i == 31 else usual) for i in range(60)]
    # The odd one is beat 30, which is told with the next; both its intervals aren't normal.
    expected = [i not in {30, 31} for i in range(1, 57)]
    assert verdicts(beats) == expected
    # Noise between two beats changes nothing: what is told of noise isn't told of them.
    noise = beat(0.8 * 30 + 0.3, quality=0.1, before=odd)
    after = beat(0.8 * 31, before=Unlikeness(1.3, 1.3, 3.0))
    assert verdicts([*beats[:31], noise, after, *beats[32:]]) == expected


def test_without_forms_nothing_is_odd() -> None:
    beats = [beat(0.8 * i) for i in range(60)]
    assert all(verdicts(beats))
