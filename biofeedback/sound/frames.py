"""What goes over the pipe between a session and its sound process.

A frame is its length (4 bytes, little endian) and one MessagePack struct, tagged by its name.
Orders pass through unchanged; the rest is bookkeeping between the two ends.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from biofeedback.messages import PlayNote, SoundReported, SteerSound, StopSound, StretchSong
from biofeedback.sound.settings import SoundSettings, SoundSummary  # noqa: TC001 - decoders read the types

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FRAME_BYTES = 1 << 20
_LENGTH = struct.Struct("<I")


class Open(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The first frame to the child: what to be."""

    mode: Literal["live", "file"]
    origin_ns: int
    settings: SoundSettings
    path: str | None = None


class Advance(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """File: the music up to ``until_ns`` is final and may be rendered."""

    until_ns: int


class Finish(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """No more orders: let the tails ring, close, tell the summary."""


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The child can sound. ``output`` names the device or the file."""

    output: str


class Rendered(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """File: rendered up to ``until_ns``."""

    until_ns: int


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The last frame from the child."""

    summary: SoundSummary


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The child can't go on; ``text`` is for a person."""

    text: str


ToChild: TypeAlias = Open | PlayNote | SteerSound | StretchSong | StopSound | Advance | Finish
FromChild: TypeAlias = Ready | SoundReported | Rendered | Ended | Failed

_encoder = msgspec.msgpack.Encoder()
to_child_decoder: msgspec.msgpack.Decoder[ToChild] = msgspec.msgpack.Decoder(ToChild)
from_child_decoder: msgspec.msgpack.Decoder[FromChild] = msgspec.msgpack.Decoder(FromChild)


def encode_frame(message: ToChild | FromChild) -> bytes:
    """Encode one message with its length in front."""
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


class FrameSplitter:
    """Cut a stream of bytes into the bodies of frames, however it was chunked."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def update(self, data: bytes) -> Iterator[bytes]:
        """Yield each body that is complete now.

        Raises:
            ValueError: A length is impossible: the stream is damaged and can't be re-joined.
        """
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > MAX_FRAME_BYTES:
                raise ValueError(f"a frame of {length} bytes can't be: the stream is damaged")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            yield body
