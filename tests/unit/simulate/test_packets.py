import json
from pathlib import Path

import numpy as np
import pytest

from biofeedback.simulate.packets import (
    DEVICE_EPOCH_NS,
    PMD_ACC,
    delta_widths,
    encode_battery,
    encode_ecg,
    encode_heart_rate,
    encode_pmd_acc_raw,
    encode_pmd_delta,
    encode_ppg,
    encode_ppi,
)


def test_heart_rate_with_every_field_has_the_published_layout() -> None:
    payload = encode_heart_rate(
        142, rr_1024=[430, 432, 428, 435], contact=True, energy_kj=1234, wide=True
    )
    assert payload.hex() == "1f8e00d204ae01b001ac01b301"


def test_heart_rate_above_255_takes_sixteen_bits_by_itself() -> None:
    assert encode_heart_rate(257).hex() == "010101"
    assert encode_heart_rate(200, wide=True).hex() == "01c800"


def test_contact_is_told_only_by_sensors_that_can() -> None:
    assert encode_heart_rate(74, contact=None)[0] == 0x00
    assert encode_heart_rate(74, contact=False).hex() == "044a"
    assert encode_heart_rate(75, contact=True, energy_kj=128).hex() == "0e4b8000"


def test_an_endless_rr_interval_saturates() -> None:
    assert encode_heart_rate(20, rr_1024=[1_000_000]).hex() == "1014ffff"


def test_battery_is_one_byte() -> None:
    assert encode_battery(64) == b"\x40"


def test_ecg_is_24_bit_after_the_header() -> None:
    payload = encode_ecg(2_000_000_000, np.array([-32766, 32770]))
    assert payload.hex() == "000094357700000000000280ff028000"


def test_ppg_carries_four_channels_of_24_bit() -> None:
    samples = np.array([[197121, 394500, 8388607, 0], [-1, -1052913, -8388608, -1052913]])
    assert encode_ppg(2_000_000_000, samples).hex() == (
        "01009435770000000000010203040506ffff7f000000ffffff0fefef0000800fefef"
    )


def test_pulse_intervals_carry_their_error_and_flags() -> None:
    payload = encode_ppi(0, [(92, 2000, 2000, 0x05), (92, 430, 250, 0x07)])
    assert payload.hex() == "030000000000000000005cd007d007055cae01fa0007"


def test_raw_acceleration_is_clipped_to_sixteen_bits() -> None:
    payload = encode_pmd_acc_raw(DEVICE_EPOCH_NS, np.array([[1, -1, 40_000], [0, -40_000, 2]]))
    assert payload[9] == 1
    assert np.frombuffer(payload[10:], "<i2").tolist() == [1, -1, 32767, 0, -32768, 2]


def test_a_full_scale_jump_takes_more_bits_than_the_samples_have() -> None:
    payload = encode_pmd_delta(
        1,
        np.array([[32767, -32768, 0], [-32768, 32767, -1]]),
        kind=PMD_ACC,
        frame_type=1,
        resolution_bits=16,
        block_counts=[1],
    )
    assert payload.hex() == "02010000000000000081ff7f0080000011010100fffffdff07"


def test_each_block_is_as_wide_as_its_own_deltas() -> None:
    deltas = np.array([[1, 0, 0], [0, -2, 0], [100, 0, 0], [0, 0, -129]])
    assert delta_widths(deltas, [2, 1, 1]) == [2, 8, 9]
    assert delta_widths(np.empty((0, 3), np.int_), []) == []


@pytest.mark.parametrize("counts", [[2], [4], [0, 3], []])
def test_blocks_that_do_not_fit_the_samples_are_refused(counts: list[int]) -> None:
    with pytest.raises(ValueError, match="must sum up"):
        encode_pmd_delta(
            1,
            np.zeros((4, 3), np.int_),
            kind=PMD_ACC,
            frame_type=1,
            resolution_bits=16,
            block_counts=counts,
        )


@pytest.mark.shared
def test_the_constructed_heart_rate_vectors_come_out_byte_by_byte(shared: Path) -> None:
    contacts = {"unsupported": None, "detected": True, "not_detected": False}
    seen = 0
    for vector in json.loads((shared / "facts" / "vectors.json").read_text()):
        expected = vector["expected"]
        if (
            not vector["characteristic"].startswith("00002a37")
            or vector["kind"] != "constructed"
            or not vector["hex"]
            or expected.get("malformed")
        ):
            continue
        payload = bytes.fromhex(vector["hex"])
        encoded = encode_heart_rate(
            expected["hr_bpm"],
            rr_1024=expected["rr_1024"],
            contact=contacts[expected["contact"]],
            energy_kj=expected["energy_kj"],
            wide=bool(payload[0] & 1),
        )
        assert encoded == payload, vector["id"]
        seen += 1
    assert seen >= 8
