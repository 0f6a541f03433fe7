"""Packets of virtual people and of recordings, read by the decoder that reads real ones."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from biofeedback.decode.profile import Profile, parse_profile
from biofeedback.decode.sensor import SensorDecoder
from biofeedback.messages import (
    NS_PER_S,
    NoticeGiven,
    PacketReceived,
    PacketRejected,
    SensorAttached,
)
from biofeedback.samples import (
    AccelerationBlock,
    BatteryReading,
    EcgBlock,
    HeartReading,
    OpticalBlock,
)
from biofeedback.simulate.body import Body
from biofeedback.simulate.faults import ClockReset, Corrupt, FaultySource, Silence, Stall
from biofeedback.simulate.motion import SiteMotion
from biofeedback.simulate.recording import open_recording
from biofeedback.simulate.scenarios import SCENARIOS, draw_person, make_scenario
from biofeedback.simulate.source import Source
from biofeedback.simulate.stamps import find_stretches
from biofeedback.simulate.story import Story
from biofeedback.simulate.table import read_sidecar, read_table

PROFILES = Path(__file__).resolve().parents[2] / "firmware_profiles"
RECORDINGS = PROFILES.parents[1] / "shared" / "data"


def load_profile(name: str) -> Profile:
    path = PROFILES / f"{name}.toml"
    return parse_profile(path.read_text(), source=path.name)


@dataclass
class Heard:
    """What a decoder made of one sensor."""

    motion: list[AccelerationBlock] = field(default_factory=list)
    hearts: list[HeartReading] = field(default_factory=list)
    ecg: list[EcgBlock] = field(default_factory=list)
    optical: list[OpticalBlock] = field(default_factory=list)
    batteries: list[BatteryReading] = field(default_factory=list)
    rejected: list[PacketRejected] = field(default_factory=list)
    notices: list[NoticeGiven] = field(default_factory=list)

    def times_s(self) -> np.ndarray:
        return np.concatenate([block.times_ns for block in self.motion]) / NS_PER_S

    def acceleration(self) -> np.ndarray:
        return np.concatenate([block.acceleration_mps2 for block in self.motion])


def decode(source: Source, *, most: int | None = None) -> dict[str, Heard]:
    decoders: dict[str, SensorDecoder] = {}
    heard: dict[str, Heard] = defaultdict(Heard)
    kinds = {
        AccelerationBlock: "motion",
        HeartReading: "hearts",
        EcgBlock: "ecg",
        OpticalBlock: "optical",
        BatteryReading: "batteries",
        PacketRejected: "rejected",
        NoticeGiven: "notices",
    }
    taken = 0
    while source.next_at_ns() is not None and (most is None or taken < most):
        message = source.take()
        taken += 1
        if isinstance(message, SensorAttached):
            profile = load_profile(message.profile)
            decoders[message.sensor] = SensorDecoder(profile, message.context)
        elif isinstance(message, PacketReceived):
            for one in decoders[message.sensor].update(message):
                getattr(heard[message.sensor], kinds[type(one)]).append(one)
    return heard


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_every_packet_of_a_virtual_person_is_understood(name: str) -> None:
    heard = decode(make_scenario(name, seed=4, duration_s=30.0))
    assert heard["chest"].batteries == [BatteryReading(battery_percent=82)]
    for one in heard.values():
        assert one.rejected == []
        assert one.notices == []
        assert not any(block.gap_before for block in one.motion[1:])
    rates = [reading.heart_rate_bpm for reading in heard["chest"].hearts]
    assert all(rate is not None and 50 <= rate <= 180 for rate in rates)


def test_the_decoded_chest_is_where_the_body_moved_it() -> None:
    heard = decode(make_scenario("walk", seed=6, duration_s=30.0))["chest"]
    # The same person again, measured without any wearable. The strap itself and the radio of its
    # heart rate drew their generators first.
    body = Body(draw_person(6), Story(SCENARIOS["walk"]), seed=6)
    for _ in range(2):
        body.sensor_rng()
    motion = SiteMotion(body, "chest", body.sensor_rng())
    times_s = np.arange(0.4, 30.0, 0.005)
    true = np.concatenate([motion.measure(times_s[i : i + 36]) for i in range(0, len(times_s), 36)])
    felt = heard.acceleration()
    at_s = heard.times_s()
    late = at_s > 6.0
    # What the radio adds is unknown to the decoder but for its least: 15 ms.
    rebuilt = np.stack([np.interp(at_s - 0.015, times_s, true[:, axis]) for axis in range(3)], 1)
    assert np.sqrt(np.mean((felt - rebuilt)[late] ** 2)) < 0.25
    assert np.sqrt(np.mean((felt - felt.mean(0))[late] ** 2)) > 1.0


def test_rr_intervals_of_the_strap_fill_the_time() -> None:
    heard = decode(make_scenario("rest", seed=4, duration_s=120.0))["chest"]
    total_ms = sum(rr for reading in heard.hearts for rr in reading.rr_ms)
    assert total_ms == pytest.approx(119_000.0, abs=2_500.0)


def test_faults_are_noticed_and_survived() -> None:
    source = FaultySource(
        make_scenario("walk", seed=4, duration_s=60.0),
        [
            Stall(from_s=10.0, to_s=12.0),
            Silence(from_s=20.0, to_s=23.0),
            ClockReset(at_s=35.0),
            Corrupt(from_s=45.0, to_s=50.0, share=0.3, seed=1),
        ],
    )
    heard = decode(source)
    chest = heard["chest"]
    assert chest.rejected
    assert "device_clock_reset" in {notice.code for notice in chest.notices}
    times_s = chest.times_s()
    assert (np.diff(times_s) > 0.0).all()
    assert times_s[-1] > 59.0
    gaps_s = [b.times_ns[0] / NS_PER_S for b in chest.motion[1:] if b.gap_before]
    assert any(22.5 < gap < 23.5 for gap in gaps_s)
    assert not any(9.0 < gap < 13.0 for gap in gaps_s), "a stall loses nothing"


def list_recordings() -> list[Path]:
    return sorted(RECORDINGS.glob("*/*.json"))


@pytest.mark.shared
def test_all_recordings_are_there(shared: Path) -> None:
    assert len(list_recordings()) == 106, shared


@pytest.mark.shared
@pytest.mark.parametrize("path", list_recordings(), ids=lambda path: path.stem)
def test_every_recording_opens_and_every_packet_is_understood(path: Path, shared: Path) -> None:
    recording = open_recording(path)
    assert recording.duration_s > 10.0
    heard = decode(recording, most=1500)
    for sensor, one in heard.items():
        assert one.rejected == [], (sensor, one.rejected[:3])
        assert {notice.code for notice in one.notices} <= {"rate_mismatch"}


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "replay/musicwalk_ew19",
        "replay/musicwalk_ew25",
        "replay/musicwalk_ew26",
        "gait/mobgap_HA001_Test11_Trial1",
        "gait/oxford_val_user1_hand",
        "gait/oxford_val_user1_neckpouch",
    ],
)
def test_acceleration_is_played_at_its_true_time_and_value(name: str, shared: Path) -> None:
    path = RECORDINGS / f"{name}.json"
    sidecar_path, sidecar = read_sidecar(path)
    axes = ("acc_x", "acc_y", "acc_z")
    table = read_table(sidecar_path, sidecar.file, sidecar.columns, axes, fs_hz=sidecar.fs_hz)
    scale = {"g": 9.80665, "m/s2": 1.0}[table.units["acc_x"]]
    recorded = np.stack([table.columns[axis] for axis in axes], axis=1) * scale
    stretches = find_stretches(table.times_s)
    heard = next(one for one in decode(open_recording(path)).values() if one.motion)
    assert len(heard.acceleration()) == len(recorded)
    assert np.abs(heard.acceleration() - recorded).max() < 0.006
    true_s = np.concatenate([stretch.times_s for stretch in stretches])
    # Arrival is 30 ms after the sample; only the part that every packet has stays unknown.
    late_s = heard.times_s() - true_s
    assert 0.0 < np.median(late_s) < 0.035
    assert np.quantile(np.abs(late_s - np.median(late_s)), 0.99) < 0.015
    gaps = sum(block.gap_before for block in heard.motion[1:])
    assert gaps == len(stretches) - 1


@pytest.mark.shared
def test_the_heart_rate_of_a_walk_is_played_each_second(shared: Path) -> None:
    heard = decode(open_recording(RECORDINGS / "replay" / "musicwalk_ew19.json"))["heart"]
    rates = [reading.heart_rate_bpm for reading in heard.hearts]
    assert len(rates) > 880
    assert [rate for rate, _ in groupby(rates)][:4] == [100, 99, 97, 94]
