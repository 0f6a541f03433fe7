import struct

import pytest

from biofeedback.messages import NS_PER_S, Input, PacketReceived, SensorAttached
from biofeedback.simulate.faults import (
    ClockJump,
    ClockReset,
    ContactLost,
    Corrupt,
    Duplicate,
    Fault,
    FaultySource,
    OutOfOrder,
    Silence,
    Stall,
)
from biofeedback.simulate.merge import MergedSource
from biofeedback.simulate.packets import (
    DEVICE_EPOCH_NS,
    HEART_RATE_UUID,
    PMD_DATA_UUID,
    encode_heart_rate,
)
from biofeedback.simulate.scenarios import make_scenario
from biofeedback.simulate.source import ListedSource, Source


def drain(source: Source) -> list[Input]:
    taken: list[Input] = []
    while (due_ns := source.next_at_ns()) is not None:
        message = source.take()
        assert message.at_ns == due_ns
        assert not taken or message.at_ns >= taken[-1].at_ns
        taken.append(message)
    return taken


def scenario(*faults: Fault) -> list[PacketReceived]:
    source = make_scenario("walk", seed=2, duration_s=12.0)
    messages = drain(FaultySource(source, faults))
    assert sum(isinstance(message, SensorAttached) for message in messages) == 2
    return [message for message in messages if isinstance(message, PacketReceived)]


def stamps(packets: list[PacketReceived], sensor: str = "chest") -> list[int]:
    return [
        struct.unpack_from("<Q", packet.payload, 1)[0]
        for packet in packets
        if packet.characteristic == PMD_DATA_UUID and packet.sensor == sensor
    ]


CLEAN = scenario()


def test_without_faults_everything_arrives_as_it_was_sent() -> None:
    assert [
        m
        for m in drain(make_scenario("walk", seed=2, duration_s=12.0))
        if isinstance(m, PacketReceived)
    ] == CLEAN


def test_silence_loses_what_was_sent_meanwhile() -> None:
    packets = scenario(Silence(from_s=4.0, to_s=7.0, sensor="chest"))
    inside = [p for p in packets if 4.0 <= p.at_ns / NS_PER_S < 7.0]
    assert {p.sensor for p in inside} == {"wrist"}
    lost = [p for p in CLEAN if p.sensor == "chest" and 4.0 <= p.at_ns / NS_PER_S < 7.0]
    assert len(packets) == len(CLEAN) - len(lost)


def test_after_a_stall_everything_comes_at_once_and_in_order() -> None:
    packets = scenario(Stall(from_s=4.0, to_s=6.0))
    assert not [p for p in packets if 4.0 <= p.at_ns / NS_PER_S < 6.0]
    burst = [p for p in packets if 6.0 <= p.at_ns / NS_PER_S < 6.06]
    assert len(burst) >= 15
    assert len(packets) == len(CLEAN)
    for sensor in ("chest", "wrist"):
        assert stamps(packets, sensor) == stamps(CLEAN, sensor)


def test_a_reset_clock_starts_at_2019_and_goes_on_at_its_pace() -> None:
    before, after = stamps(CLEAN), stamps(scenario(ClockReset(at_s=6.0)))
    changed = [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    first = changed[0]
    assert changed == list(range(first, len(before)))
    assert after[first] - DEVICE_EPOCH_NS == NS_PER_S
    assert [s - after[first] for s in after[first:]] == [s - before[first] for s in before[first:]]


def test_a_clock_that_is_set_jumps_once() -> None:
    before, after = stamps(CLEAN), stamps(scenario(ClockJump(at_s=6.0, by_s=1000.0)))
    assert {b - a for a, b in zip(before, after, strict=True)} == {0, 1000 * NS_PER_S}


def test_duplicates_follow_their_original() -> None:
    packets = scenario(Duplicate(from_s=0.0, to_s=12.0, every=3))
    doubled = sum(
        a.payload == b.payload and a.at_ns + 1_000_000 == b.at_ns
        for a in packets
        for b in packets
        if a is not b and 0 < b.at_ns - a.at_ns < 2_000_000
    )
    assert doubled == len(CLEAN) // 3


def test_packets_overtake_each_other() -> None:
    packets = scenario(OutOfOrder(from_s=0.0, to_s=12.0, late_ms=400.0, every=5, sensor="chest"))
    found = stamps(packets)
    assert found != sorted(found)
    assert sorted(found) == stamps(CLEAN)


def test_a_lost_contact_repeats_the_last_heart_rate_without_rr() -> None:
    rates = [60, 61, 62, 63, 64]
    sent = [
        PacketReceived(
            at_ns=second * NS_PER_S,
            wearer="p1",
            sensor="s",
            characteristic=HEART_RATE_UUID,
            payload=encode_heart_rate(rate, rr_1024=[1000]),
        )
        for second, rate in enumerate(rates)
    ]
    faulty = FaultySource(ListedSource(sent), [ContactLost(from_s=2.0, to_s=4.0)])
    payloads = [m.payload for m in drain(faulty) if isinstance(m, PacketReceived)]
    assert payloads[:2] == [one.payload for one in sent[:2]]
    assert payloads[2:4] == [bytes((0x04, 61))] * 2
    assert payloads[4] == sent[4].payload


def test_corruption_damages_its_share_and_is_the_same_for_the_same_seed() -> None:
    fault = {"from_s": 2.0, "to_s": 10.0, "share": 0.5}
    one = scenario(Corrupt(**fault, seed=7))
    assert one == scenario(Corrupt(**fault, seed=7))
    damaged = [a for a, b in zip(one, CLEAN, strict=True) if a.payload != b.payload]
    inside = [p for p in CLEAN if 2.0 <= p.at_ns / NS_PER_S < 10.0]
    assert 0.35 < len(damaged) / len(inside) < 0.65
    assert any(len(a.payload) < len(b.payload) for a, b in zip(one, CLEAN, strict=True))


def test_faults_follow_one_another() -> None:
    packets = scenario(
        Duplicate(from_s=0.0, to_s=12.0), Silence(from_s=3.0, to_s=5.0), ClockReset(at_s=8.0)
    )
    assert len(packets) == 2 * len([p for p in CLEAN if not 3.0 <= p.at_ns / NS_PER_S < 5.0])


@pytest.mark.parametrize("seed", [1, 2])
def test_several_wearers_come_in_one_time_order(seed: int) -> None:
    sources = [
        make_scenario("walk", seed=seed + i, duration_s=5.0, wearer=f"p{i}") for i in range(4)
    ]
    messages = drain(MergedSource(sources))
    alone = [
        m
        for i in range(4)
        for m in drain(make_scenario("walk", seed=seed + i, duration_s=5.0, wearer=f"p{i}"))
    ]
    assert sorted(messages, key=repr) == sorted(alone, key=repr)


def test_everybody_hears_the_music() -> None:
    heard: list[str] = []

    class Listener(ListedSource):
        def __init__(self, name: str) -> None:
            super().__init__([])
            self._name = name

        def hear(self, orders: object) -> None:
            heard.append(self._name)

    room = MergedSource([FaultySource(Listener("a"), []), Listener("b")])
    room.hear([])
    assert heard == ["a", "b"]
    assert room.next_at_ns() is None
