"""A file of rows that only grows, and is never half.

* A new file is written beside its place, forced to the disk and then renamed.
* Rows go to the end in one write that is forced to the disk before anybody is told that they are
  kept. A line that was cut was never confirmed: readers pass over it, the next writer cuts it.
* A write that fails leaves the file as it was.
* Whoever writes holds the folder's lock, which the system gives back when a process dies; whoever
  reads needs none.
* A line that is whole but wrong is damage: nothing is read beyond it and nothing is written until
  it is repaired, which keeps every other line and puts the old file aside.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from biofeedback.errors import RecordsConflict, RecordsDamaged, RecordsError
from biofeedback.records.rows import Kind, Row, decode_header, decode_row, encode_header, encode_row
from biofeedback.trace.disk import sync_folder
from biofeedback.trace.lines import BadLineError, check_line

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

LARGEST_BYTES: Final = 64 << 20
PATIENCE_S: Final = 10.0
_GLANCE_S: Final = 0.01
_ELSEWHERE: Final = "choose another folder with --records FOLDER or BIOFEEDBACK_RECORDS"


class Rows(NamedTuple):
    """All rows of a record; ``revision`` tells whether it changed: it counts them."""

    rows: tuple[Row, ...]
    revision: int


class Repair(NamedTuple):
    """What a repair did; ``aside`` is the old file, None when nothing was wrong.

    ``renewed``: what a record can't be without was lost and stands there anew, with nothing said.
    """

    kept: int
    lost: int
    aside: Path | None
    renewed: bool


def read_rows(path: Path, kind: Kind) -> Rows:
    """Read a record.

    Raises:
        RecordsDamaged: In which line something is wrong, and what to do.
        RecordsError: It can't be read, or a newer version wrote it.
    """
    lines, _, _ = _split(_read_bytes(path))
    _check_first(path, lines, kind)
    rows: list[Row] = []
    for number, line in enumerate(lines[1:], start=2):
        try:
            rows.append(decode_row(line, kind))
        except BadLineError as error:
            raise RecordsDamaged(_describe_damage(path, f"line {number}: {error}")) from error
    return Rows(tuple(rows), len(rows))


def add_rows(path: Path, kind: Kind, rows: Sequence[Row], *, seen: int) -> None:
    """Add rows to a record, or make it when ``seen`` is 0. The caller holds the lock.

    Args:
        path: The record's file.
        kind: What it is about.
        rows: What is new.
        seen: The revision that the rows were decided on.

    Raises:
        RecordsConflict: The record has changed since it was seen, or exists already.
        RecordsError: It can't be written; nothing was changed.
    """
    new = b"".join(encode_row(kind, row) for row in rows)
    if seen == 0:
        if path.exists():
            raise RecordsConflict(f"{path}: this exists already; choose another name.")
        _write_beside(path, encode_header(kind) + new)
        return
    now = read_rows(path, kind).revision
    if now != seen:
        raise RecordsConflict(
            f"{path}: somebody else changed this meanwhile; look at it again, then repeat the "
            "change."
        )
    _append(path, new)


def repair(path: Path, kind: Kind, complete: Callable[[Sequence[Row]], Sequence[Row]]) -> Repair:
    """Keep every line that is whole, and put the damaged file aside. The caller holds the lock.

    Args:
        path: The record's file.
        kind: What it is about.
        complete: Gives the rows that a record can't be without, if they are lost.

    Raises:
        RecordsError: It can't be read or written, or a newer version wrote it.
    """
    data = _read_bytes(path)
    lines, _, _ = _split(data)
    try:
        newer = decode_header(lines[0], kind) if lines else None
        has_header = bool(lines)
    except BadLineError:
        newer, has_header = None, False
    if newer is not None:
        raise RecordsError(_describe_newer(path, newer))
    rows: list[Row] = []
    lost = 0
    for line in lines[1:] if has_header else lines:
        try:
            rows.append(decode_row(line, kind))
        except BadLineError:
            lost += 1
    kept, new = len(rows), complete(rows)
    if has_header and not lost and not new:
        return Repair(kept, 0, None, renewed=False)
    aside = _find_free_name(path)
    _write_beside(aside, data)
    body = b"".join(encode_row(kind, row) for row in [*rows, *new])
    _write_beside(path, encode_header(kind) + body)
    return Repair(kept, lost, aside, renewed=bool(new))


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Hold the folder's lock; another process waits for it.

    Raises:
        RecordsError: The folder can't be used, or somebody holds it for too long.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise RecordsError(
            f"{folder}: nothing can be kept there ({error.strerror}); {_ELSEWHERE}."
        ) from error
    try:
        _wait_for(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, folder: Path) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not _try_lock(descriptor):
        if time.monotonic() >= until_s:
            raise RecordsError(
                f"{folder}: another program has been writing for {PATIENCE_S:.0f} s; close it and "
                "try again."
            )
        time.sleep(_GLANCE_S)


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _read_bytes(path: Path) -> bytes:
    try:
        size_bytes = path.stat().st_size
        if size_bytes > LARGEST_BYTES:
            raise RecordsDamaged(
                f"{path}: {size_bytes / 1e6:.0f} MB are more than any record has; is it the right "
                "file? Put it elsewhere, or bring it back from a copy."
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise RecordsError(f"{path}: there is no such record.") from error
    except OSError as error:
        raise RecordsError(f"{path}: can't be read: {error.strerror}.") from error


def _split(data: bytes) -> tuple[list[bytes], int, bytes]:
    """Split into lines.

    Returns:
        The lines; where the last one that has its end does end; and what is behind it, if that is
        a line that lacks nothing but its end. It is among the lines, and whatever else is there
        was never confirmed.
    """
    *lines, rest = data.split(b"\n")
    whole = [line + b"\n" for line in lines]
    for line in (rest + b"\n", rest[:-1] + b"\n"):
        try:
            check_line(line)
        except BadLineError:
            continue
        return [*whole, line], len(data) - len(rest), line
    return whole, len(data) - len(rest), b""


def _check_first(path: Path, lines: list[bytes], kind: Kind) -> None:
    if not lines:
        raise RecordsDamaged(_describe_damage(path, "it is empty"))
    try:
        newer = decode_header(lines[0], kind)
    except BadLineError as error:
        raise RecordsDamaged(_describe_damage(path, f"line 1: {error}")) from error
    if newer is not None:
        raise RecordsError(_describe_newer(path, newer))


def _describe_damage(path: Path, what: str) -> str:
    verb = "person" if path.name == "person.jsonl" else "song-project"
    name = path.parent.name
    if verb == "song-project":
        name += "/" + path.stem.removeprefix("song-")
    return (
        f"{path}: {what}. Bring the file back from a copy, or keep what is whole: "
        f"biofeedback {verb} repair {name}"
    )


def _describe_newer(path: Path, version: int) -> str:
    return f"{path}: a newer version wrote this (records {version}); use that version, or update."


def _append(path: Path, new: bytes) -> None:
    try:
        flags = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(path, flags)
    except OSError as error:
        raise RecordsError(_describe_failure(path, error)) from error
    try:
        _, end, tail = _split(_read_bytes(path))
        try:
            os.ftruncate(descriptor, end)
            os.lseek(descriptor, end, os.SEEK_SET)
            _write_all(descriptor, tail + new)
            os.fsync(descriptor)
        except OSError as error:
            if _put_back(descriptor, end, tail):
                raise RecordsError(_describe_failure(path, error)) from error
            raise RecordsError(
                f"{path}: the disk failed ({error.strerror}); when it is back, look whether the "
                f"newest entry is there, or {_ELSEWHERE}."
            ) from error
    finally:
        os.close(descriptor)


def _put_back(descriptor: int, end: int, tail: bytes) -> bool:
    """Take back what was written; tell whether the disk did."""
    try:
        os.ftruncate(descriptor, end)
        if tail:
            os.lseek(descriptor, end, os.SEEK_SET)
            _write_all(descriptor, tail)
    except OSError:
        return False
    return True


def _write_beside(path: Path, data: bytes) -> None:
    """Write a file beside its place and rename it: it is there as a whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(partial, flags, 0o600)
        try:
            _write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(partial, path)  # noqa: PTH105 - one place to make disks fail in tests
        sync_folder(path.parent)
    except OSError as error:
        raise RecordsError(_describe_failure(path, error)) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        taken = os.write(descriptor, rest)
        rest = rest[taken:]


def _describe_failure(path: Path, error: OSError) -> str:
    return (
        f"{path}: can't be written ({error.strerror}), nothing was changed; make room, or "
        f"{_ELSEWHERE}."
    )


def _find_free_name(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return aside
