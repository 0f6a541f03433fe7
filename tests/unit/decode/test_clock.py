from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from biofeedback.decode.clock import ArrivalClock, DeviceClock, FrameTimes, LowerEnvelope
from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from numpy.typing import NDArray

MS = 1_000_000
S = 1_000_000_000
UNSET_CLOCK_NS = 599_616_000 * S
FRAME_AIR_S = 226 * 8e-6
"""A frame of 36 samples has 226 bytes; a bit takes a microsecond."""


@dataclass(frozen=True)
class Frame:
    stamp_ns: int
    samples: int
    arrival_ns: int
    true_s: NDArray[np.float64]


def radio(
    *,
    seed: int,
    samples: int,
    rate_hz: float,
    seconds: float,
    clock_error: float = 0.0,
    stalls: bool = True,
) -> list[Frame]:
    """Frames of a device over a radio with 15-50 ms delay, and stalls of 0.4-2 s."""
    random = np.random.default_rng(seed)
    frames: list[Frame] = []
    arrival_s = stall_until_s = 0.0
    next_stall_s = random.uniform(8, 15)
    for index in range(int(seconds * rate_hz / samples)):
        true_s = (index * samples + np.arange(samples)) / rate_hz
        last_s = float(true_s[-1])
        if stalls and last_s > next_stall_s:
            stall_until_s = last_s + random.uniform(0.4, 2.0)
            next_stall_s = stall_until_s + random.uniform(5, 20)
        ready_s = last_s + random.uniform(0.015, 0.050)
        arrival_s = max(ready_s, stall_until_s, arrival_s + 20e-6)
        frames.append(
            Frame(
                stamp_ns=UNSET_CLOCK_NS + round(last_s * (1 + clock_error) * S),
                samples=samples,
                arrival_ns=round(arrival_s * S),
                true_s=true_s,
            )
        )
    return frames


