"""Clocks, holes, and a sensor that nobody wears."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import NS_PER_S, MeasureTaken, NoticeGiven
from biofeedback.samples import AccelerationBlock, HeartReading
from biofeedback.signals.body import Body
from biofeedback.signals.quality import drift_ppm

START_NS = 7 * NS_PER_S


def feed(body: Body, times_s, values, *, block: int = 20, heart: bool = False) -> list:
    times = START_NS + np.round(np.asarray(times_s) * 1e9).astype(np.int64)
    found = []
    for first in range(0, times.size, block):
        piece = slice(first, first + block)
        at_ns = int(times[piece][-1])
        if heart:
            reading = HeartReading(
                heart_rate_bpm=60 + first // block % 2,
                rr_ms=(),
                rr_suspect=(),
                contact=None,
                energy_kj=None,
                source="optical",
            )
            found += body.update("band", reading, at_ns)
        samples = AccelerationBlock(
            times_ns=times[piece],
            acceleration_mps2=values[piece],
            gap_before=False,
            range_mps2=None,
        )
        found += body.update("band", samples, at_ns)
    return found


def lying(n: int, *, noise: float = 0.015):
    return np.random.default_rng(1).normal(0, noise, (n, 3)) + np.array([0, 0, 9.81])


def values_of(found, name: str) -> list[float]:
    return [f.value for f in found if isinstance(f, MeasureTaken) and f.measure == name]


def notices(found) -> list[str]:
    return [f.code for f in found if isinstance(f, NoticeGiven)]


def worn(declared_hz: float | None = None) -> Body:
    body = Body("p1")
    body.attach("band", "wrist", declared_hz=declared_hz)
    return body


def test_an_even_clock_has_no_jitter_and_its_rate_is_told_every_ten_seconds() -> None:
    found = feed(worn(), np.arange(0, 41, 0.02), lying(2050))
    assert values_of(found, "sample_rate_hz") == pytest.approx([50.0] * 4)
    assert values_of(found, "sample_jitter_ms") == pytest.approx([0.0] * 4, abs=1e-3)


def test_jitter_is_the_spread_of_the_intervals_and_one_late_sample_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    t = np.arange(0, 21, 0.02) + rng.normal(0, 0.001, 1050)
    t[500:] += 0.1
    jitter = values_of(feed(worn(), t, lying(1050)), "sample_jitter_ms")
    assert jitter == pytest.approx([np.sqrt(2)] * 2, rel=0.15)


def test_a_clock_that_runs_fast_is_told_in_millionths() -> None:
    t = np.arange(0, 21, 0.02) / (1 + 300e-6)
    drift = values_of(feed(worn(50.0), t, lying(t.size)), "clock_drift_ppm")
    assert drift == pytest.approx([300.0] * 2, abs=5)


def test_a_clock_of_another_rate_drifts_by_nothing_that_could_be_told() -> None:
    assert drift_ppm(100.0, 50.0) is None
    assert drift_ppm(50.0, None) is None


def test_a_hole_is_told_once_with_its_length() -> None:
    t = np.arange(0, 20, 0.02)
    t[400:] += 3.5
    assert values_of(feed(worn(), t, lying(1000)), "gap_s") == pytest.approx([3.52])


def test_a_sensor_on_a_table_is_told_once_and_counts_little() -> None:
    found = feed(worn(), np.arange(0, 200, 0.02), lying(10_000))
    assert notices(found) == ["off_body"]
    assert values_of(found, "signal_quality")[-1] == pytest.approx(0.2)


def test_a_sensor_that_feels_a_heart_is_worn_however_still_it_lies() -> None:
    found = feed(worn(), np.arange(0, 200, 0.02), lying(10_000), heart=True)
    assert "off_body" not in notices(found)


def test_somebody_who_only_breathes_wears_the_sensor() -> None:
    t = np.arange(0, 200, 0.02)
    values = lying(10_000)
    values[:, 0] += 0.12 * np.sin(2 * np.pi * 0.2 * t)
    assert notices(feed(worn(), t, values)) == []


def test_a_sensor_that_is_picked_up_counts_again() -> None:
    t = np.arange(0, 200, 0.02)
    values = lying(10_000)
    values[9000:, 1] += 2 * np.sin(8 * t[9000:])
    found = feed(worn(), t, values)
    assert values_of(found, "signal_quality")[170] == pytest.approx(0.2)
    assert values_of(found, "signal_quality")[-1] == 1.0


def test_the_age_of_everything_is_told_by_sensor_and_kind() -> None:
    body = worn()
    feed(body, np.arange(0, 2, 0.02), lying(100), heart=True)
    at_ns = START_NS + 4 * NS_PER_S
    ages = body.ages_ms(at_ns)
    assert set(ages) == {("band", "motion"), ("band", "heart")}
    assert ages["band", "motion"] == pytest.approx(2020, abs=1)


def test_stamps_that_go_back_over_the_end_of_a_second_are_still_cut_and_judged() -> None:
    t = np.arange(0, 5, 0.02)
    t[95:105] = t[95:105][::-1]
    found = feed(worn(), t, lying(t.size), block=250)
    assert values_of(found, "signal_quality")
    assert values_of(feed(worn(), t, lying(t.size), block=7), "signal_quality")
