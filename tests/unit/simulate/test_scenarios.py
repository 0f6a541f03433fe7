import itertools
import math

import pytest

from biofeedback.errors import SettingsError
from biofeedback.messages import NS_PER_S, Input, PacketReceived, SensorAttached
from biofeedback.simulate.packets import BATTERY_UUID, HEART_RATE_UUID, PMD_DATA_UUID
from biofeedback.simulate.scenarios import SCENARIOS, make_scenario
from biofeedback.simulate.source import Source


def drain(source: Source) -> list[Input]:
    taken: list[Input] = []
    while (due_ns := source.next_at_ns()) is not None:
        message = source.take()
        assert message.at_ns == due_ns
        taken.append(message)
    return taken


def test_the_demo_lasts_ninety_seconds() -> None:
    demo = make_scenario("demo", seed=1, duration_s=None)
    messages = drain(demo)
    assert demo.duration_s == 90.0
    assert 89.0 < messages[-1].at_ns / NS_PER_S <= 90.0


def test_sensors_attach_first_and_tell_their_battery() -> None:
    messages = drain(make_scenario("walk", seed=1, duration_s=2.0))
    joined = [message for message in messages if isinstance(message, SensorAttached)]
    assert messages[: len(joined)] == joined
    assert {(one.profile, one.site) for one in joined} == {
        ("polar_h10", "chest"),
        ("polar_verity_sense", "wrist"),
    }
    batteries = [m for m in messages if isinstance(m, PacketReceived)][:2]
    assert {battery.characteristic for battery in batteries} == {BATTERY_UUID}


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_every_story_sends_motion_often_and_heart_rate_each_second(name: str) -> None:
    messages = drain(make_scenario(name, seed=5, duration_s=20.0))
    packets = [message for message in messages if isinstance(message, PacketReceived)]
    for sensor, most_s in (("chest", 0.25), ("wrist", 0.45)):
        times_s = [
            p.at_ns / NS_PER_S
            for p in packets
            if p.sensor == sensor and p.characteristic == PMD_DATA_UUID
        ]
        assert max(b - a for a, b in itertools.pairwise(times_s)) < most_s
    hearts = [p for p in packets if p.characteristic == HEART_RATE_UUID]
    assert 17 <= len(hearts) <= 20
    assert all(len(p.payload) <= 229 for p in packets)


def test_an_endless_story_has_no_duration() -> None:
    endless = make_scenario("rest", seed=1, duration_s=None)
    assert endless.duration_s is None
    for _ in range(500):
        endless.take()
    assert endless.next_at_ns() is not None


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    one = drain(make_scenario("dance", seed=9, duration_s=10.0))
    assert one == drain(make_scenario("dance", seed=9, duration_s=10.0))
    assert one != drain(make_scenario("dance", seed=10, duration_s=10.0))


def test_the_wearer_is_in_every_message() -> None:
    for message in drain(make_scenario("walk", seed=1, duration_s=3.0, wearer="anna")):
        assert isinstance(message, SensorAttached | PacketReceived)
        assert message.wearer == "anna"


def test_an_unknown_scenario_says_what_was_meant() -> None:
    with pytest.raises(SettingsError, match=r"'wlak'; did you mean 'walk'\?.*rest, walk, run"):
        make_scenario("wlak", seed=1, duration_s=None)


@pytest.mark.parametrize("duration_s", [0.0, -1.0, math.nan, math.inf])
def test_a_duration_that_is_none_is_refused(duration_s: float) -> None:
    with pytest.raises(SettingsError, match="longer than 0 s"):
        make_scenario("walk", seed=1, duration_s=duration_s)
