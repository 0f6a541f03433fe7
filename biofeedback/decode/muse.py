"""Muse 2 and S: the control characteristic, length-prefixed ASCII. All else is plain layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from biofeedback.decode.context import Context

MEANINGS: Final[dict[str, str]] = {
    "d": "start",
    "h": "halt",
    "k": "keep alive",
    "s": "status",
    "p50": "preset with PPG",
}


class MuseCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A command and, where it is known, its meaning."""

    command: str


def decode_muse_command(payload: bytes, context: Context) -> MuseCommand:
    """Decode a write: length, text, line feed."""
    del context
    if payload[0] != len(payload) - 1 or payload[-1:] != b"\n":
        raise Malformed("bad_length", "length byte, text and line feed don't agree")
    try:
        text = payload[1:-1].decode("ascii")
    except UnicodeDecodeError as error:
        raise Malformed("out_of_range", "the command is not ASCII") from error
    if not text or not text.isprintable():
        raise Malformed("empty", "no printable command")
    meaning = MEANINGS.get(text)
    return MuseCommand(command=text if meaning is None else f"{text} ({meaning})")
