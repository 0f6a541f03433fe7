from __future__ import annotations

import hashlib
import math
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest

from biofeedback.messages import MeasureTaken, PacketReceived, TimePassed
from biofeedback.trace.disk import DiskFile, TraceUnavailable
from biofeedback.trace.journal import Journal
from biofeedback.trace.lines import RowRefused, RowsDropped, TraceHeader
from biofeedback.trace.reader import read_trace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from biofeedback.messages import Message


def packet(index: int) -> PacketReceived:
    return PacketReceived(
        at_ns=index, wearer="w", sensor="s", characteristic="c", payload=bytes([index % 256])
    )


class SlowFile(DiskFile):
    """A disk whose sync waits until the test lets it go, once it is told to be slow."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.is_slow = False
        self.entered = threading.Event()
        self.go_on = threading.Event()

    def sync(self) -> None:
        if self.is_slow:
            self.entered.set()
            assert self.go_on.wait(20)
        super().sync()


@pytest.fixture
def sync_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sync at every chance instead of each second."""
    monkeypatch.setattr("biofeedback.trace.journal._SYNC_PERIOD_S", 0.0)


def open_slow(files: list[SlowFile]) -> Callable[[Path], SlowFile]:
    def open_file(path: Path) -> SlowFile:
        files.append(SlowFile(path))
        return files[-1]

    return open_file


def test_a_session_comes_back_in_order(
    write_trace: Callable[..., Path], header: TraceHeader, session: tuple[Message, ...]
) -> None:
    trace = read_trace(write_trace())
    assert trace.header == header
    assert tuple(trace.messages) == session
    assert trace.is_whole


def test_order_holds_between_kinds_over_many_batches(
    write_trace: Callable[..., Path],
) -> None:
    messages = [packet(i) if i % 3 else TimePassed(at_ns=i) for i in range(5000)]
    assert read_trace(write_trace(messages)).messages == messages


def test_the_footer_counts_and_hashes_what_is_before_it(
    write_trace: Callable[..., Path], session: tuple[Message, ...]
) -> None:
    path = write_trace()
    lines = path.read_bytes().splitlines(keepends=True)
    footer = read_trace(path).footer
    assert footer is not None
    assert footer.sha256 == hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    assert footer.lines == len(lines) - 1 == len(session) + 1
    assert footer.counts["PacketReceived"] == 2
    assert sum(footer.counts.values()) == len(session)
    assert footer.last_at_ns == session[-1].at_ns
    assert not footer.recovered


def test_a_session_without_messages_is_a_whole_trace(write_trace: Callable[..., Path]) -> None:
    trace = read_trace(write_trace([]))
    assert trace.is_whole
    assert trace.messages == []


def test_closing_says_what_was_recorded_and_may_be_done_twice(
    tmp_path: Path, header: TraceHeader, session: tuple[Message, ...]
) -> None:
    journal = Journal(tmp_path / "deep" / "er" / "a.trace.jsonl", header)
    for message in session:
        journal.record(message)
    summary = journal.close()
    assert summary.closed
    assert summary.complete
    assert summary.rows == len(session)
    assert summary.size_bytes == summary.path.stat().st_size
    assert journal.close() is summary
    assert not journal.status.recording


def test_a_message_after_the_end_is_a_programming_error(
    tmp_path: Path, header: TraceHeader
) -> None:
    journal = Journal(tmp_path / "a.trace.jsonl", header)
    journal.close()
    with pytest.raises(RuntimeError, match="closed"):
        journal.record(TimePassed(at_ns=1))


def test_a_message_that_cannot_be_kept_leaves_a_marker_and_the_rest_goes_on(
    tmp_path: Path, header: TraceHeader
) -> None:
    bad = MeasureTaken(
        at_ns=2, wearer="w", sensor="s", measure="rr_ms", value=math.nan, quality=1.0
    )
    worse = TimePassed(at_ns="\ud800")
    journal = Journal(tmp_path / "a.trace.jsonl", header)
    for message in (TimePassed(at_ns=1), bad, worse, TimePassed(at_ns=3)):
        journal.record(message)
    summary = journal.close()
    assert summary.closed
    assert not summary.complete
    assert summary.rows_refused == 2
    assert summary.reason == "2 rows could not be written"
    trace = read_trace(tmp_path / "a.trace.jsonl")
    assert trace.messages == [TimePassed(at_ns=1), TimePassed(at_ns=3)]
    places, markers = zip(*trace.gaps, strict=True)
    assert places == (1, 1)
    assert [type(marker) for marker in markers] == [RowRefused, RowRefused]
    assert [marker.kind for marker in markers] == ["MeasureTaken", "TimePassed"]


