"""person, goal and song-project as they are typed."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from biofeedback.cli.commands import app
from biofeedback.errors import RecordsDamaged, RecordsError, SettingsError
from biofeedback.records.store import Address, FileStore
from tests.unit.records.test_goals import note

MELODY = "1 1 2 3 5 5 5 5 4 4 3 2 1 1 - -"
COMMANDS = {
    "person": ["add", "change", "list", "show", "export", "forget", "repair"],
    "goal": ["set", "list", "show"],
    "song-project": [
        *("new", "list", "show", "lyrics", "templates", "change", "chords"),
        *("accept", "reject", "export", "delete", "repair"),
    ],
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Type a command; what it raised is raised, unless it only ended with an exit code."""
    monkeypatch.setenv("BIOFEEDBACK_RECORDS", str(tmp_path / "records"))
    monkeypatch.setattr("biofeedback.cli.goal.read_clock", lambda: "2026-11-27T12:00:00+01:00")
    monkeypatch.chdir(tmp_path)

    def typed(*words, code=0):
        result = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.stdout

    return typed


@pytest.fixture
def store(tmp_path):
    return FileStore(tmp_path / "records")


@pytest.fixture
def song(run):
    run("person", "add", "p7")
    run("song-project", "new", "River", "--person", "p7", "--tempo", 92, "--key", "A minor")


@pytest.mark.parametrize(
    ("group", "verb"), [(group, verb) for group, verbs in COMMANDS.items() for verb in verbs]
)
def test_every_command_explains_itself_with_an_example(run, group, verb):
    told = run(group, verb, "--help")
    assert f"Example: biofeedback {group} {verb}" in told
    assert "--json" in told
    assert "--plain" in told


def test_a_person_is_added_changed_and_shown(run):
    told = run("person", "add", "p7", "--ceiling", 120, "--no-pacemaker", "--style", "acoustic")
    assert "heart rate ceiling: 120 bpm" in told
    assert "beta-blocker: not asked" in told
    run("person", "change", "p7", "--ceiling", 110, "--minutes", 20, "--band", 15, "--beta-blocker")
    facts = json.loads(run("person", "show", "p7", "--json"))["person"]
    assert facts["heart_rate_ceiling_bpm"] == 110
    assert facts["time_limit_s"] == 1200
    assert facts["tempo_band_ratio"] == 0.15
    assert (facts["beta_blocker"], facts["pacemaker"], facts["atrial_fibrillation"]) == (
        True,
        False,
        None,
    )
    run("person", "change", "p7", "--unset", "ceiling", "--unset", "pacemaker")
    facts = json.loads(run("person", "show", "p7", "--json"))["person"]
    assert facts["heart_rate_ceiling_bpm"] is None
    assert facts["pacemaker"] is None
    assert facts["time_limit_s"] == 1200


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["add", "Anna Müller"], "never a real name"),
        (["add", "p7", "--ceiling", "250"], "--ceiling 250: .* 60, at most 200"),
        (["add", "p7", "--ceiling", "nan"], "--ceiling nan"),
        (["add", "p7", "--minutes", "90"], "--minutes 90: .* 1, at most 60"),
        (["add", "p7", "--style", "acustic"], "Did you mean 'acoustic'"),
        (["change", "p9", "--ceiling", "100"], "no person p9"),
        (["show", "../p7"], "pseudonym"),
    ],
)
def test_wrong_use_is_told_with_what_is_allowed(run, store, words, why):
    with pytest.raises((SettingsError, RecordsError), match=why) as told:
        run("person", *words)
    assert told.value.exit_code == 2
    assert store.people() == []


