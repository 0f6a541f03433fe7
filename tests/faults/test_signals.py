"""Rows F26-F40 of the fault catalogue that the signals stage answers."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import (
    NS_PER_S,
    EventDetected,
    MeasureTaken,
    NoticeGiven,
)
from biofeedback.samples import (
    AccelerationBlock,
    HeartReading,
)
from biofeedback.signals.body import Body

START_NS = 7_000_000_000


def heart(bpm: int | None, rr_ms: tuple[float, ...] = (), source: str = "electrical"):
    return HeartReading(
        heart_rate_bpm=bpm,
        rr_ms=rr_ms,
        rr_suspect=(False,) * len(rr_ms),
        contact=None,
        energy_kj=None,
        source=source,
    )


def gait(duration_s: float, spm: float = 110, rate_hz: float = 100):
    times = START_NS + np.round(np.arange(0, duration_s, 1 / rate_hz) * 1e9).astype(np.int64)
    phase = 2 * np.pi * spm / 60 * (times - START_NS) * 1e-9
    values = np.random.default_rng(5).normal(0, 0.05, (times.size, 3))
    values[:, 0] += 0.8 * np.sin(0.5 * phase)
    values[:, 2] += 9.81 + 2.5 * np.cos(phase) + 0.8 * np.cos(2 * phase)
    return times, values


def feed(body: Body, times, values, range_mps2: float | None = None, block: int = 20) -> list:
    found = []
    for i in range(0, times.size, block):
        piece = slice(i, i + block)
        samples = AccelerationBlock(
            times_ns=times[piece],
            acceleration_mps2=values[piece],
            gap_before=False,
            range_mps2=range_mps2,
        )
        found += body.update("s", samples, int(times[piece][-1]))
    return found


def values_of(found, measure: str) -> list[float]:
    return [f.value for f in found if isinstance(f, MeasureTaken) and f.measure == measure]


def steps_of(found) -> list[EventDetected]:
    return [f for f in found if isinstance(f, EventDetected) and f.event == "step"]


def notices_of(found) -> list[str]:
    return [f.code for f in found if isinstance(f, NoticeGiven)]


@pytest.mark.parametrize("bpm", [0, 1, 29, 221, 255, 65535])
def test_F26_a_heart_rate_outside_30_to_220_is_invalid_and_not_clipped(bpm: int) -> None:
    body = Body("w")
    body.update("s", heart(70), START_NS)
    found = body.update("s", heart(bpm), START_NS + NS_PER_S)
    assert values_of(found, "heart_rate_bpm") == []
    state = body.state(START_NS + NS_PER_S)
    assert state.heart_rate_bpm == 70.0
    assert state.heart_age_ms == 1000.0


@pytest.mark.parametrize("bpm", [30, 220])
def test_F26_the_bounds_themselves_are_valid(bpm: int) -> None:
    assert values_of(Body("w").update("s", heart(bpm), 0), "heart_rate_bpm") == [bpm]


def test_F27_a_jump_of_60_is_held_back_until_three_readings_agree() -> None:
    body = Body("w")
    taken = []
    for i, bpm in enumerate([70, 71, 131, 132, 133, 134]):
        found = body.update("s", heart(bpm), START_NS + i * NS_PER_S)
        taken.append(values_of(found, "heart_rate_bpm"))
    assert taken == [[70.0], [71.0], [], [], [133.0], [134.0]]


def test_F27_wild_readings_that_disagree_are_never_accepted() -> None:
    body = Body("w")
    found = body.update("s", heart(70), START_NS)
    for i, bpm in enumerate([150, 200, 150, 200, 150, 200]):
        found += body.update("s", heart(bpm), START_NS + (i + 1) * NS_PER_S)
    assert values_of(found, "heart_rate_bpm") == [70.0]


@pytest.mark.parametrize("outlier", [200.0, 3000.0, 65535.0])
def test_F28_an_rr_outlier_is_told_with_low_quality_and_the_rate_is_unaffected(outlier) -> None:
    body = Body("w")
    found = []
    for i in range(120):
        rr = outlier if i == 60 else 800.0 + 20 * (i % 2)
        found += body.update("s", heart(74, (rr,)), START_NS + i * 810_000_000)
    marked = [f for f in found if isinstance(f, MeasureTaken) and f.measure == "rr_ms"]
    assert [f.value for f in marked if f.quality < 0.5] == [outlier]
    assert values_of(found, "heart_rate_bpm") == [74.0] * 120
    assert values_of(found, "rmssd_ms") == pytest.approx([20.0] * len(values_of(found, "rmssd_ms")))
    assert values_of(found, "rmssd_ms")


@pytest.mark.parametrize("fault", ["missed", "extra", "both"])
def test_F29_a_tenth_of_wrong_beats_leaves_rmssd_right_or_withheld(fault: str) -> None:
    rng = np.random.default_rng(11)
    true_rr = 850 + 40 * np.sin(np.arange(2000) / 40) + rng.normal(0, 20, 2000)
    told: list[float] = []
    i = 0
    while i < 1999:
        chance = rng.random()
        if fault != "extra" and chance < 0.1:
            told.append(true_rr[i] + true_rr[i + 1])
            i += 2
            continue
        if fault != "missed" and chance > 0.9:
            told += [true_rr[i] * 0.45, true_rr[i] * 0.55]
        else:
            told.append(true_rr[i])
        i += 1
    truth = np.sqrt(np.mean(np.diff(true_rr) ** 2))
    body = Body("w")
    found = []
    at_ns = START_NS
    for rr in told:
        at_ns += round(rr * 1e6)
        found += body.update("s", heart(70, (float(rr),)), at_ns)
    given = values_of(found, "rmssd_ms")
    # One minute holds some 60 differences, so a window itself scatters round the whole.
    assert not given or abs(np.mean(given) / truth - 1) <= 0.10
    if fault == "missed":
        assert given


def test_F30_a_rate_frozen_for_a_minute_while_the_cadence_changes_is_suspect() -> None:
    body = Body("w")
    body.attach("s", "chest")
    found = []
    slow, slow_values = gait(50, spm=95)
    fast, fast_values = gait(50, spm=120)
    fast = fast + 50 * NS_PER_S
    times = np.concatenate((slow, fast))
    values = np.concatenate((slow_values, fast_values))
    for i in range(0, times.size, 100):
        found += feed(body, times[i : i + 100], values[i : i + 100])
        found += body.update("s", heart(110, source="optical"), int(times[i + 99]))
    assert notices_of(found) == ["heart_rate_suspect"]
    state = body.state(int(times[-1]))
    assert state.heart_rate_bpm is None
    assert state.heart_quality == 0.2
    body.update("s", heart(112), int(times[-1]) + NS_PER_S)
    assert body.state(int(times[-1]) + NS_PER_S).heart_rate_bpm == 112.0


def test_F30_a_steady_rate_at_a_steady_cadence_is_no_fault() -> None:
    body = Body("w")
    body.attach("s", "chest")
    times, values = gait(90, spm=105)
    found = []
    for i in range(0, times.size, 100):
        found += feed(body, times[i : i + 100], values[i : i + 100])
        found += body.update("s", heart(125), int(times[i + 99]))
    # The walk's first seconds count as rest, then the cadence stands.
    assert body.state(int(times[-1])).heart_rate_bpm == 125.0


@pytest.mark.parametrize("gap_s", [1, 5, 30])
def test_F35_nothing_is_invented_in_a_gap_and_the_steps_begin_anew(gap_s: int) -> None:
    body = Body("w")
    body.attach("s", "waist")
    times, values = gait(30 + gap_s)
    t = (times - START_NS) / NS_PER_S
    keep = (t < 15) | (t >= 15 + gap_s)
    found = feed(body, times[keep], values[keep])
    steps = np.array([(s.event_ns - START_NS) / NS_PER_S for s in steps_of(found)])
    assert not ((steps > 15.05) & (steps < 15 + gap_s - 0.05)).any()
    assert (steps < 15).sum() > 20
    assert (steps > 15 + gap_s).sum() > 20
    after = [s for s in steps_of(found) if s.event_ns > START_NS + (15 + gap_s) * NS_PER_S]
    assert after[0].at_ns > START_NS + (16.5 + gap_s) * NS_PER_S


def test_F36_a_clipping_sensor_is_poor_and_its_cadence_is_withheld() -> None:
    body = Body("w")
    body.attach("s", "waist")
    times, values = gait(20)
    good = feed(body, times, values, range_mps2=78.5)
    assert values_of(good, "cadence_spm")
    clipped = np.clip(values * 1.0, -11.0, 11.0)
    bad = feed(body, times + 20 * NS_PER_S, clipped, range_mps2=11.0)
    last_s = int(times[-1]) + 20 * NS_PER_S
    assert notices_of(bad) == ["clipping"]
    late = [f for f in bad if f.at_ns > START_NS + 22 * NS_PER_S]
    assert values_of(late, "cadence_spm") == []
    assert max(values_of(late, "signal_quality")) <= 0.2
    assert body.state(last_s).cadence_spm is None
    assert body.state(last_s).motion_quality <= 0.2


def rotation(axis: tuple[float, float, float], angle: float):
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    c, s = np.cos(angle), np.sin(angle)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) * c + s * k + (1 - c) * np.outer([x, y, z], [x, y, z])


@pytest.mark.parametrize(
    "turn",
    [
        np.diag([1.0, 1.0, -1.0]),
        np.diag([-1.0, 1.0, 1.0]),
        -np.eye(3),
        rotation((1, 2, 3), 2.1),
        rotation((0, 1, 0), np.pi / 2),
    ],
)
@pytest.mark.parametrize("site", ["wrist", "waist"])
def test_F37_the_cadence_stays_within_1_percent_however_the_sensor_is_worn(turn, site) -> None:
    times, values = gait(20)
    cadences = []
    for worn in (values, values @ turn.T):
        body = Body("w")
        body.attach("s", site)
        cadences.append(values_of(feed(body, times, worn), "cadence_spm"))
    assert len(cadences[0]) == len(cadences[1]) > 20
    assert cadences[1] == pytest.approx(cadences[0], rel=0.01)


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf, 1e300, 5e-324])
def test_F38_a_number_that_is_none_is_stopped_and_counted(poison: float) -> None:
    body = Body("w")
    body.attach("s", "waist")
    times, values = gait(20)
    values[::7, 1] = poison
    found = feed(body, times, values)
    numbers = [f.value for f in found if isinstance(f, MeasureTaken)]
    assert len(numbers) > 100
    assert np.isfinite(numbers).all()
    assert values_of(found, "cadence_spm")[-1] == pytest.approx(110, rel=0.02)
    if abs(poison) > 1:
        assert max(values_of(found, "signal_quality")) < 0.9
        assert body.not_finite("s") == len(values[::7])


def test_F38_rr_intervals_that_are_no_numbers_are_stopped() -> None:
    numbers = (float("nan"), float("inf"), -5.0, 800.0)
    body = Body("w")
    found = [f for i in range(9) for f in body.update("s", heart(70, numbers), START_NS + i)]
    assert values_of(found, "rr_ms") == [800.0] * 6


@pytest.mark.parametrize("activity", ["standing", "waving", "tilting"])
def test_F39_after_walking_there_are_no_steps_within_4_s(activity: str) -> None:
    body = Body("w")
    body.attach("s", "wrist")
    times, values = gait(40)
    t = (times - START_NS) * 1e-9
    after = t >= 15
    values[after] = np.random.default_rng(2).normal(0, 0.05, (after.sum(), 3))
    values[after, 2] += 9.81
    swing = np.sin(2 * np.pi * 1.6 * t[after])
    if activity == "waving":
        values[after, 0] += 7 * swing
        values[after, 1] += 2 * swing
    if activity == "tilting":
        values[after, 0] = 9.81 * np.sin(0.8 * swing)
        values[after, 2] = 9.81 * np.cos(0.8 * swing) + 0.4 * swing
    found = feed(body, times, values)
    steps = [(s.event_ns - START_NS) / NS_PER_S for s in steps_of(found)]
    assert len(steps) > 20
    assert max(steps) < 19
    state = body.state(START_NS + 19 * NS_PER_S)
    assert not state.walking
    assert state.cadence_spm is None


def test_F40_a_sensor_that_delivers_another_rate_than_it_claims_is_told_once() -> None:
    body = Body("w")
    body.attach("s", "wrist", declared_hz=130.0)
    times, values = gait(40, rate_hz=55)
    found = feed(body, times, values)
    assert notices_of(found) == ["rate_mismatch"]
    assert values_of(found, "cadence_spm")[-1] == pytest.approx(110, rel=0.01)


def test_F41_without_intervals_the_rate_still_works() -> None:
    body = Body("w")
    found = []
    for i in range(100):
        found += body.update("s", heart(60 + i % 5), START_NS + i * NS_PER_S)
    assert len(values_of(found, "heart_rate_bpm")) == 100
    assert values_of(found, "rmssd_ms") == []
