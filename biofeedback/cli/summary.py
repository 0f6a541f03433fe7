"""What a session was, in the end: one fact a line, or one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from biofeedback.cli.view import LIMIT_WORDS, list_outcomes
from biofeedback.wording import counted

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from biofeedback.cli.options import OpenSource
    from biofeedback.cli.view import Latest
    from biofeedback.sound import SoundSummary
    from biofeedback.trace.journal import TraceSummary


def collect_facts(
    latest: Latest,
    opened: OpenSource,
    heard: SoundSummary,
    kept: TraceSummary,
    wav: Path | None,
) -> dict[str, object]:
    """Collect the facts of a session for a program."""
    low, high = latest.tempo_range_bpm or (None, None)
    return {
        "type": "Summary",
        "seconds": round(latest.elapsed_s(), 3),
        "packets": latest.packets,
        "rejected_packets": latest.rejected,
        "left_out": opened.left_out,
        "steps": latest.count_steps(),
        "notes": latest.notes,
        "decisions": latest.decisions,
        "tempo_low_bpm": low,
        "tempo_high_bpm": high,
        "limits_hit": latest.limits,
        "outcomes": latest.sitting.outcomes,
        "markers": latest.sitting.markers,
        "takes": [msgspec.to_builtins(take) for take in latest.sitting.takes],
        "sound": msgspec.to_builtins(heard),
        "trace": str(kept.path),
        "trace_complete": kept.complete,
        "trace_problem": kept.reason,
        "wav": None if wav is None else str(wav),
    }


def describe_session(
    latest: Latest,
    opened: OpenSource,
    heard: SoundSummary,
    kept: TraceSummary,
    wav: Path | None,
) -> dict[str, str]:
    """Say each fact of a session in one line."""
    lines = {"time": f"{latest.elapsed_s():.1f} s"}
    refused = counted(latest.rejected, "packet")
    unused = f", {refused} could not be used" if latest.rejected else ""
    packets = counted(latest.packets, "packet")
    lines["heard from you"] = f"{packets}, {counted(latest.count_steps(), 'step')}{unused}"
    if opened.left_out:
        lines["left out"] = ", ".join(opened.left_out)
    if latest.tempo_range_bpm is not None:
        low, high = latest.tempo_range_bpm
        lines["music"] = f"{counted(latest.notes, 'note')}, tempo {low:.0f} to {high:.0f} bpm"
    if heard.integrated_lufs is not None:
        lines["loudness"] = f"{heard.integrated_lufs:z.1f} LUFS"
        if heard.true_peak_dbtp is not None:
            lines["loudness"] += f", true peak {heard.true_peak_dbtp:z.1f} dBTP"
    if heard.failure is not None:
        lines["sound"] = heard.failure
    if latest.limits:
        met = (f"{LIMIT_WORDS[limit]} ({times})" for limit, times in latest.limits.items())
        lines["limits met"] = ", ".join(met)
    lines |= dict(list_outcomes(latest))
    if wav is not None:
        lines["music file"] = str(wav)
    lines["trace"] = str(kept.path)
    if not kept.complete:
        lines["incomplete"] = kept.reason or "not everything reached the trace"
    return lines


def print_summary(console: Console, lines: dict[str, str], *, plain: bool) -> None:
    """Print what a session was, and how to check it."""
    check = f"biofeedback replay {lines['trace']}"
    if plain:
        for name, said in (lines | {"check": check}).items():
            typer.echo(f"{name}: {said}")
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, said in lines.items():
        table.add_row(name, Text(said, style="red" if name in {"incomplete", "sound"} else ""))
    console.print(table)
    console.print(Text(f"To check it: {check}", style="dim"))
