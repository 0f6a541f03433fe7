"""The keyboard of a live session: a thread reads single keys and puts messages into the inbox.

Space pauses and resumes, s starts again, q stops; ``desk.py`` knows the keys of a plan.
The terminal is set back whatever
happens; one that belongs to another program's foreground is left alone.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from biofeedback.messages import CommandGiven

if TYPE_CHECKING:
    import queue
    from collections.abc import Callable, Generator, Sequence

    from biofeedback.messages import Input

ESCAPE: Final = "\x1b"
_LOOK_EVERY_S: Final = 0.1


def find_order(key: str, *, paused: bool) -> CommandGiven | None:
    """Return the order that a key gives, stamped when it is taken."""
    match key:
        case " ":
            return CommandGiven(at_ns=0, command="resume" if paused else "pause")
        case "s":
            return CommandGiven(at_ns=0, command="start")
        case "q":
            return CommandGiven(at_ns=0, command="stop")
        case _:
            return None


@contextmanager
def listening_to_keys(
    inbox: queue.SimpleQueue[Input], press: Callable[[str], Sequence[Input]]
) -> Generator[None]:
    """Read keys while a session runs.

    Args:
        inbox: Where the orders go.
        press: Says what a key means.
    """
    over = threading.Event()

    def listen(read_keys: Callable[[], str | None]) -> None:
        while not over.is_set():
            keys = read_keys()
            if keys is None:
                return
            # Arrows and function keys come as an escape with letters behind it.
            for key in "" if keys.startswith(ESCAPE) else keys:
                for message in press(key):
                    inbox.put(message)

    with ExitStack() as stack:
        read_keys = stack.enter_context(single_keys())
        reader = threading.Thread(target=listen, args=(read_keys,), name="keys", daemon=True)
        reader.start()
        try:
            yield
        finally:
            over.set()
            reader.join(timeout=1.0)


def has_keyboard() -> bool:
    """Tell whether a person can type here: stdin is a terminal, and ours at the moment."""
    try:
        if not sys.stdin.isatty():
            return False
        if sys.platform == "win32":
            return True
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (AttributeError, OSError, ValueError):
        return False


if sys.platform == "win32":

    @contextmanager
    def single_keys() -> Generator[Callable[[], str | None]]:
        """Give a function that waits up to 0.1 s for keys; None when the terminal is gone."""
        import msvcrt  # noqa: PLC0415 - Windows only
        import time  # noqa: PLC0415

        def read_keys() -> str | None:
            keys = ""
            while msvcrt.kbhit():
                keys += msvcrt.getwch()
            if not keys:
                time.sleep(_LOOK_EVERY_S)
            # Function keys begin with one of these.
            return "" if keys[:1] in {"\x00", "\xe0"} else keys

        yield read_keys

else:

    @contextmanager
    def single_keys() -> Generator[Callable[[], str | None]]:
        """Give a function that waits up to 0.1 s for keys; None when the terminal is gone."""
        import select  # noqa: PLC0415 - POSIX only
        import termios  # noqa: PLC0415
        import tty  # noqa: PLC0415

        file = sys.stdin.fileno()
        before = termios.tcgetattr(file)

        def read_keys() -> str | None:
            try:
                ready, _, _ = select.select([file], [], [], _LOOK_EVERY_S)
                data = os.read(file, 64) if ready else None
            except OSError:
                return None  # the terminal is gone
            if data == b"":
                return None
            return (data or b"").decode("utf-8", "ignore")

        # At once, not after the output has drained: nobody may be reading it.
        tty.setcbreak(file, termios.TCSANOW)
        try:
            yield read_keys
        finally:
            termios.tcsetattr(file, termios.TCSANOW, before)
