from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

from biofeedback.decode.sensor import SensorDecoder
from biofeedback.messages import (
    NoticeGiven,
    PacketReceived,
    PacketRejected,
)
from biofeedback.profiles import load_profile
from biofeedback.samples import (
    AccelerationBlock,
    BatteryReading,
    DeviceFact,
    EcgBlock,
    GyroscopeBlock,
    HeartReading,
    MagnetometerBlock,
    OpticalBlock,
    StreamControl,
    TemperatureReading,
)

MS = 1_000_000
S = 1_000_000_000
PMD = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"


def packet(characteristic: str, payload: bytes, at_ns: int = S) -> PacketReceived:
    return PacketReceived(
        at_ns=at_ns, wearer="w", sensor="s", characteristic=characteristic, payload=payload
    )


def sensor(name: str = "polar_h10", **context: float) -> SensorDecoder:
    return SensorDecoder(load_profile(name), context)


def frame(kind: int, frame_type: int, body: bytes, stamp_ns: int = 10 * S) -> bytes:
    return struct.pack("<BQB", kind, stamp_ns, frame_type) + body


def only(answer: list[Any]) -> Any:
    assert len(answer) == 1
    return answer[0]


def test_raw_acceleration_becomes_metres_per_second_squared() -> None:
    body = struct.pack("<6h", 1000, 0, -1000, 1, 2, 3)
    block = only(sensor().update(packet(PMD, frame(2, 1, body))))
    assert isinstance(block, AccelerationBlock)
    np.testing.assert_allclose(
        block.acceleration_mps2, [[9.80665, 0, -9.80665], [0.00980665, 0.0196133, 0.02941995]]
    )
    assert block.times_ns.shape == (2,)
    assert block.times_ns[1] - block.times_ns[0] == 5 * MS
    assert block.range_mps2 == pytest.approx(8 * 9.80665)
    assert not block.gap_before


def test_the_context_tells_rate_and_range() -> None:
    decoder = sensor(acc_rate_hz=50.0, acc_range_g=4.0)
    block = only(decoder.update(packet(PMD, frame(2, 1, bytes(12)))))
    assert block.times_ns[1] - block.times_ns[0] == 20 * MS
    assert block.range_mps2 == pytest.approx(4 * 9.80665)


def test_nonsense_in_the_context_is_not_believed() -> None:
    decoder = sensor(acc_rate_hz=float("nan"), acc_range_g=-1.0)
    block = only(decoder.update(packet(PMD, frame(2, 1, bytes(12)))))
    assert block.times_ns[1] - block.times_ns[0] == 5 * MS
    assert block.range_mps2 == pytest.approx(8 * 9.80665)


def test_a_factor_is_learned_from_the_start_reply() -> None:
    decoder = sensor("polar_verity_sense")
    body = frame(2, 0x80, struct.pack("<3h", 1000, 0, 0))
    before = only(decoder.update(packet(PMD, body)))
    assert before.acceleration_mps2[0, 0] == pytest.approx(0.244 * 9.80665)
    reply = bytes([0xF0, 2, 2, 0, 0, 5, 1]) + struct.pack("<f", 0.001)
    answer = only(decoder.update(packet(CONTROL, reply)))
    assert answer == StreamControl(
        kind="response",
        types=("ACC",),
        status="success",
        settings={"factor": (pytest.approx(0.001),)},  # pyright: ignore[reportArgumentType]
    )
    body = frame(2, 0x80, struct.pack("<3h", 1000, 0, 0), stamp_ns=11 * S)
    after = only(decoder.update(packet(PMD, body, 2 * S)))
    assert after.acceleration_mps2[0, 0] == pytest.approx(9.80665)


def test_factors_of_one_stream_do_not_scale_another() -> None:
    decoder = sensor("polar_verity_sense", factor=0.001, gyro_factor=0.06)
    gyro = only(decoder.update(packet(PMD, frame(5, 0x80, struct.pack("<3h", 100, 0, 0)))))
    assert gyro.rate_dps[0, 0] == pytest.approx(6.0)
    mag = only(decoder.update(packet(PMD, frame(6, 0x80, struct.pack("<3h", 10, 0, 0)))))
    assert mag.field_gauss[0, 0] == pytest.approx(10.0)


def test_a_range_is_learned_when_there_is_only_one() -> None:
    decoder = sensor("polar_verity_sense")
    reply = bytes.fromhex("f00102000000013400010110000201") + bytes([4, 0])
    assert only(decoder.update(packet(CONTROL, reply))).settings["range"] == (4,)
    block = only(decoder.update(packet(PMD, frame(2, 0x81, bytes(6)))))
    assert block.range_mps2 == pytest.approx(4 * 9.80665)


