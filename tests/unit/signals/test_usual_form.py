from __future__ import annotations

import numpy as np
import pytest

from biofeedback.signals.beats.usual_form import WIDER, Unlikeness, UsualForm


def wave(form: UsualForm, rate_hz: float, *, width_s=0.012, uv=1000.0, late_s=0.0):
    t = (np.arange(2 * form.beside + 1) - form.beside) / rate_hz - late_s
    return np.rint(uv * np.exp(-0.5 * (t / width_s) ** 2))


@pytest.mark.parametrize("rate_hz", [80, 128, 130.16, 250, 360, 512, 1000, 2100])
def test_at_every_rate_a_wave_is_like_itself_wherever_and_however_large(rate_hz) -> None:
    form = UsualForm(rate_hz)
    form.compare(wave(form, rate_hz), learn=True)
    for uv in (300.0, 1000.0, 15_000.0):
        for late_s in (-0.05, 0.0, 0.03):
            seen = form.compare(wave(form, rate_hz, uv=uv, late_s=late_s), learn=True)
            # At 80 Hz it may lie between two samples.
            assert seen.usual < 0.35
            assert seen.width < WIDER


def test_a_wide_wave_is_far_and_wide_and_known_once_two_had_it() -> None:
    form = UsualForm(250)
    for _ in range(5):
        form.compare(wave(form, 250), learn=True)
    wide = wave(form, 250, width_s=0.04, uv=-900.0)
    first, second, third = (form.compare(wide, learn=True) for _ in range(3))
    assert first.usual == first.nearest > 1.0
    assert first.width > 1.5
    assert second.nearest == second.usual
    assert third.nearest < 0.05
    assert third.usual == first.usual


def test_the_sum_of_both_is_near() -> None:
    form = UsualForm(250)
    narrow, wide = wave(form, 250), wave(form, 250, width_s=0.04)
    for beat in (narrow, narrow, wide, narrow, wide, narrow):
        form.compare(beat, learn=True)
    seen = form.compare(narrow + wide, learn=True)
    assert seen.usual > 0.2
    assert seen.nearest < 0.5 * seen.usual


def test_what_may_be_no_beat_is_not_learned_from() -> None:
    form = UsualForm(250)
    wide = wave(form, 250, width_s=0.04)
    assert form.compare(wide, learn=False) == Unlikeness(0.0, 0.0, 1.0)
    form.compare(wave(form, 250), learn=True)
    seen = [form.compare(wide, learn=False) for _ in range(60)]
    assert len(set(seen)) == 1
    assert seen[0].usual > 0.5


def test_the_commoner_form_becomes_the_usual_one() -> None:
    form = UsualForm(250)
    narrow, wide = wave(form, 250), wave(form, 250, width_s=0.04)
    for _ in range(100):
        form.compare(narrow, learn=True)
    assert form.compare(wide, learn=True).usual > 0.5
    for _ in range(30):
        form.compare(wide, learn=True)
    assert form.compare(wide, learn=True).usual < 0.05
    # Back again.
    for _ in range(10):
        form.compare(narrow, learn=True)
    assert form.compare(narrow, learn=True).usual < 0.05


@pytest.mark.parametrize("rate_hz", [80, 130, 499, 2100])
def test_the_largest_numbers_there_are_overflow_nothing(rate_hz) -> None:
    form = UsualForm(rate_hz)
    largest = float(1 << 21)
    rng = np.random.default_rng(0)
    n = 2 * form.beside + 1
    for raw in (np.full(n, largest), rng.choice([-largest, largest], n), np.zeros(n)):
        for _ in range(12):
            seen = form.compare(raw, learn=True)
            assert 0.0 <= seen.nearest <= seen.usual <= 2.0
            assert np.isfinite(seen.width)
