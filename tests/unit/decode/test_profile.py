from __future__ import annotations

import msgspec
import pytest

from biofeedback.decode.profile import (
    MAX_PROFILE_BYTES,
    Profile,
    expand_uuid,
    find_characteristic,
    find_stream,
    parse_profile,
)
from biofeedback.errors import ProfileError

SMALL = """
name = "own_strap"
title = "Own strap"
maker = "Somebody"
models = ["One"]
sites = ["chest"]
heart_source = "electrical"
first_data_within_s = 5.0
sources = ["own measurement"]
[match]
services = ["180d"]
[[characteristics]]
uuid = "2a37"
service = "180d"
access = ["notify"]
format = "heart_rate_measurement"
[[streams]]
name = "heart_rate"
characteristic = "2a37"
rate_hz = 1.0
"""


def test_a_wearable_with_a_known_format_is_one_file() -> None:
    profile = parse_profile(SMALL, source="own.toml")
    assert profile.name == "own_strap"
    stream = find_stream(profile, "heart_rate")
    assert stream is not None
    assert stream.rate_hz == 1.0
    assert find_stream(profile, "ecg") is None


def test_a_profile_survives_the_header_of_a_trace() -> None:
    profile = parse_profile(SMALL, source="own.toml")
    assert msgspec.json.decode(msgspec.json.encode(profile), type=Profile) == profile


def test_short_and_full_uuids_are_the_same() -> None:
    full = "00002A37-0000-1000-8000-00805F9B34FB"
    assert expand_uuid("0x2A37") == expand_uuid("2a37") == expand_uuid(full) == full.lower()
    profile = parse_profile(SMALL, source="own.toml")
    assert find_characteristic(profile, full) == find_characteristic(profile, "2a37")
    assert find_characteristic(profile, "2a19") is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("5.0", "nan", ["first_data_within_s", "nan", "finite"]),
        ("5.0", "-inf", ["first_data_within_s", "-inf"]),
        ("5.0", "-1.0", ["first_data_within_s = -1.0", "> 0.0"]),
        ("5.0", "500.0", ["first_data_within_s = 500.0", "<= 120.0"]),
        ("1.0", '"70"', ["streams[0].rate_hz = '70'", "float"]),
        ("1.0", "1_50,5", ["not valid TOML"]),
        ('["chest"]', '["chst"]', ["sites[0]", "chst", "did you mean 'chest'"]),
        ("maker", "makr", ["makr", "did you mean 'maker'"]),
        ("rate_hz", "rte_hz", ["streams[0]", "rte_hz", "did you mean 'rate_hz'"]),
        ("heart_rate_measurement", "hart_rate_measurement", ["characteristics[0].format", "mean"]),
        ('characteristic = "2a37"', 'characteristic = "2a38"', ["streams[0].characteristic"]),
        ('uuid = "2a37"', 'uuid = "2A37"', ["characteristics[0].uuid", "lower case"]),
        ('title = "Own strap"\n', "", ["title"]),
    ],
)
def test_a_mistake_is_named_with_file_key_and_value(old: str, new: str, words: list[str]) -> None:
    with pytest.raises(ProfileError) as caught:
        parse_profile(SMALL.replace(old, new, 1), source="own.toml")
    for word in ["own.toml", *words]:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_start_commands_need_a_control_point() -> None:
    text = SMALL + '[[streams.starts]]\ncommands = ["02 02"]\n'
    with pytest.raises(ProfileError, match="control is missing"):
        parse_profile(text, source="own.toml")


def test_the_same_stream_or_characteristic_twice_is_refused() -> None:
    stream = SMALL[SMALL.index("[[streams]]") :]
    with pytest.raises(ProfileError, match="heart_rate"):
        parse_profile(SMALL + stream, source="own.toml")


@pytest.mark.parametrize("text", ["", "\ufeff" + SMALL, "\0\1\2", "[" * 5000, "a = " + "[" * 9000])
def test_what_is_no_profile_gets_one_clear_line(text: str) -> None:
    with pytest.raises(ProfileError) as caught:
        parse_profile(text, source="own.toml")
    assert str(caught.value).startswith("own.toml: ")


def test_a_giant_is_refused_before_it_is_read() -> None:
    with pytest.raises(ProfileError, match="larger than"):
        parse_profile("#" * (MAX_PROFILE_BYTES + 1), source="own.toml")
