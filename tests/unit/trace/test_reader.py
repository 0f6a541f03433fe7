from __future__ import annotations

import errno
import hashlib
import io
from typing import TYPE_CHECKING

import msgspec
import pytest

from biofeedback.errors import TraceCorrupt, TraceError, TraceVersionUnsupported
from biofeedback.messages import TimePassed
from biofeedback.trace.disk import TraceUnavailable
from biofeedback.trace.lines import MAX_LINE_BYTES, encode_line
from biofeedback.trace.reader import iter_messages, read_trace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from biofeedback.messages import Message
    from biofeedback.trace.lines import TraceFooter, TraceHeader


def spoil_line(path: Path, number: int) -> None:
    """Change one byte in the middle of a line, counted from 1."""
    lines = path.read_bytes().splitlines(keepends=True)
    line = bytearray(lines[number - 1])
    line[len(line) // 2] ^= 1
    lines[number - 1] = bytes(line)
    path.write_bytes(b"".join(lines))


def test_messages_one_by_one_are_those_of_the_whole(
    write_trace: Callable[..., Path], session: tuple[Message, ...]
) -> None:
    assert tuple(iter_messages(write_trace())) == session


def test_a_damaged_line_names_itself_and_what_is_whole(write_trace: Callable[..., Path]) -> None:
    path = write_trace()
    spoil_line(path, 5)
    with pytest.raises(TraceCorrupt, match=r"line 5 .*checksum.* 3 rows .* recover") as caught:
        read_trace(path)
    assert caught.value.exit_code == 5


def test_nothing_after_the_first_damage_is_used(
    write_trace: Callable[..., Path], session: tuple[Message, ...]
) -> None:
    path = write_trace()
    spoil_line(path, 5)
    spoil_line(path, 9)
    trace = read_trace(path, strict=False)
    assert tuple(trace.messages) == session[:3]
    assert [(damage.line, damage.lines_after) for damage in trace.damage] == [(5, 13)]
    assert trace.footer is None
    assert not trace.is_whole


def test_one_by_one_the_whole_ones_come_before_the_error(
    write_trace: Callable[..., Path], session: tuple[Message, ...]
) -> None:
    path = write_trace()
    spoil_line(path, 5)
    stream = iter_messages(path)
    assert [next(stream) for _ in range(3)] == list(session[:3])
    with pytest.raises(TraceCorrupt):
        next(stream)


def test_a_trace_that_was_not_closed_is_readable_but_not_whole(
    write_trace: Callable[..., Path], session: tuple[Message, ...]
) -> None:
    path = write_trace()
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    trace = read_trace(path)
    assert tuple(trace.messages) == session
    assert trace.footer is None
    assert not trace.is_whole


@pytest.mark.parametrize("change", ["lost", "doubled", "moved"])
def test_whole_lines_that_are_lost_or_moved_are_noticed(
    write_trace: Callable[..., Path], change: str
) -> None:
    path = write_trace()
    lines = path.read_bytes().splitlines(keepends=True)
    if change == "lost":
        del lines[4]
    elif change == "doubled":
        lines.insert(4, lines[4])
    else:
        lines[4], lines[5] = lines[5], lines[4]
    path.write_bytes(b"".join(lines))
    with pytest.raises(TraceCorrupt, match="lost, added or moved"):
        read_trace(path)


def read_closed(path: Path) -> tuple[list[bytes], TraceFooter]:
    """Read the lines of a trace, and what the last one says."""
    footer = read_trace(path).footer
    assert footer is not None
    return path.read_bytes().splitlines(keepends=True), footer


def test_a_row_that_nobody_knows_is_named_also_where_the_footer_fits(
    write_trace: Callable[..., Path], session: tuple[Message, ...]
) -> None:
    path = write_trace()
    lines, footer = read_closed(path)
    lines[4] = encode_line({"type": "Unheard", "at_ns": 3})
    sha256 = hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    lines[-1] = encode_line(msgspec.structs.replace(footer, sha256=sha256))
    path.write_bytes(b"".join(lines))
    trace = read_trace(path, strict=False)
    assert tuple(trace.messages) == session[:3]
    assert [(damage.line, damage.lines_after) for damage in trace.damage] == [(5, 13)]
    assert "not understood" in trace.damage[0].reason


def test_a_footer_that_counts_other_lines_is_not_believed_though_its_hash_fits(
    write_trace: Callable[..., Path], session: tuple[Message, ...]
) -> None:
    path = write_trace()
    lines, footer = read_closed(path)
    lines[-1] = encode_line(msgspec.structs.replace(footer, lines=footer.lines + 1))
    path.write_bytes(b"".join(lines))
    trace = read_trace(path, strict=False)
    assert tuple(trace.messages) == session
    assert not trace.is_whole
    assert [damage.lines_after for damage in trace.damage] == [0]
    assert "lost, added or moved" in trace.damage[0].reason


def test_lines_after_the_end_are_noticed(write_trace: Callable[..., Path]) -> None:
    path = write_trace()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[3], lines[4]]))
    with pytest.raises(TraceCorrupt, match="follow the end"):
        read_trace(path)


