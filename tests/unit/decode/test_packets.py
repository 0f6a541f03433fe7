"""Packets with known meaning, from specifications, constructed, and captured (beside us)."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from biofeedback.cli.decode import describe_packet, describe_sequence
from biofeedback.decode.malformed import Malformed
from biofeedback.decode.packets import (
    DECODERS,
    MAX_JOINED_BYTES,
    MAX_PAYLOAD_BYTES,
    decode_packet,
)
from biofeedback.decode.profile import (
    MANUFACTURER,
    Characteristic,
    Profile,
    find_characteristic,
    find_decoder,
)
from biofeedback.profiles import load_profile

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "packets.json"
PROFILES = {
    "Polar H10": "polar_h10",
    "Polar (ECG": "polar_h10",
    "Polar H7": "sig_hrs",
    "Polar OH1": "polar_verity_sense",
    "Polar Verity": "polar_verity_sense",
    "Polar 360": "polar_verity_sense",
    "Generic HR": "sig_hrs",
    "SIG Heart": "sig_hrs",
    "SIG Battery": "sig_hrs",
    "SIG Running": "sig_rsc",
    "SIG Cycling": "sig_csc",
    "SIG Pulse": "sig_plx",
    "ActiGraph": "sig_hrs",
    "Wahoo TICKR": "sig_hrs",
    "Wahoo cadence": "sig_csc",
    "SunDing": "sig_csc",
    "FTMS": "ftms_bike",
    "ChoiceMMed": "sig_plx",
    "PineTime": "pinetime",
    "Bangle.js": "banglejs",
    "micro:bit": "microbit",
    "Arduino": "arduino_nano33",
    "Adafruit": "adafruit_accelerometer",
    "Nordic Thingy": "thingy52",
    "TI SensorTag": "sensortag",
    "MetaWear": "metawear",
    "Movesense": "movesense",
    "Xsens": "movella_dot",
    "WitMotion": "witmotion",
    "Muse": "muse",
    "Colmi": "colmi_ring",
    "Mi Band": "mi_band_advertised",
    "WHOOP": "whoop",
}


def profile_for(device: str) -> Profile:
    return next(load_profile(name) for start, name in PROFILES.items() if device.startswith(start))


def characteristic_for(profile: Profile, text: str) -> Characteristic:
    uuid = text.split(maxsplit=1)[0]
    if uuid == "advertising":
        uuid = MANUFACTURER + text.rpartition("0x")[2]
    characteristic = find_characteristic(profile, uuid)
    assert characteristic is not None
    return characteristic


def is_same(expected: Any, got: Any) -> bool:
    if isinstance(expected, dict):
        return isinstance(got, dict) and all(
            key in got and is_same(value, got[key]) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return len(expected) == len(got) and all(map(is_same, expected, got))
    if isinstance(expected, float) and isinstance(got, (int, float)):
        return math.isclose(expected, got, abs_tol=6e-4 if abs(expected) > 10 else 1e-4)
    return type(expected) is type(got) and expected == got


def decode(vector: dict[str, Any]) -> Any:
    name = vector.get("profile")
    profile = load_profile(name) if name else profile_for(vector["device"])
    characteristic = characteristic_for(profile, vector["characteristic"])
    write = vector["direction"] == "write"
    decoder = find_decoder(characteristic, write=write)
    assert decoder is not None
    context = {**profile.context, **(vector.get("context") or {})}
    if vector.get("hex_sequence"):
        packet_format = characteristic.write_format if write else characteristic.format
        payloads = [bytes.fromhex(text) for text in vector["hex_sequence"]]
        return json.loads(describe_sequence(packet_format or "", decoder, payloads, context))
    payload = bytes.fromhex(vector["hex"] or "")
    return json.loads(describe_packet(decoder, payload, context))


GOLDEN_VECTORS = json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", GOLDEN_VECTORS, ids=lambda vector: vector["id"])
def test_a_golden_packet_means_what_the_table_says(vector: dict[str, Any]) -> None:
    got = decode(vector)
    assert is_same(vector["expected"], got), got
    assert ("malformed" in got) == ("malformed" in vector["expected"])


def test_no_captured_packet_is_among_the_golden_ones() -> None:
    assert {vector["kind"] for vector in GOLDEN_VECTORS} == {"spec", "constructed"}


@pytest.mark.parametrize("packet_format", sorted(DECODERS))
def test_no_decoder_sees_more_bytes_than_the_radio_can_bring(packet_format: str) -> None:
    most_bytes = MAX_JOINED_BYTES.get(packet_format, MAX_PAYLOAD_BYTES)
    with pytest.raises(Malformed, match="more than a notification can hold"):
        decode_packet(packet_format, bytes(most_bytes + 1), {})


@pytest.mark.shared
def test_every_packet_beside_the_checkout_means_what_is_expected(shared: Path) -> None:
    vectors = json.loads((shared / "facts" / "vectors.json").read_text(encoding="utf-8"))
    for vector in vectors:
        got = decode(vector)
        assert is_same(vector["expected"], got), (vector["id"], got)
        assert ("malformed" in got) == ("malformed" in vector["expected"])
    only_there = {vector["id"] for vector in vectors} - {v["id"] for v in GOLDEN_VECTORS}
    assert len(only_there) >= 60
