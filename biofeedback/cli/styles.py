"""``biofeedback styles``: which styles of music there are, and what each is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Column, Table

from biofeedback.music.styles import STYLES, list_meters

if TYPE_CHECKING:
    from biofeedback.music.style import Style


def styles_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="One line per style.")] = False,
) -> None:
    """List the styles of music: meters, the tempi that suit them, what plays.

    Example: biofeedback styles
    """
    if as_json:
        typer.echo(msgspec.json.encode([_summary(style) for style in STYLES.values()]).decode())
        return
    if plain:
        for name, style in STYLES.items():
            typer.echo(
                f"{name}\t{', '.join(list_meters(name))}\t{', '.join(_tempi(style))}\t{style.title}"
            )
        return
    table = Table(
        Column("style", style="bold", no_wrap=True),
        Column("meters", no_wrap=True),
        Column("beats a minute", no_wrap=True),
        Column("what plays"),
        box=None,
        padding=(0, 2, 0, 0),
        header_style="dim",
    )
    for name, style in STYLES.items():
        table.add_row(name, ", ".join(list_meters(name)), "\n".join(_tempi(style)), style.title)
    console = Console(highlight=False)
    console.print(table)
    console.print(
        "Other tempi are played at half or double time. biofeedback play --style NAME", style="dim"
    )


def _tempi(style: Style) -> list[str]:
    """Say which tempi suit a style, and which a meter of its that differs."""
    said = [_range(style) + ("" if style.has_beat else ", no beat")]
    differing = [other for other in style.other_meters if _range(other) != _range(style)]
    return said + [f"{_range(other)} in {other.meter.name}" for other in differing]


def _range(style: Style) -> str:
    low_bpm, high_bpm = style.tempo_range_bpm
    return f"{low_bpm:g} to {high_bpm:g}"


def _summary(style: Style) -> dict[str, object]:
    return {
        "name": style.name,
        "title": style.title,
        "meters": [known.meter.name for known in (style, *style.other_meters)],
        "tempo_range_bpm": style.tempo_range_bpm,
        "tempo_ranges_bpm": {
            known.meter.name: known.tempo_range_bpm for known in (style, *style.other_meters)
        },
        "has_beat": style.has_beat,
        "instruments": style.instruments,
    }