def test_a_newer_format_is_refused_with_what_to_do(tmp_path: Path, header: TraceHeader) -> None:
    path = tmp_path / "new.trace.jsonl"
    path.write_bytes(encode_line(msgspec.structs.replace(header, schema_version=2)))
    with pytest.raises(TraceVersionUnsupported, match=r"version 2 .* update"):
        read_trace(path, strict=False)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"RIFF\x00\x00\x00\x00WAVE", b"{}", b"\x00" * 4096]
)
def test_a_file_that_is_no_trace_is_refused_in_any_mode(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.trace.jsonl"
    path.write_bytes(content)
    for strict in (True, False):
        with pytest.raises(TraceCorrupt, match="nothing can be saved"):
            read_trace(path, strict=strict)


def test_a_line_without_end_does_not_fill_the_memory(
    write_trace: Callable[..., Path], session: tuple[Message, ...]
) -> None:
    path = write_trace()
    with path.open("ab") as file:
        file.write(b"x" * (2 * MAX_LINE_BYTES))
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[-2]
    path.write_bytes(b"".join(lines))
    trace = read_trace(path, strict=False)
    assert len(trace.messages) == len(session)
    assert "longer" in trace.damage[0].reason


@pytest.mark.parametrize("name", ["missing.trace.jsonl", "."])
def test_a_path_that_is_no_file_is_wrong_use(tmp_path: Path, name: str) -> None:
    with pytest.raises(TraceUnavailable) as caught:
        read_trace(tmp_path / name)
    assert isinstance(caught.value, TraceError)
    assert caught.value.exit_code == 2


def test_progress_is_told_in_bytes(write_trace: Callable[..., Path]) -> None:
    path = write_trace([TimePassed(at_ns=i) for i in range(10_000)])
    told: list[int] = []
    read_trace(path, on_progress=told.append)
    assert told == sorted(told)
    assert 0 < told[0] < told[-1] <= path.stat().st_size


@pytest.mark.parametrize("while_hashed", [True, False])
def test_a_disk_that_cannot_read_on_leaves_what_came_before(
    write_trace: Callable[..., Path],
    session: tuple[Message, ...],
    monkeypatch: pytest.MonkeyPatch,
    while_hashed: bool,
) -> None:
    class Scratched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if while_hashed:
                raise OSError(errno.EIO, "Input/output error")
            return super().read(size)

        def readlines(self, hint: int | None = -1, /) -> list[bytes]:
            raise OSError(errno.EIO, "Input/output error")

        def readline(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 1000:
                raise OSError(errno.EIO, "Input/output error")
            return super().readline(size)

    content = write_trace().read_bytes()
    monkeypatch.setattr("biofeedback.trace.reader._open_trace", lambda _: Scratched(content))
    trace = read_trace(write_trace(name="b.trace.jsonl"), strict=False)
    assert 0 < len(trace.messages) < len(session)
    assert tuple(trace.messages) == session[: len(trace.messages)]
    assert "Input/output error" in trace.damage[0].reason


def test_the_rows_before_the_damage_are_counted_without_the_footer(
    write_trace: Callable[..., Path], session: tuple[Message, ...]
) -> None:
    path = write_trace()
    with path.open("ab") as file:
        file.write(b"more\n")
    trace = read_trace(path, strict=False)
    assert trace.damage[0].rows_before == len(session)
    assert trace.damage[0].line == len(session) + 3
