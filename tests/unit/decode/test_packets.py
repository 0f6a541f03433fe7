"""Packets with known meaning, from specifications, constructed, and captured (beside us)."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from biofeedback.cli.decode import describe_packet
from biofeedback.decode.profile import Profile, find_characteristic
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
    "ActiGraph": "sig_hrs",
    "Wahoo TICKR": "sig_hrs",
    "PineTime": "sig_hrs",
    "Bangle.js": "sig_hrs",
    "Mi Band": "sig_hrs",
}


def profile_for(device: str) -> Profile | None:
    return next(
        (load_profile(name) for start, name in PROFILES.items() if device.startswith(start)), None
    )


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
    profile = profile_for(vector["device"])
    assert profile is not None
    characteristic = find_characteristic(profile, vector["characteristic"].split()[0])
    assert characteristic is not None
    packet_format = (
        characteristic.write_format if vector["direction"] == "write" else characteristic.format
    )
    assert packet_format is not None
    line = describe_packet(packet_format, bytes.fromhex(vector["hex"]), vector.get("context") or {})
    return json.loads(line)


GOLDEN_VECTORS = json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", GOLDEN_VECTORS, ids=lambda vector: vector["id"])
def test_a_golden_packet_means_what_the_table_says(vector: dict[str, Any]) -> None:
    got = decode(vector)
    assert is_same(vector["expected"], got), got
    assert ("malformed" in got) == ("malformed" in vector["expected"])


def test_no_captured_packet_is_among_the_golden_ones() -> None:
    assert {vector["kind"] for vector in GOLDEN_VECTORS} == {"spec", "constructed"}


@pytest.mark.shared
def test_every_packet_beside_the_checkout_means_what_is_expected(shared: Path) -> None:
    vectors = json.loads((shared / "facts" / "vectors.json").read_text(encoding="utf-8"))
    decoded = 0
    for vector in vectors:
        profile = profile_for(vector["device"])
        if profile is None or vector.get("hex") is None:
            continue
        characteristic = find_characteristic(profile, vector["characteristic"].split()[0])
        if characteristic is None or "action" in vector["expected"]:
            continue  # another wearable's own characteristic or command
        got = decode(vector)
        assert is_same(vector["expected"], got), (vector["id"], got)
        decoded += 1
    assert decoded >= len(GOLDEN_VECTORS) + 20
