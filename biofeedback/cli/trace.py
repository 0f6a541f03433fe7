"""``biofeedback trace``: look into, check, save and export what a session has left."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from biofeedback.cli.progress import showing_progress
from biofeedback.errors import SettingsError, TraceCorrupt
from biofeedback.messages import NS_PER_S
from biofeedback.trace.export import export_csv
from biofeedback.trace.reader import describe_damage
from biofeedback.trace.recovery import Verification, name_recovered, recover_trace, verify_trace
from biofeedback.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

_FORMATS = ("csv",)
"""What this version writes."""

trace_app = typer.Typer(
    name="trace",
    help="Look into, check, save and export the trace of a session.\n\n"
    "Example: biofeedback trace info sessions/SESSION.trace.jsonl",
    no_args_is_help=True,
)

_File = Annotated[Path, typer.Argument(help="A trace (*.trace.jsonl).", metavar="FILE")]
_AsJson = Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")]
_Plain = Annotated[bool, typer.Option("--plain", help="Print plain lines, no progress bar.")]


@trace_app.command("info")
def info_command(file: _File, as_json: _AsJson = False, plain: _Plain = False) -> None:
    """Say what a trace holds.

    Exit code 5 if a line of it can't be trusted; what is whole before it is shown.

    Example: biofeedback trace info sessions/20261122-101500-demo.trace.jsonl
    """
    found = _verify(file, quiet=as_json or plain)
    facts = _describe(found)
    if as_json:
        _print_json(facts)
    else:
        _print_facts(facts, plain=plain)
    if found.damage is not None:
        raise TraceCorrupt(describe_damage(file, found.damage))


@trace_app.command("verify")
def verify_command(file: _File, as_json: _AsJson = False, plain: _Plain = False) -> None:
    """Check every line of a trace, and that it was closed.

    Exit code 0 if it is whole, 5 if not, with what can be saved.

    Example: biofeedback trace verify sessions/20261122-101500-demo.trace.jsonl
    """
    found = _verify(file, quiet=as_json or plain)
    if as_json:
        _print_json(_describe(found))
    if found.problem is not None:
        raise TraceCorrupt(found.problem)
    if not as_json:
        what = "recovered, whole" if found.footer and found.footer.recovered else "whole"
        typer.echo(f"{what}: {counted(found.rows, 'row')}, {found.file_bytes} bytes")


@trace_app.command("recover")
def recover_command(
    file: _File,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The new trace; by default beside the old one."),
    ] = None,
    as_json: _AsJson = False,
    plain: _Plain = False,
) -> None:
    """Write all that is whole, up to the first damage, to a new trace that is closed.

    The old file is only read. Exit code 5 if nothing can be saved.

    Example: biofeedback trace recover broken.trace.jsonl -o saved.trace.jsonl
    """
    target = output or name_recovered(file)
    with _show_progress(file, "recovering", quiet=as_json or plain) as on_progress:
        saved = recover_trace(file, target, on_progress=on_progress)
    if as_json:
        _print_json(
            {
                "target": str(target),
                "rows": saved.rows,
                "counts": saved.counts,
                "lost_lines": saved.lost_lines,
                "lost_bytes": saved.lost_bytes,
                "source_whole": saved.source.is_whole,
                "problem": saved.source.problem,
            }
        )
        return
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(saved.counts.items()))
    typer.echo(f"saved: {counted(saved.rows, 'row')} ({counts or 'none'})")
    if saved.source.is_whole:
        typer.echo("lost: nothing, the trace was whole")
    else:
        damage = saved.source.damage
        why = "it was not closed" if damage is None else f"line {damage.line}: {damage.reason}"
        lost = counted(saved.lost_lines, "line")
        typer.echo(f"lost: {lost}, {counted(saved.lost_bytes, 'byte')} ({why})")
    typer.echo(f"written: {target}")


@trace_app.command("export")
def export_command(
    file: _File,
    form: Annotated[str, typer.Option("--format", help="The form of the tables: csv.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="A folder; by default beside the trace."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the tables that the folder holds.")
    ] = False,
    as_json: _AsJson = False,
    plain: _Plain = False,
) -> None:
    """Write tables that may be shared: no names, no addresses, times from the start.

    Exit code 5 if the trace is damaged or was not closed; what is whole is exported.

    Example: biofeedback trace export session.trace.jsonl --format csv -o tables
    """
    if form not in _FORMATS:
        raise SettingsError(f"--format {form}: this version writes {', '.join(_FORMATS)}.")
    folder = output or file.with_name(f"{_stem(file)}.{form}")
    with _show_progress(file, "exporting", quiet=as_json or plain) as on_progress:
        export = export_csv(file, folder, overwrite=overwrite, on_progress=on_progress)
    if as_json:
        _print_json({"folder": str(folder), "rows": export.files, "whole": export.problem is None})
    else:
        for name, rows in export.files.items():
            typer.echo(f"{folder / name}: {counted(rows, 'row')}")
        typer.echo(str(folder / "meta.json"))
    if export.problem is not None:
        raise TraceCorrupt(export.problem)


def _stem(file: Path) -> str:
    return file.name.removesuffix(".jsonl").removesuffix(".trace")


def _verify(file: Path, *, quiet: bool) -> Verification:
    with _show_progress(file, "reading", quiet=quiet) as on_progress:
        return verify_trace(file, on_progress=on_progress)


def _show_progress(
    file: Path, verb: str, *, quiet: bool
) -> AbstractContextManager[Callable[[float], None]]:
    size_bytes = file.stat().st_size if file.is_file() else 0
    return showing_progress(verb, size_bytes, quiet=quiet)


def _describe(found: Verification) -> dict[str, object]:
    header = found.header
    duration_s = None
    if found.last_at_ns is not None:
        duration_s = (found.last_at_ns - header.start_monotonic_ns) / NS_PER_S
    end_iso = None
    if duration_s is not None:
        start = datetime.fromisoformat(header.start_wall_iso)
        end_iso = (start + timedelta(seconds=duration_s)).isoformat(timespec="milliseconds")
    return {
        "file": str(found.path),
        "bytes": found.file_bytes,
        "schema_version": header.schema_version,
        "session_id": header.session_id,
        "source": header.source,
        "start": header.start_wall_iso,
        "end": end_iso,
        "duration_s": duration_s,
        "rows": found.rows,
        "counts": dict(sorted(found.counts.items())),
        "versions": header.versions,
        "profiles": sorted(header.profiles),
        "profile_hash": header.profile_hash,
        "closed": found.footer is not None,
        "recovered": found.footer is not None and found.footer.recovered,
        "whole": found.is_whole,
        "damage": None if found.damage is None else msgspec.to_builtins(found.damage),
    }


def _print_json(facts: dict[str, object]) -> None:
    typer.echo(msgspec.json.encode(facts).decode())


def _print_facts(facts: dict[str, object], *, plain: bool) -> None:
    lines = {name.replace("_", " "): _to_text(value) for name, value in facts.items()}
    if plain:
        for name, text in lines.items():
            typer.echo(f"{name}: {text}")
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in lines.items():
        table.add_row(name, text)
    Console(markup=False, highlight=False).print(table)


def _to_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:z.3f}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in cast("dict[str, object]", value).items())
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[object]", value)))
    return "-" if value is None else str(value)
