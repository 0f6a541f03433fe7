from __future__ import annotations

import pytest

from biofeedback.decode.battery import decode_battery_level
from biofeedback.decode.device_information import decode_manufacturer, decode_model
from biofeedback.decode.heart_rate import (
    decode_body_sensor_location,
    decode_heart_rate_control_point,
    decode_heart_rate_measurement,
)
from biofeedback.decode.malformed import Malformed


def test_the_energy_field_moves_the_rr_intervals() -> None:
    packet = decode_heart_rate_measurement(bytes.fromhex("183c0a000004"), {})
    assert packet.hr_bpm == 60
    assert packet.energy_kj == 10
    assert packet.rr_ms == (1000.0,)


def test_an_8_bit_heart_rate_is_unsigned() -> None:
    assert decode_heart_rate_measurement(b"\x00\xc8", {}).hr_bpm == 200


def test_nine_rr_intervals_fit_a_small_packet() -> None:
    packet = decode_heart_rate_measurement(b"\x10\x3c" + b"\x00\x04" * 9, {})
    assert packet.rr_1024 == (1024,) * 9


@pytest.mark.parametrize(
    ("flags", "contact"),
    [(0, "unsupported"), (2, "unsupported"), (4, "not_detected"), (6, "detected")],
)
def test_contact_has_two_bits(flags: int, contact: str) -> None:
    assert decode_heart_rate_measurement(bytes([flags, 60]), {}).contact == contact


def test_bytes_that_no_flag_announces_are_malformed() -> None:
    with pytest.raises(Malformed) as caught:
        decode_heart_rate_measurement(b"\x00\x3c\x00", {})
    assert caught.value.reason == "bad_length"


def test_locations_are_named_and_others_refused() -> None:
    assert decode_body_sensor_location(b"\x01", {}).body_sensor_location == "chest"
    with pytest.raises(Malformed):
        decode_body_sensor_location(b"\x07", {})


def test_only_the_assigned_command_is_known() -> None:
    assert decode_heart_rate_control_point(b"\x01", {}).command == "reset_energy_expended"
    with pytest.raises(Malformed):
        decode_heart_rate_control_point(b"\x02", {})


def test_a_battery_level_outside_per_cent_is_missing() -> None:
    assert decode_battery_level(b"\x64", {}).battery_percent == 100
    assert decode_battery_level(b"\xff", {}).battery_percent is None
    with pytest.raises(Malformed):
        decode_battery_level(b"\x10\x00", {})


def test_device_strings_lose_padding_and_control_characters() -> None:
    assert decode_manufacturer(b"Wahoo\x07 Fitness\0\0\0", {}).manufacturer == "Wahoo Fitness"
    assert decode_model(b"H10\xc3", {}).model == "H10\N{REPLACEMENT CHARACTER}"
    with pytest.raises(Malformed):
        decode_model(b"\0\0", {})
