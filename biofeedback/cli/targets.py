"""Files that a command writes: nothing that exists is lost before its successor is there."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from biofeedback.errors import SettingsError
from biofeedback.simulate.table import read_sidecar

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

SESSIONS_FOLDER = Path("sessions")
"""Where traces and sounds go unless another place is named."""


def check_targets(
    targets: Sequence[Path | None], *, inputs: Sequence[Path], overwrite: bool
) -> None:
    """Make sure that all targets can be written and that none is an input or another target.

    Raises:
        SettingsError: Which file can't be written, and why.
    """
    files = [target for target in targets if target is not None]
    for target in files:
        for source in inputs:
            if _is_same(target, source):
                raise SettingsError(f"{target} is an input of this command; give another name.")
    for first, second in combinations(files, 2):
        if _is_same(first, second):
            raise SettingsError(f"{first} and {second} are one file; give two names.")
    for target in files:
        _check_target(target, overwrite=overwrite)


def check_wav(path: Path, *, option: str) -> Path:
    """Return ``path`` if its name is that of a WAV file.

    Raises:
        SettingsError: It would hold something else than it says.
    """
    if path.suffix.lower() != ".wav":
        raise SettingsError(f"{option} {path}: give a file that ends in .wav.")
    return path


def list_inputs(source: str) -> list[Path]:
    """Return the files that ``--from`` reads.

    Raises:
        RecordingError: There is no such recording.
    """
    kind, _, name = source.partition(":")
    if kind == "recording" and name:
        return list_recording_files(Path(name))
    return [Path(name)] if kind == "trace" and name else []


def list_recording_files(recording: Path) -> list[Path]:
    """Return a recording's sidecar and the tables that it names.

    Raises:
        RecordingError: There is no such recording.
    """
    path, sidecar = read_sidecar(recording)
    tables = [sidecar.file, *(table.file for table in sidecar.reference)]
    return [path, *(path.parent / table for table in tables)]


@contextmanager
def replacing(target: Path) -> Generator[Path]:
    """Give the name of a file beside ``target`` that takes its place if all goes well."""
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def making_room(target: Path | None) -> Generator[None]:
    """Put an old file aside while a new one is opened under its name, and back if that fails."""
    if target is None:
        yield
        return
    aside = target.with_name(f"{target.name}.{os.getpid()}.old")
    had_one = target.exists()
    if had_one:
        target.replace(aside)
    try:
        yield
    except BaseException:
        target.unlink(missing_ok=True)
        if had_one:
            aside.replace(target)
        raise
    if had_one:
        aside.unlink()


def _check_target(target: Path, *, overwrite: bool) -> None:
    if target.exists():
        if target.is_dir():
            raise SettingsError(
                f"can't write {target}: this is a folder; give a file, such as {target / 'NAME'}."
            )
        if not target.is_file():
            raise SettingsError(f"can't write {target}: there is something that is no file.")
        if not overwrite:
            raise SettingsError(f"{target} exists already; give another name or --overwrite.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Only writing shows whether one may: rights, read-only disks, folders of the system.
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise SettingsError(f"can't write {target}: {error.strerror}.") from error


def _is_same(first: Path, second: Path) -> bool:
    try:
        return first.samefile(second)
    except OSError:  # one of them isn't there
        return os.path.normcase(first.resolve()) == os.path.normcase(second.resolve())
