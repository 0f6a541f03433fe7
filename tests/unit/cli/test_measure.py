"""What a recording holds is measured, and what can't be played is said."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from biofeedback.cli.commands import app
from biofeedback.errors import SettingsError


@pytest.fixture
def recording(tmp_path):
    """Ten seconds of an ECG, a beat a second, with a column that nobody can play."""
    rows = "".join(f"{max(0, 3 - abs(i % 130 - 65)) / 3:.3f},{i}\n" for i in range(1300))
    (tmp_path / "heart.csv").write_text("ecg,thoughts\n" + rows)
    columns = {"ecg": {"unit": "mV"}, "thoughts": {"unit": "1"}}
    sidecar = {"kind": "ecg", "file": "heart.csv", "columns": columns, "fs_hz": 130}
    (tmp_path / "heart.json").write_text(json.dumps(sidecar))
    return tmp_path / "heart.json"


def run(*words):
    return CliRunner().invoke(app, ["measure", *map(str, words)])


def test_beats_of_an_ecg_are_told_in_the_time_of_the_recording(recording, tmp_path):
    done = run(recording, "-o", tmp_path / "m.csv")
    assert done.exit_code == 0, done.exception
    rows = [line.split(",") for line in (tmp_path / "m.csv").read_text().splitlines()[1:]]
    beats = [(float(row[0]), float(row[2])) for row in rows if row[1] == "beat"]
    assert [at_s for _, at_s in beats] == pytest.approx([k + 0.5 for k in range(10)], abs=0.003)
    assert all(0.1 < known_s - at_s < 0.5 for known_s, at_s in beats[4:])
    rates = [float(row[2]) for row in rows if row[1] == "heart_rate_bpm"]
    assert rates == pytest.approx([60.0] * len(rates), abs=0.3)
    assert "left out: thoughts" in done.stdout
    assert done.stderr == ""


def test_a_program_is_told_the_same(recording, tmp_path):
    facts = json.loads(run(recording, "-o", tmp_path / "m.csv", "--json").stdout)
    assert facts["left_out"] == ["thoughts"]
    assert facts["counts"]["beat"] == 10
    assert facts["rows"] == sum(facts["counts"].values())


def test_an_ecg_without_a_unit_is_measured_all_the_same(recording, tmp_path):
    sidecar = json.loads(recording.read_text())
    sidecar["columns"]["ecg"] = {"unit": "raw"}
    recording.write_text(json.dumps(sidecar))
    facts = json.loads(run(recording, "-o", tmp_path / "m.csv", "--json").stdout)
    assert facts["counts"]["beat"] == 10


def test_a_recording_is_not_measured_into_itself(recording, tmp_path):
    before = (tmp_path / "heart.csv").read_bytes()
    for target in ("heart.csv", "heart.json"):
        refused = run(recording, "-o", tmp_path / target, "--overwrite")
        assert isinstance(refused.exception, SettingsError)
    assert (tmp_path / "heart.csv").read_bytes() == before
