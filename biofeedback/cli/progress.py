"""A progress bar for whatever takes longer than a second, on stderr, if somebody looks at it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_PATIENCE_S: Final = 1.0


@contextmanager
def showing_progress(
    verb: str, total: float, *, quiet: bool = False
) -> Generator[Callable[[float], None]]:
    """Give a function that is to be told how much of ``total`` is done."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield _say_nothing
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=console, transient=True)
    task = progress.add_task(verb, total=total)
    begun_s = time.monotonic()

    def show(done: float) -> None:
        if not progress.live.is_started and time.monotonic() - begun_s >= _PATIENCE_S:
            progress.start()
        progress.update(task, completed=done)

    try:
        yield show
    finally:
        if progress.live.is_started:
            progress.stop()


def _say_nothing(done: float) -> None:
    del done
