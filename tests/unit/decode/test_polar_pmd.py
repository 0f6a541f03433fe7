from __future__ import annotations

import struct

import numpy as np
import pytest

from biofeedback.decode.malformed import Malformed
from biofeedback.decode.polar_pmd import decode_polar_pmd
from biofeedback.decode.polar_pmd_control import (
    PmdReply,
    PmdSettings,
    decode_polar_pmd_control,
    decode_polar_pmd_request,
)
from biofeedback.decode.polar_pmd_frames import (
    AccelerationFrame,
    MagnetometerFrame,
    TemperatureFrame,
)


def header(kind: int, frame_type: int, stamp_ns: int = 7) -> bytes:
    return struct.pack("<BQB", kind, stamp_ns, frame_type)


def test_raw_acceleration_has_three_widths() -> None:
    body_8 = struct.pack("<3b", -128, 0, 127)
    body_16 = struct.pack("<3h", -32768, 0, 32767)
    body_24 = b"".join(v.to_bytes(3, "little", signed=True) for v in (-65536, 0, 65536))
    for frame_type, body, expected in (
        (0, body_8, [-128, 0, 127]),
        (1, body_16, [-32768, 0, 32767]),
        (2, body_24, [-65536, 0, 65536]),
    ):
        frame = decode_polar_pmd(header(2, frame_type) + body, {})
        assert isinstance(frame, AccelerationFrame)
        assert frame.samples_mg.tolist() == [expected]


def test_acceleration_that_no_wearable_can_measure_is_refused() -> None:
    body = b"".join(v.to_bytes(3, "little", signed=True) for v in (65537, 0, 0))
    with pytest.raises(Malformed) as caught:
        decode_polar_pmd(header(2, 2) + body, {})
    assert caught.value.reason == "out_of_range"


def test_a_frame_type_that_is_not_known_is_refused_not_guessed() -> None:
    with pytest.raises(Malformed) as caught:
        decode_polar_pmd(header(0, 3) + bytes(30), {})
    assert caught.value.reason == "unknown_type"


def test_a_header_without_samples_is_too_short() -> None:
    with pytest.raises(Malformed) as caught:
        decode_polar_pmd(header(2, 1), {})
    assert caught.value.reason == "too_short"


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_an_impossible_factor_is_refused(factor: float) -> None:
    with pytest.raises(Malformed):
        decode_polar_pmd(header(2, 0x80) + bytes(6), {"factor": factor})


def test_the_documented_factor_is_used_when_none_was_learned() -> None:
    frame = decode_polar_pmd(header(2, 0x80) + struct.pack("<3h", 1000, 0, -1000), {})
    assert isinstance(frame, AccelerationFrame)
    np.testing.assert_allclose(frame.samples_mg, [[244.0, 0.0, -244.0]])


def test_a_factor_does_not_scale_frames_that_are_in_milli_g() -> None:
    payload = header(2, 0x81) + struct.pack("<3h", 1000, 0, -1000)
    frame = decode_polar_pmd(payload, {"factor": 0.000244})
    assert isinstance(frame, AccelerationFrame)
    assert frame.samples_mg.tolist() == [[1000.0, 0.0, -1000.0]]


def test_a_sum_of_differences_never_wraps() -> None:
    # Reference 32767 and a difference of +1: 32768 doesn't fit, and -32768 would be a lie.
    payload = header(2, 0x81) + struct.pack("<3h", 32767, 0, 0) + bytes([2, 1, 0b000001])
    with pytest.raises(Malformed) as caught:
        decode_polar_pmd(payload, {})
    assert caught.value.reason == "out_of_range"


def test_a_magnetometer_with_a_factor_is_in_gauss() -> None:
    payload = header(6, 0x80) + struct.pack("<3h", 100, -200, 300)
    frame = decode_polar_pmd(payload, {"factor": 0.001})
    assert isinstance(frame, MagnetometerFrame)
    np.testing.assert_allclose(frame.samples_gauss, [[0.1, -0.2, 0.3]])


def test_temperature_may_come_as_differences_of_bit_patterns() -> None:
    warm, warmer = np.float32(30.0), np.float32(30.5)
    step = int(warmer.view(np.int32)) - int(warm.view(np.int32))
    payload = header(12, 0x80) + warm.tobytes() + bytes([32, 1]) + struct.pack("<i", step)
    frame = decode_polar_pmd(payload, {})
    assert isinstance(frame, TemperatureFrame)
    assert frame.type == "TEMPERATURE"
    assert frame.samples_c.tolist() == [30.0, 30.5]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 151.0, -1e30])
def test_a_temperature_that_no_skin_has_is_refused(value: float) -> None:
    with pytest.raises(Malformed) as caught:
        decode_polar_pmd(header(7, 0) + struct.pack("<f", value), {})
    assert caught.value.reason == "out_of_range"


def test_a_block_of_width_zero_repeats_the_sample() -> None:
    payload = header(2, 0x81) + struct.pack("<3h", 1, 2, 3) + bytes([0, 4])
    frame = decode_polar_pmd(payload, {})
    assert isinstance(frame, AccelerationFrame)
    assert frame.samples_mg.tolist() == [[1, 2, 3]] * 5


def test_blocks_that_unfold_to_thousands_of_samples_are_refused() -> None:
    payload = header(2, 0x81) + bytes(6) + bytes([0, 255]) * 100
    with pytest.raises(Malformed) as caught:
        decode_polar_pmd(payload, {})
    assert caught.value.reason == "bad_block"


def test_a_start_reply_with_a_reserved_byte_has_no_settings() -> None:
    for last in (0, 1, 255):
        reply = decode_polar_pmd_control(bytes([0xF0, 2, 2, 0, 0, last]), {})
        assert isinstance(reply, PmdReply)
        assert not reply.settings


def test_a_status_that_is_not_known_keeps_its_number() -> None:
    reply = decode_polar_pmd_control(bytes([0xF0, 2, 2, 99]), {})
    assert isinstance(reply, PmdReply)
    assert (reply.status, reply.status_code) == ("unknown", 99)


def test_a_factor_that_is_no_number_is_refused() -> None:
    reply = bytes([0xF0, 2, 2, 0, 0, 5, 1]) + struct.pack("<f", float("nan"))
    with pytest.raises(Malformed) as caught:
        decode_polar_pmd_control(reply, {})
    assert caught.value.reason == "out_of_range"


def test_a_security_setting_is_skipped_because_it_holds_no_number() -> None:
    settings = decode_polar_pmd_control(bytes([0, 1, 52, 0, 6, 1]) + bytes(16), {})
    assert isinstance(settings, PmdSettings)
    assert settings.settings == {"sample_rate": (52,)}


def test_an_offline_request_says_so() -> None:
    request = decode_polar_pmd_request(bytes([2, 0x82]), {})
    assert (request.op, request.type, request.offline) == ("start", "ACC", True)


@pytest.mark.parametrize("text", ["", "02", "0002", "0a02", "020200", "0202000134"])
def test_a_cut_or_unknown_request_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        decode_polar_pmd_request(bytes.fromhex(text), {})
