"""Faults of disks and clocks, and what must not be told: rows F42, F43, F72-F75e, H24-H26."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import random
import stat
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from benchmarks.bench_trace import make_message, run_kills
from biofeedback.errors import TraceCorrupt
from biofeedback.messages import PacketReceived, PacketRejected, SensorAttached, TimePassed
from biofeedback.trace.disk import TraceUnavailable
from biofeedback.trace.export import export_csv
from biofeedback.trace.header import make_header
from biofeedback.trace.journal import Journal
from biofeedback.trace.lines import RowsDropped, TraceHeader
from biofeedback.trace.reader import read_trace
from biofeedback.trace.recovery import recover_trace, verify_trace

if TYPE_CHECKING:
    from pathlib import Path

    from biofeedback.messages import Message
    from biofeedback.trace.disk import TraceFile

PAGE_BYTES = 4096


@pytest.fixture
def header() -> TraceHeader:
    return make_header(settings={"seed": 1}, profiles={}, source="sim:walk", start_monotonic_ns=0)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every period is short: the order of things is tested here, not their pace."""
    for name in ("_WRITE_PERIOD_S", "_SYNC_PERIOD_S", "_RETRY_PERIOD_S"):
        monkeypatch.setattr(f"biofeedback.trace.journal.{name}", 0.001)


class BrokenDisk:
    """A file in memory on a disk that misbehaves as told.

    ``free_bytes`` is the room that is left, ``broken`` fails every operation, ``fail_every``
    every n-th. A failed sync forgets what was not yet on the disk, as Linux does.
    """

    def __init__(self, *, free_bytes: int = 1 << 30, fail_every: int = 0) -> None:
        self.free_bytes = free_bytes
        self.fail_every = fail_every
        self.broken = False
        self.cached = bytearray()
        self.synced = b""
        self.operations = 0
        self.failed = threading.Event()
        self.may_sync = threading.Event()
        self.may_sync.set()
        self.syncing = threading.Event()

    def open(self, _: Path) -> TraceFile:
        return self

    def _operate(self) -> None:
        self.operations += 1
        if self.broken or (self.fail_every and self.operations % self.fail_every == 0):
            self.failed.set()
            raise OSError(errno.EROFS, "Read-only file system")

    def write_at(self, offset: int, data: memoryview) -> int:
        self._operate()
        assert offset <= len(self.cached), "a hole in the file"
        taken = bytes(data[: max(0, self.free_bytes - offset)])
        if not taken:
            self.failed.set()
            raise OSError(errno.ENOSPC, "No space left on device")
        self.cached[offset : offset + len(taken)] = taken
        return len(taken)

    def sync(self) -> None:
        self.syncing.set()
        assert self.may_sync.wait(60)
        try:
            self._operate()
        except OSError:
            self.cached = bytearray(self.synced)
            raise
        self.synced = bytes(self.cached)

    def close(self) -> None:
        pass

    def keep(self, folder: Path) -> Path:
        """What a reader would find."""
        path = folder / "kept.trace.jsonl"
        path.write_bytes(self.cached)
        return path


def record(journal: Journal, messages: list[Message]) -> None:
    for message in messages:
        journal.record(message)


MESSAGES = [make_message(index) for index in range(40)]


@pytest.mark.usefixtures("impatient")
def test_F72_a_disk_that_is_full_at_any_byte_harms_nothing_and_goes_on_when_there_is_room(
    tmp_path: Path, header: TraceHeader
) -> None:
    whole = BrokenDisk()
    with Journal(tmp_path / "x", header, open_file=whole.open) as journal:
        record(journal, MESSAGES)
    header_bytes = whole.synced.index(b"\n") + 1
    for free_bytes in range(header_bytes, len(whole.synced), 97):
        disk = BrokenDisk(free_bytes=free_bytes)
        journal = Journal(tmp_path / "x", header, open_file=disk.open)
        record(journal, MESSAGES[:20])
        journal._wake.set()
        if disk.failed.wait(0.02):
            # The session goes on beside it, what is there is a prefix.
            kept = read_trace(disk.keep(tmp_path), strict=False)
            assert kept.messages == MESSAGES[: len(kept.messages)]
        record(journal, MESSAGES[20:])
        disk.free_bytes = 1 << 30
        assert journal.close().complete
        assert disk.synced == whole.synced


