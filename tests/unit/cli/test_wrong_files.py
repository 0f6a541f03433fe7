"""Files that are something else are told in plain words."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from biofeedback.cli.commands import app
from biofeedback.errors import BiofeedbackError


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "curves.txt").write_text("time_s,energy\n0,0.5\n1,0.5\n")
    (tmp_path / "binary.csv").write_bytes(b"time_s\xff\xfe\x00")
    (tmp_path / "zero.csv").write_bytes(b"time_s\n0\x00\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("render curves.txt -o x.wav", "has to end in .csv"),
        ("render curves.txt -o x.wav --style walk", "has to end in .csv"),
        ("render binary.csv -o x.wav", "binary.csv: this is not a CSV text in UTF-8."),
        ("render zero.csv -o x.wav", "zero.csv: "),
        ("trace info folder", "folder is a folder; give a trace in it"),
        ("replay folder", "folder is a folder; give a trace in it"),
        ("render folder -o x.wav", "folder is a folder; give a trace in it"),
        ("songs add folder", "folder: this is a folder"),
        ("songs add nowhere.mp3", "biofeedback: nowhere.mp3: there is no such file"),
        ("decode --profile sig_hrs --characteristic 2a37 zz", "two of 0-9 and a-f"),
        ("decode --profile sig_hrs --characteristic 2a37 123", "two of 0-9 and a-f"),
    ],
)
def test_a_wrong_file_or_text_is_told_in_plain_words(words, said):
    result = CliRunner().invoke(app, words.split())
    assert result.exit_code != 0
    told = result.output
    if isinstance(result.exception, BiofeedbackError):
        told += str(result.exception)
    assert said in told
    for raw in ("Errno", "codec", "fromhex", "Traceback", "NUL"):
        assert raw not in told


def test_curves_may_be_named_in_capitals(tmp_path):
    (tmp_path / "curves.txt").rename(tmp_path / "CURVES.CSV")
    result = CliRunner().invoke(app, ["render", "CURVES.CSV", "-o", "x.wav", "--plain"])
    assert result.exit_code == 0, result.exception
