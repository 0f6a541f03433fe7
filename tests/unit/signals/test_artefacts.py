from __future__ import annotations

import numpy as np
import pytest

from biofeedback.signals.heart.artefacts import LOOK_AHEAD_BEATS, Artefacts


def judge(rr_ms, doubted=()):
    stream = Artefacts()
    return [j for i, rr in enumerate(rr_ms) for j in stream.update(float(rr), doubted=i in doubted)]


def rhythm(n=60, *, base_ms=850.0, breath_ms=25.0, noise_ms=8.0, seed=0):
    rng = np.random.default_rng(seed)
    i = np.arange(n)
    return base_ms + breath_ms * np.sin(2 * np.pi * i / 4.7) + rng.normal(0, noise_ms, n)


def verdicts(rr_ms, **told):
    return [j.verdict for j in judge(rr_ms, **told)]


def test_a_breathing_heart_is_normal() -> None:
    for seed in range(5):
        found = verdicts(rhythm(300, breath_ms=40.0, seed=seed))
        assert found.count("normal") >= 0.99 * len(found)


def test_every_interval_is_judged_once_in_order_and_three_beats_late() -> None:
    rr = rhythm(100)
    rr[40], rr[41] = 400.0, 1300.0
    rr[70] = 1700.0
    stream = Artefacts()
    judged = []
    for n, value in enumerate(rr, start=1):
        judged += stream.update(float(value), doubted=False)
        assert len(judged) >= n - LOOK_AHEAD_BEATS
    assert [j.rr_ms for j in judged] == rr[: len(judged)].tolist()


def test_a_missed_beat_is_one_long_interval_and_two_normal_ones() -> None:
    rr = rhythm()
    whole = np.concatenate([rr[:30], [rr[30] + rr[31]], rr[32:]])
    found = judge(whole)
    assert [j.verdict for j in found if j.verdict != "normal"] == ["missed"]
    assert len(found[30].normal_ms) == 2
    assert sum(found[30].normal_ms) == pytest.approx(whole[30])


def test_a_missed_beat_is_put_where_the_breath_would_have_had_it() -> None:
    ours, halves = [], []
    for at in range(20, 40):
        rr = rhythm(noise_ms=0.0)
        whole = np.concatenate([rr[:at], [rr[at] + rr[at + 1]], rr[at + 2 :]])
        found = judge(whole)[at]
        assert found.verdict == "missed"
        ours.append(found.normal_ms[0] - rr[at])
        halves.append(whole[at] / 2 - rr[at])
    assert np.std(ours) < 0.6 * np.std(halves)


def test_two_missed_beats_make_three_intervals() -> None:
    rr = rhythm()
    whole = np.concatenate([rr[:30], [rr[30:33].sum()], rr[33:]])
    assert judge(whole)[30].normal_ms == pytest.approx([whole[30] / 3] * 3)


@pytest.mark.parametrize("share", [0.25, 0.4, 0.5, 0.7])
def test_an_extra_beat_is_two_short_intervals_and_one_normal_one(share: float) -> None:
    rr = rhythm()
    parts = [share * rr[30], (1 - share) * rr[30]]
    found = judge(np.concatenate([rr[:30], parts, rr[31:]]))
    assert [j.verdict for j in found[29:33]] == ["normal", "extra", "extra", "normal"]
    assert found[30].normal_ms == pytest.approx([rr[30]])
    assert found[31].normal_ms == ()


@pytest.mark.parametrize("share", [-0.35, -0.2, -0.1, 0.1, 0.2, 0.35])
def test_a_displaced_beat_changes_two_intervals_and_their_sum_stays(share: float) -> None:
    rr = rhythm()
    moved = rr.copy()
    moved[30] += share * rr[30]
    moved[31] -= share * rr[30]
    found = judge(moved)
    assert [j.verdict for j in found[29:33]] == ["normal", "displaced", "displaced", "normal"]
    assert sum(found[30].normal_ms) == pytest.approx(rr[30] + rr[31])
    assert {j.verdict for j in found[:29] + found[33:]} == {"normal"}


def test_an_early_beat_without_a_pause_is_one_short_interval() -> None:
    rr = rhythm(breath_ms=5.0)
    rr[30] *= 0.7
    found = verdicts(rr)
    assert found[30] == "early"
    assert found.count("normal") == len(found) - 1


def test_what_the_source_doubts_is_no_measurement() -> None:
    found = judge(rhythm(), doubted={20})
    assert found[20].verdict == "doubted"
    assert len(found[20].normal_ms) == 1
    assert found[19].verdict == found[21].verdict == "normal"


@pytest.mark.parametrize(("before_ms", "after_ms"), [(900, 700), (700, 900), (1000, 640)])
def test_a_new_rate_is_accepted(before_ms: float, after_ms: float) -> None:
    found = verdicts([*rhythm(40, base_ms=before_ms), *rhythm(40, base_ms=after_ms, seed=1)])
    assert found.count("normal") >= len(found) - 6
    assert set(found[46:]) == {"normal"}


def test_a_start_among_artefacts_is_overcome() -> None:
    rr = [400.0, 1700.0, 300.0, 1250.0, 420.0, *rhythm(80)]
    assert set(verdicts(rr)[20:]) == {"normal"}


def test_a_heart_that_grows_more_variable_is_followed() -> None:
    calm = rhythm(150, breath_ms=4.0, noise_ms=3.0)
    lively = rhythm(300, breath_ms=70.0, noise_ms=10.0)
    found = verdicts(np.concatenate([calm, lively]))
    assert found[-120:].count("normal") >= 110


def test_a_break_judges_what_waits_and_forgets() -> None:
    stream = Artefacts()
    judged = []
    for rr in [800.0] * 10 + [1500.0]:
        judged += stream.update(rr, doubted=False)
    judged += stream.break_row()
    assert [j.verdict for j in judged] == ["normal"] * 10 + ["odd"]
    assert stream.break_row() == []


def test_a_gap_told_as_one_interval_is_not_filled() -> None:
    rr = rhythm()
    rr[30] = 65_535.0
    found = judge(rr)
    assert found[30].normal_ms == ()
    assert found[29].verdict == found[31].verdict == "normal"
