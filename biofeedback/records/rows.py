"""A record as a row of facts, and what one line of its file is.

The frame of a line is that of a trace: a JSON object, a tab, the CRC32 of the object, a line end.
The first line says what the file is and of which version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

from biofeedback.errors import RecordsError
from biofeedback.records.goals import Goal
from biofeedback.records.person import Person
from biofeedback.records.sessions import SessionNote
from biofeedback.records.song_project import SongRow
from biofeedback.trace.lines import MAX_LINE_BYTES, BadLineError, check_line, encode_line

if TYPE_CHECKING:
    from collections.abc import Sequence

RECORDS_VERSION: Final = 1
Kind = Literal["person", "song"]
PersonRow: TypeAlias = Person | Goal | SessionNote
Row: TypeAlias = PersonRow | SongRow


class RecordHeader(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The first line of a record's file."""

    records_version: int
    kind: Kind


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What holds of a person now: goals by name, sessions oldest first."""

    person: Person
    goals: dict[str, Goal]
    sessions: tuple[SessionNote, ...]


_decoders = {
    "person": msgspec.json.Decoder(PersonRow),
    "song": msgspec.json.Decoder(SongRow),
}
_header_decoder = msgspec.json.Decoder(RecordHeader)


def read_record(rows: Sequence[Row]) -> Record:
    """Work out what holds of a person now.

    Raises:
        RecordsError: Nobody is described: it is no person's record.
    """
    person: Person | None = None
    goals: dict[str, Goal] = {}
    sessions: dict[str, SessionNote] = {}
    for row in rows:
        match row:
            case Person():
                person = row
            case Goal():
                goals[row.name] = row
            case SessionNote():
                sessions[row.session] = row
            case _:
                pass
    if person is None:
        raise RecordsError("this record doesn't say whose it is.")
    return Record(person=person, goals=goals, sessions=tuple(sessions.values()))


def encode_header(kind: Kind) -> bytes:
    """Make the first line of a file."""
    return encode_line(RecordHeader(records_version=RECORDS_VERSION, kind=kind))


def encode_row(kind: Kind, row: Row) -> bytes:
    """Make a line of a row that reads back as itself.

    Raises:
        RecordsError: It wouldn't: NaN, a text with half a sign, a value out of bounds.
    """
    try:
        line = encode_line(row)
        back = _decoders[kind].decode(check_line(line))
    except (msgspec.MsgspecError, UnicodeError, TypeError, ValueError, OverflowError) as error:
        raise RecordsError(f"this can't be kept: {error}.") from error
    if back != row:
        raise RecordsError("this can't be kept: it holds a number that is not finite.")
    if len(line) > MAX_LINE_BYTES:
        raise RecordsError(f"this can't be kept: it is longer than {MAX_LINE_BYTES} bytes.")
    return line


def decode_header(line: bytes, kind: Kind) -> int | None:
    """Check the first line; return the version that is newer than this program, if it is.

    Raises:
        BadLineError: It isn't whole, or it is of another kind.
    """
    body = check_line(line)
    try:
        header = _header_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadLineError(f"it doesn't begin as a record: {error}") from error
    if header.records_version > RECORDS_VERSION:
        return header.records_version
    if header.kind != kind:
        raise BadLineError(f"it is a {header.kind}'s record")
    return None


def decode_row(line: bytes, kind: Kind) -> Row:
    """Read one line.

    Raises:
        BadLineError: It isn't whole, or not understood.
    """
    body = check_line(line)
    try:
        return _decoders[kind].decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadLineError(f"the line is whole but not understood: {error}") from error
