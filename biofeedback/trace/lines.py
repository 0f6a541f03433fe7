r"""One line of a trace: a JSON object, a tab, eight hex digits of CRC32 over the object, \n.

* The first line is a ``TraceHeader``, then come messages in engine order: order is the truth.
* A closed trace ends with a ``TraceFooter``; one without was killed or cut.
* ``RowsDropped`` and ``RowRefused`` stand where rows are missing, so that a gap is never silent.
* Only a row that reads back as itself is written: NaN (JSON has none, it would become null) or a
  value of a wrong type would make the line, and with it all that follows, unreadable.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias
from zlib import crc32

import msgspec

from biofeedback.messages import Message

SCHEMA_VERSION: Final = 1
MAX_LINE_BYTES: Final = 4 << 20
"""No line is longer: a file without line ends is refused before it fills the memory."""

_END_BYTES: Final = 10  # tab, eight digits, \n


class TraceHeader(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """All that a replay needs besides the messages.

    ``profiles`` holds the wearables' profiles by name, as they were; ``profile_hash`` is the
    SHA-256 of all of them. ``start_wall_*`` and ``start_monotonic_ns`` are one instant on two
    clocks; every time in the trace counts from ``start_monotonic_ns``.
    """

    schema_version: int
    session_id: str
    versions: dict[str, str]
    settings: dict[str, Any]
    profiles: dict[str, dict[str, Any]]
    profile_hash: str
    source: str
    start_wall_iso: str
    start_wall_ns: int
    start_monotonic_ns: int


class TraceFooter(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The end of a closed trace.

    ``counts`` are rows by type, ``lines`` all lines before this one including the header,
    ``sha256`` is over all bytes before this line. ``last_at_ns`` is None in an empty trace.
    ``recovered`` marks a prefix that was saved from a damaged or unclosed trace.
    """

    counts: dict[str, int]
    lines: int
    sha256: str
    last_at_ns: int | None
    recovered: bool = False


class RowsDropped(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Raw packets that the disk was too slow for, from here on, mixed with rows that were kept."""

    at_ns: int
    last_at_ns: int
    rows: int


class RowRefused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A message that could not be written as itself stood here."""

    at_ns: int
    kind: str
    reason: str


Gap: TypeAlias = RowsDropped | RowRefused
Row: TypeAlias = Message | Gap

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Row | TraceFooter] = msgspec.json.Decoder(Row | TraceFooter)
_row_decoder: msgspec.json.Decoder[Row] = msgspec.json.Decoder(Row)
_header_decoder = msgspec.json.Decoder(TraceHeader)


class BadLineError(Exception):
    """A line can't be trusted; the text says why. Never leaves a shell that keeps files."""


class UnwritableRowError(Exception):
    """A row would not read back as itself; the text says why. Never leaves this folder."""


class _Version(msgspec.Struct, tag="TraceHeader"):
    schema_version: int


def encode_line(row: object) -> bytes:
    """Frame any row as one line, without checking that it can be read back."""
    body = _encoder.encode(row)
    return b"%b\t%08x\n" % (body, crc32(body))


def encode_row(row: Row) -> bytes:
    """Encode a row as one line.

    Raises:
        UnwritableRowError: The line would not read back as ``row``.
    """
    try:
        body = _encoder.encode(row)
        back = _decoder.decode(body)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
        raise UnwritableRowError(str(error)) from error
    if back != row:
        raise UnwritableRowError("it holds a number that is not finite")
    if len(body) + _END_BYTES > MAX_LINE_BYTES:
        raise UnwritableRowError(f"it is longer than {MAX_LINE_BYTES} bytes")
    return b"%b\t%08x\n" % (body, crc32(body))


def check_line(line: bytes) -> bytes:
    """Return the object of a line that is whole.

    Raises:
        BadLineError: The line is cut, or its bytes are not those that were written.
    """
    body = line[:-_END_BYTES]
    if line[-_END_BYTES:] == b"\t%08x\n" % crc32(body):
        return body
    if not line.endswith(b"\n"):
        if len(line) >= MAX_LINE_BYTES:
            raise BadLineError("the line is longer than any that a trace has")
        raise BadLineError("the line is cut")
    raise BadLineError("the checksum does not fit the line")


def decode_row(line: bytes) -> Row | TraceFooter:
    """Decode any line but the first.

    Raises:
        BadLineError: The line is not whole, or it is of a kind that is unknown here.
    """
    body = check_line(line)
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadLineError(f"the line is whole but not understood: {error}") from error


def decode_whole_rows(lines: list[bytes]) -> list[Row]:
    """Decode rows whose bytes are known to be as they were written.

    Raises:
        BadLineError: One of them is of a kind that is unknown here.
    """
    try:
        return [_row_decoder.decode(line[:-_END_BYTES]) for line in lines]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadLineError(f"a line is whole but not understood: {error}") from error


def decode_header(line: bytes) -> TraceHeader | int:
    """Decode the first line, or return the schema version that is newer than this program.

    Raises:
        BadLineError: The line is not whole, or it is no header.
    """
    body = check_line(line)
    try:
        version = msgspec.json.decode(body, type=_Version).schema_version
        if version > SCHEMA_VERSION:
            return version
        return _header_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadLineError(f"the first line is no header of a trace: {error}") from error
