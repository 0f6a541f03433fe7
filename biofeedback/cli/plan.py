"""``biofeedback plan``: which plans there are, what one does, and whether it may be used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from biofeedback.cli.plan_words import explain_plan, explain_settings
from biofeedback.cli.sitting import minutes
from biofeedback.plan_files import list_plan_names, read_plan_text, read_shipped_plan
from biofeedback.settings import parse_settings

plan_app = typer.Typer(
    help="Plans: what a session does, phase by phase.\n\n"
    "Example: biofeedback plan show gait-home > mine.toml",
    no_args_is_help=True,
)

PLACE = Annotated[Path, typer.Argument(help="A file, or the name of a plan that comes along.")]
JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@plan_app.command("list")
def list_command(
    as_json: JSON = False,
    plain: Annotated[bool, typer.Option("--plain", help="One line per plan.")] = False,
) -> None:
    """List the plans that come with the program.

    Example: biofeedback plan list
    """
    rows: list[dict[str, object]] = []
    for name in list_plan_names():
        plan = parse_settings(read_shipped_plan(name), source=name).plan
        if plan is not None:
            rows.append(
                {
                    "name": name,
                    "therapy": plan.therapy,
                    "form": plan.form,
                    "most_s": plan.most_s,
                    "title": plan.title,
                }
            )
    if as_json:
        typer.echo(msgspec.json.encode(rows).decode())
        return
    if plain:
        for row in rows:
            typer.echo(f"{row['name']}: {row['title']}")
        return
    table = Table("plan", "up to", "what", box=None, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(str(row["name"]), minutes(float(str(row["most_s"]))), str(row["title"]))
    Console().print(table)


@plan_app.command("show")
def show_command(place: PLACE) -> None:
    """Print a plan as it is written, to make your own from.

    Example: biofeedback plan show gait-home > mine.toml
    """
    typer.echo(read_plan_text(place), nl=False)


@plan_app.command("check")
def check_command(place: PLACE, as_json: JSON = False) -> None:
    """Explain a plan in plain words, or say what in it can't be used, where, and what can.

    Exit code 0, or 2 if it may not be used.

    Example: biofeedback plan check mine.toml
    """
    settings = parse_settings(read_plan_text(place), source=str(place))
    if as_json:
        typer.echo(msgspec.json.encode(settings).decode())
        return
    plan = settings.plan
    for line in explain_settings(settings) if plan is None else explain_plan(settings, plan):
        typer.echo(line)
