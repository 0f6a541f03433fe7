"""Record a session, so that neither a crash nor the disk can take it away or hold it up.

* ``record`` puts a row into memory and returns; a thread of its own encodes, writes ten times a
  second (what a killed process can lose) and syncs each second (what a power cut can lose).
* A full or broken disk never ends a session: rows wait in memory, ``status`` says so, and they
  are written in order once there is room again.
* Memory is bounded: then the oldest waiting *raw packets* give way and a marker stands in their
  place. Whatever the engine decided is always kept.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Literal, Self

from biofeedback.messages import PacketReceived
from biofeedback.trace.disk import DiskFile, TraceUnavailable, start_file
from biofeedback.trace.lines import (
    MAX_LINE_BYTES,
    Row,
    RowRefused,
    RowsDropped,
    TraceFooter,
    TraceHeader,
    UnwritableRowError,
    encode_line,
    encode_row,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from biofeedback.messages import Message
    from biofeedback.trace.disk import TraceFile

_LOGGER = logging.getLogger(__name__)

MAX_WAITING_ROWS: Final = 120_000
"""60 s of a full room: 32 wearers with 60 rows per second each; half an hour of one wearer."""

REQUIRED_FREE_BYTES: Final = 500_000_000
_WRITE_PERIOD_S: Final = 0.1
_SYNC_PERIOD_S: Final = 1.0
_RETRY_PERIOD_S: Final = 0.5
_SILENT_DISK_S: Final = 3.0
_LAST_SYNC_S: Final = 1.0  # a healthy disk needs less
_ROWS_PER_WRITE: Final = 256  # under 1 ms of work between two moments when other threads may run


@dataclass(frozen=True, slots=True)
class JournalStatus:
    """How the recording goes. ``reason`` is None while all is well.

    ``rows_written`` were handed to the operating system, ``rows_waiting`` are only in memory,
    ``rows_dropped`` are raw packets that are lost, ``rows_refused`` could not be written as
    themselves.
    """

    recording: bool
    reason: str | None
    rows_written: int
    rows_waiting: int
    rows_dropped: int
    rows_refused: int


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """What was recorded.

    ``reason`` says why it is not complete. ``rows_lost`` never reached the file, ``rows_dropped``
    gave way to others, ``rows_refused`` could not be written as themselves.
    """

    path: Path
    closed: bool
    reason: str | None
    rows: int
    rows_lost: int
    rows_dropped: int
    rows_refused: int
    size_bytes: int
    counts: dict[str, int]

    @property
    def complete(self) -> bool:
        """Every message is in the file, and the file is closed."""
        return self.closed and not (self.rows_lost or self.rows_dropped or self.rows_refused)


class Journal:
    """An append-only trace with one writer thread. ``record`` may be called by any one thread.

    Args:
        path: A file that doesn't exist yet; its folder is made if needed.
        header: The first line.
        when_full: ``drop`` for a live session: the oldest raw packets give way. ``wait`` for a
            session in invented time, that can outrun the disk: ``record`` waits instead.
        max_waiting_rows: Rows that may wait in memory.
        required_free_bytes: Less room than this is refused at the start.
        open_file: Makes the file, for tests of broken disks.

    Raises:
        TraceUnavailable: The file exists, can't be made, or there is not enough room.
    """

    def __init__(
        self,
        path: Path,
        header: TraceHeader,
        *,
        when_full: Literal["drop", "wait"] = "drop",
        max_waiting_rows: int = MAX_WAITING_ROWS,
        required_free_bytes: int = REQUIRED_FREE_BYTES,
        open_file: Callable[[Path], TraceFile] = DiskFile,
    ) -> None:
        self._path = path
        self._when_full: Final = when_full
        self._max_waiting_rows = max_waiting_rows
        first_line = encode_line(header)
        if len(first_line) > MAX_LINE_BYTES:
            raise TraceUnavailable(f"{path}: settings and profiles are too large for a trace")
        self._tail = start_file(path, first_line, required_free_bytes, open_file)

        # Shared with the recording thread, under the lock.
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._sequence = 0
        self._raw: deque[tuple[int, Message]] = deque()
        self._kept: list[tuple[int, Message]] = []
        self._dropped: tuple[int, RowsDropped] | None = None
        self._rows_dropped = 0
        self._rows_taken = 0
        self._closing = False

        # The writer's own.
        self._hash = hashlib.sha256(first_line)
        self._counts: Counter[str] = Counter()
        self._batch: deque[tuple[int, Row]] = deque()
        self._rows_encoded = 0
        self._rows_written = 0
        self._rows_refused = 0
        self._last_at_ns: int | None = None
        self._has_footer = False
        self._reason: str | None = None
        self._busy_since_s: float | None = None
        self._give_up_s = float("inf")
        self._summary: TraceSummary | None = None
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trace writer", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Record inside a with block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close, whatever happened."""
        self.close()

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def record(self, message: Message) -> None:
        """Add a message; the order of the calls is the order in the file.

        Raises:
            RuntimeError: The journal is closed.
        """
        with self._lock:
            if self._closing:
                raise RuntimeError("a message came after the trace was closed")
            self._sequence += 1
            if type(message) is PacketReceived:
                self._raw.append((self._sequence, message))
            else:
                self._kept.append((self._sequence, message))
            if self._count_waiting() > self._max_waiting_rows:
                self._make_room()

    @property
    def status(self) -> JournalStatus:
        """How the recording goes, as of now."""
        reason = self._reason
        busy_since_s = self._busy_since_s
        if reason is None and busy_since_s is not None:
            silent_s = time.monotonic() - busy_since_s
            if silent_s > _SILENT_DISK_S:
                reason = f"the disk has not answered for {silent_s:.0f} s"
        return JournalStatus(
            recording=reason is None and not self._closing,
            reason=reason,
            rows_written=self._rows_written,
            rows_waiting=self._count_waiting(),
            rows_dropped=self._rows_dropped,
            rows_refused=self._rows_refused,
        )

    def close(self, *, timeout_s: float = 10.0) -> TraceSummary:
        """Write what waits, then the footer, and wait for the disk, but not for ever.

        A second call returns the same summary.
        """
        if self._summary is not None:
            return self._summary
        with self._lock:
            self._closing = True
        self._give_up_s = time.monotonic() + timeout_s
        self._wake.set()
        self._thread.join(timeout_s + _LAST_SYNC_S)
        if self._thread.is_alive():
            self._reason = "the disk does not answer"
        closed = self._has_footer and self._tail.is_confirmed and not self._thread.is_alive()
        self._summary = TraceSummary(
            path=self._path,
            closed=closed,
            reason=self._explain_gaps() if closed else self._reason,
            rows=self._rows_written,
            rows_lost=self._count_waiting(),
            rows_dropped=self._rows_dropped,
            rows_refused=self._rows_refused,
            size_bytes=self._tail.size_bytes,
            counts=dict(self._counts),
        )
        return self._summary

    def _explain_gaps(self) -> str | None:
        gaps = {
            "packets were dropped because the disk was too slow": self._rows_dropped,
            "rows could not be written": self._rows_refused,
        }
        return ", ".join(f"{rows} {what}" for what, rows in gaps.items() if rows) or None

    # ------------------------------------------------------------ the recording thread

    def _count_waiting(self) -> int:
        return len(self._raw) + len(self._kept) + self._rows_taken - self._rows_written

    def _make_room(self) -> None:
        if self._when_full == "wait":
            while self._count_waiting() > self._max_waiting_rows and self._reason is None:
                self._wake.set()
                self._room.wait(_WRITE_PERIOD_S)
            if self._reason is None:
                return
        if not self._raw:
            return
        sequence, oldest = self._raw.popleft()
        self._rows_dropped += 1
        if self._dropped is None:
            marker = RowsDropped(at_ns=oldest.at_ns, last_at_ns=oldest.at_ns, rows=1)
        else:
            sequence, so_far = self._dropped
            marker = RowsDropped(at_ns=so_far.at_ns, last_at_ns=oldest.at_ns, rows=so_far.rows + 1)
        self._dropped = (sequence, marker)

    # ------------------------------------------------------------ the writer thread

    def _run(self) -> None:
        try:
            self._write_until_closed()
        except Exception as error:
            self._reason = f"the trace writer failed: {error!r}"
            _LOGGER.exception("the trace writer failed")
        finally:
            try:
                self._tail.close()
            except OSError as error:
                _LOGGER.warning("closing %s: %s", self._path, error)

    def _write_until_closed(self) -> None:
        sync_s = time.monotonic() + _SYNC_PERIOD_S
        while True:
            self._wake.wait(_WRITE_PERIOD_S if self._reason is None else _RETRY_PERIOD_S)
            is_last = self._closing  # read before the rows are taken: nothing comes after it
            if not is_last:
                self._wake.clear()
            now_s = time.monotonic()
            self._busy_since_s = now_s
            try:
                self._write_rows()
                if is_last and not self._has_footer:
                    self._append_footer()
                if is_last or now_s >= sync_s:
                    self._tail.write()
                    self._tail.confirm()
                    sync_s = now_s + _SYNC_PERIOD_S
            except OSError as error:
                self._tell(f"{error.strerror or error} ({self._path})")
                give_up_in_s = self._give_up_s - time.monotonic()
                if is_last and give_up_in_s <= 0:
                    return
                if is_last:  # it is awake already and must not spin on a broken disk
                    time.sleep(min(_RETRY_PERIOD_S, give_up_in_s))
            else:
                if is_last:
                    return
            self._busy_since_s = None

    def _write_rows(self) -> None:
        self._tail.write()
        self._rows_written = self._rows_encoded
        if self._reason is not None:
            # A disk that failed shows that it keeps what it has before it is given more.
            self._tail.confirm()
            self._tell(None)
        self._write_batch()  # what a round that failed left of it
        self._take_rows()
        self._write_batch()

    def _write_batch(self) -> None:
        while self._batch:
            self._encode_some()
            self._tail.write()
            self._rows_written = self._rows_encoded
            if self._when_full == "wait":
                with self._room:
                    self._room.notify_all()

    def _take_rows(self) -> None:
        with self._lock:
            raw, self._raw = self._raw, deque()
            kept, self._kept = self._kept, []
            dropped, self._dropped = self._dropped, None
            self._rows_taken += len(raw) + len(kept) + (dropped is not None)
        rows: list[tuple[int, Row]] = [*kept, *raw]
        if dropped is not None:
            rows.append(dropped)
        rows.sort(key=itemgetter(0))
        self._batch = deque(rows)

    def _encode_some(self) -> None:
        lines: list[bytes] = []
        some = min(_ROWS_PER_WRITE, len(self._batch))
        for _ in range(some):
            row = self._batch.popleft()[1]
            try:
                line = encode_row(row)
            except UnwritableRowError as error:
                row, line = self._refuse(row, error)
            self._counts[type(row).__name__] += 1
            self._last_at_ns = row.at_ns
            lines.append(line)
        data = b"".join(lines)
        self._hash.update(data)
        self._tail.append(data)
        self._rows_encoded += some

    def _refuse(self, row: Row, error: UnwritableRowError) -> tuple[RowRefused, bytes]:
        kind = type(row).__name__
        _LOGGER.error("a %s can't be kept in the trace: %s", kind, error)
        self._rows_refused += 1
        at_ns = row.at_ns if type(row.at_ns) is int else self._last_at_ns or 0
        reason = str(error).encode("ascii", "backslashreplace").decode("ascii")[:500]
        refused = RowRefused(at_ns=at_ns, kind=kind, reason=reason)
        return refused, encode_row(refused)

    def _append_footer(self) -> None:
        footer = TraceFooter(
            counts=dict(self._counts),
            lines=1 + self._rows_encoded,
            sha256=self._hash.hexdigest(),
            last_at_ns=self._last_at_ns,
        )
        self._tail.append(encode_line(footer))
        self._has_footer = True

    def _tell(self, reason: str | None) -> None:
        if reason is not None and self._reason is None:
            _LOGGER.warning("not recording: %s", reason)
        elif reason is None and self._reason is not None:
            _LOGGER.warning("recording again: %s", self._path)
        self._reason = reason
