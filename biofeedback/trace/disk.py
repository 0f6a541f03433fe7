"""Bytes go to the end of a file, and stay in memory until the disk has confirmed them.

* A write may be short or fail: the rest is written later at the same place, so a full disk harms
  nothing that was written and leaves no torn line once there is room again.
* After a failed fsync the system may have forgotten the pages it could not write, and a second
  fsync reports success without them. So everything since the last success is written again.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
from typing import TYPE_CHECKING, Final, Protocol

from biofeedback.errors import TraceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LOGGER = logging.getLogger(__name__)

_SYNCED_FOLDERS: Final = ("dropbox", "onedrive", "google drive", "icloud", "nextcloud", "owncloud")


class TraceUnavailable(TraceError):  # noqa: N818 - named like its parent's other children
    """A trace can't be opened or made: it is missing, exists already, or is not permitted."""

    exit_code = 2


def say_why(error: OSError | ValueError) -> str:
    """Say in the system's words why something can't be opened or written, without its number."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


class TraceFile(Protocol):
    """What the journal needs of a file; every method may raise OSError."""

    def write_at(self, offset: int, data: memoryview) -> int:
        """Write at an absolute offset and return how many bytes were taken."""
        ...

    def sync(self) -> None:
        """Return when everything written is on the disk."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class DiskFile:
    """A new file that only its owner may read. One that exists is never opened for writing.

    Exclusive creation is also the lock: of two writers on one path only one gets a file.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        flags |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o600)
        try:
            sync_folder(path.parent)
        except OSError:
            os.close(self._descriptor)
            raise

    def write_at(self, offset: int, data: memoryview) -> int:
        """Write at an absolute offset and return how many bytes were taken."""
        os.lseek(self._descriptor, offset, os.SEEK_SET)
        return os.write(self._descriptor, data)

    def sync(self) -> None:
        """Return when everything written is on the disk; a file without a name is lost."""
        os.fsync(self._descriptor)
        if os.fstat(self._descriptor).st_nlink == 0:
            raise OSError(errno.ENOENT, "the file was removed while it was written")

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


class SafeTail:
    """The growing end of a file."""

    def __init__(self, file: TraceFile) -> None:
        self._file = file
        self._confirmed_bytes = 0
        self._unconfirmed = bytearray()
        self._handed_over = 0  # of the unconfirmed bytes

    @property
    def size_bytes(self) -> int:
        """All bytes that were appended, written or not."""
        return self._confirmed_bytes + len(self._unconfirmed)

    @property
    def is_confirmed(self) -> bool:
        """The disk has everything."""
        return not self._unconfirmed

    def append(self, data: bytes) -> None:
        """Add to the end, in memory only."""
        self._unconfirmed += data

    def write(self) -> None:
        """Hand over to the system what it doesn't have yet: a killed process loses only the rest.

        Raises:
            OSError: Not everything could be written; call again later.
        """
        while self._handed_over < len(self._unconfirmed):
            with memoryview(self._unconfirmed) as view, view[self._handed_over :] as rest:
                taken = self._file.write_at(self._confirmed_bytes + self._handed_over, rest)
            if taken <= 0:
                raise OSError(errno.EIO, "the file takes no bytes")
            self._handed_over += taken

    def confirm(self) -> None:
        """Wait until the disk has what was handed over: a power cut loses only the rest.

        Raises:
            OSError: It is not certain what the disk has; all of it will be written again.
        """
        try:
            self._file.sync()
        except OSError:
            self._handed_over = 0
            raise
        self._confirmed_bytes += self._handed_over
        del self._unconfirmed[: self._handed_over]
        self._handed_over = 0

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def sync_folder(folder: Path) -> None:
    """Make names durable: a new file survives a power cut only when its folder is on the disk.

    Raises:
        OSError: The folder can't be synced although the system knows how to.
    """
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EBADF}:  # no such service here
            raise
    finally:
        os.close(descriptor)


def warn_if_synced(path: Path) -> None:
    """Warn when a file would be copied to a cloud by another program (F75e)."""
    for part in path.absolute().parts:
        if any(name in part.lower() for name in _SYNCED_FOLDERS):
            _LOGGER.warning("%s lies in a folder that is copied to a cloud (%s)", path, part)
            break


def start_file(
    path: Path,
    first_line: bytes,
    required_free_bytes: int,
    open_file: Callable[[Path], TraceFile],
) -> SafeTail:
    """Make a file with its first line on the disk, where a session can be recorded.

    Raises:
        TraceUnavailable: The file exists, can't be made, or there is not enough room.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        free_bytes = shutil.disk_usage(path.parent).free
    except OSError as error:
        raise TraceUnavailable(
            f"{path}: its folder can't be used ({error.strerror}); choose another with --trace"
        ) from error
    if free_bytes < required_free_bytes:
        raise TraceUnavailable(
            f"{path}: {free_bytes / 1e6:.0f} MB are free and {required_free_bytes / 1e6:.0f} MB "
            "are needed; make room or choose another folder with --trace"
        )
    warn_if_synced(path)
    try:
        tail = SafeTail(open_file(path))
    except FileExistsError as error:
        raise TraceUnavailable(
            f"{path}: exists already, and a trace is never overwritten; choose another name"
        ) from error
    except (OSError, ValueError) as error:
        raise TraceUnavailable(
            f"{path}: can't be made ({say_why(error)}); choose another place with --trace"
        ) from error
    try:
        tail.append(first_line)
        tail.write()
        tail.confirm()
    except OSError as error:
        tail.close()
        path.unlink(missing_ok=True)  # it is ours, and holds nothing yet
        raise TraceUnavailable(
            f"{path}: can't be written ({say_why(error)}); choose another place with --trace"
        ) from error
    return tail
