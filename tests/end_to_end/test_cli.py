"""Commands as a user gives them, in processes of their own."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import mido
import pytest

from biofeedback.trace.reader import read_trace

CURVES = "time_s,tempo_bpm,energy\n0,90,0.2\n8,110,0.9\n"
ROOT = Path(__file__).resolve().parents[2]


def run(*arguments, cwd, timeout_s=100.0):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "biofeedback", *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A short virtual walk, played fast into files."""
    folder = tmp_path_factory.mktemp("session")
    done = run(
        "play",
        "--from",
        "sim:walk",
        "--duration",
        "20s",
        "--sound",
        "walk.wav",
        "--fast",
        "--trace",
        "walk.trace.jsonl",
        "--plain",
        "--seed",
        "3",
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_play_names_the_files_that_it_wrote(session):
    folder, said = session
    assert (folder / "walk.wav").stat().st_size > 20 * 48000 * 4
    assert "walk.wav" in said
    assert "walk.trace.jsonl" in said


def test_a_recorded_session_replays_identically(session):
    folder, _ = session
    done = run("replay", "walk.trace.jsonl", cwd=folder)
    assert done.returncode == 0
    assert done.stdout.startswith("identical: ")


def test_replay_finds_a_changed_decision(session, tmp_path):
    folder, _ = session
    trace = read_trace(folder / "walk.trace.jsonl")
    settings = dict(trace.header.settings)
    assert settings["seed"] == 3
    # The same inputs under another seed: the notes differ, so replay has to notice.
    from msgspec.structs import replace  # noqa: PLC0415

    from biofeedback.trace.journal import Journal  # noqa: PLC0415

    header = replace(trace.header, settings=settings | {"seed": 4})
    with Journal(tmp_path / "other.trace.jsonl", header) as journal:
        for message in trace.messages:
            journal.record(message)
    done = run("replay", "other.trace.jsonl", cwd=tmp_path)
    assert done.returncode == 1
    assert "different at output" in done.stdout


def test_the_same_seed_gives_the_same_sound_and_the_same_facts(session, tmp_path):
    folder, _ = session
    again = run(
        "play",
        "--from",
        "sim:walk",
        "--duration",
        "20s",
        "--sound",
        "walk.wav",
        "--fast",
        "--trace",
        "walk.trace.jsonl",
        "--plain",
        "--seed",
        "3",
        cwd=tmp_path,
    )
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "walk.wav").read_bytes() == (folder / "walk.wav").read_bytes()
    first, second = (read_trace(f / "walk.trace.jsonl").messages for f in (folder, tmp_path))
    assert first == second


