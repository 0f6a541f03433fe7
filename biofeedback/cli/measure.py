"""``biofeedback measure``: the live, causal signal chain over a recording."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from biofeedback.app import make_engine
from biofeedback.cli.options import check_target
from biofeedback.messages import NS_PER_S, EventDetected, MeasureTaken, PacketRejected
from biofeedback.settings import Settings
from biofeedback.simulate.recording import open_recording


def measure_command(
    recording: Annotated[Path, typer.Argument(help="A recording's JSON sidecar.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the CSV goes.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace it.")] = False,
) -> None:
    """Measure a recording as a live session would have: a row when a value became known.

    Columns: time_s, measure, value, quality. For events (beat, step, gesture) the value is the
    event's own time. What can't be trusted is withheld.

    Example: biofeedback measure walk.json -o walk.csv
    """
    source = open_recording(recording)
    check_target(output, overwrite=overwrite)
    engine = make_engine(Settings())
    rows = rejected = 0
    with (
        output.open("w", newline="", encoding="utf-8") as file,
        Progress(console=Console(stderr=True), transient=True) as progress,
    ):
        task = progress.add_task("measuring", total=source.duration_s)
        table = csv.writer(file)
        table.writerow(("time_s", "measure", "value", "quality"))
        while source.next_at_ns() is not None:
            message = source.take()
            for finding in engine.handle(message):
                if isinstance(finding, PacketRejected):
                    rejected += 1
                    continue
                if isinstance(finding, MeasureTaken):
                    name, value = finding.measure, f"{finding.value:.6g}"
                elif isinstance(finding, EventDetected):
                    name, value = finding.event, f"{finding.event_ns / NS_PER_S:.4f}"
                else:
                    continue
                time_s = f"{finding.at_ns / NS_PER_S:.4f}"
                table.writerow((time_s, name, value, f"{finding.quality:.3g}"))
                rows += 1
            progress.update(task, completed=message.at_ns / NS_PER_S)
    note = f", {rejected} packets could not be used" if rejected else ""
    typer.echo(f"{output}: {rows} rows{note}")
