"""Orders as they come over the pipe, for a callback that must never wait.

The callback reads the pipe itself: an order is in the very next block, whatever other threads do.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from biofeedback.sound.frames import FrameSplitter, to_child_decoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from biofeedback.sound.frames import ToChild

_READ_BYTES = 1 << 16


class Inbox:
    """The child's end of the pipe; ``ended`` once nothing more can come."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._splitter = FrameSplitter()
        self._waiting: deque[ToChild] = deque()
        self._reading = threading.Lock()
        self._has_news: Callable[[], object] = _perhaps
        self.ended = False

    def wait(self) -> ToChild | None:
        """Return the next order, however long that takes; None at the end."""
        while not self._waiting and not self.ended:
            self._take_in(os.read(self._file, _READ_BYTES))
        return self._waiting.popleft() if self._waiting else None

    def start_polling(self) -> None:
        """From now on never wait: where a pipe can't do that, a thread does the waiting."""
        try:
            os.set_blocking(self._file, False)
        except (AttributeError, OSError):
            threading.Thread(target=self._collect, name="orders", daemon=True).start()
            self._poll = _do_nothing
        else:
            self._poll = self._read_on
            if hasattr(select, "poll"):  # a third of what a read that finds nothing costs
                poller = select.poll()
                poller.register(self._file, select.POLLIN)
                self._has_news = partial(poller.poll, 0)

    def take(self) -> list[ToChild]:
        """Return what has come since the last call, at once."""
        if self._reading.acquire(blocking=False):
            try:
                self._poll()
            finally:
                self._reading.release()
        orders: list[ToChild] = []
        while self._waiting:
            orders.append(self._waiting.popleft())
        return orders

    def _read_on(self) -> None:
        while not self.ended and self._has_news():
            try:
                data = os.read(self._file, _READ_BYTES)
            except BlockingIOError:
                return
            self._take_in(data)

    def _collect(self) -> None:
        while not self.ended:
            self._take_in(os.read(self._file, _READ_BYTES))

    def _take_in(self, data: bytes) -> None:
        if not data:
            self.ended = True
        for body in self._splitter.update(data):
            self._waiting.append(to_child_decoder.decode(body))


def _do_nothing() -> None:
    pass


def _perhaps() -> bool:
    return True
