import struct

import numpy as np
import pytest

from biofeedback.messages import NS_PER_S, PacketReceived, SensorAttached
from biofeedback.simulate.body import Body
from biofeedback.simulate.merge import MergedStream
from biofeedback.simulate.packets import DEVICE_EPOCH_NS, HEART_RATE_UUID, PMD_DATA_UUID
from biofeedback.simulate.story import Act, Person, Story
from biofeedback.simulate.wearables import (
    VirtualWearer,
    Wearing,
    wear_polar_h10,
    wear_polar_verity_sense,
    wear_sig_hrs,
)

WEARING = Wearing(wearer="p1", sensor="s", site="wrist")
DANCE = Act(start_s=0.0, doing="dance", cadence_spm=(116.0, 116.0), effort_ratio=(0.4, 0.4))
REST = Act(start_s=0.0, doing="rest")


def make_body(act: Act = DANCE, seed: int = 3) -> Body:
    return Body(Person(rest_hr_bpm=62.0), Story((act,)), seed=seed)


def packets_of(
    streams: object, characteristic: str, kind: int | None = None
) -> list[PacketReceived]:
    stream = MergedStream(list(streams))  # type: ignore[call-overload]
    found = []
    while stream.next_at_ns() is not None:
        message = stream.take()
        if (
            isinstance(message, PacketReceived)
            and message.characteristic == characteristic
            and (kind is None or message.payload[0] == kind)
        ):
            found.append(message)
    return found


def stamps_of(packets: list[PacketReceived]) -> np.ndarray:
    return np.array([struct.unpack_from("<Q", packet.payload, 1)[0] for packet in packets])


@pytest.mark.parametrize("rate_hz", [25, 50, 100, 200])
def test_an_h10_sends_36_samples_a_frame_at_every_rate(rate_hz: int) -> None:
    frames = packets_of(
        wear_polar_h10(make_body(), WEARING, acc_hz=rate_hz, ecg=False, until_s=30.0),
        PMD_DATA_UUID,
    )
    assert {len(frame.payload) for frame in frames} == {226}
    steps_s = np.diff(stamps_of(frames)) / NS_PER_S
    assert steps_s == pytest.approx(36 / rate_hz, rel=0.002)
    assert abs(steps_s[0] * rate_hz / 36 - 1.0) > 1e-6, "a real rate is never exact"


def test_the_device_clock_was_never_set() -> None:
    frames = packets_of(
        wear_polar_h10(make_body(), WEARING, acc_hz=200, ecg=False, until_s=5.0), PMD_DATA_UUID
    )
    uptime_s = (stamps_of(frames)[0] - DEVICE_EPOCH_NS) / NS_PER_S
    assert 0.0 < uptime_s < 50_000.0


def test_the_radio_takes_15_to_50_ms_and_keeps_the_order() -> None:
    frames = packets_of(
        wear_polar_h10(make_body(), WEARING, acc_hz=200, ecg=False, until_s=60.0), PMD_DATA_UUID
    )
    arrivals = np.array([frame.at_ns for frame in frames])
    delays_ms = ((arrivals - arrivals[0]) - (stamps_of(frames) - stamps_of(frames)[0])) / 1e6
    assert (np.diff(arrivals) > 0).all()
    assert 25.0 < np.ptp(delays_ms) < 45.0


def test_rr_intervals_are_drained_oldest_first_and_none_is_lost() -> None:
    body = make_body()
    found = packets_of(wear_sig_hrs(body, WEARING, until_s=60.0), HEART_RATE_UUID)
    sent = [
        rr
        for packet in found
        for rr in struct.unpack(f"<{(len(packet.payload) - 2) // 2}H", packet.payload[2:])
    ]
    other = make_body()
    other.heart.beat_until(10.0)
    first = other.heart.rr_between(WEARING.start_s, 10.0)
    assert sent[: len(first)] == [round(rr * 1024) for rr in first]
    assert sum(sent) / 1024 == pytest.approx(59.0, abs=2.0)
    assert {len(packet.payload) for packet in found} <= {2, 4, 6, 8}


def test_a_heart_below_sixty_leaves_some_packets_without_rr() -> None:
    body = Body(Person(rest_hr_bpm=48.0), Story((REST,)), seed=1)
    found = packets_of(wear_sig_hrs(body, WEARING, until_s=60.0), HEART_RATE_UUID)
    assert any(not packet.payload[0] & 0x10 for packet in found)


def test_heart_rate_comes_once_a_second_with_jitter() -> None:
    found = packets_of(wear_sig_hrs(make_body(), WEARING, until_s=100.0), HEART_RATE_UUID)
    steps_s = np.diff([packet.at_ns for packet in found]) / NS_PER_S
    assert steps_s.mean() == pytest.approx(1.0, abs=0.01)
    assert 0.05 < steps_s.std() < 0.2