def test_goals_are_set_listed_and_followed(run, store):
    run("person", "add", "p7")
    with pytest.raises(SettingsError, match="needs --measure"):
        run("goal", "set", "p7", "walk", "--target", 100)
    with pytest.raises(SettingsError, match="Did you mean 'cadence_spm'"):
        run("goal", "set", "p7", "walk", "--target", 100, "--measure", "cadence")
    run(
        "goal",
        "set",
        "p7",
        "walk",
        "--target",
        100,
        "--measure",
        "cadence_spm",
        "--by",
        "2027-03-31",
    )
    for number in (1, 2):
        told = note(number, baseline=80.0, criterion=84.0, in_criterion_ratio=0.8, probe_value=81.0)
        store.add(Address("p7"), [told], seen=store.read(Address("p7")).revision)
    for words, why in ((["--by", "soon"], "--by soon"), (["--minutes", "0"], "--minutes 0")):
        with pytest.raises(SettingsError, match=why):
            run("goal", "set", "p7", "walk", "--target", 95, *words)
    run("goal", "set", "p7", "walk", "--target", 95)
    facts = json.loads(run("goal", "show", "p7", "walk", "--json"))
    assert facts["goal"]["target"] == 95
    assert facts["goal"]["by"] == "2027-03-31"
    assert [entry["criterion"] for entry in facts["history"]] == [84.0, 84.0]
    assert facts["verdict_words"] == "too early to say"
    assert facts["next_session"]["plan"]["criterion"] == 84.0
    assert "2 sessions of 18 min on average" in run("goal", "show", "p7", "walk")
    assert "asked now 84" in run("goal", "list", "p7")
    assert len(run("goal", "list", "p7", "--json").splitlines()) == 1
    with pytest.raises(RecordsError, match="Goals: walk"):
        run("goal", "show", "p7", "swim")


def test_a_goal_is_not_set_for_a_day_that_is_past(run):
    run("person", "add", "p7")
    new = ("goal", "set", "p7", "walk", "--target", 100, "--measure", "cadence_spm", "--by")
    for day in ("2020-01-01", "2026-11-26"):
        with pytest.raises(SettingsError, match=f"--by {day}: .* from 2026-11-27 on") as told:
            run(*new, day)
        assert told.value.exit_code == 2
    run(*new, "2026-11-27")
    assert json.loads(run("goal", "list", "p7", "--json"))["goal"]["by"] == "2026-11-27"


def test_a_song_is_written_by_typing_too(run, song, tmp_path):
    run("song-project", "lyrics", "river", "verse", "--template", "i-am", "--word", "strong")
    run("song-project", "lyrics", "river", "verse", "--word", "the sun is up")
    run("song-project", "lyrics", "river", "chorus", "Thank you for the river", "for all of it")
    run("song-project", "accept", "river", "--part", "verse", "--melody", MELODY)
    run(
        "song-project",
        "accept",
        "river",
        "--part",
        "chorus",
        "--melody",
        MELODY,
        "--groove",
        "driving",
    )
    run("song-project", "chords", "river", "chorus", 1, 4)
    facts = json.loads(run("song-project", "show", "river", "--json"))
    assert facts["key"] == "A minor"
    assert facts["lyrics"]["verse"][0] == "I am strong when the sun is up"
    assert facts["takes"]["chorus"]["groove"] == "driving"
    assert facts["chords"] == {"chorus": [0, 3]}
    assert facts["is_whole"] is True
    shown = run("song-project", "show", "p7/river")
    assert "take 1, verse: accepted" in shown
    assert MELODY in shown
    run(
        "song-project",
        "export",
        "river",
        "--text",
        "river.txt",
        "--sheet",
        "river.html",
        "--midi",
        "r.mid",
    )
    assert "I am strong when the sun is up" in (tmp_path / "river.txt").read_text()
    with pytest.raises(SettingsError, match="exists already"):
        run("song-project", "export", "river", "--text", "river.txt")


