"""The folder of records: what is added stays, what is forgotten is gone."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.errors import RecordsConflict, RecordsDamaged, RecordsError
from biofeedback.records.export import export_person, list_traces
from biofeedback.records.goals import Goal
from biofeedback.records.person import Person
from biofeedback.records.rows import decode_row, encode_row
from biofeedback.records.sessions import note_session
from biofeedback.records.song_project import (
    ChordsChosen,
    Drawing,
    LyricsWritten,
    SongSettings,
    TakeAccepted,
    TakeRejected,
    read_project,
)
from biofeedback.records.store import Address, FileStore, change

P7 = Address("p7")
RIVER = Address("p7", "river")
PERSON = Person(pseudonym="p7")
SONG = SongSettings(title="River")
TAKE = TakeAccepted(drawing=Drawing(slot="verse", degrees=(0,) * 8, groove="sparse"))


def note(number):
    return note_session(
        {"criterion": 80.0 + number},
        session=f"s{number}",
        started_iso="2026-11-01T10:00:00+01:00",
        therapy="contingent",
        minutes=10.0,
        trace=f"/traces/s{number}.trace.jsonl",
    )


@pytest.fixture
def store(tmp_path):
    made = FileStore(tmp_path / "records")
    made.add(P7, [PERSON], seen=0)
    return made


def test_what_was_added_is_read_in_order(store):
    store.add(P7, [note(1)], seen=1)
    store.add(P7, [note(2), note(3)], seen=2)
    rows = store.read(P7)
    assert rows.rows == (PERSON, note(1), note(2), note(3))
    assert rows.revision == 4
    # Another process sees the same.
    assert FileStore(store.folder).read(P7) == rows


def test_people_and_songs_are_listed(store):
    store.add(Address("a1"), [Person(pseudonym="a1")], seen=0)
    store.add(RIVER, [SONG], seen=0)
    store.add(Address("p7", "sun"), [SONG], seen=0)
    assert store.people() == ["a1", "p7"]
    assert (store.songs("p7"), store.songs("a1")) == (["river", "sun"], [])
    assert FileStore(store.folder / "nowhere").people() == []


def test_strange_things_in_the_folder_are_passed_over(store):
    (store.folder / "notes.txt").write_text("hello")
    (store.folder / "Not A Name").mkdir()
    (store.folder / "Not A Name" / "person.jsonl").write_text("hello")
    (store.folder / "p7" / "song-Not A Name.jsonl").write_text("hello")
    assert store.people() == ["p7"]
    assert store.songs("p7") == []


def test_nobody_is_made_twice(store):
    with pytest.raises(RecordsConflict, match="exists already"):
        store.add(P7, [PERSON], seen=0)
    with pytest.raises(RecordsError, match=r"no person p9.*Known: p7"):
        store.add(Address("p9", "river"), [SONG], seen=0)
    with pytest.raises(RecordsError, match="no person"):
        store.add(Address("p9"), [PERSON], seen=1)


def test_change_asks_again_when_somebody_was_quicker(store):
    asked = []

    def decide(rows):
        asked.append(len(rows))
        if len(asked) == 1:
            FileStore(store.folder).add(P7, [note(1)], seen=len(rows))
        return (note(2),)

    after = change(store, P7, decide)
    assert asked == [1, 2]
    assert after == store.read(P7)
    assert [row.session for row in after.rows[1:]] == ["s1", "s2"]


def test_change_may_leave_all_as_it_is(store):
    assert change(store, P7, lambda _: ()).revision == 1


WRITER = """
import sys
from biofeedback.records.store import Address, FileStore, change
from biofeedback.records.sessions import note_session
for n in range(15):
    note = note_session({}, session=f"{sys.argv[2]}-{n}", started_iso="2026-11-01T10:00:00+01:00",
                        therapy="gait", minutes=1.0)
    change(FileStore(__import__("pathlib").Path(sys.argv[1])), Address("p7"), lambda rows: (note,))