def test_a_verity_sense_fills_frames_with_blocks_of_changing_width() -> None:
    frames = packets_of(
        wear_polar_verity_sense(make_body(), WEARING, sdk_mode=False, ppi=False, until_s=60.0),
        PMD_DATA_UUID,
    )
    widths, counts = set(), set()
    for frame in frames:
        assert frame.payload[9] == 0x81
        assert len(frame.payload) <= 229
        place, samples = 16, 1
        while place < len(frame.payload):
            width, count = frame.payload[place], frame.payload[place + 1]
            widths.add(width)
            samples += count
            place += 2 + (width * count * 3 + 7) // 8
        assert place == len(frame.payload)
        counts.add(samples)
    assert len(widths) >= 4
    assert len(counts) >= 5
    assert min(counts) > 40
    assert max(counts) <= 71


def test_a_still_verity_sense_waits_for_its_longest_frame() -> None:
    still = wear_polar_verity_sense(
        make_body(REST), WEARING, sdk_mode=False, ppi=False, until_s=20.0
    )
    steps_s = np.diff(stamps_of(packets_of(still, PMD_DATA_UUID))) / NS_PER_S
    assert steps_s == pytest.approx(71 / 52.0, rel=0.002)


def test_sdk_mode_is_fast_and_without_pulse() -> None:
    streams = list(
        wear_polar_verity_sense(make_body(), WEARING, sdk_mode=True, ppi=False, until_s=10.0)
    )
    frames = packets_of(streams, PMD_DATA_UUID)
    assert np.diff(stamps_of(frames)).max() < 0.35 * NS_PER_S
    again = wear_polar_verity_sense(make_body(), WEARING, sdk_mode=True, ppi=False, until_s=10.0)
    assert packets_of(again, HEART_RATE_UUID) == []
    with pytest.raises(ValueError, match="SDK mode"):
        list(wear_polar_verity_sense(make_body(), WEARING, sdk_mode=True, ppi=True, until_s=1.0))


@pytest.mark.parametrize(("act", "blocked"), [(REST, False), (DANCE, True)])
def test_pulse_intervals_come_in_batches_after_25_s_and_doubt_movement(
    act: Act, blocked: bool
) -> None:
    batches = packets_of(
        wear_polar_verity_sense(make_body(act), WEARING, sdk_mode=False, ppi=True, until_s=60.0),
        PMD_DATA_UUID,
        kind=3,
    )
    assert batches[0].at_ns > 25 * NS_PER_S
    assert set(stamps_of(batches)) == {0}
    flags = {
        batch.payload[place + 5] & 1
        for batch in batches
        for place in range(10, len(batch.payload), 6)
    }
    assert flags == {int(blocked)}


def test_ecg_has_a_peak_at_every_beat() -> None:
    body = make_body(REST)
    frames = packets_of(
        wear_polar_h10(body, WEARING, acc_hz=None, ecg=True, until_s=20.0), PMD_DATA_UUID
    )
    assert {len(frame.payload) for frame in frames} == {229}
    octets = np.concatenate([np.frombuffer(f.payload[10:], np.uint8) for f in frames])
    low, mid, high = octets.reshape(-1, 3).astype(np.int64).T
    ecg_uv = (low | mid << 8 | high << 16) - ((high >> 7) << 24)
    peaks = np.flatnonzero(
        (ecg_uv[1:-1] > 700) & (ecg_uv[1:-1] >= ecg_uv[2:]) & (ecg_uv[1:-1] > ecg_uv[:-2])
    )
    beats = make_body(REST).heart.rr_between(0.5, 18.0)
    assert len(peaks) == pytest.approx(len(beats), abs=2)


def test_who_wears_two_sensors_steps_at_the_same_instants_for_both() -> None:
    body = make_body()
    chest = Wearing(wearer="p1", sensor="chest", site="chest")
    person = VirtualWearer(
        body,
        [
            *wear_polar_h10(body, chest, acc_hz=100, ecg=False, until_s=3.0),
            *wear_polar_verity_sense(body, WEARING, sdk_mode=True, ppi=False, until_s=3.0),
        ],
        duration_s=3.0,
    )
    sensors = set()
    while person.next_at_ns() is not None:
        message = person.take()
        assert isinstance(message, SensorAttached | PacketReceived)
        sensors.add(message.sensor)
    assert sensors == {"chest", "s"}
    alone = make_body()
    assert alone.steps.contacts_between(0.0, 2.5) == body.steps.contacts_between(0.0, 2.5)


def test_a_stream_that_is_over_says_so() -> None:
    stream = MergedStream(list(wear_sig_hrs(make_body(), WEARING, until_s=2.0)))
    while stream.next_at_ns() is not None:
        stream.take()
    with pytest.raises(IndexError):
        stream.take()
