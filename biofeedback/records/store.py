"""All records in one folder: a folder for each person, a file for the person and for each song."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import msgspec

from biofeedback.errors import RecordsConflict, RecordsError
from biofeedback.folders import data_folder
from biofeedback.records.log_file import Repair, Rows, add_rows, locked, read_rows, repair
from biofeedback.records.person import Person
from biofeedback.records.song_project import SongSettings, TakeAccepted, TakeRejected
from biofeedback.records.texts import NAME_PATTERN, check_name, check_pseudonym
from biofeedback.trace.disk import sync_folder, warn_if_synced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biofeedback.records.rows import Kind, Row

FOLDER_VARIABLE: Final = "BIOFEEDBACK_RECORDS"
_TRIES: Final = 20
_NAME: Final = re.compile(NAME_PATTERN)
_PERSON_FILE: Final = "person.jsonl"


class Address(NamedTuple):
    """Which record: a person's own, or that of a song of theirs."""

    person: str
    song: str | None = None

    def __str__(self) -> str:
        """Say it as on the command line."""
        return self.person if self.song is None else f"{self.person}/{self.song}"


class Store(Protocol):
    """Where records are kept. Rows are added and never changed."""

    def people(self) -> list[str]:
        """List the pseudonyms of all who have a record."""
        ...

    def songs(self, person: str) -> list[str]:
        """List the names of a person's song projects."""
        ...

    def read(self, address: Address) -> Rows:
        """Read a record."""
        ...

    def add(self, address: Address, rows: Sequence[Row], *, seen: int) -> None:
        """Add rows that were decided on revision ``seen``; 0 makes a new record.

        When this returns they are kept, whatever happens next.
        """
        ...

    def forget(self, address: Address) -> None:
        """Delete a record for good, a person's with all their songs."""
        ...


class FileStore:
    """Records in files that only their owner may read."""

    def __init__(self, folder: Path | None = None) -> None:
        """Use ``folder``, or what the environment says, or the user's own."""
        given = os.environ.get(FOLDER_VARIABLE)
        default = Path(given) if given else data_folder() / "records"
        self.folder = default if folder is None else folder

    def people(self) -> list[str]:
        """List the pseudonyms of all who have a record."""
        return sorted(path.parent.name for path in self._glob(f"*/{_PERSON_FILE}"))

    def songs(self, person: str) -> list[str]:
        """List the names of a person's song projects."""
        found = self._glob(f"{check_pseudonym(person)}/song-*.jsonl")
        return sorted(path.stem.removeprefix("song-") for path in found)

    def read(self, address: Address) -> Rows:
        """Read a record.

        Raises:
            RecordsError: There is none, or it can't be read; what to do.
        """
        path, kind = self._place(address)
        if not path.exists():
            raise RecordsError(self._describe_missing(address))
        return read_rows(path, kind)

    def add(self, address: Address, rows: Sequence[Row], *, seen: int) -> None:
        """Add rows that were decided on revision ``seen``; 0 makes a new record.

        Raises:
            RecordsConflict: It has changed since, or exists already.
            RecordsError: It can't be written; nothing was changed.
        """
        path, kind = self._place(address)
        if seen == 0:
            warn_if_synced(path)
        with locked(self.folder):
            if address.song is not None and not self._place(Address(address.person))[0].exists():
                raise RecordsError(self._describe_missing(Address(address.person)))
            if seen and not path.exists():
                raise RecordsError(self._describe_missing(address))
            add_rows(path, kind, rows, seen=seen)

    def forget(self, address: Address) -> None:
        """Delete a record for good, a person's with all their songs.

        Raises:
            RecordsError: There is none, or something of it couldn't be removed.
        """
        path, _ = self._place(address)
        if not path.exists():
            raise RecordsError(self._describe_missing(address))
        with locked(self.folder):
            try:
                if address.song is None:
                    self._sweep()
                    # Out of sight at once, then away: killed in between it is gone all the same.
                    aside = self.folder / f".forgotten-{os.getpid()}"
                    path.parent.replace(aside)
                else:
                    for old in path.parent.glob(f"{path.name}.damaged-*"):
                        old.unlink()
                    path.unlink()
                    sync_folder(path.parent)
                self._sweep()
                sync_folder(self.folder)
            except OSError as error:
                raise RecordsError(
                    f"{error.filename or path}: can't be removed ({error.strerror}); remove it by "
                    "hand, or repeat this when it is free."
                ) from error

    def repair(self, address: Address) -> Repair:
        """Keep what is whole of a damaged record.

        Raises:
            RecordsError: There is none, or it can't be read or written.
        """
        path, kind = self._place(address)
        if not path.exists():
            raise RecordsError(self._describe_missing(address))
        with locked(self.folder):
            return repair(path, kind, lambda rows: _complete(address, rows))

    def _sweep(self) -> None:
        """Remove what is forgotten, also what an earlier, killed process left."""
        for aside in self.folder.glob(".forgotten-*"):
            shutil.rmtree(aside)

    def _place(self, address: Address) -> tuple[Path, Kind]:
        home = self.folder / check_pseudonym(address.person)
        if address.song is None:
            return home / _PERSON_FILE, "person"
        return home / f"song-{check_name(address.song, what='song project')}.jsonl", "song"

    def _glob(self, pattern: str) -> list[Path]:
        try:
            found = list(self.folder.glob(pattern)) if self.folder.is_dir() else []
        except OSError as error:
            raise RecordsError(f"{self.folder}: can't be read: {error.strerror}.") from error
        names = ((path, path.stem.removeprefix("song-")) for path in found)
        return [
            path
            for path, name in names
            if _NAME.match(path.parent.name) and (path.name == _PERSON_FILE or _NAME.match(name))
        ]

    def _describe_missing(self, address: Address) -> str:
        if address.song is None:
            known = ", ".join(self.people()) or "nobody yet"
            return (
                f"{self.folder} has no person {address.person}. Known: {known}. "
                "Add one: biofeedback person add NAME"
            )
        known = ", ".join(self.songs(address.person)) or "none yet"
        return (
            f"{address.person} has no song project {address.song}. Known: {known}. "
            f"Begin one: biofeedback song-project new TITLE --person {address.person}"
        )


def _complete(address: Address, rows: Sequence[Row]) -> Sequence[Row]:
    """Give what a record can't be without and doesn't have: whose it is, or a song's settings."""
    if address.song is None:
        known = any(isinstance(row, Person) for row in rows)
        return () if known else (Person(pseudonym=address.person),)
    if any(isinstance(row, SongSettings) for row in rows):
        return ()
    takes = [row for row in rows if isinstance(row, TakeAccepted | TakeRejected)]
    form = tuple(dict.fromkeys(row.drawing.slot for row in takes))[:16]
    settings = SongSettings(title=address.song)
    return (msgspec.structs.replace(settings, form=form) if form else settings,)


def change(
    store: Store, address: Address, decide: Callable[[tuple[Row, ...]], Sequence[Row]]
) -> Rows:
    """Add to a record what follows from it, even if others add to it at the same time.

    ``decide`` is asked again when somebody was quicker; it has to be pure.

    Raises:
        RecordsError: As the store says, or as ``decide`` does.
    """
    for _ in range(_TRIES):
        before = store.read(address)
        new = decide(before.rows)
        try:
            if new:
                store.add(address, new, seen=before.revision)
        except RecordsConflict:
            continue
        return Rows((*before.rows, *new), before.revision + len(new))
    raise RecordsConflict(f"{address}: others change this all the time; try again.")
