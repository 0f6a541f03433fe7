"""Faults of records: rows F51, F54-F56, F72-F75e, F102, H12, H24."""

from __future__ import annotations

import errno
import logging
import os
import random
import signal
import stat
import subprocess
import sys
import time
from itertools import product
from types import SimpleNamespace

import pytest

from biofeedback.errors import RecordsConflict, RecordsDamaged, RecordsError
from biofeedback.records import log_file
from biofeedback.records.log_file import LARGEST_BYTES, locked
from biofeedback.records.person import Person, lay_limits
from biofeedback.records.rows import read_record
from biofeedback.records.sessions import note_session
from biofeedback.records.song_project import SongSettings, read_project
from biofeedback.records.store import Address, FileStore, change
from biofeedback.settings import Person as WearerLimits
from biofeedback.settings import Settings
from biofeedback.trace.lines import encode_line

P7 = Address("p7")
RIVER = Address("p7", "river")
PERSON = Person(pseudonym="p7", heart_rate_ceiling_bpm=120.0)
KILLS = 60


def note(number):
    return note_session(
        {"criterion": 80.0 + number},
        session=f"s{number}",
        started_iso="2026-11-01T10:00:00+01:00",
        therapy="contingent",
        minutes=10.0,
    )


@pytest.fixture
def store(tmp_path):
    made = FileStore(tmp_path / "records")
    made.add(P7, [PERSON, note(1), note(2)], seen=0)
    return made


@pytest.fixture
def path(store):
    return store.folder / "p7" / "person.jsonl"


class FailingSystem(SimpleNamespace):
    """The ``os`` module, whose n-th write, sync, rename or cut fails, and all later ones too."""

    def __init__(self, fail_at: int, code: int, *, once: bool) -> None:
        super().__init__()
        self.left, self.code, self.once = fail_at, code, once

    def __getattr__(self, name):
        real = getattr(os, name)
        if name not in {"write", "fsync", "replace", "ftruncate", "open", "link"}:
            return real

        def act(*arguments, **named):
            self.left -= 1
            if self.left == 0 or (self.left < 0 and not self.once):
                if name == "write" and self.code == errno.ENOSPC:
                    real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                raise OSError(self.code, os.strerror(self.code))
            return real(*arguments, **named)

        return act


def break_disk(monkeypatch, fail_at, code=errno.ENOSPC, *, once=False):
    system = FailingSystem(fail_at, code, once=once)
    monkeypatch.setattr(log_file, "os", system)
    return system


@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_F72_F73_whatever_fails_the_record_is_as_it_was_and_can_be_added_to_later(
    store, path, monkeypatch, code, once
):
    before, whole = store.read(P7).rows, path.read_bytes()
    for fail_at in range(1, 30):
        told = None
        with monkeypatch.context() as context:
            break_disk(context, fail_at, code, once=once)
            try:
                store.add(P7, [note(3)], seen=3)
            except RecordsError as error:
                told = str(error)
        if told is None:
            break
        assert "--records FOLDER" in told
        rows = store.read(P7).rows
        if "look whether" in told:
            # The disk took the line, could not say so, and could not take it back.
            assert not once
            assert rows[:3] == before
            assert len(rows) <= 4
            path.write_bytes(whole)
        else:
            assert rows == before
    assert fail_at > 4
    assert store.read(P7).rows == (*before, note(3))


def test_F54_a_new_record_is_there_as_a_whole_or_not_at_all(store, monkeypatch):
    for fail_at in range(1, 30):
        with monkeypatch.context() as context:
            break_disk(context, fail_at)
            try:
                store.add(RIVER, [SongSettings(title="River")], seen=0)
            except RecordsError:
                names = {path.name for path in (store.folder / "p7").iterdir()}
                assert names <= {"person.jsonl", "song-river.jsonl"}
                if store.songs("p7"):  # only the confirmation of the name failed
                    store.forget(RIVER)
            else:
                break
    assert len(store.read(RIVER).rows) == 1