def test_F72_rows_behind_a_batch_that_failed_midway_are_written_at_the_end(
    tmp_path: Path, header: TraceHeader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("biofeedback.trace.journal._SYNC_PERIOD_S", 0.0)
    monkeypatch.setattr("biofeedback.trace.journal._RETRY_PERIOD_S", 60.0)  # until it is woken
    messages = [make_message(index) for index in range(2100)]
    disk = BrokenDisk()
    journal = Journal(tmp_path / "x", header, open_file=disk.open)
    disk.may_sync.clear()
    disk.syncing.clear()
    assert disk.syncing.wait(10)
    record(journal, messages[:2000])
    disk.free_bytes = len(disk.cached) + 100
    disk.may_sync.set()
    assert disk.failed.wait(10)
    record(journal, messages[2000:])
    disk.free_bytes = 1 << 30
    summary = journal.close()
    assert summary.complete
    assert summary.rows == len(messages)
    assert summary.rows_lost == 0
    assert read_trace(disk.keep(tmp_path)).messages == messages


@pytest.mark.usefixtures("impatient")
def test_F72_a_full_disk_is_told_and_the_end_says_what_was_lost(
    tmp_path: Path, header: TraceHeader
) -> None:
    disk = BrokenDisk(free_bytes=4000)
    journal = Journal(tmp_path / "x", header, open_file=disk.open)
    record(journal, MESSAGES)
    assert disk.failed.wait(10)
    for _ in range(10_000):
        if not journal.status.recording:
            break
        disk.failed.clear()
        assert disk.failed.wait(10)
    status = journal.status
    assert not status.recording
    assert "No space left" in str(status.reason)
    assert status.rows_written + status.rows_waiting == len(MESSAGES)
    summary = journal.close(timeout_s=0.0)
    assert not summary.closed
    assert "No space left" in str(summary.reason)
    kept = read_trace(disk.keep(tmp_path), strict=False)
    assert 0 < len(kept.messages) < len(MESSAGES)
    assert kept.messages == MESSAGES[: len(kept.messages)]
    assert len(kept.messages) >= len(MESSAGES) - summary.rows_lost


def test_F72_a_session_does_not_start_without_room_for_its_trace(
    tmp_path: Path, header: TraceHeader
) -> None:
    with pytest.raises(TraceUnavailable, match="MB are needed") as caught:
        Journal(tmp_path / "a.trace.jsonl", header, required_free_bytes=1 << 62)
    assert caught.value.exit_code == 2
    assert not (tmp_path / "a.trace.jsonl").exists()


def test_F72_a_disk_that_fails_at_the_first_line_refuses_the_start(
    tmp_path: Path, header: TraceHeader
) -> None:
    with pytest.raises(TraceUnavailable, match="No space left"):
        Journal(tmp_path / "x", header, open_file=BrokenDisk(free_bytes=10).open)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fail_every", [3, 4, 5, 7])
def test_F73_when_every_nth_operation_fails_all_rows_are_kept(
    tmp_path: Path, header: TraceHeader, fail_every: int
) -> None:
    disk = BrokenDisk(fail_every=fail_every)
    journal = Journal(tmp_path / "x", header, open_file=disk.open)
    for start in range(0, len(MESSAGES), 4):
        record(journal, MESSAGES[start : start + 4])
        disk.syncing.clear()
        assert disk.syncing.wait(10)
    assert disk.failed.is_set()
    assert journal.close().complete
    assert read_trace(disk.keep(tmp_path)).messages == MESSAGES
    assert disk.synced == bytes(disk.cached)


@pytest.mark.usefixtures("impatient")
def test_F73_a_disk_that_turns_read_only_is_told_and_memory_is_bounded(
    tmp_path: Path, header: TraceHeader
) -> None:
    disk = BrokenDisk()
    journal = Journal(tmp_path / "x", header, open_file=disk.open, max_waiting_rows=20)
    disk.broken = True
    disk.failed.clear()
    assert disk.failed.wait(10)
    disk.failed.clear()
    assert disk.failed.wait(10)  # the failure before this one has been noted
    assert "Read-only" in str(journal.status.reason)
    packets = [message for message in map(make_message, range(500)) if is_packet(message)]
    record(journal, packets)
    assert journal.status.rows_waiting <= 20
    assert journal.status.rows_dropped == len(packets) - 20
    disk.broken = False
    summary = journal.close()
    assert summary.closed
    trace = read_trace(disk.keep(tmp_path))
    assert trace.messages == packets[-20:]
    assert [(place, type(gap)) for place, gap in trace.gaps] == [(0, RowsDropped)]


def test_F73_a_folder_that_was_removed_is_told(
    tmp_path: Path, header: TraceHeader, impatient: None
) -> None:
    path = tmp_path / "folder" / "a.trace.jsonl"
    journal = Journal(path, header)
    path.unlink()
    path.parent.rmdir()
    record(journal, MESSAGES)
    summary = journal.close(timeout_s=0.0)
    assert not summary.closed
    assert "removed" in str(summary.reason)


@pytest.mark.parametrize("place", ["a file/x.trace.jsonl", "locked/x.trace.jsonl", "n" * 300])
def test_F73_a_place_that_cannot_be_written_is_refused_at_the_start(
    tmp_path: Path, header: TraceHeader, place: str
) -> None:
    (tmp_path / "a file").write_text("in the way")
    (tmp_path / "locked").mkdir(mode=0o500)
    if place.startswith("locked") and os.access(tmp_path / "locked", os.W_OK):
        pytest.skip("this user may write everywhere")
    with pytest.raises(TraceUnavailable, match="--trace"):
        Journal(tmp_path / place, header)


def test_F74_H25_a_killed_session_loses_at_most_a_second_and_no_row_is_wrong(
    tmp_path: Path,
) -> None:
    kills = run_kills(10, tmp_path)
    assert len(kills) == 10
    for kill in kills:
        assert kill.recorded > 1000
        assert kill.wrong_rows == 0
        assert kill.lost_s <= 1.0
        assert kill.recovered_rows == kill.saved
        assert kill.recovered_whole


@pytest.mark.usefixtures("impatient")
def test_F75_a_power_cut_loses_only_what_was_not_synced_and_no_row_is_wrong(
    tmp_path: Path, header: TraceHeader
) -> None:
    rng = random.Random(75)  # noqa: S311 - repeatable noise, no secret
    messages = [make_message(index) for index in range(400)]
    for _ in range(50):
        disk = BrokenDisk()
        journal = Journal(tmp_path / "x", header, open_file=disk.open)
        record(journal, messages[: rng.randrange(400)])
        for _ in range(rng.randrange(4)):
            disk.syncing.clear()
            assert disk.syncing.wait(10)
        # Of the pages after the last sync some arrived, some not, in any order, one is torn.
        disk.may_sync.clear()
        synced, cached = disk.synced, bytearray(disk.cached)
        for start in range(len(synced), len(cached), PAGE_BYTES):
            end = min(start + PAGE_BYTES, len(cached))
            lost_from = rng.choice([start, end, rng.randint(start, end)])
            cached[lost_from:end] = bytes(end - lost_from)
        path = tmp_path / "cut.trace.jsonl"
        path.write_bytes(cached)
        disk.may_sync.set()
        journal.close()

        whole = synced.count(b"\n") - 1
        trace = read_trace(path, strict=False)
        count = len(trace.messages)
        assert count >= min(whole, len(messages))
        assert trace.messages == messages[:count]


def test_F75a_H26_a_flipped_bit_anywhere_is_refused_and_reported(
    tmp_path: Path, header: TraceHeader
) -> None:
    path = tmp_path / "a.trace.jsonl"
    with Journal(path, header) as journal:
        record(journal, MESSAGES)
    good = path.read_bytes()
    header_bytes = good.index(b"\n") + 1
    rng = random.Random(75)  # noqa: S311 - repeatable noise, no secret
    for bit in rng.sample(range(8 * len(good)), 400):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bad)
        with pytest.raises(TraceCorrupt):
            read_trace(path)
        if bit // 8 < header_bytes:
            continue
        trace = read_trace(path, strict=False)
        lines_before = good[: bit // 8].count(b"\n")
        assert trace.messages == MESSAGES[: lines_before - 1]
        assert trace.damage[0].line == lines_before + 1


def test_F75b_when_a_sync_hangs_only_the_writer_waits(tmp_path: Path, header: TraceHeader) -> None:
    disk = BrokenDisk()
    journal = Journal(tmp_path / "x", header, open_file=disk.open, max_waiting_rows=1000)
    disk.may_sync.clear()
    disk.syncing.clear()
    assert disk.syncing.wait(10)
    messages = [make_message(index) for index in range(20_000)]
    record(journal, messages)  # returns although the disk does not
    assert not disk.may_sync.is_set()
    status = journal.status
    packets = sum(map(is_packet, messages))
    assert status.rows_dropped == packets
    assert status.rows_waiting == len(messages) - packets
    disk.may_sync.set()
    assert journal.close().closed
    trace = read_trace(disk.keep(tmp_path))
    assert trace.messages == [message for message in messages if not is_packet(message)]
    assert trace.gaps[0][1].rows == packets


def test_F75c_of_two_writers_on_one_file_the_second_is_refused(
    tmp_path: Path, header: TraceHeader
) -> None:
    path = tmp_path / "a.trace.jsonl"
    with Journal(path, header) as journal:
        with pytest.raises(TraceUnavailable, match="exists already"):
            Journal(path, header)
        record(journal, MESSAGES)
    with pytest.raises(TraceUnavailable, match="exists already"):
        Journal(path, header)
    assert read_trace(path).messages == MESSAGES


def test_F75c_of_many_writers_at_once_exactly_one_gets_the_file(
    tmp_path: Path, header: TraceHeader
) -> None:
    path = tmp_path / "a.trace.jsonl"
    barrier = threading.Barrier(8)
    winners: list[Journal] = []

    def start() -> None:
        barrier.wait()
        with contextlib.suppress(TraceUnavailable):
            winners.append(Journal(path, header))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(winners) == 1
    assert winners[0].close().complete


def test_F75d_a_session_of_a_crash_is_exported_as_far_as_it_goes(
    tmp_path: Path, header: TraceHeader
) -> None:
    path = tmp_path / "a.trace.jsonl"
    with Journal(path, header) as journal:
        record(journal, MESSAGES)
    assert export_csv(path, tmp_path / "whole").problem is None
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    cut = export_csv(path, tmp_path / "cut")
    assert "the line is cut" in str(cut.problem)
    assert sum(cut.files.values()) > 0
    path.write_bytes(content[:50])
    with pytest.raises(TraceCorrupt, match="nothing can be saved"):
        export_csv(path, tmp_path / "nothing")


@pytest.mark.parametrize(
    "name", ["with spaces", "Übung für Zoë", "数据", "d" * 120 + "/" + "e" * 120 + "/" + "f" * 120]
)
def test_F75e_paths_with_spaces_umlauts_and_great_length_work(
    tmp_path: Path, header: TraceHeader, name: str
) -> None:
    path = tmp_path / name / "a b.trace.jsonl"
    with Journal(path, header) as journal:
        record(journal, MESSAGES)
    recover_trace(path, tmp_path / name / "ü.trace.jsonl")
    assert read_trace(tmp_path / name / "ü.trace.jsonl").messages == MESSAGES


def test_F75e_a_folder_that_is_copied_to_a_cloud_is_warned_of(
    tmp_path: Path, header: TraceHeader, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        Journal(tmp_path / "OneDrive - Clinic" / "a.trace.jsonl", header).close()
    assert "copied to a cloud" in caplog.text


@pytest.mark.parametrize("hours", [1, -1, None])
def test_F42_a_wall_clock_that_jumps_does_not_change_a_duration(
    tmp_path: Path, header: TraceHeader, monkeypatch: pytest.MonkeyPatch, hours: int | None
) -> None:
    path = tmp_path / "a.trace.jsonl"
    with Journal(path, header) as journal:
        record(journal, MESSAGES)
        jumped_ns = 0 if hours is None else time.time_ns() + hours * 3600 * 10**9
        monkeypatch.setattr(time, "time_ns", lambda: jumped_ns)
    found = verify_trace(path)
    assert found.is_whole
    assert found.last_at_ns == MESSAGES[-1].at_ns
    # A session that starts under the wrong clock is a session like any other.
    again = make_header(settings={}, profiles={}, source="demo")
    assert again.start_wall_ns == jumped_ns
    assert abs(again.start_monotonic_ns - time.monotonic_ns()) < 60 * 10**9
    assert abs(datetime.fromisoformat(again.start_wall_iso).timestamp() - jumped_ns / 1e9) < 0.001


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system has one time zone a process")
def test_F43_the_start_has_the_offset_of_its_season_and_durations_are_right_to_a_millisecond(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        before_change_ns = 1_792_889_999 * 10**9  # 2026-10-25 02:59:59 in summer time
        starts: list[str] = []
        for wall_ns in (before_change_ns, before_change_ns + 2 * 10**9):
            monkeypatch.setattr(time, "time_ns", lambda wall_ns=wall_ns: wall_ns)
            header = make_header(
                settings={}, profiles={}, source="demo", start_monotonic_ns=7 * 10**9
            )
            starts.append(header.start_wall_iso)
        assert starts == ["2026-10-25T02:59:59.000+02:00", "2026-10-25T02:00:01.000+01:00"]
        gap = datetime.fromisoformat(starts[1]) - datetime.fromisoformat(starts[0])
        assert gap.total_seconds() == 2.0
    finally:
        monkeypatch.undo()
        time.tzset()
    path = tmp_path / "a.trace.jsonl"
    with Journal(path, header) as journal:
        journal.record(TimePassed(at_ns=7 * 10**9 + 3_600_001_000_000))
    meta = export_csv(path, tmp_path / "tables").folder / "meta.json"
    assert '"duration_s": 3600.001' in meta.read_text()


PLANTED = ("Zoë Kowalski", "AA:BB:CC:DD:EE:FF", "a1-b2-c3-d4-e5-f6", "SN4711", "zoe@example.org")


def test_H24_an_export_holds_no_name_address_serial_or_mail(tmp_path: Path) -> None:
    name, address, other_address, serial, mail = PLANTED
    header = make_header(
        settings={"person": name, "mail": mail},
        profiles={"polar_h10": {"owner": name}},
        source=f"recording:/home/{name}/{serial}.json",
    )
    messages: list[Message] = [
        SensorAttached(
            at_ns=1, wearer=name, sensor=address, profile="polar_h10", site="chest", context={}
        ),
        PacketReceived(
            at_ns=2,
            wearer=name,
            sensor=address,
            characteristic="00002a25-0000-1000-8000-00805f9b34fb",
            payload=serial.encode(),
        ),
        PacketReceived(
            at_ns=2, wearer=name, sensor=address, characteristic="2a00", payload=name.encode()
        ),
        PacketRejected(
            at_ns=3,
            wearer=name,
            sensor=address,
            reason="bad_block",
            detail=f"{name} ({mail}) at {other_address} or {address}",
        ),
    ]
    path = tmp_path / "a.trace.jsonl"
    with Journal(path, header) as journal:
        record(journal, messages)
    export_csv(path, tmp_path / "tables")
    for file in (tmp_path / "tables").iterdir():
        content = file.read_text(encoding="utf-8")
        for planted in PLANTED:
            assert planted.lower() not in content.lower()
            assert planted.encode().hex() not in content.lower()


def test_H24_a_trace_and_what_is_made_of_it_belong_to_their_owner_alone(
    tmp_path: Path, header: TraceHeader
) -> None:
    path = tmp_path / "a.trace.jsonl"
    with Journal(path, header) as journal:
        record(journal, MESSAGES)
    recover_trace(path, tmp_path / "b.trace.jsonl")
    export_csv(path, tmp_path / "tables")
    files = [path, tmp_path / "b.trace.jsonl", *(tmp_path / "tables").iterdir()]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_H24_no_address_gets_into_a_header() -> None:
    header = make_header(settings={}, profiles={}, source="ble:AA:BB:CC:DD:EE:FF")
    assert "AA:BB" not in header.source


def is_packet(message: Message) -> bool:
    return isinstance(message, PacketReceived)
