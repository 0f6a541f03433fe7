"""The sound process, seen from the session: a pipe to it, a pipe from it.

The child may die at any moment: nothing here raises then.
"""

from __future__ import annotations

import logging
import os
import queue
import select
import subprocess
import sys
import threading
from collections import deque
from typing import IO, TYPE_CHECKING

import msgspec

from biofeedback.errors import SoundError
from biofeedback.messages import SoundReported
from biofeedback.sound.device import child_environment
from biofeedback.sound.frames import (
    Ended,
    Failed,
    Finish,
    FrameSplitter,
    FromChild,
    Open,
    Ready,
    Rendered,
    encode_frame,
    from_child_decoder,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from biofeedback.sound.settings import SoundSummary

_QUEUE_LIMIT = 50_000
_READ_BYTES = 1 << 16
_COMMAND = ("-m", "biofeedback.sound.process")

_log = logging.getLogger(__name__)


class OrderPipe:
    """The way to the child: at once while there is room, by a thread when there isn't."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._file = stream.fileno()
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._order = threading.Lock()
        self._behind = 0  # messages that the thread hasn't written to their end
        self._at_once = _never_wait(self._file)
        self.thread = threading.Thread(target=self._catch_up, name="sound-orders", daemon=True)
        self.thread.start()

    @property
    def waiting(self) -> int:
        """How many messages wait for room."""
        return self._behind

    def send(self, data: bytes) -> None:
        """Write, or leave it to the thread; never wait."""
        with self._order:
            if self._at_once and not self._behind:
                data = data[self._write_some(data) :]
            if data:
                self._behind += 1
                self._outbox.put(data)

    def end(self) -> None:
        """Close the pipe when all is written."""
        self._outbox.put(None)

    def _write_some(self, data: bytes) -> int:
        try:
            return os.write(self._file, data)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)  # nobody listens: that is seen at the other pipe

    def _catch_up(self) -> None:
        while (data := self._outbox.get()) is not None:
            while data:
                written = self._write_some(data)
                data = data[written:]
                if data and not written:
                    select.select([], [self._file], [], 1.0)
            with self._order:
                self._behind -= 1
        _close_quietly(self._stream)


class Child:
    """One sound process with a thread for each direction."""

    def __init__(self, opening: Open, *, command: Sequence[str] = _COMMAND) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=child_environment(),
                bufsize=0,
            )
        except OSError as error:
            raise SoundError(f"the sound process can't be started: {error}") from error
        if self._process.stdin is None or self._process.stdout is None:
            raise SoundError("the sound process has no pipes")
        self._changed = threading.Condition()
        self.reports: deque[SoundReported] = deque()
        self.ready: Ready | None = None
        self.failed: str | None = None
        self.summary: SoundSummary | None = None
        self.rendered_ns = opening.origin_ns
        self.gone = False
        self._ended = False
        self._pipe = OrderPipe(self._process.stdin)
        self._pipe.send(encode_frame(opening))
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), name="sound-reports", daemon=True
        )
        self._reader.start()

    def send(self, data: bytes) -> None:
        """Send bytes to the child, without waiting."""
        if self._ended:
            return
        if self._pipe.waiting < _QUEUE_LIMIT:
            self._pipe.send(data)
        elif not self.gone:
            # Alive but deaf for minutes: what it would play now is worth nothing.
            self._process.kill()

    def wait_until(self, reached: Callable[[], bool], *, seconds: float) -> bool:
        """Wait for a state of the child; False if it is gone or takes too long."""
        with self._changed:
            self._changed.wait_for(lambda: reached() or self.gone, timeout=seconds)
            return reached()

    def end(self, *, seconds: float) -> None:
        """Ask for the end, wait, and make sure."""
        if self._ended:  # the number of its pipe may belong to another file by now
            return
        self._ended = True
        self._pipe.send(encode_frame(Finish()))
        self._pipe.end()
        self.wait_until(lambda: self.summary is not None, seconds=seconds)
        try:
            self._process.wait(timeout=2.0 if self.summary or self.gone else 0.1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(timeout=2.0)
        self._pipe.thread.join(timeout=2.0)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                _close_quietly(stream)

    def describe_end(self) -> str:
        """Say in one line why the child is gone."""
        if self.failed:
            return self.failed
        try:
            code = self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            return "the sound process has closed its pipes"
        return (
            f"the sound process ended by itself (exit status {code}); "
            "check the system's sound settings, or render to a file"
        )

    def _read(self, stream: IO[bytes]) -> None:
        splitter = FrameSplitter()
        try:
            while data := os.read(stream.fileno(), _READ_BYTES):
                for body in splitter.update(data):
                    self._take(from_child_decoder.decode(body))
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            self.failed = self.failed or f"the sound process can't be understood: {error}"
        with self._changed:
            self.gone = True
            self._changed.notify_all()

    def _take(self, message: FromChild) -> None:
        with self._changed:
            match message:
                case SoundReported():
                    self.reports.append(message)
                case Rendered():
                    self.rendered_ns = message.until_ns
                case Ready():
                    self.ready = message
                case Failed():
                    self.failed = message.text
                case Ended():
                    self.summary = message.summary
            self._changed.notify_all()


def _never_wait(file: int) -> bool:
    """Let writes return at once when a pipe is full; False where pipes can't do that."""
    try:
        os.set_blocking(file, False)
    except (AttributeError, OSError):
        return False
    return True


def _close_quietly(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except OSError:
        _log.debug("sound: the pipe was broken already")