def events(
    *,
    seed: int,
    rate_error: float,
    clock_error: float,
    seconds: float = 600.0,
    event_ms: float = 30,
) -> list[Frame]:
    """Frames of 36 samples at 200 Hz that wait for events, of which 5 % are lost; and stalls."""
    random = np.random.default_rng(seed)
    event_s = event_ms / 1000
    phase_s = random.uniform(0, event_s)
    period_s = 1 / (200 * (1 + rate_error))
    frames: list[Frame] = []
    arrival_s = 0.0
    for index in range(int(seconds / (36 * period_s))):
        true_s = 0.5 + (index * 36 + np.arange(36)) * period_s
        last_s = ready_s = float(true_s[-1])
        stall_s = 30 + 60 * ((last_s - 30) // 60)
        if stall_s >= 30 and last_s < stall_s + 1.5:
            ready_s = stall_s + 1.5
        turns = np.floor((ready_s - phase_s) / event_s) + random.geometric(0.95)
        sent_s = float(turns) * event_s + phase_s
        heard_s = sent_s + FRAME_AIR_S + random.exponential(0.0006)
        arrival_s = max(heard_s, arrival_s + 20e-6)
        stamp_ns = UNSET_CLOCK_NS + round(last_s * (1 + clock_error) * S)
        frames.append(Frame(stamp_ns, 36, round(arrival_s * S), true_s))
    return frames


def error_ms(frames: list[Frame], answers: list[FrameTimes], *, after_s: float = 0.0) -> float:
    """Root mean square of the error against the truth, with nothing taken away."""
    true_s = np.concatenate([frame.true_s for frame in frames])
    got_s = np.concatenate([answer.times_ns for answer in answers]) / S
    return float(np.sqrt(np.mean((got_s - true_s)[true_s >= after_s] ** 2)) * 1000)


def run(clock: DeviceClock, frames: list[Frame], shift_ns: int = 0) -> list[FrameTimes]:
    return [
        clock.update(
            device_last_ns=frame.stamp_ns,
            samples=frame.samples,
            arrival_ns=frame.arrival_ns + shift_ns,
        )
        for frame in frames
    ]


def scatter_ms(frames: list[Frame], answers: list[FrameTimes], after_s: float) -> float:
    """Root mean square of the error once a constant delay is taken away."""
    true_s = np.concatenate([frame.true_s for frame in frames])
    got_s = np.concatenate([answer.times_ns for answer in answers]) / S
    error_s = (got_s - true_s)[true_s > after_s]
    return float(np.std(error_s) * 1000)


@pytest.mark.parametrize("rate_error", [-0.0015, 0.0, 0.0015])
@pytest.mark.parametrize("clock_error", [-0.0015, -0.0002, 0.0002, 0.0015])
def test_times_are_within_2_ms_of_the_truth(rate_error: float, clock_error: float) -> None:
    frames = radio(
        seed=4, samples=36, rate_hz=200 * (1 + rate_error), seconds=120, clock_error=clock_error
    )
    answers = run(DeviceClock(200.0), frames)
    assert scatter_ms(frames, answers, after_s=20) < 2.0
    assert not any(answer.gap_before or answer.clock_reset for answer in answers)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rate_error", [-0.0015, 0.0015])
def test_ten_minutes_are_within_2_ms_of_the_truth_from_the_first_sample(
    seed: int, rate_error: float
) -> None:
    frames = events(seed=seed, rate_error=rate_error, clock_error=(-1) ** seed * 30e-6)
    answers = run(DeviceClock(200.0), frames)
    assert error_ms(frames, answers) < 2.0
    assert error_ms(frames, answers, after_s=40) < 1.1


@pytest.mark.parametrize("event_ms", [7.5, 15.0, 50.0])
def test_other_connection_intervals_are_learned(event_ms: float) -> None:
    frames = events(seed=1, rate_error=0.0015, clock_error=2e-5, event_ms=event_ms)
    assert error_ms(frames, run(DeviceClock(200.0), frames), after_s=40) < 1.5


def test_packets_that_always_meet_the_same_phase_are_placed_in_the_middle_of_what_is_possible() -> (
    None
):
    for seed in range(8):
        frames = events(seed=seed, rate_error=0.0, clock_error=0.0, seconds=300)
        # Nothing tells whether they wait 0 or 30 ms: half of it is the least that can go wrong.
        assert error_ms(frames, run(DeviceClock(200.0), frames)) < 16.5


@pytest.mark.parametrize("clock_error", [-200e-6, 200e-6])
def test_a_crystal_that_is_far_off_is_known_once_all_phases_came_again_and_again(
    clock_error: float,
) -> None:
    for seed in range(3):
        frames = events(seed=seed, rate_error=0.0015, clock_error=clock_error, seconds=600)
        assert error_ms(frames, run(DeviceClock(200.0), frames), after_s=400) < 6.0


def test_long_frames_settle_too() -> None:
    frames = radio(seed=1, samples=63, rate_hz=52, seconds=400, clock_error=0.0002)
    assert scatter_ms(frames, run(DeviceClock(52.0), frames), after_s=120) < 2.0


def test_times_ascend_and_are_never_later_than_their_packet() -> None:
    frames = radio(seed=2, samples=36, rate_hz=200.3, seconds=60)
    answers = run(DeviceClock(200.0), frames)
    assert (np.diff(np.concatenate([answer.times_ns for answer in answers])) > 0).all()
    for frame, answer in zip(frames, answers, strict=True):
        assert answer.times_ns[-1] <= frame.arrival_ns


def test_a_burst_is_spread_by_the_device_clock() -> None:
    frames = radio(seed=3, samples=36, rate_hz=200, seconds=40)
    times_ns = np.concatenate([answer.times_ns for answer in run(DeviceClock(200.0), frames)])
    steps_ms = np.diff(times_ns[len(times_ns) // 2 :]) / MS
    assert steps_ms.min() > 4.5
    assert steps_ms.max() < 5.5


def test_a_wrong_nominal_rate_is_unlearned() -> None:
    frames = radio(seed=5, samples=36, rate_hz=50, seconds=60, stalls=False)
    answers = run(DeviceClock(200.0), frames)
    assert not any(answer.gap_before for answer in answers[4:])
    assert scatter_ms(frames, answers, after_s=30) < 3.0


def test_a_lost_frame_is_a_gap_and_not_a_stretch() -> None:
    frames = radio(seed=6, samples=36, rate_hz=200, seconds=30, stalls=False)
    kept = frames[:80] + frames[81:]
    answers = run(DeviceClock(200.0), kept)
    assert [answer.gap_before for answer in answers].count(True) == 1
    after = answers[80]
    assert after.gap_before
    assert not after.clock_reset
    assert np.diff(after.times_ns).max() < 5.5 * MS
    assert after.times_ns[0] - answers[79].times_ns[-1] > 170 * MS


def test_a_gap_of_30_s_keeps_the_clock() -> None:
    frames = radio(seed=7, samples=36, rate_hz=200, seconds=90, stalls=False)
    kept = [frame for frame in frames if not 30 < frame.true_s[-1] < 60]
    answers = run(DeviceClock(200.0), kept)
    assert [answer.gap_before for answer in answers].count(True) == 1
    assert not any(answer.clock_reset for answer in answers)
    # What the drift was known to after 30 s, carried over 30 s more.
    assert scatter_ms(kept, answers, after_s=20) < 4.0


def test_a_clock_that_stood_still_for_long_is_fitted_anew() -> None:
    frames = radio(seed=8, samples=36, rate_hz=200, seconds=20, stalls=False)
    late = [
        Frame(frame.stamp_ns, frame.samples, frame.arrival_ns + 20 * S, frame.true_s)
        for frame in frames[50:]
    ]
    answers = run(DeviceClock(200.0), frames[:50] + late)
    assert [answer.clock_reset for answer in answers].index(True) == 50
    assert late[0].arrival_ns - answers[50].times_ns[-1] < 100 * MS


def test_a_clock_that_was_set_back_by_a_second_is_noticed_in_seconds() -> None:
    frames = radio(seed=9, samples=36, rate_hz=200, seconds=30, stalls=False)
    late = [
        Frame(frame.stamp_ns, frame.samples, frame.arrival_ns + S, frame.true_s)
        for frame in frames[50:]
    ]
    answers = run(DeviceClock(200.0), frames[:50] + late)
    resets = [i for i, answer in enumerate(answers) if answer.clock_reset]
    assert len(resets) == 1
    assert 50 < resets[0] < 50 + 20


def test_a_start_inside_a_burst_is_caught_up_with() -> None:
    frames = radio(seed=10, samples=63, rate_hz=52, seconds=60, stalls=False)
    burst_ns = frames[3].arrival_ns - 1_000_000
    early = [
        Frame(frame.stamp_ns, frame.samples, burst_ns + i * 100_000, frame.true_s)
        for i, frame in enumerate(frames[:3])
    ]
    answers = run(DeviceClock(52.0), early + frames[3:])
    assert not any(answer.clock_reset for answer in answers)
    times_ns = np.concatenate([answer.times_ns for answer in answers])
    assert (np.diff(times_ns) > 0).all()


def test_a_new_start_with_another_rate_is_learned_without_a_reset() -> None:
    clock = DeviceClock(52.0)
    run(clock, radio(seed=11, samples=60, rate_hz=52, seconds=30, stalls=False))
    clock.forget_rate()
    fast = [
        Frame(f.stamp_ns + 60 * S, f.samples, f.arrival_ns + 60 * S, f.true_s)
        for f in radio(seed=12, samples=60, rate_hz=416, seconds=10, stalls=False)
    ]
    answers = run(clock, fast)
    assert not any(answer.clock_reset for answer in answers)
    assert not any(answer.gap_before for answer in answers[1:])


def test_a_stamp_that_did_not_move_is_out_of_order() -> None:
    clock = DeviceClock(200.0)
    clock.update(device_last_ns=S, samples=36, arrival_ns=S)
    with pytest.raises(Malformed) as caught:
        clock.update(device_last_ns=S, samples=36, arrival_ns=2 * S)
    assert caught.value.reason == "out_of_order"


def test_the_envelope_finds_the_drift_under_the_jitter() -> None:
    random = np.random.default_rng(0)
    envelope = LowerEnvelope(0.0025)
    excess = 0.0
    for index in range(600):
        device_ns = index * 0.18 * S
        jitter_ns = random.uniform(0, 35) * MS
        above_ns = envelope.update(device_ns, device_ns * 0.0015 + jitter_ns)
        if index > 300:
            excess = max(excess, abs(above_ns - jitter_ns))
    assert excess < 2 * MS


def test_arrivals_without_stamps_become_a_steady_rate() -> None:
    random = np.random.default_rng(1)
    clock = ArrivalClock(10.0)
    times: list[int] = []
    for index in range(600):
        arrival_ns = round((index * 0.1 + random.uniform(0.0, 0.02)) * S)
        answer = clock.update(samples=1, arrival_ns=arrival_ns)
        assert not answer.gap_before
        assert answer.times_ns[-1] <= arrival_ns
        times.append(int(answer.times_ns[-1]))
    steps_ms = np.diff(times[200:]) / MS
    assert steps_ms.min() > 95
    assert steps_ms.max() < 105


def test_silence_without_stamps_is_a_gap_and_not_a_stretch() -> None:
    clock = ArrivalClock(10.0)
    for index in range(50):
        clock.update(samples=1, arrival_ns=index * S // 10)
    answer = clock.update(samples=1, arrival_ns=15 * S)
    assert answer.gap_before
    assert 15 * S - answer.times_ns[-1] < 10 * MS
    following = clock.update(samples=1, arrival_ns=15 * S + S // 10)
    assert not following.gap_before
