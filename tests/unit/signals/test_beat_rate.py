"""Heart rate from beats: one wrong beat doesn't move it."""

from __future__ import annotations

import pytest

from biofeedback.signals.beats.beat import Beat
from biofeedback.signals.beats.rate import BeatRate


def rate(beats, *, now_s: float | None = None, irregular: bool = True):
    measure = BeatRate(irregular=irregular)
    for beat in beats:
        measure.add(beat)
    return measure.measure(beats[-1].beat_s if now_s is None else now_s)


def beat(at_s: float, quality: float = 1.0, *, gap_before: bool = False) -> Beat:
    return Beat(beat_s=at_s, quality=quality, gap_before=gap_before, amplitude=None)


def steady(bpm: float, count: int) -> list[Beat]:
    return [beat(k * 60 / bpm) for k in range(count)]


def test_steady_beats_give_their_rate():
    for bpm in (40, 72, 190):
        assert rate(steady(bpm, 40)).bpm == pytest.approx(bpm)


def test_only_the_last_eight_seconds_count():
    beats = [*steady(60, 20), *(beat(19 + k * 0.5) for k in range(1, 21))]
    assert rate(beats).bpm == pytest.approx(120)


def test_a_missed_beat_changes_nothing():
    beats = steady(75, 30)
    del beats[26]
    assert rate(beats).bpm == pytest.approx(75)


def test_an_extra_beat_that_is_not_quite_sure_changes_nothing():
    beats = steady(75, 30)
    beats.insert(27, beat(beats[26].beat_s + 0.3, 0.7))
    assert rate(beats).bpm == pytest.approx(75)


def test_doubtful_beats_are_not_counted_one_by_one():
    beats = steady(75, 30)
    beats[25] = beat(beats[25].beat_s + 0.2, 0.1)
    beats.insert(27, beat(beats[26].beat_s + 0.31, 0.3))
    assert rate(beats).bpm == pytest.approx(75)


def test_in_an_irregular_rhythm_each_interval_counts_as_it_is():
    lengths = [0.6, 1.1, 0.7, 1.3, 0.5, 0.9, 1.2, 0.6]
    beats, at_s = [beat(0.0)], 0.0
    for length in lengths:
        at_s += length
        beats.append(beat(at_s))
    assert rate(beats).bpm == pytest.approx(60 * len(lengths) / sum(lengths))


def test_no_interval_is_made_across_a_gap():
    beats = [*steady(60, 5), beat(6.7, gap_before=True), beat(7.7)]
    assert rate(beats).bpm == pytest.approx(60)


def test_too_little_is_withheld():
    assert rate(steady(60, 3)) is None
    assert rate(steady(60, 10), now_s=16.0) is None
    assert rate([beat(k * 0.8, 0.2) for k in range(20)]) is None


def test_optical_pulses_that_come_at_the_wrong_time_are_left_out():
    beats = steady(60, 30)
    beats[26] = beat(beats[26].beat_s + 0.45)
    assert rate(beats, irregular=False).bpm == pytest.approx(60)


def test_beats_that_are_nearly_doubtful_and_without_rhythm_make_a_doubtful_rate():
    def row(quality: float) -> list[Beat]:
        return [beat(k * 0.5 + 0.2 * (k % 2), quality) for k in range(30)]

    assert rate(row(0.95)).quality > 0.9
    assert rate(row(0.65)).quality < 0.5


def test_an_irregular_heart_in_a_clean_signal_is_trusted():
    beats = [beat(k * 0.8 + 0.3 * (k % 3 == 0), 0.95) for k in range(30)]
    assert rate(beats).quality > 0.9


def test_doubtful_neighbours_make_the_rate_of_the_sure_beats_doubtful():
    beats = [beat(k * 0.5, 0.8 if k % 3 else 0.05) for k in range(30)]
    assert rate(beats).quality < 0.5
    assert rate(beats, irregular=False).quality > 0.5