"""


def test_processes_that_write_at_once_lose_nothing(store):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(store.folder), name])
        for name in ("a", "b", "c")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    told = {row.session for row in store.read(P7).rows[1:]}
    assert told == {f"{name}-{n}" for name in "abc" for n in range(15)}


def test_who_is_forgotten_is_gone_with_all_songs(store):
    store.add(RIVER, [SONG], seen=0)
    store.add(Address("a1"), [Person(pseudonym="a1")], seen=0)
    store.forget(P7)
    assert store.people() == ["a1"]
    left = {path.name for path in store.folder.rglob("*")}
    assert left == {".lock", "a1", "person.jsonl"}
    with pytest.raises(RecordsError, match="no person p7"):
        store.forget(P7)


def test_a_song_that_is_deleted_leaves_the_person(store):
    store.add(RIVER, [SONG], seen=0)
    store.forget(RIVER)
    assert (store.people(), store.songs("p7")) == (["p7"], [])
    with pytest.raises(RecordsError, match="no song project river"):
        store.read(RIVER)


def test_what_a_killed_forgetting_left_is_swept_with_the_next(store):
    aside = store.folder / ".forgotten-123"
    aside.mkdir()
    (aside / "person.jsonl").write_text("p8")
    store.forget(P7)
    assert not aside.exists()


def test_an_export_is_complete(store):
    store.add(P7, [note(1), Goal(name="walk", measure="cadence_spm", target=100.0)], seen=1)
    store.add(RIVER, [SONG, TAKE, LyricsWritten(part="verse", lines=("I am",))], seen=0)
    table = export_person(store, "p7")
    assert table["person"]["pseudonym"] == "p7"
    assert [row["type"] for row in table["history"]] == ["Person", "SessionNote", "Goal"]
    assert table["sessions"][0]["outcomes"] == {"criterion": 81.0}
    assert table["goals"][0]["goal"]["target"] == 100.0
    assert len(table["songs"]["river"]["history"]) == 3
    assert list_traces(store.read(P7).rows) == ["/traces/s1.trace.jsonl"]
    assert table["traces"] == ["s1.trace.jsonl"], "whose computer it is stays out of it"
    assert {row.get("trace") for row in table["history"]} == {None, "s1.trace.jsonl"}
    path = store.folder / "p7" / "song-river.jsonl"
    path.write_bytes(path.read_bytes().replace(b"River", b"Rivet"))
    assert "checksum" in export_person(store, "p7")["songs"]["river"]["error"]


def test_the_folder_comes_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("BIOFEEDBACK_RECORDS", str(tmp_path / "there"))
    assert FileStore().folder == tmp_path / "there"
    assert FileStore(tmp_path).folder == tmp_path
    monkeypatch.delenv("BIOFEEDBACK_RECORDS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert FileStore().folder == tmp_path / "biofeedback" / "records"


degrees = st.lists(st.none() | st.integers(-7, 14), min_size=8, max_size=64).map(tuple)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
drawings = st.builds(
    Drawing,
    slot=st.sampled_from(["verse", "chorus"]),
    degrees=degrees,
    groove=st.sampled_from(["sparse", "steady", "driving"]),
)
song_rows = st.one_of(
    st.builds(SongSettings, title=texts, tempo_bpm=st.none() | st.floats(60, 140)),
    st.builds(LyricsWritten, part=st.just("verse"), lines=st.lists(texts, max_size=16).map(tuple)),
    st.builds(TakeAccepted, drawing=drawings, session=st.none() | texts),
    st.builds(TakeRejected, drawing=drawings),
    st.builds(
        ChordsChosen,
        slot=st.just("verse"),
        roots=st.none() | st.lists(st.integers(0, 6), min_size=1).map(tuple),
    ),
)


@given(st.lists(song_rows, max_size=6))
def test_every_row_reads_back_as_itself_and_never_breaks_a_line(rows):
    for row in rows:
        line = encode_row("song", row)
        assert line.count(b"\n") == 1
        assert decode_row(line, "song") == row
    if any(isinstance(row, SongSettings) for row in rows):
        project = read_project(rows)
        takes = [row for row in rows if isinstance(row, TakeAccepted | TakeRejected)]
        assert list(project.history) == takes


def test_a_song_whose_settings_are_lost_keeps_its_takes(store):
    store.add(RIVER, [SONG, TAKE], seen=0)
    path = store.folder / "p7" / "song-river.jsonl"
    path.write_bytes(path.read_bytes().replace(b"River", b"Rivet"))
    done = store.repair(RIVER)
    assert (done.kept, done.lost, done.renewed) == (1, 1, True)
    project = read_project(store.read(RIVER).rows)
    assert project.takes == {"verse": TAKE.drawing}
    assert project.settings.form == ("verse",)


def test_a_song_in_a_persons_place_is_refused(store):
    path = store.folder / "p7" / "person.jsonl"
    store.add(RIVER, [SONG], seen=0)
    path.write_bytes((store.folder / "p7" / "song-river.jsonl").read_bytes())
    with pytest.raises(RecordsDamaged, match="song's record"):
        store.read(P7)
