"""``biofeedback plan``: which plans there are, what one does, and whether it may be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from biofeedback.cli.plan_words import explain_plan
from biofeedback.cli.sitting import minutes
from biofeedback.errors import SettingsError
from biofeedback.plan_files import list_plan_names, read_plan_text, read_shipped_plan
from biofeedback.settings import Settings, parse_settings

if TYPE_CHECKING:
    from biofeedback.therapies.plan import Plan

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
        _, plan = read_checked(Path(name), read_shipped_plan(name))
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
    settings, plan = read_checked(place, read_plan_text(place))
    if as_json:
        typer.echo(msgspec.json.encode(settings).decode())
        return
    for line in explain_plan(settings, plan):
        typer.echo(line)


def read_checked(place: Path, text: str) -> tuple[Settings, Plan]:
    """Read a plan with phases.

    Raises:
        SettingsError: It can't be used, or has no phases.
    """
    settings = parse_settings(text, source=str(place))
    if settings.plan is None:
        raise SettingsError(
            f"{place}: there is no [plan] in it, only limits and music. "
            "biofeedback plan show gait-demo prints one."
        )
    return settings, settings.plan
