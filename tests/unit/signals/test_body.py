from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import (
    NS_PER_MS,
    NS_PER_S,
    MeasureTaken,
    NoticeGiven,
)
from biofeedback.samples import (
    AccelerationBlock,
    BatteryReading,
    EcgBlock,
    HeartReading,
)
from biofeedback.signals.body import Body

START_NS = 5_000_000_000


def block(times, values) -> AccelerationBlock:
    return AccelerationBlock(
        times_ns=times, acceleration_mps2=values, gap_before=False, range_mps2=None
    )


def heart(bpm: int, source: str = "electrical") -> HeartReading:
    return HeartReading(
        heart_rate_bpm=bpm,
        rr_ms=(),
        rr_suspect=(),
        contact=None,
        energy_kj=None,
        source=source,
    )


def test_nobody_is_known_before_the_first_sample() -> None:
    body = Body("anna")
    body.attach("belt", "chest")
    state = body.state(START_NS)
    assert state.wearer == "anna"
    assert not state.has_motion
    assert not state.has_heart
    assert not state.walking
    assert state.motion_age_ms is None
    assert state.heart_rate_bpm is None
    assert state.activity_ratio is None


def test_the_state_of_a_walker(walk) -> None:
    body = Body("anna")
    body.attach("belt", "chest")
    times, values = walk(100, 20, 108)
    for i in range(0, times.size, 20):
        body.update("belt", block(times[i : i + 20], values[i : i + 20]), int(times[i + 19]))
    body.update("belt", heart(95), int(times[-1]))
    state = body.state(int(times[-1]) + 40 * NS_PER_MS)
    assert state.has_motion
    assert state.has_heart
    assert state.walking
    assert state.cadence_spm == pytest.approx(108, rel=0.01)
    assert state.motion_age_ms == pytest.approx(40)
    assert state.heart_rate_bpm == 95.0
    assert state.activity_mps2 == pytest.approx(2 / np.pi * 2.5, rel=0.2)
    assert state.motion_quality == 1.0
    assert state.last_step_ns is not None
    assert state.next_step_ns is not None
    until_s = (state.next_step_ns - state.last_step_ns) / NS_PER_S
    assert until_s == pytest.approx(60 / 108, abs=0.03)
    assert 0 < state.next_step_sd_ms < 40


def test_reading_the_state_changes_nothing(walk) -> None:
    times, values = walk(100, 12, 108)
    states = []
    for reads in (1, 5):
        body = Body("anna")
        body.attach("belt", "chest")
        for i in range(0, times.size, 20):
            at_ns = int(times[i + 19])
            body.update("belt", block(times[i : i + 20], values[i : i + 20]), at_ns)
            for k in range(reads):
                body.state(at_ns + k * NS_PER_S)
        states.append(body.state(int(times[-1])))
    assert states[0] == states[1]


def test_an_old_heart_rate_is_blank_but_its_age_goes_on() -> None:
    body = Body("anna")
    body.update("belt", heart(70), START_NS)
    assert body.state(START_NS + 3 * NS_PER_S).heart_rate_bpm == 70.0
    late = body.state(START_NS + 4 * NS_PER_S)
    assert late.heart_rate_bpm is None
    assert late.heart_age_ms == 4000.0