def test_a_session_that_outruns_the_disk_waits_if_it_may(
    tmp_path: Path, header: TraceHeader
) -> None:
    messages = [packet(i) for i in range(3000)]
    with Journal(
        tmp_path / "a.trace.jsonl", header, when_full="wait", max_waiting_rows=100
    ) as journal:
        for message in messages:
            journal.record(message)
            assert journal.status.rows_waiting <= 101
    assert read_trace(tmp_path / "a.trace.jsonl").messages == messages


@pytest.mark.usefixtures("sync_at_once")
def test_only_raw_packets_give_way_and_a_marker_stands_at_the_first_of_them(
    tmp_path: Path, header: TraceHeader
) -> None:
    files: list[SlowFile] = []
    journal = Journal(
        tmp_path / "a.trace.jsonl", header, max_waiting_rows=10, open_file=open_slow(files)
    )
    files[0].is_slow = True
    assert files[0].entered.wait(20)
    journal.record(TimePassed(at_ns=0))
    messages = [TimePassed(at_ns=i) if i % 2 else packet(i) for i in range(1, 31)]
    for message in messages:
        journal.record(message)
    assert journal.status.rows_dropped == 15
    files[0].is_slow = False
    files[0].go_on.set()
    summary = journal.close()
    assert summary.closed
    assert summary.rows_dropped == 15
    assert str(summary.reason).startswith("15 packets were dropped")
    trace = read_trace(tmp_path / "a.trace.jsonl")
    assert trace.messages == [TimePassed(at_ns=0), *messages[::2]]
    assert trace.gaps == [(2, RowsDropped(at_ns=2, last_at_ns=30, rows=15))]


@pytest.mark.usefixtures("sync_at_once")
def test_a_disk_that_does_not_answer_does_not_hold_up_the_end_for_ever(
    tmp_path: Path, header: TraceHeader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("biofeedback.trace.journal._LAST_SYNC_S", 0.0)
    files: list[SlowFile] = []
    journal = Journal(tmp_path / "a.trace.jsonl", header, open_file=open_slow(files))
    files[0].is_slow = True
    assert files[0].entered.wait(20)
    journal.record(TimePassed(at_ns=0))
    journal.record(TimePassed(at_ns=1))
    summary = journal.close(timeout_s=0.0)
    assert not summary.closed
    assert summary.reason == "the disk does not answer"
    assert summary.rows_lost == 2
    files[0].go_on.set()
    journal._thread.join(20)


@pytest.mark.usefixtures("sync_at_once")
def test_silence_of_the_disk_is_told_while_it_lasts(
    tmp_path: Path, header: TraceHeader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("biofeedback.trace.journal._SILENT_DISK_S", 0.0)
    files: list[SlowFile] = []
    journal = Journal(tmp_path / "a.trace.jsonl", header, open_file=open_slow(files))
    files[0].is_slow = True
    assert files[0].entered.wait(20)
    journal.record(TimePassed(at_ns=0))
    assert not journal.status.recording
    assert "has not answered" in str(journal.status.reason)
    files[0].is_slow = False
    files[0].go_on.set()
    assert journal.close().complete


def test_settings_too_large_for_a_line_are_refused_at_the_start(
    tmp_path: Path, header: TraceHeader
) -> None:
    large = msgspec.structs.replace(header, settings={"x": "y" * (5 << 20)})
    with pytest.raises(TraceUnavailable, match="too large"):
        Journal(tmp_path / "a.trace.jsonl", large)
    assert not (tmp_path / "a.trace.jsonl").exists()
