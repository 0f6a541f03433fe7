"""``biofeedback measure``: the live, causal signal chain over a recording."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from biofeedback.app import make_engine
from biofeedback.cli.progress import showing_progress
from biofeedback.cli.targets import check_targets, list_recording_files, replacing
from biofeedback.messages import (
    NS_PER_S,
    EventDetected,
    MeasureTaken,
    Output,
    PacketRejected,
)
from biofeedback.settings import Settings
from biofeedback.simulate.recording import open_recording
from biofeedback.simulate.reencode import STAMP_DELAY_NS
from biofeedback.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biofeedback.simulate.recording import Recording


def measure_command(
    recording: Annotated[Path, typer.Argument(help="A recording's JSON sidecar.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the CSV goes.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace it.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="One line per fact.")] = False,
) -> None:
    """Measure a recording as a live session would have: a row when a value became known.

    Columns: time_s, measure, value, quality. For events (beat, step, gesture) the value is the
    event's own time. What can't be trusted is withheld.

    Example: biofeedback measure walk.json -o walk.csv
    """
    inputs = list_recording_files(recording)
    check_targets([output], inputs=inputs, overwrite=overwrite)
    source = open_recording(recording)
    findings = _Findings()
    with (
        showing_progress("measuring", source.duration_s, quiet=as_json or plain) as show,
        replacing(output) as partial,
        partial.open("w", newline="", encoding="utf-8") as file,
    ):
        table = csv.writer(file)
        table.writerow(("time_s", "measure", "value", "quality"))
        _measure(source, table.writerow, findings, show)
    if as_json:
        facts = {
            "file": str(output),
            "rows": findings.rows.total(),
            "counts": findings.rows,
            "rejected_packets": findings.rejected,
            "left_out": source.left_out,
        }
        typer.echo(msgspec.json.encode(facts).decode())
        return
    note = (
        f", {counted(findings.rejected, 'packet')} could not be used" if findings.rejected else ""
    )
    typer.echo(f"{output}: {counted(findings.rows.total(), 'row')}{note}")
    if plain:
        for name, rows in findings.rows.items():
            typer.echo(f"{name}: {counted(rows, 'row')}")
    if source.left_out:
        typer.echo(f"left out: {', '.join(source.left_out)}")


class _Findings:
    """What was found, counted."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.rejected = 0

    def take(self, outputs: Sequence[Output]) -> list[tuple[str, ...]]:
        """Return the rows that the answer to one message gives."""
        rows: list[tuple[str, ...]] = []
        for finding in outputs:
            if isinstance(finding, PacketRejected):
                self.rejected += 1
                continue
            if isinstance(finding, MeasureTaken):
                name, value = finding.measure, f"{finding.value:.6g}"
            elif isinstance(finding, EventDetected):
                # In the recording's own time: the radio that was put in between isn't part of it.
                event_s = (finding.event_ns - STAMP_DELAY_NS) / NS_PER_S
                name, value = finding.event, f"{event_s:.4f}"
            else:
                continue
            rows.append((f"{finding.at_ns / NS_PER_S:.4f}", name, value, f"{finding.quality:.3g}"))
            self.rows[name] += 1
        return rows


def _measure(
    source: Recording,
    write: Callable[[tuple[str, ...]], object],
    findings: _Findings,
    show: Callable[[float], None],
) -> None:
    engine = make_engine(Settings())
    while source.next_at_ns() is not None:
        message = source.take()
        for row in findings.take(engine.handle(message)):
            write(row)
        show(message.at_ns / NS_PER_S)
