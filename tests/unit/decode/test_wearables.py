"""What the sensors of each profile deliver, beyond what single packets say."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

from biofeedback.decode.malformed import Malformed
from biofeedback.decode.movesense import MovesenseData, decode_movesense
from biofeedback.decode.profile import find_characteristic, find_decoder
from biofeedback.decode.pulse_oximeter import decode_sfloat
from biofeedback.decode.sensor import SensorDecoder
from biofeedback.messages import NoticeGiven, PacketReceived, PacketRejected
from biofeedback.profiles import list_profiles, load_profile, read_script
from biofeedback.samples import (
    AccelerationBlock,
    BatteryReading,
    CadenceReading,
    EcgBlock,
    GyroscopeBlock,
    HeartReading,
    MagnetometerBlock,
    OxygenReading,
    StreamControl,
    TemperatureReading,
)

MS = 1_000_000
S = 1_000_000_000
G = 9.80665
MOVESENSE = "34800002-7185-4d5d-b431-630e7050e8f0"
DOT = "15172003-4947-11e9-8646-d663bd873d93"
NUS = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
WIT = "0000ffe4-0000-1000-8000-00805f9a34fb"
MUSE_ACC = "273e000a-4c4d-454d-96be-f03bac821358"


class Sensor:
    def __init__(self, name: str, **context: float) -> None:
        self.decoder = SensorDecoder(load_profile(name), context)

    def send(self, characteristic: str, payload: bytes, at_ns: int = S) -> list[Any]:
        return self.decoder.update(
            PacketReceived(
                at_ns=at_ns, wearer="w", sensor="s", characteristic=characteristic, payload=payload
            )
        )

    def only(self, characteristic: str, payload: bytes, at_ns: int = S) -> Any:
        answer = self.send(characteristic, payload, at_ns)
        assert len(answer) == 1, answer
        return answer[0]


def rejected(answer: list[Any]) -> list[str]:
    return [part.reason for part in answer if isinstance(part, PacketRejected)]


# ---------------------------------------------------------------- movement


@pytest.mark.parametrize(
    ("name", "characteristic", "payload"),
    [
        ("pinetime", "00030002-78fc-48fe-8e23-433b3a1942d0", struct.pack("<3h", 0, 0, 1024)),
        ("microbit", "e95dca4b-251d-470a-a062-fa1922dfa9a8", struct.pack("<3h", 0, 0, 1000)),
        ("arduino_nano33", "555a0002-0011-467a-9538-01f0652c74e8", struct.pack("<3f", 0, 0, 1)),
        (
            "adafruit_accelerometer",
            "adaf0201-c332-42a8-93bd-25e905756cb8",
            struct.pack("<3f", 0, 0, G),
        ),
        ("metawear", "326a9006-85cb-9195-d9dd-464cfbbae75a", b"\x03\x04\0\0\0\0\0\x10"),
        ("movella_dot", DOT, struct.pack("<I6f", 1, 0, 0, G, 1, 2, 3)),
        (
            "thingy52",
            "ef680406-9b35-4933-9b10-52ffa9740042",
            struct.pack("<9h", 0, 0, 1024, *[1] * 6),
        ),
        (
            "sensortag",
            "f000aa81-0451-4000-b000-000000000000",
            struct.pack("<9h", 1, 1, 1, 0, 0, 4096, 1, 1, 1),
        ),
        ("witmotion", WIT, b"\x55\x61" + struct.pack("<9h", 0, 0, 2048, *[1] * 6)),
        ("banglejs", NUS, b'{"t":"a","i":0,"m":20,"a":[0,0,1000]}\r\n'),
        ("movesense", MOVESENSE, b"\x02\x63" + struct.pack("<I3f", 7, 0, 0, G)),
        ("colmi_ring", NUS, b"\xa1\x03\0\0\x20\0\0\0" + bytes(7) + b"\xc4"),
        ("muse", MUSE_ACC, struct.pack(">H9h", 1, *[0, 0, 16384] * 3)),
    ],
)
def test_one_g_is_one_g_on_every_wearable(name: str, characteristic: str, payload: bytes) -> None:
    answer = Sensor(name).send(characteristic, payload)
    block = answer[0] if isinstance(answer[0], AccelerationBlock) else answer[1]
    assert isinstance(block, AccelerationBlock)
    np.testing.assert_allclose(block.acceleration_mps2[-1], [0, 0, G], rtol=1e-6)
    assert block.times_ns[-1] < S
    assert block.range_mps2 is not None
    assert 2 * G <= block.range_mps2 * 1.001 <= 16.1 * G


def test_movesense_gives_each_stream_its_block() -> None:
    sensor = Sensor("movesense")
    gyro = sensor.only(MOVESENSE, b"\x02\x64" + struct.pack("<I6f", 7, *range(6)))
    assert isinstance(gyro, GyroscopeBlock)
    assert gyro.rate_dps.shape == (2, 3)
    magnetometer = sensor.only(MOVESENSE, b"\x02\x65" + struct.pack("<I3f", 7, 50, 0, 0))
    assert isinstance(magnetometer, MagnetometerBlock)
    assert magnetometer.field_gauss[0, 0] == pytest.approx(0.5)
    ecg = sensor.only(MOVESENSE, b"\x02\x66" + struct.pack("<I2h", 7, 1000, -1000))
    assert isinstance(ecg, EcgBlock)
    assert ecg.ecg_uv.tolist() == [1000, -1000]
    heart = sensor.only(MOVESENSE, b"\x02\x67" + struct.pack("<f2H", 71.6, 840, 0))
    assert heart.heart_rate_bpm == 72
    assert (heart.rr_ms, heart.rr_suspect) == ((840.0, 0.0), (False, True))
    assert heart.source == "electrical"
    temperature = sensor.only(MOVESENSE, b"\x02\x68" + struct.pack("<fI", 306.9, 7))
    assert isinstance(temperature, TemperatureReading)
    assert temperature.temperature_degc[0] == pytest.approx(33.75, abs=1e-4)
    assert sensor.only(MOVESENSE, b"\x01\x63\xc8\x00") == StreamControl(
        kind="response", types=("/Meas/Acc/52",), status="success", settings={}
    )


def test_movesense_joins_the_two_parts_of_a_long_packet() -> None:
    sensor = Sensor("movesense")
    body = struct.pack("<I6f", 7, *range(6))
    assert sensor.send(MOVESENSE, b"\x02\x63" + body[:18]) == []
    block = sensor.only(MOVESENSE, b"\x03\x63" + body[18:])
    assert block.acceleration_mps2.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_movesense_reports_parts_and_references_that_fit_nothing() -> None:
    sensor = Sensor("movesense")
    assert rejected(sensor.send(MOVESENSE, b"\x03\x63\0\0\0\0")) == ["bad_block"]
    assert rejected(sensor.send(MOVESENSE, b"\x02\xee\0\0\0\0")) == ["unknown_type"]
    assert sensor.send(MOVESENSE, b"\x02\x63" + bytes(15)) == []
    assert rejected(sensor.send(MOVESENSE, b"\x02\x63" + bytes(15))) == ["bad_block"]


@pytest.mark.parametrize(("place", "limit"), [(0, 400.0), (7, 10_000.0), (17, 100_000.0)])
def test_movesense_values_reach_the_limit_of_their_own_field_and_no_further(
    place: int, limit: float
) -> None:
    def decode(value: float) -> object:
        values = [0.0] * 18
        values[place] = value
        payload = b"\x02\x63" + struct.pack("<I18f", 7, *values)
        return decode_movesense(payload, {"path": "/Meas/IMU9/52"})

    for value in (limit, -limit):
        data = decode(value)
        assert isinstance(data, MovesenseData)
        (field,) = [data.accel_ms2, data.gyro_dps, data.mag_ut][place // 6 :][:1]
        assert np.ravel(field)[place % 6] == value
    for value in (limit * 1.001, -limit * 1.001, float("nan"), float("inf"), -float("inf")):
        with pytest.raises(Malformed, match=r"beyond|NaN"):
            decode(value)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (0x0062, 98.0),
        (0xF3D4, 98.0),
        (0x0FFF, -1.0),
        (0xFF00, -25.6),
        (0x1800, -20480.0),
        (0x2005, 500.0),
        (0x07FF, None),
        (0x0800, None),
        (0x07FE, None),
        (0x0802, None),
        (0x0801, None),
    ],
)
def test_both_parts_of_an_sfloat_have_a_sign(raw: int, value: float | None) -> None:
    assert decode_sfloat(raw) == value


def test_a_device_clock_that_rolls_over_is_no_reset() -> None:
    sensor = Sensor("movella_dot")
    span = 1 << 32
    start, before = span - 5 * 16_667, None
    for index in range(12):
        ticks = (start + index * 16_667) % span
        payload = struct.pack("<I6f", ticks, 0, 0, G, 0, 0, 0)
        acceleration, gyroscope = sensor.send(DOT, payload, S + index * 16_667_000)
        assert isinstance(gyroscope, GyroscopeBlock)
        assert not acceleration.gap_before
        if before is not None:
            assert acceleration.times_ns[0] - before == pytest.approx(16_667_000, abs=1000)
        before = int(acceleration.times_ns[0])


def test_a_device_that_restarted_is_told_and_goes_on() -> None:
    sensor = Sensor("movella_dot")
    for index in range(5):
        ticks = 600_000_000 + index * 16_667
        sensor.send(DOT, struct.pack("<I6f", ticks, *[0] * 6), S + index * 16_667_000)
    answer = sensor.send(DOT, struct.pack("<I6f", 16_667, *[0] * 6), 9 * S)
    codes = [part.code for part in answer if isinstance(part, NoticeGiven)]
    assert codes == ["device_clock_reset"]


def test_the_same_device_time_twice_is_a_duplicate_and_resets_nothing() -> None:
    sensor = Sensor("movella_dot")
    answers: list[Any] = []
    for index in (0, 1, 2, 2, 3, 4):
        payload = struct.pack("<I6f", index * 16_667, *[0] * 6)
        answers += sensor.send(DOT, payload, S + index * 16_667_000)
    assert rejected(answers) == ["duplicate"]
    assert not any(isinstance(part, NoticeGiven) for part in answers)


def test_a_dot_sends_movement_only_with_gravity_in_it() -> None:
    short = "15172004-4947-11e9-8646-d663bd873d93"
    free = struct.pack("<I3f", 1, 0.1, 0.2, 0.3) + bytes(4)
    assert Sensor("movella_dot", payload_id=6.0).send(short, free) == []


def test_lost_muse_packets_are_a_gap_and_no_stretch() -> None:
    sensor = Sensor("muse")
    period_ns = 3 * S // 52
    gaps: list[int] = []
    for index in range(60):
        if 20 <= index < 24:
            continue
        payload = struct.pack(">H9h", (65_500 + index) % 65_536, *[0, 0, 16_384] * 3)
        block = sensor.only(MUSE_ACC, payload, S + index * period_ns)
        if block.gap_before:
            gaps.append(index)
        assert block.times_ns[-1] - block.times_ns[0] < period_ns
    assert gaps == [24]


def test_lost_lines_of_the_watch_are_a_gap() -> None:
    sensor = Sensor("banglejs")
    gaps: list[int] = []
    for index in range(30):
        if index in {10, 11}:
            continue
        line = b'{"t":"a","i":%d,"m":%d,"a":[0,0,1000]}\r\n' % (index, 20 * index)
        block = sensor.only(NUS, line, S + index * 20 * MS)
        gaps += [index] if block.gap_before else []
    assert gaps == [12]


def test_the_watch_sends_heart_rate_and_charge_between_its_lines() -> None:
    sensor = Sensor("banglejs")
    assert sensor.only(NUS, b'{"t":"h","i":0,"m":5,"b":72,"c":95}\r\n').heart_rate_bpm == 72
    assert sensor.only(NUS, b'{"t":"h","i":1,"m":6,"b":72,"c":49}\r\n').heart_rate_bpm is None
    assert sensor.only(NUS, b'{"t":"p","i":2,"m":7,"p":80}\r\n') == BatteryReading(
        battery_percent=80
    )
    for bad in (
        b'{"t":"a","i":1}',
        b'{"t":"z"}',
        b'{"t":"a","i":-1,"m":0,"a":[0,0,0]}',
        b'{"t":"a","i":1,"m":1,"a":[0,0,1e9]}',
        b'{"t":"a","i":1,"m":1,"a":[0,0,NaN]}',
    ):
        assert rejected(sensor.send(NUS, bad + b"\n")) == ["unknown_type"]


def test_joined_packets_of_one_notification_share_the_time_between_two_arrivals() -> None:
    sensor = Sensor("witmotion")
    packet = b"\x55\x61" + struct.pack("<9h", *range(9))
    newest_ns = 0
    for index in range(20):
        chunk = packet + packet
        acceleration, gyroscope = sensor.send(WIT, chunk, S + index * 40 * MS)
        assert acceleration.times_ns.shape == (2,)
        assert isinstance(gyroscope, GyroscopeBlock)
        assert acceleration.times_ns[0] > newest_ns
        newest_ns = int(acceleration.times_ns[-1])
        assert acceleration.times_ns[1] - acceleration.times_ns[0] == pytest.approx(
            20 * MS, rel=0.1
        )
    assert rejected(sensor.send(WIT, b"\x00\x00" + packet * 2, 2 * S)) == ["bad_block"]


def test_the_scale_follows_the_range_that_was_written() -> None:
    payload = struct.pack("<9h", 0, 0, 0, 4096, 0, 0, 0, 0, 0)
    tag = "f000aa81-0451-4000-b000-000000000000"
    for range_g in (2.0, 8.0):
        answer = Sensor("sensortag", range_g=range_g).send(tag, payload)
        block = next(part for part in answer if isinstance(part, AccelerationBlock))
        assert block.acceleration_mps2[0, 0] == pytest.approx(range_g / 8 * G)


def test_no_number_that_is_none_reaches_the_motion_model() -> None:
    for value in (float("nan"), float("inf"), -float("inf"), 1e30):
        payload = struct.pack("<3f", 0, value, 0)
        answer = Sensor("adafruit_accelerometer").send(
            "adaf0201-c332-42a8-93bd-25e905756cb8", payload
        )
        assert rejected(answer) == ["out_of_range"]


# ---------------------------------------------------------------- told by the device


def test_a_foot_pod_tells_cadence_of_unknown_unit() -> None:
    reading = Sensor("sig_rsc").only("2a53", bytes.fromhex("04800250"))
    assert reading == CadenceReading(cadence_per_min=80.0, unit=None, running=True, speed_mps=2.5)


def test_crank_cadence_survives_roll_over_and_ends_after_three_seconds() -> None:
    sensor = Sensor("sig_csc")
    values: list[float] = []
    for index in range(10):
        turns, ticks = (65_534 + min(index, 4)) % 65_536, (65_000 + 1024 * min(index, 4)) % 65_536
        for part in sensor.send("2a5b", struct.pack("<BHH", 2, turns, ticks), index * S):
            values.append(part.cadence_per_min)
            assert part.unit == "revolutions"
    assert values == [60, 60, 60, 60, 60, 60, 60, 0, 0]


def test_an_impossible_crank_cadence_is_withheld() -> None:
    sensor = Sensor("sig_csc")
    sensor.send("2a5b", struct.pack("<BHH", 2, 0, 0))
    assert sensor.send("2a5b", struct.pack("<BHH", 2, 40_000, 1024)) == []


def test_a_bike_tells_cadence_and_the_heart_rate_of_its_strap() -> None:
    cadence, heart = Sensor("ftms_bike").send("2ad2", bytes.fromhex("44029c095c004f0050"))
    assert cadence.cadence_per_min == 46.0
    assert (heart.heart_rate_bpm, heart.source) == (80, "unknown")
    narrow = bytes.fromhex("2400") + bytes.fromhex("9c09") + bytes.fromhex("5c00") + b"\x05"
    assert Sensor("ftms_bike").only("2ad2", narrow).cadence_per_min == 46.0


def test_an_oximeter_tells_oxygen_and_pulse_and_what_is_missing() -> None:
    oxygen, heart = Sensor("sig_plx").send("2a5f", bytes.fromhex("00d0f34800"))
    assert oxygen == OxygenReading(spo2_percent=97.6)
    assert (heart.heart_rate_bpm, heart.source) == (72, "optical")
    oxygen, heart = Sensor("sig_plx").send("2a5f", bytes.fromhex("00ff07ff07"))
    assert (oxygen.spo2_percent, heart.heart_rate_bpm) == (None, None)
    assert rejected(Sensor("sig_plx").send("2a5f", bytes.fromhex("0065004800"))) == ["out_of_range"]


def test_a_band_is_heard_without_a_connection() -> None:
    sensor = Sensor("mi_band_advertised")
    reading = sensor.only("manufacturer:0157", bytes.fromhex("020100c80000"))
    assert reading == HeartReading(
        heart_rate_bpm=200, rr_ms=(), rr_suspect=(), contact=None, energy_kj=None, source="optical"
    )
    for missing in ("02010000", "020100ff"):
        assert sensor.only("manufacturer:0157", bytes.fromhex(missing)).heart_rate_bpm is None


def ring(*content: int) -> bytes:
    packet = bytes(content) + bytes(15 - len(content))
    return packet + bytes([sum(packet) & 0xFF])


def test_a_ring_tells_what_it_measured_and_what_it_refused() -> None:
    sensor = Sensor("colmi_ring")
    assert sensor.only(NUS, ring(0x69, 1, 0, 78)).heart_rate_bpm == 78
    assert sensor.only(NUS, ring(0x69, 1, 0, 0)).heart_rate_bpm is None
    assert sensor.send(NUS, ring(0x69, 1, 1, 0)) == []
    assert sensor.only(NUS, ring(0x69, 3, 0, 97)) == OxygenReading(spo2_percent=97.0)
    battery, low = sensor.send(NUS, ring(0x73, 0x0C, 12, 0))
    assert (battery, low.code) == (BatteryReading(battery_percent=12), "battery_low")
    assert sensor.only(NUS, ring(0xE9, 1)).status == "refused"
    assert rejected(sensor.send(NUS, ring(0x69, 1, 0, 78)[:-1] + b"\0")) == ["bad_block"]


# ---------------------------------------------------------------- profiles


def test_every_profile_says_what_it_can_not_give_and_how_it_is_switched_on() -> None:
    for profile in list_profiles():
        assert profile.cannot, profile.name
        assert profile.quirks, profile.name
        assert profile.broadcasts, profile.name


def test_every_start_and_stop_is_a_command_that_its_own_profile_understands() -> None:
    for profile in list_profiles():
        if profile.control is None:
            continue
        control = find_characteristic(profile, profile.control)
        assert control is not None
        decode = find_decoder(control, write=True)
        assert decode is not None, profile.name
        for stream in profile.streams:
            for text in [*stream.stop, *(t for start in stream.starts for t in start.commands)]:
                decode(bytes.fromhex(text), profile.context)


def test_the_start_of_every_stream_asks_for_the_rate_that_the_profile_names() -> None:
    for profile in list_profiles():
        for stream in profile.streams:
            if stream.starts and stream.rate_hz and stream.starts[0].rate_hz:
                assert stream.starts[0].rate_hz == stream.rate_hz, (profile.name, stream.name)


def test_every_start_of_a_metawear_asks_for_the_range_that_its_profile_scales_with() -> None:
    profile = load_profile("metawear")
    control = find_characteristic(profile, profile.control or "")
    assert control is not None
    decode = find_decoder(control, write=True)
    assert decode is not None
    for start in profile.streams[0].starts:
        asked = decode(bytes.fromhex(start.commands[0]), {})
        assert (asked.odr_hz, asked.range_g) == (start.rate_hz, start.full_scale)
        assert asked.range_g * profile.context["lsb_per_g"] == 32768


def test_the_watch_script_is_whole_statements_without_echo() -> None:
    lines = read_script(load_profile("banglejs"))
    assert len(lines) >= 8
    for line in lines:
        assert line.startswith(b"\x10")
        assert line.endswith(b"\n")
        for opening, closing in (b"()", b"[]", b"{}"):
            assert line.count(opening) == line.count(closing)
        assert line.count(b'"') % 2 == 0
    text = b"".join(lines)
    for name in (b"BF.start=function(hz,heart)", b"BF.stop=function()", b'"disconnect"'):
        assert name in text
    assert read_script(load_profile("sig_hrs")) == ()
