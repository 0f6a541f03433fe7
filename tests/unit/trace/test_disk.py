from __future__ import annotations

import errno
import stat
from typing import TYPE_CHECKING

import pytest

from biofeedback.trace.disk import DiskFile, SafeTail

if TYPE_CHECKING:
    from pathlib import Path


class MemoryFile:
    """A disk that takes few bytes at a time, and forgets what a failed sync could not write."""

    def __init__(self, *, bytes_at_once: int = 1 << 20) -> None:
        self.bytes_at_once = bytes_at_once
        self.cached = bytearray()
        self.on_disk = b""
        self.fails = False

    def write_at(self, offset: int, data: memoryview) -> int:
        taken = bytes(data[: self.bytes_at_once])
        self.cached[offset : offset + len(taken)] = taken
        return len(taken)

    def sync(self) -> None:
        if self.fails:
            self.cached = bytearray(self.on_disk)
            raise OSError(errno.EIO, "input/output error")
        self.on_disk = bytes(self.cached)

    def close(self) -> None:
        pass


def test_short_writes_are_continued_where_they_ended() -> None:
    file = MemoryFile(bytes_at_once=3)
    tail = SafeTail(file)
    tail.append(b"0123456789")
    tail.write()
    assert file.cached == b"0123456789"


def test_what_a_failed_sync_has_forgotten_is_written_again() -> None:
    file = MemoryFile()
    tail = SafeTail(file)
    tail.append(b"safe ")
    tail.write()
    tail.confirm()
    tail.append(b"forgotten ")
    tail.write()
    file.fails = True
    with pytest.raises(OSError, match="input/output"):
        tail.confirm()
    assert not tail.is_confirmed
    file.fails = False
    tail.append(b"later")
    tail.write()
    tail.confirm()
    assert file.on_disk == b"safe forgotten later"
    assert tail.is_confirmed
    assert tail.size_bytes == len(file.on_disk)


def test_only_what_was_handed_over_counts_as_confirmed() -> None:
    file = MemoryFile()
    tail = SafeTail(file)
    tail.append(b"here")
    tail.write()
    tail.append(b"not yet")
    tail.confirm()
    assert not tail.is_confirmed
    tail.write()
    tail.confirm()
    assert file.on_disk == b"herenot yet"


def test_a_file_that_takes_nothing_is_an_error_and_no_endless_loop() -> None:
    tail = SafeTail(MemoryFile(bytes_at_once=0))
    tail.append(b"x")
    with pytest.raises(OSError, match="takes no bytes"):
        tail.write()


def test_only_the_owner_may_read_a_new_file(tmp_path: Path) -> None:
    DiskFile(tmp_path / "f").close()
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600


def test_a_file_that_exists_is_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"kept")
    with pytest.raises(FileExistsError):
        DiskFile(path)
    path_to_it = tmp_path / "link"
    path_to_it.symlink_to(path)
    with pytest.raises(FileExistsError):
        DiskFile(path_to_it)
    assert path.read_bytes() == b"kept"


def test_a_file_that_lost_its_name_does_not_count_as_saved(tmp_path: Path) -> None:
    file = DiskFile(tmp_path / "f")
    assert file.write_at(0, memoryview(b"abc")) == 3
    file.sync()
    (tmp_path / "f").unlink()
    with pytest.raises(FileNotFoundError):
        file.sync()
    file.close()