def test_every_stream_has_its_block() -> None:
    for kind, frame_type, size, block in (
        (0, 0, 3, EcgBlock),
        (1, 0, 12, OpticalBlock),
        (1, 0x80, 12, OpticalBlock),
        (5, 0x81, 12, GyroscopeBlock),
        (6, 0x81, 8, MagnetometerBlock),
        (7, 0, 4, TemperatureReading),
        (12, 0, 4, TemperatureReading),
    ):
        decoder = sensor("polar_verity_sense")
        answer = decoder.update(packet(PMD, frame(kind, frame_type, bytes(size))))
        assert isinstance(answer[0], block), (kind, answer)


def test_a_heart_rate_packet_becomes_a_reading_of_the_kind_of_the_profile() -> None:
    reading = only(sensor().update(packet("2a37", bytes.fromhex("103b5304"))))
    assert reading == HeartReading(
        heart_rate_bpm=59,
        rr_ms=(1081.0546875,),
        rr_suspect=(False,),
        contact=None,
        energy_kj=None,
        source="electrical",
    )
    optical = only(sensor("polar_verity_sense").update(packet("2a37", b"\x00\x3c")))
    assert optical.source == "optical"


def test_a_saturated_or_empty_interval_is_suspect() -> None:
    reading = only(sensor().update(packet("2a37", bytes.fromhex("103cffff00000004"))))
    assert reading.rr_suspect == (True, True, False)


def test_a_heart_rate_of_zero_is_missing() -> None:
    assert only(sensor().update(packet("2a37", b"\x00\x00"))).heart_rate_bpm is None


def test_pulse_intervals_that_the_device_doubts_are_suspect() -> None:
    samples = [(0, 800, 10, 0), (70, 790, 200, 0), (71, 780, 10, 1), (0, 0, 0, 0)]
    body = b"".join(struct.pack("<BHHB", *sample) for sample in samples)
    reading = only(sensor("polar_verity_sense").update(packet(PMD, frame(3, 0, body, 0))))
    assert reading.heart_rate_bpm == 71
    assert reading.rr_ms == (800.0, 790.0, 780.0, 0.0)
    assert reading.rr_suspect == (False, True, True, True)
    assert reading.source == "optical"
    assert reading.contact is None


def test_facts_about_the_device_are_passed_on() -> None:
    decoder = sensor()
    assert only(decoder.update(packet("2a24", b"H10\0"))) == DeviceFact(name="model", text="H10")
    assert decoder.update(packet("2a38", b"\x01")) == []
    features = only(decoder.update(packet(CONTROL, bytes.fromhex("0f05") + bytes(15))))
    assert features.kind == "features"
    assert features.types == ("ECG", "ACC")
    stopped = only(decoder.update(packet(CONTROL, bytes.fromhex("010002"))))
    assert (stopped.kind, stopped.types) == ("stopped_by_device", ("ECG", "ACC"))


def test_a_characteristic_outside_the_profile_is_rejected() -> None:
    for name in ("2a5b", "00002a25-0000-1000-8000-00805f9b34fb", "", "nonsense"):
        rejected = only(sensor().update(packet(name, b"\x01")))
        assert isinstance(rejected, PacketRejected)
        assert rejected.reason == "unknown_characteristic"


def test_upper_case_and_short_names_of_a_characteristic_are_the_same() -> None:
    for name in ("2A37", "0x2a37", "00002A37-0000-1000-8000-00805F9B34FB"):
        assert only(sensor().update(packet(name, b"\x00\x3c"))).heart_rate_bpm == 60


def test_battery_notices_come_once_for_each_level() -> None:
    decoder = sensor()
    codes: list[str] = []
    for percent in (50, 20, 19, 18, 255, 17, 9, 8, 60, 15):
        answer = decoder.update(packet("2a19", bytes([percent])))
        assert isinstance(answer[0], BatteryReading)
        codes += [part.code for part in answer if isinstance(part, NoticeGiven)]
    assert codes == ["battery_low", "battery_empty", "battery_low"]


def test_lost_contact_is_told_once_and_keeps_the_heart_rate() -> None:
    decoder = sensor("sig_hrs")
    notices = 0
    for flags in (6, 4, 4, 6, 4):
        answer = decoder.update(packet("2a37", bytes([flags, 74])))
        assert isinstance(answer[0], HeartReading)
        assert answer[0].heart_rate_bpm == 74
        assert answer[0].contact is (flags == 6)
        notices += len(answer) - 1
    assert notices == 2


def test_frames_without_a_time_are_placed_by_their_arrival() -> None:
    decoder = sensor()
    newest_ns = 0
    for index in range(20):
        at_ns = S + index * 180 * MS
        body = struct.pack("<h", index) * 108
        block = only(decoder.update(packet(PMD, frame(2, 1, body, 0), at_ns)))
        assert newest_ns < block.times_ns[0]
        newest_ns = int(block.times_ns[-1])
        assert at_ns - 10 * MS < newest_ns <= at_ns
