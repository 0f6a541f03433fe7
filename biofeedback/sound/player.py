"""The session's side of the sound: send orders, never wait for the ear.

The child may die at any moment: nothing here raises then. A live child is started again (after a
``StopSound`` it stays silent), a rendering ends as it is, and the summary tells.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from biofeedback.errors import SoundError
from biofeedback.messages import NS_PER_S, PlayNote, SoundReported, SteerSound, StopSound
from biofeedback.sound.child import Child
from biofeedback.sound.frames import Advance, Open, encode_frame
from biofeedback.sound.settings import SoundSettings, SoundSummary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import SoundOrder

_READY_WITHIN_S = 20.0
_CLOSE_WITHIN_S = 10.0
_RENDER_WITHIN_S = 300.0
_AHEAD_NS = 20 * NS_PER_S  # orders of this span may wait in the pipe: memory stays bounded
_MAX_RESTARTS = 5

_log = logging.getLogger(__name__)


class Sound(Protocol):
    """Where orders go."""

    def send(self, orders: Sequence[SoundOrder]) -> None:
        """Hand over orders, in order. Returns at once."""
        ...

    def advance(self, until_ns: int) -> None:
        """Tell that the music before ``until_ns`` is final (live: nothing to do)."""
        ...

    def take_reports(self) -> list[SoundReported]:
        """Return the reports that came since the last call."""
        ...

    def close(self) -> SoundSummary:
        """End the sound, wait for it, and return what was heard."""
        ...


class _ProcessSound:
    """Sound from a child process."""

    def __init__(self, opening: Open) -> None:
        self._opening = opening
        self._live = opening.mode == "live"
        self._child = Child(opening)
        self._reports: list[SoundReported] = []
        self._stopped: StopSound | None = None
        self._restarts = 0
        self._failure: str | None = None
        self._summary: SoundSummary | None = None
        if not self._child.wait_until(
            lambda: self._child.ready is not None, seconds=_READY_WITHIN_S
        ):
            why = self._child.describe_end() if self._child.gone else "it doesn't answer"
            self._child.end(seconds=0.0)
            raise SoundError(why)

    def send(self, orders: Sequence[SoundOrder]) -> None:
        """Hand over orders, in order."""
        if not orders or self._summary is not None:
            return
        for order in orders:
            if isinstance(order, StopSound):
                self._stopped = order
            elif isinstance(order, SteerSound) and order.may_rise:
                self._stopped = None
        if self._child.gone and not self._revive():
            return
        self._child.send(b"".join(encode_frame(order) for order in orders))

    def advance(self, until_ns: int) -> None:
        """Let the file grow up to ``until_ns``; wait only if it is far behind."""
        if self._live or self._child.gone or self._summary is not None:
            return
        self._child.send(encode_frame(Advance(until_ns=until_ns)))
        self._child.wait_until(
            lambda: self._child.rendered_ns >= until_ns - _AHEAD_NS, seconds=_RENDER_WITHIN_S
        )

    def take_reports(self) -> list[SoundReported]:
        """Return the reports that came since the last call."""
        while self._child.reports:
            self._reports.append(self._child.reports.popleft())
        taken, self._reports = self._reports, []
        return taken

    def close(self) -> SoundSummary:
        """End the sound and return what was heard; a second call returns the same."""
        if self._summary is None:
            self._child.end(seconds=_CLOSE_WITHIN_S if self._live else _RENDER_WITHIN_S)
            told = self._child.summary
            if told is None:
                failure = self._child.describe_end()
                told = SoundSummary(file=self._opening.path, failure=failure)
            self._summary = msgspec.structs.replace(
                told,
                restarts=told.restarts + self._restarts,
                failure=told.failure or self._failure,
            )
        return self._summary

    def _revive(self) -> bool:
        """Start a live child again; False when that is no use."""
        self._failure = self._child.describe_end()
        if not self._live or self._restarts >= _MAX_RESTARTS:
            return False
        _log.warning("sound: %s; starting it again", self._failure)
        self._restarts += 1
        self._reports += self._child.reports
        self._child.end(seconds=0.0)
        try:
            self._child = Child(self._opening)
        except SoundError:
            return False
        if self._stopped is not None:
            self._child.send(encode_frame(self._stopped))
        return True


class _NullSound:
    """No sound: orders vanish."""

    def __init__(self) -> None:
        self._played = 0

    def send(self, orders: Sequence[SoundOrder]) -> None:
        """Count the notes."""
        self._played += sum(isinstance(order, PlayNote) for order in orders)

    def advance(self, until_ns: int) -> None:
        """Nothing to do."""

    def take_reports(self) -> list[SoundReported]:
        """Nothing was measured."""
        return []

    def close(self) -> SoundSummary:
        """Return how many notes would have been played."""
        return SoundSummary(played_notes=self._played)


def open_live(*, origin_ns: int, settings: SoundSettings) -> Sound:
    """Play on the sound device; returns when it can sound.

    Args:
        origin_ns: Host time of the session's start.
        settings: What can be chosen.

    Raises:
        SoundError: There is no device, or no library; the text says what to do.
    """
    return _ProcessSound(Open(mode="live", origin_ns=origin_ns, settings=settings))


def open_file(path: str | Path, *, origin_ns: int, settings: SoundSettings) -> Sound:
    """Render into a WAV file (stereo, 24 bit) whose first sample is at ``origin_ns``.

    The same orders give the same bytes.

    Raises:
        SoundError: The file can't be written, or the library is missing.
    """
    absolute = str(Path(path).absolute())
    return _ProcessSound(Open(mode="file", origin_ns=origin_ns, settings=settings, path=absolute))


def open_null() -> Sound:
    """Play nothing."""
    return _NullSound()
