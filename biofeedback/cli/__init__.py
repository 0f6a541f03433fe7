"""Commands, one file per verb group. ``main`` turns every error into one line and an exit code.

Exit codes: 0 done, 1 the check a command makes failed, 2 wrong use or wrong settings, 3 no sensor,
4 no sound, 5 a trace or a record is damaged, 130 interrupted.
"""

from __future__ import annotations

import logging
import os
import signal
import sys

from biofeedback.errors import BiofeedbackError

INTERRUPTED = 130
INTERNAL_ERROR = 70


def main() -> None:
    """Run a command; whatever goes wrong ends as one clear line on stderr."""
    try:
        exit_code = _run_command()
        sys.stdout.flush()
    except BiofeedbackError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        _end_unheard()
    except SystemExit as end:
        # rich leaves in this way when the reader of its output has gone.
        if isinstance(end.__context__, BrokenPipeError):
            _end_unheard()
        raise
    except Exception as error:
        if os.environ.get("BIOFEEDBACK_DEBUG"):
            raise
        what = f"{type(error).__name__}: {error}"
        hint = "This is a defect; BIOFEEDBACK_DEBUG=1 shows where."
        _fail(f"{what}. {hint}", INTERNAL_ERROR)
    else:
        sys.exit(exit_code)


def _run_command() -> int:
    # Whoever ends a command politely finds its files as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _set_up_logging()
    # Loaded here, so that Ctrl-C while it loads is Ctrl-C and not a traceback.
    import typer  # noqa: PLC0415
    from typer.main import get_command  # noqa: PLC0415

    from biofeedback.cli.commands import app  # noqa: PLC0415

    # Not ``app()``: that swallows Ctrl-C and broken pipes before they come here.
    command = get_command(app)
    try:
        with command.make_context("biofeedback", sys.argv[1:]) as context:
            command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except typer.Abort:
        return INTERRUPTED
    except Exception as error:
        # Wrong use. Typer has its own copy of click since 0.29, so its class has no public name.
        show, exit_code = getattr(error, "show", None), getattr(error, "exit_code", None)
        if not callable(show) or not isinstance(exit_code, int):
            raise
        show()
        return exit_code
    return 0


class _ToStderr(logging.Handler):
    """Lines on what is stderr at the moment: a live card lets them pass above itself."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        print(self.format(record), file=sys.stderr)


def _set_up_logging() -> None:
    handler = _ToStderr()
    is_debug = bool(os.environ.get("BIOFEEDBACK_DEBUG"))
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s" if is_debug else "%(message)s"))
    logger = logging.getLogger("biofeedback")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if is_debug else logging.WARNING)
    logger.propagate = False


def _end_unheard() -> None:
    """End when the reader of our output went away (``| head``): nothing is left to say to it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(0)


def _fail(message: str, exit_code: int) -> None:
    print(f"biofeedback: {message}", file=sys.stderr)
    sys.exit(exit_code)
