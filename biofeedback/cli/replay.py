"""``biofeedback replay``: run the engine again over a trace's inputs and compare every output."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from biofeedback.app import make_engine
from biofeedback.cli.progress import showing_progress
from biofeedback.cli.recorded import recorded_profiles, recorded_settings
from biofeedback.messages import Input, Output
from biofeedback.trace.reader import read_trace
from biofeedback.trace.replay import replay_trace
from biofeedback.wording import counted


def replay_command(
    trace: Annotated[Path, typer.Argument(help="A trace that play has written.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="No progress bar.")] = False,
) -> None:
    """Check that this version decides exactly what was decided then.

    Exit code 0 and "identical: N outputs", or 1 and the first difference.

    Example: biofeedback replay sessions/20261122-101500-demo.trace.jsonl
    """
    quiet = as_json or plain
    size_bytes = trace.stat().st_size if trace.is_file() else 0
    with showing_progress("reading", size_bytes, quiet=quiet) as show:
        recorded = read_trace(trace, on_progress=show)
    engine = make_engine(recorded_settings(recorded), recorded_profiles(recorded))
    inputs = sum(isinstance(message, Input) for message in recorded.messages)
    with showing_progress("replaying", inputs, quiet=quiet) as show:
        done = 0

        def handle(message: Input) -> list[Output]:
            nonlocal done
            done += 1
            show(done)
            return engine.handle(message)

        result = replay_trace(recorded, handle)
    if as_json:
        typer.echo(msgspec.json.encode(result).decode())
    elif result.identical:
        typer.echo(f"identical: {counted(result.outputs, 'output')}")
    else:
        typer.echo(result.explain())
    raise typer.Exit(0 if result.identical else 1)