def test_a_take_goes_and_comes_back(run, song):
    run("song-project", "accept", "river", "--part", "verse", "--melody", MELODY)
    told = run("song-project", "reject", "river", "verse")
    assert "take 2, verse: rejected" in told
    assert "verse 1: no melody yet" in told
    assert "melody kept" in run("song-project", "accept", "river", "--take", 1)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["show", "sea"], "Did you mean|no song project sea"),
        (["lyrics", "river", "bridge", "x"], "no part 'bridge'"),
        (["lyrics", "river", "verse"], "give lines"),
        (["lyrics", "river", "verse", "x", "--clear"], "--clear"),
        (["lyrics", "river", "verse", "--template", "you-are"], "i-am"),
        (["change", "river"], "say what changes"),
        (["change", "river", "--key", "H"], "--key H"),
        (["change", "river", "--tempo", "20"], "--tempo 20: .* 40, at most 180"),
        (["change", "river", "--style", "drone"], "--style drone"),
        (["chords", "river", "verse"], "--auto"),
        (["chords", "river", "verse", "2"], "steps 1, 3, 4, 5, 6, 7"),
        (["accept", "river"], "--take N"),
        (["accept", "river", "--part", "verse", "--melody", "1 2 x"], "whole numbers"),
        (["accept", "river", "--part", "verse", "--melody", "1 2 3"], "whole bars"),
        (["reject", "river", "verse"], "none yet"),
        (["export", "river"], "say what to write"),
        (["export", "river", "--wav", "river.mp3"], "ends in .wav"),
        (["export", "river", "--text", "r.txt"], "no melody yet"),
        (["delete", "river"], "--yes"),
        (["new", "River", "--person", "p7"], "^p7/river exists already; give another --name"),
        (["new", "!!!", "--person", "p7"], "--name"),
        (["new", "Sea", "--person", "p9"], "no person p9"),
    ],
)
def test_wrong_use_of_songs_is_told(run, song, words, why):
    with pytest.raises((SettingsError, RecordsError), match=why) as told:
        run("song-project", *words)
    assert told.value.exit_code == 2


def test_a_name_that_two_people_have_needs_the_person(run, song):
    run("person", "add", "p8")
    run("song-project", "new", "River", "--person", "p8")
    with pytest.raises(RecordsError, match="p7/river, p8/river"):
        run("song-project", "show", "river")
    assert "p8/river" in run("song-project", "show", "p8/river")
    assert len(run("song-project", "list", "--json").splitlines()) == 2
    assert "p7/river" not in run("song-project", "list", "--person", "p8")


def test_templates_are_listed_and_printed(run, tmp_path):
    assert "I am ___ when ___" in run("song-project", "templates")
    assert json.loads(run("song-project", "templates", "letter", "--json"))["part"] == "verse"
    run("song-project", "templates", "letter", "-o", "letter.html")
    assert "Dear body" in (tmp_path / "letter.html").read_text()


