from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from biofeedback.errors import TraceCorrupt
from biofeedback.trace.disk import TraceUnavailable
from biofeedback.trace.reader import read_trace
from biofeedback.trace.recovery import recover_trace, verify_trace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from biofeedback.messages import Message


def cut(path: Path, at_byte: int) -> Path:
    """Keep the beginning of a file only."""
    short = path.with_name(f"cut{at_byte}.trace.jsonl")
    short.write_bytes(path.read_bytes()[:at_byte])
    return short


def test_a_cut_at_any_byte_is_recovered_to_the_rows_before_it(
    write_trace: Callable[..., Path], session: tuple[Message, ...], tmp_path: Path
) -> None:
    path = write_trace(session[:4])
    whole = path.read_bytes()
    ends = [position + 1 for position, byte in enumerate(whole) if byte == ord("\n")]
    for at_byte in range(len(whole)):
        source = cut(path, at_byte)
        target = tmp_path / f"saved{at_byte}.trace.jsonl"
        lines = sum(end <= at_byte for end in ends)
        if lines == 0:
            with pytest.raises(TraceCorrupt, match="nothing can be saved"):
                recover_trace(source, target)
            assert not target.exists()
            continue
        saved = recover_trace(source, target)
        assert saved.rows == lines - 1
        trace = read_trace(target)
        assert tuple(trace.messages) == session[: lines - 1]
        assert trace.is_whole
        assert trace.footer is not None
        assert trace.footer.recovered
        assert saved.lost_bytes == at_byte - ends[lines - 1]
        assert saved.lost_lines == (saved.lost_bytes > 0)


def test_rows_are_copied_byte_by_byte(write_trace: Callable[..., Path], tmp_path: Path) -> None:
    path = write_trace()
    source = cut(path, path.stat().st_size - 3)
    target = tmp_path / "saved.trace.jsonl"
    recover_trace(source, target)
    lines = path.read_bytes().splitlines()
    assert target.read_bytes().splitlines()[:-1] == lines[:-1]


def test_recovering_what_is_whole_loses_nothing(
    write_trace: Callable[..., Path], session: tuple[Message, ...], tmp_path: Path
) -> None:
    saved = recover_trace(write_trace(), tmp_path / "saved.trace.jsonl")
    assert saved.source.is_whole
    assert (saved.rows, saved.lost_lines, saved.lost_bytes) == (len(session), 0, 0)


def test_nothing_is_overwritten(write_trace: Callable[..., Path]) -> None:
    path = write_trace()
    before = path.read_bytes()
    with pytest.raises(TraceUnavailable, match="exists already"):
        recover_trace(path, path)
    assert path.read_bytes() == before


def test_a_recovery_that_was_cut_short_does_not_stand_in_the_way(
    write_trace: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "saved.trace.jsonl.partial").write_bytes(b"half of something")
    recover_trace(write_trace(), tmp_path / "saved.trace.jsonl")
    assert verify_trace(tmp_path / "saved.trace.jsonl").is_whole
    assert not (tmp_path / "saved.trace.jsonl.partial").exists()


def test_verifying_counts_what_is_whole(
    write_trace: Callable[..., Path], session: tuple[Message, ...]
) -> None:
    path = write_trace()
    found = verify_trace(path)
    assert found.is_whole
    assert found.problem is None
    assert found.rows == len(session)
    assert found.counts["PacketReceived"] == 2
    assert found.last_at_ns == session[-1].at_ns

    open_ended = cut(path, len(b"".join(path.read_bytes().splitlines(keepends=True)[:-1])))
    assert "was not closed" in str(verify_trace(open_ended).problem)
    torn = cut(path, open_ended.stat().st_size - 1)
    assert "the line is cut" in str(verify_trace(torn).problem)
