"""All that is kept of a person as one table: readable, and complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biofeedback.errors import RecordsError
from biofeedback.records.goals import follow_goal
from biofeedback.records.rows import RECORDS_VERSION, read_record
from biofeedback.records.song_project import read_project
from biofeedback.records.store import Address

if TYPE_CHECKING:
    from biofeedback.records.rows import Record
    from biofeedback.records.store import Store


def export_person(store: Store, pseudonym: str) -> dict[str, Any]:
    """Gather what is kept of a person: what holds now, and every row that was ever added.

    A song that can't be read is named with the reason; the rest is there.

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
        "sessions": record.sessions,
        "traces": list_traces(record),
        "history": rows,
        "songs": songs,
    }
    return msgspec.to_builtins(table)


def list_traces(record: Record) -> list[str]:
    """Name the traces of a person's sessions: they are files of their own."""
    return [note.trace for note in record.sessions if note.trace is not None]
