"""A session that can't begin leaves everything as it was; one that can't be kept says so."""

from __future__ import annotations

import errno
import json
import os

import pytest
from typer.testing import CliRunner

from biofeedback.cli import play
from biofeedback.cli.commands import app
from biofeedback.cli.keys import find_order, has_keyboard
from biofeedback.errors import SettingsError, SoundError
from biofeedback.trace.disk import DiskFile, TraceUnavailable
from biofeedback.trace.journal import Journal
from biofeedback.trace.reader import read_trace

SESSION = ["play", "--from", "sim:walk", "--duration", "3s", "--fast", "--trace", "t.trace.jsonl"]


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*words):
    return CliRunner().invoke(app, [*map(str, words)])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


class FailingDisk(DiskFile):
    """A disk that is full some seconds after the header with its profiles."""

    def write_at(self, offset, data):
        if offset + len(data) > 120_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write_at(offset, data)


class ImpatientJournal(Journal):
    """One that doesn't wait long for a broken disk."""

    def __init__(self, path, header, *, when_full):
        del when_full  # a fast session would wait for the disk for ever
        super().__init__(path, header, open_file=FailingDisk)

    def close(self, *, timeout_s=0.3):
        return super().close(timeout_s=timeout_s)


def test_sound_that_fails_leaves_the_old_files_and_no_new_ones(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise SoundError("no sound here")

    monkeypatch.setattr(play, "_open_sound", refuse)
    assert isinstance(run(*SESSION, "--sound", "s.wav").exception, SoundError)
    assert names(tmp_path) == []
    (tmp_path / "s.wav").write_text("old sound")
    (tmp_path / "t.trace.jsonl").write_text("old trace")
    failed = run(*SESSION, "--sound", "s.wav", "--overwrite")
    assert isinstance(failed.exception, SoundError)
    assert names(tmp_path) == ["s.wav", "t.trace.jsonl"]
    assert (tmp_path / "s.wav").read_text() == "old sound"
    assert (tmp_path / "t.trace.jsonl").read_text() == "old trace"


def test_a_trace_that_can_not_be_made_leaves_no_stray_sound(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise TraceUnavailable("no room")

    monkeypatch.setattr(play, "Journal", refuse)
    assert isinstance(run(*SESSION, "--sound", "s.wav").exception, TraceUnavailable)
    assert names(tmp_path) == []


def test_a_session_that_breaks_closes_its_trace(tmp_path, monkeypatch):
    def break_down(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(play, "run_session", break_down)
    assert isinstance(run(*SESSION, "--sound", "null").exception, ZeroDivisionError)
    assert read_trace(tmp_path / "t.trace.jsonl").is_whole


def test_a_trace_is_not_played_into_itself(tmp_path):
    assert run(*SESSION, "--sound", "null", "--plain").exit_code == 0
    before = (tmp_path / "t.trace.jsonl").read_bytes()
    words = ["--from", "trace:t.trace.jsonl", "--trace", "./t.trace.jsonl", "--overwrite"]
    refused = run("play", *words, "--sound", "null", "--fast")
    assert isinstance(refused.exception, SettingsError)
    assert (tmp_path / "t.trace.jsonl").read_bytes() == before


def test_the_plain_summary_has_one_fact_a_line():
    done = run(*SESSION, "--sound", "null", "--plain")
    lines = done.stdout.splitlines()
    assert "trace: t.trace.jsonl" in lines
    assert "check: biofeedback replay t.trace.jsonl" in lines
    assert any(line.startswith("heard from you: ") for line in lines)


@pytest.mark.parametrize("how", ["--plain", "--json"])
def test_F72_an_incomplete_trace_is_told_with_its_reason_and_exit_code_1(monkeypatch, how):
    monkeypatch.setattr(play, "Journal", ImpatientJournal)
    done = run(*SESSION, "--sound", "null", how)
    assert done.exit_code == 1
    if how == "--json":
        facts = json.loads(done.stdout.splitlines()[-1])
        assert facts["trace_complete"] is False
        assert "No space left" in facts["trace_problem"]
    else:
        assert "incomplete: No space left on device" in done.stdout


def test_keys_are_orders():
    assert find_order(" ", paused=False).command == "pause"
    assert find_order(" ", paused=True).command == "resume"
    assert find_order("s", paused=False).command == "start"
    assert find_order("q", paused=False).command == "stop"
    assert find_order("x", paused=False) is None


def test_without_a_terminal_there_is_no_keyboard():
    assert not has_keyboard()


def test_F74_the_next_start_offers_to_save_what_a_killed_session_left(tmp_path):
    assert run(*SESSION, "--sound", "null").exit_code == 0
    old = tmp_path / "t.trace.jsonl"
    lines = old.read_bytes().splitlines(keepends=True)
    killed = tmp_path / "killed.trace.jsonl"
    killed.write_bytes(b"".join(lines[:-5]) + lines[-5][:20])
    os.utime(killed, (1.0, 1.0))
    next_session = [*SESSION[:-1], "next.trace.jsonl", "--sound", "null", "--plain"]
    said = run(*next_session).output
    assert f"{len(lines) - 6} rows of it can be saved: biofeedback trace recover " in said
    assert "biofeedback trace recover killed.trace.jsonl" in said

    assert run("trace", "recover", killed).exit_code == 0
    assert "was not closed" not in run(*next_session, "--overwrite").output


def test_F74_a_session_that_still_runs_is_not_called_killed(tmp_path):
    assert run(*SESSION, "--sound", "null").exit_code == 0
    running = tmp_path / "running.trace.jsonl"
    running.write_bytes((tmp_path / "t.trace.jsonl").read_bytes()[:-20])
    said = run(*SESSION[:-1], "next.trace.jsonl", "--sound", "null", "--plain").output
    assert "was not closed" not in said
