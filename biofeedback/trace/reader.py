"""Read the longest prefix of a trace that is whole, and say how it ended.

Order is the truth: nothing after the first line that can't be trusted is used, however whole it
looks. The footer's hash tells whether whole lines were lost, added or moved. Where it fits all
lines before it, each of them is as it was written, and none is checked again by itself: that takes
a third of the time.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from os import SEEK_END
from pathlib import Path
from typing import TYPE_CHECKING, Final

from biofeedback.errors import TraceCorrupt, TraceVersionUnsupported
from biofeedback.trace.disk import TraceUnavailable, say_why
from biofeedback.trace.lines import (
    MAX_LINE_BYTES,
    SCHEMA_VERSION,
    BadLineError,
    Gap,
    Row,
    RowRefused,
    RowsDropped,
    TraceFooter,
    TraceHeader,
    decode_header,
    decode_row,
    decode_whole_rows,
)
from biofeedback.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from biofeedback.messages import Message

_BATCH_LINES: Final = 512
_BATCH_BYTES: Final = 1 << 17
_BLOCK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Damage:
    """The first line that can't be trusted, counted from 1, and why.

    ``rows_before`` are whole, ``lines_after`` are lost with it.
    """

    line: int
    reason: str
    rows_before: int
    lines_after: int


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace in memory.

    ``gaps`` are (messages before it, marker); ``footer`` is None unless the trace was closed.
    """

    path: Path
    header: TraceHeader
    messages: list[Message]
    gaps: list[tuple[int, Gap]]
    footer: TraceFooter | None
    damage: list[Damage]

    @property
    def is_whole(self) -> bool:
        """It was closed, and every line is as it was written."""
        return self.footer is not None and not self.damage


class _Counted:
    """Whole lines: how many, how long, and their hash unless it is known to fit (``is_whole``)."""

    def __init__(self, *, is_whole: bool) -> None:
        self.lines = 0
        self.size_bytes = 0
        self._is_whole = is_whole
        self._digest = hashlib.sha256()

    def take(self, lines: list[bytes]) -> None:
        """Count some lines more."""
        self.lines += len(lines)
        self.size_bytes += sum(map(len, lines))
        if not self._is_whole:
            self._digest.update(b"".join(lines))

    def fit(self, footer: TraceFooter) -> bool:
        """Tell whether a footer belongs to these lines and to no others."""
        if footer.lines != self.lines:
            return False
        return self._is_whole or footer.sha256 == self._digest.hexdigest()


class TraceScan:
    """One pass over a file: ``rows()`` gives what can be trusted, then the rest is known.

    Args:
        path: A trace.
        on_progress: Called now and then with the number of bytes that were read.

    Raises:
        TraceUnavailable: There is no such file, or it can't be opened.
        TraceCorrupt: The header is damaged or absent: nothing can be saved.
        TraceVersionUnsupported: A newer program wrote it.
    """

    def __init__(self, path: Path, *, on_progress: Callable[[int], None] | None = None) -> None:
        self.path = path
        self.footer: TraceFooter | None = None
        self.damage: Damage | None = None
        self.lines = 1
        """Whole lines with the header and without the footer, when ``rows`` has ended."""
        self._on_progress = on_progress
        with _open_trace(path) as file:
            self._first_line = file.readline(MAX_LINE_BYTES)
        self.header = _read_header(path, self._first_line)
        self.size_bytes = len(self._first_line)
        """Bytes of these lines."""

    def rows(self) -> Iterator[Row]:
        """Give rows until the footer, the end or the first line that can't be trusted."""
        for batch in self.batches():
            yield from batch

    def batches(self) -> Iterator[list[Row]]:
        """Give the same rows, some hundreds at a time."""
        with _open_trace(self.path) as file:
            closed = _find_fitting_footer(file)
            file.seek(0)
            counted = _Counted(is_whole=closed is not None)
            counted.take([file.readline(MAX_LINE_BYTES)])
            if closed is not None:
                yield from self._decode_whole(file, counted, *closed)
            if self.footer is None:
                yield from self._check_each(file, counted)
        self.lines, self.size_bytes = counted.lines, counted.size_bytes

    def messages(self) -> Iterator[Message]:
        """Give the messages alone; a marker of a gap is passed over."""
        for row in self.rows():
            if not isinstance(row, (RowsDropped, RowRefused)):
                yield row

    @property
    def problem(self) -> str | None:
        """What was wrong when ``rows`` had ended, and what to do; None for a whole trace."""
        if self.damage is not None:
            return describe_damage(self.path, self.damage)
        if self.footer is None:
            return (
                f"{self.path}: it was not closed, so its last second may be missing; "
                f"{counted(self.lines - 1, 'row')} in it can be used. "
                f"Close it: biofeedback trace recover {self.path}"
            )
        return None

    def _decode_whole(
        self, file: BinaryIO, counted: _Counted, end: int, footer: TraceFooter
    ) -> Iterator[list[Row]]:
        """Decode lines that are as they were written, up to their end or to a batch that is odd."""
        while (left_bytes := end - (begin := file.tell())) > 0:
            try:
                lines = file.readlines(min(_BATCH_BYTES, left_bytes - 1))
                rows = decode_whole_rows(lines)
            except (BadLineError, OSError):
                file.seek(begin)
                return
            if not lines:
                return  # somebody made it shorter while it was read
            self._count(lines, counted)
            yield rows
        if counted.fit(footer):
            self.footer = footer

    def _check_each(self, file: BinaryIO, counted: _Counted) -> Iterator[list[Row]]:
        """Check and decode one line after the other, up to one that can't be trusted."""
        lines: list[bytes] = []
        rows: list[Row] = []
        reason, lines_after = "", 0
        try:
            for line in iter(partial(file.readline, MAX_LINE_BYTES), b""):
                row = decode_row(line)
                if isinstance(row, TraceFooter):
                    self.footer = row
                    break
                lines.append(line)
                rows.append(row)
                if len(lines) == _BATCH_LINES:
                    self._count(lines, counted)
                    yield rows
                    lines, rows = [], []
        except BadLineError as error:
            reason, lines_after = str(error), _count_lines(file)
        except OSError as error:
            reason = f"the disk can't read it: {error.strerror}"
        counted.take(lines)
        whole = counted.lines
        if reason:
            self.damage = Damage(whole + 1, reason, whole - 1, lines_after)
        elif self.footer is not None:
            lines_after = _count_lines(file)
            if not counted.fit(self.footer):
                reason = "the footer belongs to other lines: some were lost, added or moved"
                self.damage = Damage(whole + 1, reason, whole - 1, lines_after)
            elif lines_after:
                reason = "lines follow the end of the trace"
                self.damage = Damage(whole + 2, reason, whole - 1, lines_after - 1)
        yield rows

    def _count(self, lines: list[bytes], counted: _Counted) -> None:
        counted.take(lines)
        if self._on_progress is not None:
            self._on_progress(counted.size_bytes)


