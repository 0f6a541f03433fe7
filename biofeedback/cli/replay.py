"""``biofeedback replay``: run the engine again over a trace's inputs and compare every output."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from biofeedback.app import make_engine
from biofeedback.decode.profile import Profile
from biofeedback.errors import TraceVersionUnsupported
from biofeedback.settings import Settings
from biofeedback.trace.reader import read_trace
from biofeedback.trace.replay import replay_trace


def replay_command(
    trace: Annotated[Path, typer.Argument(help="A trace that play has written.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Check that this version decides exactly what was decided then.

    Exit code 0 and "identical: N outputs", or 1 and the first difference.

    Example: biofeedback replay sessions/20261122-101500-demo.trace.jsonl
    """
    recorded = read_trace(trace)
    try:
        settings = msgspec.convert(recorded.header.settings, Settings)
        profiles = msgspec.convert(list(recorded.header.profiles.values()), list[Profile])
    except msgspec.ValidationError as error:
        raise TraceVersionUnsupported(
            f"{trace}: its settings or profiles are not of this version: {error}. "
            f"Replay it with the version that wrote it: {recorded.header.versions}."
        ) from error
    result = replay_trace(recorded, make_engine(settings, profiles).handle)
    if as_json:
        typer.echo(msgspec.json.encode(result).decode())
    elif result.identical:
        typer.echo(f"identical: {result.outputs} outputs")
    else:
        typer.echo(result.explain())
    raise typer.Exit(0 if result.identical else 1)