def test_a_trace_renders_again_with_its_score(session, tmp_path):
    folder, _ = session
    done = run(
        "render",
        folder / "walk.trace.jsonl",
        "-o",
        "again.wav",
        "--midi",
        "again.mid",
        "--notes",
        "again.jsonl",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again.wav").read_bytes() == (folder / "walk.wav").read_bytes()
    assert (tmp_path / "again.mid").read_bytes()[:4] == b"MThd"
    rows = [json.loads(line) for line in (tmp_path / "again.jsonl").read_text().splitlines()]
    assert {"kick", "pad"} <= {row["layer"] for row in rows}
    # The score's tempo map puts the beats of the music where they were played.
    score = mido.MidiFile(str(tmp_path / "again.mid"))
    now_s, kicks_s = 0.0, []
    for message in score:
        now_s += message.time
        if message.type == "note_on" and message.channel == 9 and message.note == 36:
            kicks_s.append(now_s)
    played_s = [row["start_s"] for row in rows if row["layer"] == "kick"]
    assert kicks_s == pytest.approx(played_s, abs=0.003)
    (meter,) = [m for m in score.tracks[0] if m.type == "time_signature"]
    assert (meter.numerator, meter.denominator) == (4, 4)


def test_curves_render_to_sound(tmp_path):
    (tmp_path / "c.csv").write_text(CURVES)
    done = run("render", "c.csv", "-o", "c.wav", "--seed", "2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "c.wav").stat().st_size > 8 * 48000 * 4


def test_curves_render_in_a_style_and_a_meter_with_every_column(tmp_path):
    header = "time_s,tempo_bpm,energy,swell,swell_brpm,place,level_db"
    (tmp_path / "c.csv").write_text(f"{header}\n0,60,1,0.5,8,-0.5,0\n5,70,1,0.5,8,0.5,0\n")
    options = ("--style", "drum-circle", "--meter", "6/8", "--notes", "n.jsonl", "--plain")
    done = run("render", "c.csv", "-o", "c.wav", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "n.jsonl").read_text().splitlines()]
    drums = [row for row in rows if row["layer"].startswith("part_")]
    assert {row["pitch_midi"] for row in drums} == {None}
    # Beats are dotted quarters: sixteenths are sixths of them.
    assert all(round(row["beat"] * 6, 6) % 1 == 0 for row in drums)
    assert any(row["beat"] * 4 % 1 for row in drums)


def test_the_packets_of_a_trace_play_through_other_settings(session, tmp_path):
    folder, _ = session
    done = run(
        "play",
        "--from",
        f"trace:{folder / 'walk.trace.jsonl'}",
        "--sound",
        "null",
        "--fast",
        "--plain",
        "--seed",
        "8",
        "--trace",
        "new.trace.jsonl",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert run("replay", "new.trace.jsonl", cwd=tmp_path).returncode == 0


def test_measure_writes_the_promised_columns(tmp_path, shared):
    sidecar = shared / "data" / "gait" / "mobgap_HA001_Test5_Trial1.json"
    done = run("measure", sidecar, "-o", "m.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "m.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["time_s", "measure", "value", "quality"]
    steps = [row for row in rows if row["measure"] == "step"]
    assert len(steps) > 5
    # Known when announced, and no step is announced before it happened.
    assert all(float(row["value"]) <= float(row["time_s"]) for row in steps)
    assert all(0 <= float(row["quality"]) <= 1 for row in rows)


def test_json_lines_are_json(tmp_path):
    done = run(
        "play",
        "--from",
        "sim:rest",
        "--duration",
        "5s",
        "--sound",
        "null",
        "--fast",
        "--json",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows[-1]["type"] == "Summary"
    assert rows[-1]["trace"].startswith("sessions")


def test_doctor_says_what_there_is_and_what_is_missing(tmp_path):
    done = run("doctor", "--json", cwd=tmp_path)
    findings = {row["what"]: row for row in json.loads(done.stdout)}
    assert findings["Python"]["ok"]
    assert "polar_h10" in findings["wearables"]["detail"]
    assert all(row["detail"] for row in findings.values())


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_F93_ctrl_c_fades_closes_trace_and_sound_and_exits_with_130(tmp_path):
    """As a terminal does it: the signal goes to every process of the group."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    player = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "biofeedback",
            "play",
            "--from",
            "sim:walk",
            "--sound",
            "t.wav",
            "--plain",
            "--trace",
            "t.trace.jsonl",
        ],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for line in player.stdout:
        if "RUN" in line or "CALIBRATE" in line:
            break
    os.killpg(player.pid, signal.SIGINT)
    said, _ = player.communicate(timeout=20)
    assert player.returncode == 130
    assert "t.trace.jsonl" in said
    assert "\nsound:" not in said
    assert (tmp_path / "t.wav").stat().st_size > 48000
    assert read_trace(tmp_path / "t.trace.jsonl").is_whole


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (["play", "--style", "polka"], 2, "there is no such style"),
        (["play", "--style", "drum-cirle"], 2, "Did you mean 'drum-circle'"),
        (["play", "--style", "calm", "--meter", "6/8"], 2, "isn't played in 6/8"),
        (["play", "--from", "sim:fly"], 2, "walk"),
        (["play", "--sound", "x.mp3"], 2, "ends in .wav"),
        (["play", "--fast", "--sound", "live"], 2, "--fast"),
        (["play", "--duration", "soon"], 2, "90s"),
        (["play", "--seed", "-1"], 2, "--seed"),
        (["play", "--nonsense"], 2, "--nonsense"),
        (["play", "--plan", "nowhere.toml"], 2, "no such plan"),
        (["play", "--plan", "broken.toml"], 2, "TOML"),
        (["play", "--plan", "nan.toml"], 2, "limits.tempo_band_ratio"),
        (["play", "--from", "recording:nowhere.json"], 2, "nowhere.json"),
        (["play", "--from", "trace:corrupt.trace.jsonl"], 5, "corrupt.trace.jsonl"),
        (["play", "--from", "ble", "--sound", "null"], 3, "Bluetooth"),
        (["play", "--from", "ble:Polar H10,dancing"], 2, "acceleration"),
        (["play", "--from", "ble:Polar H10,acceleration=fast"], 2, "acceleration=HZ"),
        (["play", "--from", "ble:Polar H10", "--fast"], 2, "--fast"),
        (["scan"], 3, "play --from demo"),
        (["scan", "--listen", "soon"], 2, "--listen soon"),
        (["virtual", "polar_h10", "--address", "here"], 2, "--address here"),
        (["virtual", "polar_h10", "--transport", "tcp-client:127.0.0.1:9"], 3, "other end"),
        (["virtual", "polar_h10", "--transport", "usb:99"], 3, "adapter"),
        (["replay", "corrupt.trace.jsonl"], 5, "corrupt.trace.jsonl"),
        (["replay", "nowhere.trace.jsonl"], 2, "nowhere"),
        (["render", "nowhere.csv", "-o", "x.wav"], 2, "no such curves"),
        (["measure", "nowhere.json", "-o", "x.csv"], 2, "nowhere.json"),
        (["render", "c.csv", "-o", "x.mp3"], 2, "ends in .wav"),
        (["render", "c.csv", "-o", "/proc/x.wav"], 2, "can't write /proc/x.wav"),
        (["render", "c.csv", "-o", "folder.wav"], 2, "this is a folder"),
        (["render", "c.csv", "-o", "x.wav", "--midi", "c.csv", "--overwrite"], 2, "input"),
        (["render", "c.csv", "-o", "x.wav", "--notes", "x.wav"], 2, "one file"),
        (["play", "--sound", "/proc/x.wav", "--fast"], 2, "can't write /proc/x.wav"),
        (["play", "--sound", "null", "--trace", "folder.wav"], 2, "this is a folder"),
        (["trace", "export", "c.csv", "--format", "parquet"], 2, "this version writes csv"),
        (
            [
                "decode",
                "--profile",
                "polar_h10",
                "--characteristic",
                "2a37",
                "--context",
                "factr=1",
                "00",
            ],
            2,
            "Did you mean 'factor'",
        ),
        (["decode", "--profile", "polar_h1", "--characteristic", "2a37", "00"], 2, "polar_h10"),
        (["decode", "--profile", "polar_h10", "--characteristic", "2a37", "zz"], 2, "zz"),
        (["profiles", "show", "polar_h1"], 2, "polar_h10"),
        (["trace", "verify", "corrupt.trace.jsonl"], 5, "corrupt"),
    ],
)
def test_what_goes_wrong_ends_in_one_clear_line_and_the_right_exit_code(
    tmp_path, arguments, exit_code, said
):
    (tmp_path / "broken.toml").write_text("[limits\n")
    (tmp_path / "nan.toml").write_text("[limits]\ntempo_band_ratio = nan\n")
    (tmp_path / "corrupt.trace.jsonl").write_bytes(b'{"type":"TraceHeader"}\t00000000\nrest')
    (tmp_path / "c.csv").write_text(CURVES)
    (tmp_path / "folder.wav").mkdir()
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == exit_code, done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    if "Usage:" not in done.stderr:
        assert len(done.stderr.strip().splitlines()) <= 2


@pytest.mark.parametrize(
    "command",
    [
        "play",
        "replay",
        "render",
        "styles",
        "measure",
        "decode",
        "profiles",
        "scan",
        "virtual",
        "trace",
        "doctor",
    ],
)
def test_every_command_has_help_with_an_example(tmp_path, command):
    done = run(command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "Example" in done.stdout


def start(*arguments, cwd, **options):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "biofeedback", *map(str, arguments)]
    return subprocess.Popen(command, cwd=cwd, env=environment, **options)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_rendering_leaves_the_old_file_and_one_line(tmp_path, asked):
    (tmp_path / "c.csv").write_text("time_s,energy\n0,0.2\n3600,0.9\n")
    (tmp_path / "c.wav").write_text("old")
    words = ("render", "c.csv", "-o", "c.wav", "--overwrite")
    renderer = start(*words, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.glob("c.wav.*.partial")):
        assert renderer.poll() is None
    renderer.send_signal(asked)
    _, said = renderer.communicate(timeout=60)
    assert (renderer.returncode, said) == (130, "biofeedback: interrupted\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.csv", "c.wav"]
    assert (tmp_path / "c.wav").read_text() == "old"


def test_ctrl_c_while_a_command_loads_is_no_traceback(tmp_path):
    (tmp_path / "early.py").write_text(
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'biofeedback.cli.commands':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from biofeedback.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "early.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "biofeedback: interrupted\n")


@pytest.mark.parametrize("how", ["--plain", "--json"])
def test_whoever_reads_only_the_first_lines_hears_no_noise(tmp_path, how):
    words = ("play", "--sound", "null", "--fast", how, "--trace", "t.trace.jsonl")
    with start(
        *words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as player:
        assert player.stdout.readline()
        player.stdout.close()
        said = player.stderr.read()
    assert (player.returncode, said) == (0, "")
    assert read_trace(tmp_path / "t.trace.jsonl").is_whole


def test_help_read_only_in_part_is_no_noise_either(tmp_path):
    with start(
        "profiles",
        "show",
        "polar_h10",
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as shown:
        shown.stdout.close()
        said = shown.stderr.read()
    assert (shown.returncode, said) == (0, b"")


def test_replay_says_nothing_but_its_result_where_nobody_looks(session):
    folder, _ = session
    done = run("replay", "walk.trace.jsonl", "--plain", cwd=folder)
    assert done.returncode == 0
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


def test_render_tells_programs_and_plain_readers(tmp_path):
    (tmp_path / "c.csv").write_text("time_s,energy\n0,0.2\n2,0.9\n")
    done = run("render", "c.csv", "-o", "c.wav", "--json", "--notes", "n.jsonl", cwd=tmp_path)
    facts = json.loads(done.stdout)
    assert (facts["wav"], facts["notes_file"], facts["midi"]) == ("c.wav", "n.jsonl", None)
    assert facts["notes"] == len((tmp_path / "n.jsonl").read_text().splitlines())
    done = run("render", "c.csv", "-o", "d.wav", "--plain", cwd=tmp_path)
    assert f"notes: {facts['notes']}" in done.stdout.splitlines()
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal")
def test_space_pauses_a_live_session_and_q_ends_it_whole(tmp_path):
    import termios  # noqa: PLC0415 - POSIX only

    ours, theirs = os.openpty()
    before = termios.tcgetattr(theirs)
    words = ("play", "--sound", "null", "--plain", "--trace", "t.trace.jsonl")
    # A session of its own, so that the terminal can be made the one that controls it.
    command = [
        sys.executable,
        "-c",
        (
            "import fcntl, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
            "from biofeedback.cli import main; main()"
        ),
        *words,
    ]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        stdin=theirs,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as player:
        said = []
        # Paused while it settles in, then paused again after it was let go on.
        for wanted, key in (("CALIBRATE", b" "), ("HOLD", b" "), ("playing with you", b"q")):
            for line in player.stdout:
                said.append(line)
                if wanted in line:
                    os.write(ours, key)
                    break
        said += player.stdout
    assert player.returncode == 0, said
    assert any("holding the beat: paused" in line for line in said)
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)
    trace = read_trace(tmp_path / "t.trace.jsonl")
    assert trace.is_whole
    commands = [m.command for m in trace.messages if type(m).__name__ == "CommandGiven"]
    assert commands[:4] == ["start", "pause", "resume", "stop"]