@pytest.mark.parametrize(("silent_s", "doubted"), [(1, True), (9, True), (11, False), (600, False)])
def test_a_leap_is_doubted_no_longer_than_another_reading_would_be(
    silent_s: int, doubted: bool
) -> None:
    body = Body("anna")
    body.attach("belt", "chest")
    body.update("belt", heart(70), START_NS)
    body.update("belt", heart(150), START_NS + NS_PER_S // 2)
    assert body.state(START_NS + silent_s * NS_PER_S).heart_rate_doubted == doubted


def test_an_electrical_source_goes_before_an_optical_one_while_it_is_fresh() -> None:
    body = Body("anna")
    body.update("watch", heart(70, "optical"), START_NS)
    body.update("belt", heart(80), START_NS)
    assert body.state(START_NS).heart_rate_bpm == 80.0
    body.update("watch", heart(71, "optical"), START_NS + 6 * NS_PER_S)
    assert body.state(START_NS + 6 * NS_PER_S).heart_rate_bpm == 71.0


def test_the_state_follows_the_trunk_and_falls_back_to_the_wrist(walk) -> None:
    body = Body("anna")
    body.attach("watch", "wrist")
    body.attach("belt", "chest")
    times, values = walk(50, 1, 110)
    body.update("watch", block(times, values), int(times[-1]))
    body.update("belt", block(times, values), int(times[-1]))
    later_ns = int(times[-1]) + 3 * NS_PER_S
    body.update("watch", block(times + 3 * NS_PER_S, values), later_ns)
    assert body.state(int(times[-1])).motion_sensor == "belt"
    state = body.state(later_ns)
    assert (state.motion_sensor, state.motion_age_ms) == ("watch", 0.0)


def test_the_state_stays_with_the_better_sensor_between_its_rare_packets(walk) -> None:
    body = Body("anna")
    body.attach("watch", "wrist")
    body.attach("belt", "chest")
    times, values = walk(50, 30, 110)
    arrivals = [
        (int(times[end - 1]), sensor, slice(end - size, end))
        for sensor, size in (("watch", 5), ("belt", 70))
        for end in range(size, times.size, size)
    ]
    led: set[str | None] = set()
    walking: list[bool] = []
    for at_ns, sensor, piece in sorted(arrivals, key=lambda arrival: arrival[0]):
        body.update(sensor, block(times[piece], values[piece]), at_ns)
        if at_ns > START_NS + 10 * NS_PER_S:
            state = body.state(at_ns)
            led.add(state.motion_sensor)
            walking.append(state.walking)
            assert state.motion_age_ms <= state.motion_limit_ms < 2000.0
    assert led == {"belt"}
    assert all(walking)


def test_nothing_is_told_of_a_movement_after_three_seconds_of_silence(walk) -> None:
    body = Body("anna")
    body.attach("belt", "chest")
    times, values = walk(50, 20, 110)
    body.update("belt", block(times, values), int(times[-1]))
    known = body.state(int(times[-1]) + 3 * NS_PER_S)
    assert known.walking
    assert known.activity_ratio is not None
    lost = body.state(int(times[-1]) + 3 * NS_PER_S + 1)
    assert lost.has_motion
    assert lost.motion_age_ms > 3000.0
    told = (lost.activity_ratio, lost.sustained_ratio, lost.tilt_ratio, lost.cadence_spm)
    assert told == (None, None, None, None)
    assert not lost.walking


def test_a_sensor_that_left_is_forgotten() -> None:
    body = Body("anna")
    body.attach("belt", "chest")
    body.update("belt", heart(70), START_NS)
    body.detach("belt")
    body.detach("belt")
    assert not body.state(START_NS).has_heart


def test_attaching_again_at_the_same_site_keeps_what_is_known() -> None:
    body = Body("anna")
    body.attach("belt", "chest")
    body.update("belt", heart(70), START_NS)
    body.attach("belt", "chest")
    assert body.state(START_NS).has_heart
    body.attach("belt", "wrist")
    assert not body.state(START_NS).has_heart


def test_a_sensor_that_joins_again_goes_by_what_it_claims_and_how_it_is_worn_now(walk) -> None:
    body = Body("anna")
    body.attach("belt", "chest", declared_hz=50.0)
    times, values = walk(100, 30, 110)
    half = times.size // 2
    found = body.update("belt", block(times[:half], values[:half]), int(times[half]))
    assert [f.code for f in found if isinstance(f, NoticeGiven)] == ["rate_mismatch"]
    assert not [f for f in found if getattr(f, "measure", "") == "clock_drift_ppm"]
    body.attach("belt", "chest", declared_hz=100.0)
    found = body.update("belt", block(times[half:], values[half:]), int(times[-1]))
    assert [f for f in found if getattr(f, "measure", "") == "clock_drift_ppm"]
    body.attach("belt", "chest", declared_hz=100.0, left_axis="y")
    assert not body.state(int(times[-1])).has_motion


def test_samples_without_a_measure_are_accepted_in_silence() -> None:
    body = Body("anna")
    ecg = EcgBlock(times_ns=np.array([START_NS]), ecg_uv=np.array([1.0]), gap_before=False)
    assert body.update("belt", ecg, START_NS) == []
    assert body.update("belt", BatteryReading(battery_percent=50), START_NS) == []


def test_outputs_carry_wearer_sensor_and_the_instant_of_arrival(walk) -> None:
    body = Body("anna")
    body.attach("belt", "chest")
    times, values = walk(100, 10, 108)
    at_ns = int(times[-1]) + 123
    found = body.update("belt", block(times, values), at_ns)
    assert found
    assert {(f.wearer, f.sensor, f.at_ns) for f in found} == {("anna", "belt", at_ns)}


def test_a_rate_as_declared_is_no_news(walk) -> None:
    body = Body("anna")
    body.attach("belt", "chest", declared_hz=100.0)
    times, values = walk(100, 20, 108)
    found = body.update("belt", block(times, values), int(times[-1]))
    assert any(isinstance(f, MeasureTaken) for f in found)
    assert not [f for f in found if isinstance(f, NoticeGiven)]
