"""Do things at their time, in a thread that does nothing else: notes for MIDI and OSC."""

from __future__ import annotations

import heapq
import threading
import time
from typing import TYPE_CHECKING

from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_WAITING = 20_000


class TimedSender:
    """Call what is due, in the order of due times; what is late is called at once."""

    def __init__(self, *, name: str, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._now_ns = now_ns
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []
        self._given = 0
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def add(self, due_ns: int, act: Callable[[], None]) -> None:
        """Call ``act`` at ``due_ns`` (host monotonic)."""
        with self._changed:
            if self._ended or len(self._waiting) >= _MOST_WAITING:
                return
            heapq.heappush(self._waiting, (due_ns, self._given, act))
            self._given += 1
            self._changed.notify()

    def clear(self) -> None:
        """Forget what is still waiting."""
        with self._changed:
            self._waiting.clear()

    def end(self) -> None:
        """Forget what is waiting and end the thread."""
        with self._changed:
            self._waiting.clear()
            self._ended = True
            self._changed.notify()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._ended and (wait_s := self._wait_s()) > 0.0:
                    self._changed.wait(timeout=min(wait_s, 1.0))
                if self._ended:
                    return
                _, _, act = heapq.heappop(self._waiting)
            act()

    def _wait_s(self) -> float:
        if not self._waiting:
            return 1.0
        return (self._waiting[0][0] - self._now_ns()) / NS_PER_S
