"""The table of commands. Importing it loads everything that any of them needs."""

from __future__ import annotations

from typing import Annotated

import typer

import biofeedback
from biofeedback.cli.decode import decode_command
from biofeedback.cli.doctor import doctor_command
from biofeedback.cli.goal import goal_app
from biofeedback.cli.measure import measure_command
from biofeedback.cli.person import person_app
from biofeedback.cli.plan import plan_app
from biofeedback.cli.play import play_command
from biofeedback.cli.profiles import profiles_app
from biofeedback.cli.render import render_command
from biofeedback.cli.replay import replay_command
from biofeedback.cli.scan import scan_command
from biofeedback.cli.song_project import song_project_app
from biofeedback.cli.songs import songs_app
from biofeedback.cli.styles import styles_command
from biofeedback.cli.trace import trace_app
from biofeedback.cli.virtual import virtual_command

app = typer.Typer(
    name="biofeedback",
    help="The movement and the heartbeat of a person become music, live.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command("play")(play_command)
app.add_typer(plan_app, name="plan")
app.command("replay")(replay_command)
app.command("render")(render_command)
app.command("styles")(styles_command)
app.command("measure")(measure_command)
app.command("decode")(decode_command)
app.add_typer(profiles_app, name="profiles")
app.add_typer(trace_app, name="trace")
app.add_typer(songs_app, name="songs")
app.add_typer(person_app, name="person")
app.add_typer(goal_app, name="goal")
app.add_typer(song_project_app, name="song-project")
app.command("scan")(scan_command)
app.command("virtual")(virtual_command)
app.command("doctor")(doctor_command)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"biofeedback {biofeedback.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """The movement and the heartbeat of a person become music, live."""
