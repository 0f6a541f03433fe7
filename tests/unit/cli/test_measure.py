"""What can't be measured yet, and what a recording holds beside it, is said."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from biofeedback.cli.commands import app
from biofeedback.errors import SettingsError


@pytest.fixture
def recording(tmp_path):
    """Five seconds of an ECG with a column that nobody can play."""
    rows = "".join(f"{(i % 130 == 0) * 1.0},{i}\n" for i in range(650))
    (tmp_path / "heart.csv").write_text("ecg,thoughts\n" + rows)
    columns = {"ecg": {"unit": "mV"}, "thoughts": {"unit": "1"}}
    sidecar = {"kind": "ecg", "file": "heart.csv", "columns": columns, "fs_hz": 130}
    (tmp_path / "heart.json").write_text(json.dumps(sidecar))
    return tmp_path / "heart.json"


def run(*words):
    return CliRunner().invoke(app, ["measure", *map(str, words)])


def test_a_signal_without_a_measure_is_named_with_what_was_left_out(recording, tmp_path):
    done = run(recording, "-o", tmp_path / "m.csv")
    assert done.exit_code == 0, done.exception
    assert "no measure for ecg in this version: 0 rows" in done.stdout
    assert "left out: thoughts" in done.stdout
    assert done.stderr == ""


def test_a_program_is_told_the_same(recording, tmp_path):
    facts = json.loads(run(recording, "-o", tmp_path / "m.csv", "--json").stdout)
    assert facts["unmeasured"] == ["ecg"]
    assert facts["left_out"] == ["thoughts"]
    assert facts["rows"] == 0


def test_a_recording_is_not_measured_into_itself(recording, tmp_path):
    before = (tmp_path / "heart.csv").read_bytes()
    for target in ("heart.csv", "heart.json"):
        refused = run(recording, "-o", tmp_path / target, "--overwrite")
        assert isinstance(refused.exception, SettingsError)
    assert (tmp_path / "heart.csv").read_bytes() == before
