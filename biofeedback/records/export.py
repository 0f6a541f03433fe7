"""All that is kept of a person as one table: readable, and complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biofeedback.errors import RecordsError
from biofeedback.records.goals import follow_goal
from biofeedback.records.rows import RECORDS_VERSION, read_record
from biofeedback.records.sessions import SessionNote
from biofeedback.records.song_project import read_project
from biofeedback.records.store import Address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.records.rows import Row
    from biofeedback.records.store import Store


def export_person(store: Store, pseudonym: str) -> dict[str, Any]:
    """Gather what is kept of a person: what holds now, and every row that was ever added.

    A song that can't be read is named with the reason; the rest is there. Of a trace the name is
    told and not its folder: that has the name of whoever uses the computer.

    Raises:
        RecordsError: The person's own record can't be read.
    """
    rows = store.read(Address(pseudonym)).rows
    record = read_record(rows)
    songs: dict[str, Any] = {}
    for name in store.songs(pseudonym):
        try:
            history = store.read(Address(pseudonym, name)).rows
            songs[name] = {"now": read_project(history), "history": history}
        except RecordsError as error:
            songs[name] = {"error": str(error)}
    table = {
        "records_version": RECORDS_VERSION,
        "person": record.person,
        "goals": [follow_goal(goal, record.sessions) for goal in record.goals.values()],
        "sessions": [_without_folder(note) for note in record.sessions],
        "traces": [_name_of(trace) for trace in list_traces(rows)],
        "history": [_without_folder(row) for row in rows],
        "songs": songs,
    }
    return msgspec.to_builtins(table)


def list_traces(rows: Sequence[Row]) -> list[str]:
    """Name the traces of a person's sessions, as they were noted: they are files of their own.

    A session that was noted twice may have left two, so every row counts.
    """
    noted = [row.trace for row in rows if isinstance(row, SessionNote) and row.trace is not None]
    return list(dict.fromkeys(noted))


def _without_folder(row: Row) -> Row:
    if not isinstance(row, SessionNote) or row.trace is None:
        return row
    return msgspec.structs.replace(row, trace=_name_of(row.trace))


def _name_of(trace: str) -> str:
    """Give the last part of a path; the record may have been copied from another system."""
    return trace.replace("\\", "/").rpartition("/")[2]
