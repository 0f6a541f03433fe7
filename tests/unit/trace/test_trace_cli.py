from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from biofeedback.cli.trace import trace_app
from biofeedback.errors import SettingsError, TraceCorrupt, TraceError
from biofeedback.trace.reader import read_trace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from biofeedback.messages import Message


def run(*words: object) -> Result:
    return CliRunner().invoke(trace_app, [str(word) for word in words])


def cut(path: Path, by_bytes: int) -> Path:
    path.write_bytes(path.read_bytes()[:-by_bytes])
    return path


def test_info_says_what_a_trace_holds(write_trace: Callable[..., Path]) -> None:
    result = run("info", write_trace(), "--plain")
    assert result.exit_code == 0
    assert "duration s: 2.000" in result.stdout
    assert "PacketReceived 2" in result.stdout
    assert "closed: yes" in result.stdout
    assert "AA:BB" not in result.stdout
    assert run("info", write_trace(name="b.trace.jsonl")).exit_code == 0


def test_info_is_also_json(write_trace: Callable[..., Path], session: tuple[Message, ...]) -> None:
    facts = json.loads(run("info", write_trace(), "--json").stdout)
    assert facts["rows"] == len(session)
    assert facts["duration_s"] == 2.0
    assert facts["whole"] is True
    assert facts["damage"] is None


def test_info_shows_what_is_whole_of_a_damaged_trace(write_trace: Callable[..., Path]) -> None:
    result = run("info", cut(write_trace(), 3), "--json")
    facts = json.loads(result.stdout)
    assert facts["whole"] is False
    assert facts["damage"]["reason"] == "the line is cut"
    assert isinstance(result.exception, TraceCorrupt)


def test_verify_accepts_what_is_whole_and_refuses_the_rest(
    write_trace: Callable[..., Path], session: tuple[Message, ...]
) -> None:
    path = write_trace()
    result = run("verify", path)
    assert (result.exit_code, result.stdout.split(":")[0]) == (0, "whole")
    refused = run("verify", cut(path, 3))
    assert isinstance(refused.exception, TraceCorrupt)
    assert refused.exception.exit_code == 5
    assert f"{len(session)} rows before it can be used, " in str(refused.exception)
    assert json.loads(run("verify", path, "--json").stdout)["whole"] is False


def test_recover_writes_beside_the_trace_and_says_what_was_saved(
    write_trace: Callable[..., Path], session: tuple[Message, ...], tmp_path: Path
) -> None:
    path = cut(write_trace(), 3)
    result = run("recover", path)
    assert result.exit_code == 0
    assert f"saved: {len(session)} rows" in result.stdout
    assert "2 PacketReceived" in result.stdout
    assert "lost: 1 line, " in result.stdout
    assert tuple(read_trace(tmp_path / "a.recovered.trace.jsonl").messages) == session
    verified = run("verify", tmp_path / "a.recovered.trace.jsonl")
    assert verified.stdout.startswith("recovered, whole")
    again = run("recover", path)
    assert isinstance(again.exception, TraceError)
    assert again.exception.exit_code == 2


def test_recover_tells_a_program_the_same(write_trace: Callable[..., Path], tmp_path: Path) -> None:
    target = tmp_path / "saved.trace.jsonl"
    facts = json.loads(run("recover", write_trace(), "-o", target, "--json").stdout)
    assert facts["source_whole"] is True
    assert facts["lost_bytes"] == 0
    assert facts["target"] == str(target)
    assert target.exists()


def test_recover_of_a_whole_trace_says_that_nothing_was_lost(
    write_trace: Callable[..., Path],
) -> None:
    assert "lost: nothing" in run("recover", write_trace()).stdout


def test_export_writes_a_folder_beside_the_trace(
    write_trace: Callable[..., Path], tmp_path: Path
) -> None:
    result = run("export", write_trace(), "--format", "csv")
    assert result.exit_code == 0
    assert (tmp_path / "a.csv" / "measures.csv").is_file()
    assert "measures.csv: 2 rows" in result.stdout


def test_export_of_a_damaged_trace_exports_and_ends_with_5(
    write_trace: Callable[..., Path], tmp_path: Path
) -> None:
    result = run("export", cut(write_trace(), 3), "--format", "csv", "-o", tmp_path / "t", "--json")
    assert json.loads(result.stdout)["whole"] is False
    assert (tmp_path / "t" / "meta.json").is_file()
    assert isinstance(result.exception, TraceCorrupt)


@pytest.mark.parametrize("verb", ["info", "verify", "recover"])
def test_a_missing_file_is_wrong_use(verb: str, tmp_path: Path) -> None:
    result = run(verb, tmp_path / "missing.trace.jsonl")
    assert isinstance(result.exception, TraceError)
    assert result.exception.exit_code == 2
    assert "there is no such trace" in str(result.exception)


def test_an_unknown_format_is_wrong_use(write_trace: Callable[..., Path]) -> None:
    result = run("export", write_trace(), "--format", "parquet")
    assert isinstance(result.exception, SettingsError)
    assert "parquet: this version writes csv" in str(result.exception)


def test_export_needs_leave_to_write_where_there_is_something(
    write_trace: Callable[..., Path], tmp_path: Path
) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "measures_wearer2.csv").write_text("of another session")
    (folder / "letter.txt").write_text("mine")
    refused = run("export", write_trace(), "--format", "csv", "-o", folder)
    assert isinstance(refused.exception, TraceError)
    assert refused.exception.exit_code == 2
    assert "--overwrite" in str(refused.exception)
    assert (folder / "measures_wearer2.csv").exists()
    trace = tmp_path / "a.trace.jsonl"
    assert run("export", trace, "--format", "csv", "-o", folder, "--overwrite").exit_code == 0
    assert not (folder / "measures_wearer2.csv").exists()
    assert (folder / "measures.csv").is_file()
    assert (folder / "letter.txt").read_text() == "mine"


@pytest.mark.parametrize("verb", ["info", "verify", "recover", "export"])
def test_every_verb_has_help_with_an_example(verb: str) -> None:
    result = run(verb, "--help")
    assert result.exit_code == 0
    assert f"Example: biofeedback trace {verb}" in " ".join(result.output.split())