def test_F73_a_folder_that_can_not_be_used_is_told_with_the_way_out(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = FileStore(tmp_path / "file" / "records")
    with pytest.raises(RecordsError, match="BIOFEEDBACK_RECORDS"):
        store.add(P7, [PERSON], seen=0)
    assert store.people() == []


def test_records_on_a_disk_that_may_only_be_read_can_be_read(store, monkeypatch):
    break_disk(monkeypatch, 1, errno.EROFS)
    assert read_record(store.read(P7).rows).person == PERSON
    with pytest.raises(RecordsError, match="Read-only file system"):
        store.add(P7, [note(3)], seen=3)


# ------------------------------------------------------------ damage


def test_F74_a_line_that_was_cut_was_never_kept_and_the_next_takes_its_place(store, path):
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for cut in range(last, len(whole)):
        path.write_bytes(whole[:cut])
        # Only the last cut leaves all of the line but its end.
        left = (PERSON, note(1), note(2)) if cut == len(whole) - 1 else (PERSON, note(1))
        assert store.read(P7).rows == left, cut
        store.add(P7, [note(3)], seen=len(left))
        assert store.read(P7).rows == (*left, note(3))


def test_F75a_no_flipped_bit_is_read_as_something_else(store, path):
    whole = path.read_bytes()
    rng = random.Random(1)  # noqa: S311 - repeatable noise, no secret
    right = store.read(P7).rows
    for _ in range(400):
        at, bit = rng.randrange(len(whole)), rng.randrange(8)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
        try:
            rows = store.read(P7).rows
        except (RecordsDamaged, RecordsError):
            continue
        assert rows == right


def test_damage_says_where_and_what_to_do_and_nothing_is_written_beyond_it(store, path):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[2].replace(b"s1", b"s9"), *lines[3:]]))
    with pytest.raises(RecordsDamaged, match=r"line 3: .*person repair p7") as told:
        store.read(P7)
    assert told.value.exit_code == 5
    damaged = path.read_bytes()
    with pytest.raises(RecordsDamaged):
        store.add(P7, [note(3)], seen=3)
    assert path.read_bytes() == damaged


def test_repair_keeps_every_other_line_and_the_damaged_file(store, path):
    lines = path.read_bytes().splitlines(keepends=True)
    damaged = b"".join([*lines[:2], lines[2].replace(b"s1", b"s9"), *lines[3:]])
    path.write_bytes(damaged)
    done = store.repair(P7)
    assert (done.kept, done.lost) == (2, 1)
    assert done.aside.read_bytes() == damaged
    assert store.read(P7).rows == (PERSON, note(2))
    assert store.repair(P7).aside is None
    store.add(P7, [note(3)], seen=2)
    # Who is forgotten is forgotten there too.
    store.forget(P7)
    assert not done.aside.exists()


def test_repair_gives_a_file_without_its_first_line_a_new_one(store, path):
    whole = path.read_bytes()
    path.write_bytes(b"x" + whole)
    with pytest.raises(RecordsDamaged, match="line 1"):
        store.read(P7)
    assert store.repair(P7).kept == 3
    assert store.read(P7).rows == (PERSON, note(1), note(2))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        b"\xef\xbb\xbf",
        b"{}",
        b"{}\n",
        b"[person]\n",
        bytes(range(256)) * 20,
        b"\n\n",
    ],
)
def test_F51_what_is_no_record_is_refused_in_words(store, path, content):
    path.write_bytes(content)
    with pytest.raises(RecordsDamaged, match="Bring the file back from a copy"):
        store.read(P7)


def test_F51_a_file_of_a_gigabyte_is_refused_unread(store, path):
    os.truncate(path, 1 << 30)
    assert path.stat().st_size > LARGEST_BYTES
    with pytest.raises(RecordsDamaged, match="MB are more than any record has"):
        store.read(P7)


def test_F55_a_newer_version_is_refused_with_its_number_and_left_alone(store, path):
    lines = path.read_bytes().splitlines(keepends=True)
    newer = encode_line({"type": "RecordHeader", "records_version": 2, "kind": "person"})
    path.write_bytes(b"".join([newer, *lines[1:]]))
    for refused in (lambda: store.read(P7), lambda: store.repair(P7)):
        with pytest.raises(RecordsError, match=r"newer version.*records 2"):
            refused()
    with pytest.raises(RecordsError, match="newer version"):
        store.add(P7, [note(3)], seen=3)


def test_F75e_F102_folders_and_texts_of_any_kind(tmp_path):
    folder = tmp_path / "Über uns – 数え歌" / ("x" * 120) / ("y y" * 40)
    store = FileStore(folder)
    store.add(P7, [PERSON], seen=0)
    store.add(RIVER, [SongSettings(title="روز خوب 🎵")], seen=0)
    assert read_project(store.read(RIVER).rows).settings.title == "روز خوب 🎵"


