"""What ``person``, ``goal`` and ``song-project`` share: where records are, how facts are told."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
import typer

from biofeedback.cli.targets import SESSIONS_FOLDER, replacing
from biofeedback.errors import RecordsError, SettingsError
from biofeedback.records.rows import Record, read_record
from biofeedback.records.store import FOLDER_VARIABLE, Address, FileStore
from biofeedback.records.texts import check_name
from biofeedback.settings import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

Folder = Annotated[
    Path | None,
    typer.Option(
        "--records",
        metavar="FOLDER",
        envvar=FOLDER_VARIABLE,
        help="Where records are kept; your data folder if not given.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")]
Plain = Annotated[bool, typer.Option("--plain", help="One line per fact, no progress bar.")]
Yes = Annotated[bool, typer.Option("--yes", help="Don't ask whether it is meant.")]
PersonName = Annotated[str, typer.Argument(metavar="PERSON", help="The pseudonym.")]

_Word = TypeVar("_Word", bound=str)


def read_person(store: FileStore, pseudonym: str) -> Record:
    """Read what is known of a person.

    Raises:
        RecordsError: There is nobody, or the record can't be read.
    """
    return read_record(store.read(Address(pseudonym)).rows)


def find_song(store: FileStore, text: str) -> Address:
    """Find a song project by ``PERSON/NAME``, or by its name if only one person has it.

    Raises:
        RecordsError: There is none, or more than one.
    """
    person, slash, name = text.partition("/")
    if slash:
        return Address(person, name)
    check_name(text, what="song project")
    having = [owner for owner in store.people() if text in store.songs(owner)]
    if len(having) > 1:
        names = ", ".join(f"{owner}/{text}" for owner in having)
        raise RecordsError(f"more than one person has a song project {text}: say which of {names}.")
    if not having:
        known = [f"{owner}/{name}" for owner in store.people() for name in store.songs(owner)]
        hint = did_you_mean(text, known) if known else ""
        raise RecordsError(
            f"there is no song project {text}.{hint} "
            "Begin one: biofeedback song-project new TITLE --person NAME"
        )
    return Address(having[0], text)


def check_word(text: str, known: Sequence[_Word], *, option: str) -> _Word:
    """Return the word of a closed set that was typed.

    Raises:
        SettingsError: It isn't one; the text says which one may have been meant.
    """
    for word in known:
        if word == text:
            return word
    raise SettingsError(f"{option} {text}: this is unknown.{did_you_mean(text, tuple(known))}")


def check_number(value: float | None, low: float, high: float, *, option: str) -> float | None:
    """Return a number that was typed, if it was and lies within its bounds.

    Raises:
        SettingsError: It doesn't (or is none at all: nan).
    """
    if value is not None and not low <= value <= high:
        raise SettingsError(f"{option} {value:g}: it has to be at least {low:g}, at most {high:g}.")
    return value


def ask_whether(question: str, *, sure: bool) -> None:
    """Go on only if it is meant.

    Raises:
        SettingsError: Nobody is there to ask.
        Exit: It isn't meant.
    """
    if sure:
        return
    if not sys.stdin.isatty():
        raise SettingsError(f"{question} Say so with --yes.")
    if not typer.confirm(question):
        raise typer.Exit(1)


@contextmanager
def writing(target: Path) -> Generator[Path]:
    """Give the name of a file beside ``target`` that takes its place if all goes well.

    Raises:
        RecordsError: It can't be written.
    """
    try:
        with replacing(target) as partial:
            yield partial
    except OSError as error:
        raise RecordsError(
            f"{target}: can't be written ({error.strerror}); make room or give another place."
        ) from error


def delete_traces(noted: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Delete traces where they were noted to be; a bare name is looked for in the usual places.

    Returns:
        The files that are gone, and what isn't known to be gone, each with the reason.
    """
    gone: list[str] = []
    left: dict[str, str] = {}
    for text in noted:
        path = Path(text)
        here = [path] if path.name != text else [SESSIONS_FOLDER / path, path]
        found = [file for file in here if file.is_file() or file.is_symlink()]
        if not found:
            left[text] = "not found; if it was moved, delete it there"
        for file in found:
            try:
                file.unlink()
            except OSError as error:
                left[str(file)] = f"can't be deleted ({error.strerror})"
            else:
                gone.append(str(file))
    return gone, left


def tell(facts: Any) -> None:
    """Print one JSON object."""
    typer.echo(msgspec.json.encode(facts).decode())


def read_clock() -> str:
    """Tell the time of the wall clock, with its offset."""
    return datetime.now(tz=UTC).astimezone().isoformat(timespec="seconds")