def test_a_disk_that_fills_while_a_file_is_written_is_told(run, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", fail)
    with pytest.raises(RecordsError, match=r"letter\.html: can't be written \(No space left"):
        run("song-project", "templates", "letter", "-o", "letter.html")


def test_forgetting_takes_all_and_names_what_lies_elsewhere(run, song, store, tmp_path):
    here = tmp_path / "s1.trace.jsonl"
    here.write_text("trace")
    store.add(Address("p7"), [note(1), note(2)], seen=1)
    run("person", "export", "p7", "-o", "p7.json")
    table = json.loads((tmp_path / "p7.json").read_text())
    assert len(table["sessions"]) == 2
    assert "river" in table["songs"]
    with pytest.raises(SettingsError, match="--yes"):
        run("person", "forget", "p7")
    told = run("person", "forget", "p7", "--traces", "--yes", code=1)
    assert "deleted: s1.trace.jsonl" in told
    assert "not found; if it was moved, delete it there: s2.trace.jsonl" in told
    assert not here.exists()
    assert store.people() == []
    assert "Nobody yet" in run("person", "list")


@pytest.mark.parametrize("elsewhere", [False, True])
def test_forgetting_finds_the_traces_that_a_session_left(run, tmp_path, monkeypatch, elsewhere):
    run("person", "add", "p8")
    play = ("play", "--person", "p8", "--fast", "--sound", "null", "--duration", "3s", "--plain")
    run(*play)
    run(*play, "--trace", "own/t.trace.jsonl")
    run(*play, "--trace", "again/t.trace.jsonl")
    assert len(list(tmp_path.rglob("*.trace.jsonl"))) == 3
    run("person", "export", "p8", "-o", "p8.json")
    assert str(tmp_path) not in (tmp_path / "p8.json").read_text(), "no home folder in an export"
    if elsewhere:
        (tmp_path / "another").mkdir()
        monkeypatch.chdir(tmp_path / "another")
    told = run("person", "forget", "p8", "--traces", "--yes")
    assert told.count("deleted: ") == 3
    assert not list(tmp_path.rglob("*.trace.jsonl"))


def test_one_is_counted_as_one(run, store):
    run("person", "add", "p7")
    run("goal", "set", "p7", "walk", "--measure", "cadence_spm", "--target", "100")
    run("song-project", "new", "River", "--person", "p7")
    store.add(Address("p7"), [note(1)], seen=2)
    assert "p7: 1 session, last on 2026-11-01, 1 goal, 1 song project" in run("person", "list")
    assert ", 1 session, " in run("goal", "list", "p7")
    assert "p7.json: 1 session, 1 song\n" in run("person", "export", "p7", "-o", "p7.json")


def test_a_trace_noted_by_its_name_is_found_in_sessions(run, store, tmp_path):
    run("person", "add", "p7")
    old = tmp_path / "sessions" / "s1.trace.jsonl"
    old.parent.mkdir()
    old.write_text("trace")
    store.add(Address("p7"), [note(1)], seen=1)
    assert "s1.trace.jsonl" in run("person", "forget", "p7", "--traces", "--yes")
    assert not old.exists()


def test_a_trace_that_can_not_be_deleted_is_named(run, store, tmp_path, monkeypatch):
    def refuse(_):
        raise PermissionError(13, "Permission denied")

    run("person", "add", "p7")
    (tmp_path / "s1.trace.jsonl").write_text("trace")
    store.add(Address("p7"), [note(1)], seen=1)
    monkeypatch.setattr("pathlib.Path.unlink", refuse)
    told = run("person", "forget", "p7", "--traces", "--yes", code=1)
    assert "can't be deleted (Permission denied): s1.trace.jsonl" in told


def test_forgetting_a_damaged_record_says_that_its_traces_are_not_known(run, store):
    run("person", "add", "p8")
    path = store.folder / "p8" / "person.jsonl"
    path.write_bytes(path.read_bytes().replace(b"p8", b"p9"))
    run("person", "forget", "p8", "--traces", "--yes", code=1)
    assert store.people() == []


def test_damage_of_one_does_not_hide_the_others(run, song, store):
    run("person", "add", "p8")
    path = store.folder / "p8" / "person.jsonl"
    path.write_bytes(path.read_bytes().replace(b"p8", b"p9"))
    told = run("person", "list", code=1)
    assert "p7: 0 sessions" in told
    rows = [json.loads(row) for row in run("person", "list", "--json", code=1).splitlines()]
    assert "repair p8" in rows[1]["error"]
    with pytest.raises(RecordsDamaged, match="repair p8"):
        run("person", "show", "p8")
    told = run("person", "repair", "p8", code=1)
    assert "1 lost" in told
    assert "limits and answers" in told
    assert "p8" in run("person", "show", "p8")
    river = store.folder / "p7" / "song-river.jsonl"
    river.write_bytes(river.read_bytes()[:-5] + b"beef\n")
    run("song-project", "list", code=1)
    facts = json.loads(run("song-project", "repair", "river", "--json", code=1))
    assert (facts["lost"], facts["renewed"]) == (1, True)
    assert "p7/river" in run("song-project", "show", "river")


def test_a_damaged_record_can_be_forgotten(run, store):
    run("person", "add", "p8")
    (store.folder / "p8" / "person.jsonl").write_bytes(b"???")
    run("person", "forget", "p8", "--yes")
    assert store.people() == []


def test_the_folder_can_be_given(run, tmp_path):
    run("person", "add", "p7", "--records", tmp_path / "elsewhere")
    assert FileStore(tmp_path / "elsewhere").people() == ["p7"]
    assert FileStore(tmp_path / "records").people() == []