def test_F75e_a_folder_that_is_copied_to_a_cloud_is_warned_of(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        FileStore(tmp_path / "Dropbox").add(P7, [PERSON], seen=0)
    assert "copied to a cloud" in caplog.text


def test_F75c_a_writer_that_hangs_is_named_after_a_while(store, monkeypatch):
    monkeypatch.setattr(log_file, "PATIENCE_S", 0.05)
    with locked(store.folder), pytest.raises(RecordsError, match="another program"):
        store.add(P7, [note(3)], seen=3)
    store.add(P7, [note(3)], seen=3)


# ------------------------------------------------------------ people


def test_H12_an_age_says_something_only_when_all_three_were_asked_and_denied():
    aged = Settings(persons={"p1": WearerLimits(age_years=70.0)})
    for answers in product((None, True, False), repeat=3):
        beta, fibrillation, pacemaker = answers
        person = Person(
            pseudonym="p", beta_blocker=beta, atrial_fibrillation=fibrillation, pacemaker=pacemaker
        )
        ceiling_bpm = lay_limits(aged, wearer="p1", person=person).persons["p1"].ceiling_bpm
        assert (ceiling_bpm is not None) == (answers == (False, False, False))


def test_F56_the_second_of_two_windows_is_told_and_nothing_is_overwritten(store):
    seen = store.read(P7).revision
    store.add(P7, [Person(pseudonym="p7", heart_rate_ceiling_bpm=120)], seen=seen)
    with pytest.raises(RecordsConflict, match="somebody else changed"):
        store.add(P7, [Person(pseudonym="p7", heart_rate_ceiling_bpm=150)], seen=seen)
    assert read_record(store.read(P7).rows).person.heart_rate_ceiling_bpm == 120


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_H24_records_files_are_for_their_owner_only(store):
    store.add(RIVER, [SongSettings(title="River")], seen=0)
    for path in store.folder.rglob("*"):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


# ------------------------------------------------------------ kills

ACCEPTING = """
import sys
from pathlib import Path
from biofeedback.control.songwrite import Take
from biofeedback.records.song_project import add_takes, read_project
from biofeedback.records.store import Address, FileStore, change
store, river = FileStore(Path(sys.argv[1])), Address("p7", "river")
first = int(sys.argv[2])
sys.stdout.write("ready\\n"); sys.stdout.flush()
for number in range(first, first + 10_000):
    digits = [int(digit) for digit in f"{number:08d}"]
    take = Take("verse", tuple(digits), "steady")
    change(store, river, lambda rows: add_takes(read_project(rows), [take]))
    sys.stdout.write(f"{number}\\n"); sys.stdout.flush()
"""


@pytest.mark.timeout(400)
def test_F74_killed_at_any_moment_nothing_that_was_accepted_is_lost(store):
    store.add(RIVER, [SongSettings(title="River", tempo_bpm=90.0)], seen=0)
    rng = random.Random(7)  # noqa: S311 - repeatable noise, no secret
    told = 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", ACCEPTING, str(store.folder), str(told)],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert process.stdout.readline() == b"ready\n"
        # Another moment each time, a few takes into the work: by count, and then a little later.
        wanted = rng.randrange(8)
        lines = [process.stdout.readline() for _ in range(wanted)]
        end_s = time.perf_counter() + rng.random() * 0.004
        while time.perf_counter() < end_s:
            pass
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
        process.stdout.close()
        process.wait()
        confirmed = [int(line) for line in lines if line.endswith(b"\n")]
        history = read_project(store.read(RIVER).rows).history
        kept = [int("".join(map(str, row.drawing.degrees))) for row in history]
        assert kept == list(range(len(kept))), "in order, none twice, none half"
        told = max([told, *(number + 1 for number in confirmed)])
        assert len(kept) >= told, "what was confirmed is there"
        assert len(kept) <= told + 1, "and no more than the one that was on its way"
        told = len(kept)
    assert told > KILLS
    # The lock went with each process, and the newest take holds.
    change(store, RIVER, lambda rows: (read_project(rows).settings,))
    assert read_project(store.read(RIVER).rows).takes["verse"].degrees[-1] == (told - 1) % 10
