"""Bangle.js: lines of our own watch script over the Nordic UART, and text sent to the watch.

One line is one JSON object (``firmware_profiles/banglejs_stream.js`` explains it). Both the
counter ``i`` and the time ``m`` (ms since the script's start) begin at 0 and roll over at 2^32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from biofeedback.decode.context import Context

MAX_LINE_BYTES = 256
FLOW_CONTROL = b"\x11\x13"
"""XON and XOFF, which the watch may send at any place."""

Count32 = Annotated[int, Meta(ge=0, le=0xFFFFFFFF)]
MilliG = Annotated[int, Meta(ge=-20_000, le=20_000)]
Percent = Annotated[int, Meta(ge=0, le=100)]


class BangleAcceleration(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="a", forbid_unknown_fields=True
):
    """Acceleration in milli-g: counter, device ms, x y z."""

    i: Count32
    m: Count32
    a: tuple[MilliG, MilliG, MilliG]


class BangleHeart(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="h", forbid_unknown_fields=True
):
    """Heart rate (0 is none) and the watch's confidence in it, in per cent."""

    i: Count32
    m: Count32
    b: Annotated[int, Meta(ge=0, le=300)]
    c: Percent


class BangleBattery(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="p", forbid_unknown_fields=True
):
    """Charge in per cent."""

    i: Count32
    m: Count32
    p: Percent


class BangleLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line, and what it says."""

    line: str
    json: BangleAcceleration | BangleHeart | BangleBattery


class NusText(msgspec.Struct, frozen=True, kw_only=True):
    """Text that is sent to the watch."""

    text: str


_JSON = msgspec.json.Decoder(BangleAcceleration | BangleHeart | BangleBattery)


def decode_bangle_line(payload: bytes, context: Context) -> BangleLine:
    """Decode one whole line, with or without its line end."""
    del context
    line = payload.translate(None, FLOW_CONTROL).strip()
    if len(line) > MAX_LINE_BYTES:
        raise Malformed("bad_length", f"a line of {len(line)} bytes")
    try:
        content = _JSON.decode(line)
        text = line.decode("utf-8")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed("unknown_type", f"not a line of the watch script: {error}") from error
    return BangleLine(line=text, json=content)


def decode_nus_text(payload: bytes, context: Context) -> NusText:
    """Decode text sent to the Nordic UART."""
    del context
    try:
        return NusText(text=payload.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Malformed("out_of_range", "not UTF-8 text") from error