def iter_messages(path: Path) -> Iterator[Message]:
    """Give the messages of a trace one by one, without keeping them.

    Raises:
        TraceCorrupt: At the first line that can't be trusted, after what comes before it.
        TraceUnavailable: There is no such file, or it can't be opened.
        TraceVersionUnsupported: A newer program wrote it.
    """
    scan = TraceScan(path)
    yield from scan.messages()
    if scan.damage is not None:
        raise TraceCorrupt(describe_damage(path, scan.damage))


def read_trace(
    path: Path, *, strict: bool = True, on_progress: Callable[[int], None] | None = None
) -> Trace:
    """Read a whole trace into memory.

    Args:
        path: A trace.
        strict: Refuse a damaged one. Otherwise it is read up to the damage. A trace that ends
            without a footer, but between two lines, is not damaged: it was just not closed.
        on_progress: Called now and then with the number of bytes that were read.

    Raises:
        TraceCorrupt: A line can't be trusted (strict), or the header is gone.
        TraceUnavailable: There is no such file, or it can't be opened.
        TraceVersionUnsupported: A newer program wrote it.
    """
    scan = TraceScan(path, on_progress=on_progress)
    messages: list[Message] = []
    gaps: list[tuple[int, Gap]] = []
    for batch in scan.batches():
        for row in batch:
            if isinstance(row, (RowsDropped, RowRefused)):
                gaps.append((len(messages), row))
            else:
                messages.append(row)
    if strict and scan.damage is not None:
        raise TraceCorrupt(describe_damage(path, scan.damage))
    return Trace(
        path=path,
        header=scan.header,
        messages=messages,
        gaps=gaps,
        footer=scan.footer,
        damage=[] if scan.damage is None else [scan.damage],
    )


def describe_damage(path: Path, damage: Damage) -> str:
    """Say what is damaged, what can be saved, and how."""
    return (
        f"{path}: line {damage.line} can't be trusted ({damage.reason}); "
        f"{counted(damage.rows_before, 'row')} before it can be used, "
        f"{counted(damage.lines_after, 'line')} after it can't. "
        f"Save what is whole: biofeedback trace recover {path}"
    )


def _open_trace(path: Path) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except FileNotFoundError as error:
        raise TraceUnavailable(f"{path}: there is no such trace") from error
    except (OSError, ValueError) as error:
        if Path(path).is_dir():
            raise TraceUnavailable(f"{path} is a folder; give a trace in it (*.jsonl)") from error
        raise TraceUnavailable(f"{path}: can't be read ({say_why(error)})") from error


def _read_header(path: Path, first_line: bytes) -> TraceHeader:
    if not first_line:
        raise TraceCorrupt(f"{path}: the file is empty; nothing can be saved")
    try:
        header = decode_header(first_line)
    except BadLineError as error:
        raise TraceCorrupt(
            f"{path}: line 1 is not the header of a trace ({error}); nothing can be saved"
        ) from error
    if isinstance(header, int):
        raise TraceVersionUnsupported(
            f"{path}: it was written in version {header} of the format and this program reads "
            f"up to {SCHEMA_VERSION}; update biofeedback"
        )
    return header


def find_footer(file: BinaryIO) -> tuple[int, TraceFooter] | None:
    """Find the footer if it is the last line, and the byte at which it begins."""
    tail_at = max(0, file.seek(0, SEEK_END) - MAX_LINE_BYTES)
    file.seek(tail_at)
    tail = file.read()
    begin = tail.rfind(b"\n", 0, -1) + 1
    try:
        row = decode_row(tail[begin:])
    except BadLineError:
        return None
    return (tail_at + begin, row) if isinstance(row, TraceFooter) else None


def _find_fitting_footer(file: BinaryIO) -> tuple[int, TraceFooter] | None:
    """Find the footer if it is the last line and its hash is that of all that is before it."""
    digest = hashlib.sha256()
    try:
        found = find_footer(file)
        if found is None:
            return None
        left_bytes, footer = found
        file.seek(0)
        while left_bytes and (block := file.read(min(_BLOCK_BYTES, left_bytes))):
            digest.update(block)
            left_bytes -= len(block)
    except OSError:
        return None
    return found if footer.sha256 == digest.hexdigest() else None


def _count_lines(file: BinaryIO) -> int:
    """Count what is left; a disk that can't read on ends the count."""
    lines, last = 0, b"\n"
    with suppress(OSError):
        while block := file.read(_BLOCK_BYTES):
            lines += block.count(b"\n")
            last = block[-1:]
    return lines + (last != b"\n")
