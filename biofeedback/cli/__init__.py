"""Commands, one file per verb group. ``main`` turns every error into one line and an exit code.

Exit codes: 0 done, 1 the check a command makes failed, 2 wrong use or wrong settings, 3 no sensor,
4 no sound, 5 the trace is damaged, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

import biofeedback
from biofeedback.cli.decode import decode_command
from biofeedback.cli.doctor import doctor_command
from biofeedback.cli.measure import measure_command
from biofeedback.cli.play import play_command
from biofeedback.cli.profiles import profiles_app
from biofeedback.cli.render import render_command
from biofeedback.cli.replay import replay_command
from biofeedback.cli.scan import scan_command
from biofeedback.cli.trace import trace_app
from biofeedback.cli.virtual import virtual_command
from biofeedback.errors import BiofeedbackError

INTERRUPTED = 130
INTERNAL_ERROR = 70

app = typer.Typer(
    name="biofeedback",
    help="The movement and the heartbeat of a person become music, live.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command("play")(play_command)
app.command("replay")(replay_command)
app.command("render")(render_command)
app.command("measure")(measure_command)
app.command("decode")(decode_command)
app.add_typer(profiles_app, name="profiles")
app.add_typer(trace_app, name="trace")
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


def main() -> None:
    """Run a command; whatever goes wrong ends as one clear line on stderr."""
    try:
        app()
    except BiofeedbackError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away (``| head``): nothing is left to say to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("BIOFEEDBACK_DEBUG"):
            raise
        what = f"{type(error).__name__}: {error}"
        hint = "This is a defect; BIOFEEDBACK_DEBUG=1 shows where."
        _fail(f"{what}. {hint}", INTERNAL_ERROR)


def _fail(message: str, exit_code: int) -> None:
    typer.echo(f"biofeedback: {message}", err=True)
    sys.exit(exit_code)
