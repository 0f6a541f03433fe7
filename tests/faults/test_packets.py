"""Faults of packets and of device clocks: rows of the fault catalogue."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biofeedback.cli.decode import describe_packet
from biofeedback.decode.malformed import Malformed
from biofeedback.decode.packets import DECODERS, decode_packet
from biofeedback.decode.polar_pmd import (
    LAYOUTS,
    LIMIT_ACC_MG,
    LIMIT_GYRO_DPS,
    LIMIT_MAG_GAUSS,
    LIMIT_TEMPERATURE_C,
)
from biofeedback.decode.profile import find_characteristic, find_decoder
from biofeedback.decode.sensor import SensorDecoder
from biofeedback.messages import (
    NoticeGiven,
    PacketReceived,
    PacketRejected,
)
from biofeedback.profiles import load_profile
from biofeedback.samples import AccelerationBlock

MS = 1_000_000
S = 1_000_000_000
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "packets.json"
PMD = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
UNSET_CLOCK_NS = 599_616_000 * S
RANDOM_PACKETS = 100_000


def sensor(name: str = "polar_h10") -> SensorDecoder:
    return SensorDecoder(load_profile(name), {})


def received(characteristic: str, payload: bytes, at_ns: int = S) -> PacketReceived:
    return PacketReceived(
        at_ns=at_ns, wearer="w", sensor="s", characteristic=characteristic, payload=payload
    )


def acceleration(index: int, *, stamp_ns: int | None = None, at_ns: int | None = None) -> Any:
    """The index-th frame of 36 samples at 200 Hz, 30 ms in the air."""
    stamp = UNSET_CLOCK_NS + index * 180 * MS if stamp_ns is None else stamp_ns
    at = 100 * S + index * 180 * MS + 30 * MS if at_ns is None else at_ns
    body = np.full((36, 3), index % 1000, "<i2").tobytes()
    return received(PMD, struct.pack("<BQB", 2, stamp, 1) + body, at)


def reasons(answer: list[Any]) -> list[str]:
    return [part.reason for part in answer if isinstance(part, PacketRejected)]


def notices(answer: list[Any]) -> list[str]:
    return [part.code for part in answer if isinstance(part, NoticeGiven)]


def block(answer: list[Any]) -> AccelerationBlock:
    assert isinstance(answer[0], AccelerationBlock), answer
    return answer[0]


def test_F10_frames_cut_to_a_small_mtu_are_read_or_refused_never_guessed() -> None:
    for size in range(21):
        answer = sensor().update(received(PMD, acceleration(0).payload[:size]))
        assert len(answer) == 1
        assert isinstance(answer[0], AccelerationBlock) == (size == 16)


def test_F11_an_empty_notification_is_counted_and_ignored() -> None:
    profile = load_profile("polar_h10")
    for characteristic in profile.characteristics:
        if characteristic.format is not None:
            assert reasons(sensor().update(received(characteristic.uuid, b""))) == ["empty"]


def test_F12_a_sensor_off_the_body_is_told_at_once() -> None:
    answer = sensor("sig_hrs").update(received("2a37", b"\x04\x4a"))
    assert notices(answer) == ["contact_lost"]


@pytest.mark.parametrize(
    ("percent", "value", "codes"),
    [
        (20, 20, []),
        (19, 19, ["battery_low"]),
        (9, 9, ["battery_empty"]),
        (0, 0, ["battery_empty"]),
        (255, None, []),
    ],
)
def test_F14_battery_levels(percent: int, value: int | None, codes: list[str]) -> None:
    answer = sensor().update(received("2a19", bytes([percent])))
    assert getattr(answer[0], "battery_percent", "missing") == value
    assert notices(answer) == codes


def test_F23_every_packet_cut_at_every_byte_is_malformed_or_a_shorter_packet() -> None:
    cut = malformed = 0
    for vector in json.loads(GOLDEN.read_text(encoding="utf-8")):
        if vector.get("hex_sequence"):
            continue
        profile = load_profile(vector["profile"])
        uuid = vector["characteristic"].split()[0]
        if uuid == "advertising":
            uuid = "manufacturer:" + vector["characteristic"].rpartition("0x")[2]
        characteristic = find_characteristic(profile, uuid)
        assert characteristic is not None
        decoder = find_decoder(characteristic, write=vector["direction"] == "write")
        assert decoder is not None
        payload = bytes.fromhex(vector["hex"] or "")
        context = {**profile.context, **(vector.get("context") or {})}
        for size in range(len(payload)):
            answer = json.loads(describe_packet(decoder, payload[:size], context))
            cut += 1
            malformed += "malformed" in answer
            if "n" in answer and "n" in vector["expected"]:
                assert answer["n"] <= vector["expected"]["n"]
    assert malformed > cut // 2


def check_range(packet: Any) -> None:
    """Assert that what was decoded lies in what the format declares."""
    name = type(packet).__name__
    if name == "HeartRateMeasurement":
        assert 0 <= packet.hr_bpm <= 65535
        assert all(0 <= rr_ms < 64_000 for rr_ms in packet.rr_ms)
    elif name == "BatteryLevel":
        assert packet.battery_percent is None or 0 <= packet.battery_percent <= 100
    elif name == "AccelerationFrame":
        assert np.abs(packet.samples_mg.astype(float)).max() <= LIMIT_ACC_MG
        assert packet.samples_mg.shape == (packet.n, 3)
    elif name == "GyroscopeFrame":
        assert np.abs(packet.samples_dps).max() <= LIMIT_GYRO_DPS
    elif name == "MagnetometerFrame":
        assert np.abs(packet.samples_gauss).max() <= LIMIT_MAG_GAUSS
    elif name == "TemperatureFrame":
        assert np.abs(packet.samples_c).max() <= LIMIT_TEMPERATURE_C
    elif name in {"EcgFrame", "PpgFrame"}:
        samples = packet.samples_uv if name == "EcgFrame" else packet.samples
        assert samples.min() >= -(2**23)
        assert samples.max() < 2**23
        assert len(samples) == packet.n


@pytest.mark.parametrize("packet_format", sorted(DECODERS))
def test_F24_random_bytes_raise_nothing_else_and_stay_in_range(packet_format: str) -> None:
    random = np.random.default_rng(sorted(DECODERS).index(packet_format))
    pool = random.bytes(1 << 20)
    sizes = random.integers(0, 64, RANDOM_PACKETS)
    starts = random.integers(0, (1 << 20) - 64, RANDOM_PACKETS)
    layouts = list(LAYOUTS)
    known = random.integers(0, len(layouts), RANDOM_PACKETS)
    for size, start, which in zip(sizes.tolist(), starts.tolist(), known.tolist(), strict=True):
        payload = pool[start : start + size]
        if packet_format == "polar_pmd" and size > 10:
            # Otherwise nearly all would end at the unknown frame type.
            kind, frame_type = layouts[which]
            payload = bytes([kind]) + payload[1:9] + bytes([frame_type]) + payload[10:]
        try:
            packet = decode_packet(packet_format, payload, {})
        except Malformed:
            continue
        check_range(packet)


@pytest.mark.parametrize("reserved", [0x20, 0x40, 0x80, 0xE0])
def test_F25_reserved_flag_bits_are_ignored(reserved: int) -> None:
    plain = sensor().update(received("2a37", bytes.fromhex("103c0004")))
    marked = sensor().update(received("2a37", bytes([0x10 | reserved]) + bytes.fromhex("3c0004")))
    assert plain == marked
    longer = sensor().update(received("2a37", bytes([reserved, 0x3C, 0x99])))
    assert not reasons(longer)


@pytest.mark.parametrize(
    ("bpm", "value"), [(0, None), (1, 1), (29, 29), (255, 255), (65535, 65535)]
)
def test_F26_a_heart_rate_is_never_clipped_and_zero_is_missing(bpm: int, value: int | None) -> None:
    answer = sensor().update(received("2a37", b"\x01" + bpm.to_bytes(2, "little")))
    assert getattr(answer[0], "heart_rate_bpm", "missing") == value


def test_F32_a_duplicate_is_dropped_within_two_seconds() -> None:
    decoder = sensor()
    for index in range(10):
        block(decoder.update(acceleration(index)))
    for index in (9, 5):
        again = acceleration(index, at_ns=acceleration(9).at_ns + 50 * MS)
        assert reasons(decoder.update(again)) == ["duplicate"]
    following = block(decoder.update(acceleration(10)))
    assert not following.gap_before


def test_F33_a_packet_out_of_order_is_refused_and_time_goes_on() -> None:
    decoder = sensor()
    times_ns: list[int] = []
    refused: list[str] = []
    arrivals = [acceleration(index).at_ns for index in range(30)]
    order = [*range(10), 11, 10, *range(12, 30)]
    for index, at_ns in zip(order, arrivals, strict=True):
        answer = decoder.update(acceleration(index, at_ns=at_ns))
        refused += reasons(answer)
        assert not notices(answer)
        if not reasons(answer):
            times_ns += block(answer).times_ns.tolist()
    assert refused == ["out_of_order"]
    assert (np.diff(times_ns) > 0).all()


def test_F34_a_burst_after_a_stall_is_spread_by_the_device_clock() -> None:
    decoder = sensor()
    times_ns: list[int] = []
    for index in range(120):
        at_ns = acceleration(index).at_ns
        if 80 <= index < 91:
            at_ns = acceleration(91).at_ns - (91 - index) * 100_000
        answer = decoder.update(acceleration(index, at_ns=at_ns))
        times_ns += block(answer).times_ns.tolist()
        assert len(answer) == 1
        assert not block(answer).gap_before
    steps_ms = np.diff(times_ns) / MS
    assert steps_ms.max() < 5.5
    assert steps_ms.min() > 4.5


def test_F45_a_device_clock_that_falls_back_to_2019_is_a_new_epoch() -> None:
    decoder = sensor()
    times_ns: list[int] = []
    codes: list[str] = []
    for index in range(60):
        base_ns = 800_000_000 * S if index < 30 else UNSET_CLOCK_NS - 30 * 180 * MS
        answer = decoder.update(acceleration(index, stamp_ns=base_ns + index * 180 * MS))
        codes += notices(answer)
        times_ns += block(answer).times_ns.tolist()
        assert block(answer).gap_before == (index == 30)
    assert codes == ["device_clock_reset"]
    assert (np.diff(times_ns) > 0).all()


def test_F46_a_drift_of_200_ppm_is_within_5_ms_after_a_minute() -> None:
    random = np.random.default_rng(46)
    decoder = sensor()
    errors_ms: list[float] = []
    for index in range(700):
        true_ns = index * 180 * MS
        answer = decoder.update(
            acceleration(
                index,
                stamp_ns=UNSET_CLOCK_NS + round(true_ns * 1.0002),
                at_ns=100 * S + true_ns + round(random.uniform(15, 50) * MS),
            )
        )
        if true_ns > 60 * S:
            errors_ms.append((int(block(answer).times_ns[-1]) - 100 * S - true_ns) / MS)
    assert max(errors_ms) - min(errors_ms) < 5.0


def test_F47_a_stamp_10_s_ahead_is_refused_and_the_next_packet_is_fine() -> None:
    decoder = sensor()
    for index in range(20):
        block(decoder.update(acceleration(index)))
    wrong = acceleration(20, stamp_ns=UNSET_CLOCK_NS + 20 * 180 * MS + 10 * S)
    assert reasons(decoder.update(wrong)) == ["future_stamp"]
    following = decoder.update(acceleration(21))
    assert block(following).gap_before
    assert not notices(following)


def test_F47_a_clock_that_was_set_forward_is_believed_from_its_second_packet_on() -> None:
    decoder = sensor()
    refused: list[str] = []
    codes: list[str] = []
    for index in range(40):
        ahead_ns = 150_000_000 * S if index >= 20 else 0
        stamp_ns = UNSET_CLOCK_NS + index * 180 * MS + ahead_ns
        answer = decoder.update(acceleration(index, stamp_ns=stamp_ns))
        refused += reasons(answer)
        codes += notices(answer)
    assert refused == ["future_stamp"]
    assert codes == ["device_clock_reset"]


@pytest.mark.parametrize("back_ns", [1_000, MS, 50 * MS, 150 * MS, 200 * MS, 500 * MS, S])
def test_F48_time_that_runs_backwards_never_runs_backwards_here(back_ns: int) -> None:
    decoder = sensor()
    times_ns: list[int] = []
    refused: list[str] = []
    for index in range(60):
        stamp_ns = UNSET_CLOCK_NS + index * 180 * MS - (back_ns if index >= 30 else 0)
        answer = decoder.update(acceleration(index, stamp_ns=stamp_ns))
        refused += reasons(answer)
        if not reasons(answer):
            times_ns += block(answer).times_ns.tolist()
            assert times_ns[-1] <= acceleration(index).at_ns
    assert (np.diff(times_ns) > 0).all()
    assert refused == ([] if back_ns < 180 * MS else ["out_of_order"])
    # Whatever happened, the newest sample is again where it belongs.
    assert acceleration(59).at_ns - times_ns[-1] < 60 * MS
