from __future__ import annotations

import struct
from typing import Any

import pytest

from biofeedback.decode.malformed import Malformed
from biofeedback.decode.plain import decode_plain
from biofeedback.decode.profile import parse_profile
from biofeedback.errors import ProfileError

OWN = """
name = "own_board"
title = "Own board"
maker = "Somebody"
models = ["One"]
sites = ["wrist"]
heart_source = "unknown"
first_data_within_s = 5.0
sources = ["own layout"]
[match]
names = ["Own*"]
[[characteristics]]
uuid = "aaaa"
service = "aaa0"
access = ["notify"]
format = "plain"
[[characteristics.layouts]]
size = 10
when = { mode = 2.0 }
fields = [{ name = "other", offset = 0, type = "u8" }]
[[characteristics.layouts]]
size = 10
longer = true
fields = [
  { name = "ticks_ms", offset = 0, type = "u32", unit = "ms", feeds = "clock" },
  { name = "accel_mg", offset = 4, type = "s16", endian = "big", count = 3, unit = "mg", \
feeds = "acceleration" },
  { name = "word", offset = 0, type = "u8", words = ["no", "yes"] },
  { name = "wide", offset = 0, type = "u24" },
  { name = "signed", offset = 7, type = "s24" },
  { name = "gain", offset = 4, type = "s16", scale = 0.5, scale_by = "range_g" },
]
[[streams]]
name = "acceleration"
characteristic = "aaaa"
rate_hz = 50.0
"""


def decode(payload: bytes, text: str = OWN, **context: float) -> dict[str, Any]:
    layouts = parse_profile(text, source="own.toml").characteristics[0].layouts
    return decode_plain(layouts)(payload, context).values


PAYLOAD = struct.pack("<I", 1) + struct.pack(">3h", 100, -200, -1)


def test_a_wearable_with_a_plain_layout_needs_no_code() -> None:
    values = decode(PAYLOAD, range_g=4.0)
    assert values == {
        "ticks_ms": 1,
        "accel_mg": (100, -200, -1),
        "word": "yes",
        "wide": 1,
        "signed": int.from_bytes(PAYLOAD[7:10], "little", signed=True),
        "gain": struct.unpack_from("<h", PAYLOAD, 4)[0] * 2.0,
    }


def test_the_context_chooses_among_layouts() -> None:
    assert decode(PAYLOAD, mode=2.0) == {"other": 1}


def test_a_longer_packet_is_allowed_only_where_the_layout_says_so() -> None:
    assert decode(PAYLOAD + b"padding", range_g=1.0)["wide"] == 1
    with pytest.raises(Malformed, match="bad_length"):
        decode(PAYLOAD[:-1], range_g=1.0)
    with pytest.raises(Malformed, match="bad_length"):
        decode(PAYLOAD + b"more", OWN.replace("longer = true", ""), range_g=1.0)


@pytest.mark.parametrize("range_g", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_nonsense_in_the_context_is_refused(range_g: float) -> None:
    with pytest.raises(Malformed, match="range_g"):
        decode(PAYLOAD, range_g=range_g)


def test_a_missing_number_of_the_context_and_an_unknown_word_are_refused() -> None:
    with pytest.raises(Malformed, match="range_g"):
        decode(PAYLOAD)
    with pytest.raises(Malformed, match="word 9"):
        decode(b"\x09" + PAYLOAD[1:], range_g=1.0)


FLOATS = OWN.replace(
    '{ name = "wide", offset = 0, type = "u24" }',
    '{ name = "wide", offset = 0, type = "f32", minimum = -10.0, maximum = 10.0 }',
)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 10.5, -11.0])
def test_floats_that_are_no_number_or_out_of_range_are_refused(value: float) -> None:
    payload = struct.pack("<f", value) + PAYLOAD[4:]
    with pytest.raises(Malformed, match="out_of_range"):
        decode(
            payload,
            FLOATS.replace('{ name = "word", offset = 0', '{ name = "word", offset = 9').replace(
                'words = ["no", "yes"]', "minimum = 0.0"
            ),
            range_g=1.0,
        )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("offset = 7", "offset = 8", "beyond the 10 bytes"),
        ('type = "u24"', 'type = "f32"', "minimum and maximum"),
        ('unit = "mg"', 'unit = "stone"', "g or mg or m/s2"),
        ("count = 3, ", "count = 2, ", "three axes"),
        ('"wide"', '"word"', "same name"),
        ('format = "plain"', 'format = "battery_level"', "has layouts"),
        ('words = ["no", "yes"]', 'words = ["no"], scale = 2.0', "single u8"),
        ('type = "u32", unit', 'type = "s32", unit', "u8, u16 or u32"),
        ('"s24"', '"s25"', "did you mean"),
        ("endian", "endin", "did you mean 'endian'"),
        ('feeds = "clock"', 'feeds = "clok"', "did you mean 'clock'"),
    ],
)
def test_a_wrong_layout_is_named(old: str, new: str, words: str) -> None:
    assert old in OWN
    with pytest.raises(ProfileError) as caught:
        parse_profile(OWN.replace(old, new, 1), source="own.toml")
    assert words in str(caught.value)
    assert str(caught.value).startswith("own.toml: characteristics[0]")
