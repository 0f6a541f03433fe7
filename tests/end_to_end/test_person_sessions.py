"""Sessions of one person: each starts from where the last ended, and is noted."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest


@pytest.fixture
def run(tmp_path):
    def run(*words, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "biofeedback", *words],
            capture_output=True,
            check=False,
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "BIOFEEDBACK_RECORDS": str(tmp_path / "records")},
            text=True,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    run("person", "add", "p7", "--ceiling", "130", "--beta-blocker")
    return run


def play(run, *words, **options):
    return run("play", *words, "--sound", "null", "--fast", "--plain", **options)


def find(text, name):
    line = next(line for line in text.splitlines() if line.startswith(f"{name}: "))
    return line.partition(": ")[2]


@pytest.mark.timeout(180)
def test_a_goal_goes_on_where_the_last_session_ended(run):
    run("goal", "set", "p7", "steps", "--measure", "cadence_spm", "--target", "120")
    first = play(run, "--therapy", "contingent", "--person", "p7")
    assert "First session" in first
    second = play(run, "--therapy", "contingent", "--person", "p7")
    assert find(second, "baseline") == find(first, "baseline")
    assert f"ended at {float(find(first, 'criterion').split('/')[0]):.3g}" in second
    assert "--plan contingent-probe --person p7" in second
    probe = play(run, "--plan", "contingent-probe", "--person", "p7")
    assert find(probe, "baseline") == find(second, "baseline")
    assert find(probe, "in criterion") == "unknown"
    assert float(find(probe, "probe in criterion")) >= 0.0
    shown = run("goal", "show", "p7", "steps")
    assert "3 sessions" in shown


@pytest.mark.timeout(180)
def test_a_persons_limits_guard_the_session_and_its_trace_says_so(run, tmp_path):
    told = play(run, "--therapy", "gait", "--person", "p7")
    trace = tmp_path / find(told, "trace")
    first_line = trace.read_bytes().partition(b"\n")[0]
    header = msgspec.json.decode(first_line.rpartition(b"\t")[0])
    guarded = header["settings"]["persons"]["p1"]
    assert guarded["heart_rate_ceiling_bpm"] == 130
    assert guarded["takes_beta_blockers"] is True
    assert "identical" in run("replay", str(trace))
    again = play(run, "--therapy", "gait", "--person", "p7")
    assert "that prescribes nothing" in again
    first_line = (tmp_path / find(again, "trace")).read_bytes().partition(b"\n")[0]
    plan = msgspec.json.decode(first_line.rpartition(b"\t")[0])["settings"]["plan"]
    assert plan["start"]["cadence_spm"] is None, "the band never creeps from session to session"


@pytest.mark.timeout(180)
def test_a_song_grows_and_is_kept(run):
    run("song-project", "new", "River", "--person", "p7", "--form", "verse,chorus")
    told = play(run, "--therapy", "songwriting", "--person", "p7", "--song-project", "river")
    assert "verse is next" in told
    shown = run("song-project", "show", "river")
    assert "verse: melody kept" in shown
    assert "chorus: melody kept" in shown
    words = ("--therapy", "songwriting", "--person", "p7", "--song-project", "river")
    assert "take one back" in play(run, *words, code=2)


def test_options_that_need_a_person_say_so(run):
    assert "--person" in play(run, "--goal", "steps", code=2)
    assert "--person" in play(run, "--song-project", "river", code=2)
    assert "has no person p8" in play(run, "--person", "p8", code=2)
    no_song = ("--therapy", "gait", "--person", "p7", "--song-project", "river")
    assert "a song is written" in play(run, *no_song, code=2)
