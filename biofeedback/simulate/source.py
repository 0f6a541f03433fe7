"""What gives input messages: a body, a recording, several of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import Input, Output


class Stream(Protocol):
    """Messages in time order."""

    def next_at_ns(self) -> int | None:
        """Say when the next message is due, from the origin 0; None at the end."""
        ...

    def take(self) -> Input:
        """Give that message. ``at_ns`` counts from the origin 0: the app shifts it."""
        ...


class Source(Stream, Protocol):
    """A stream whose person hears the music."""

    def hear(self, orders: Sequence[Output]) -> None:
        """Let the person hear what was ordered; times count from the same origin."""
        ...


class ListedStream:
    """Messages that are known beforehand, ascending in time."""

    def __init__(self, messages: Sequence[Input]) -> None:
        self._messages = messages
        self._index = 0

    def next_at_ns(self) -> int | None:
        """Say when the next message is due."""
        if self._index >= len(self._messages):
            return None
        return self._messages[self._index].at_ns

    def take(self) -> Input:
        """Give that message."""
        message = self._messages[self._index]
        self._index += 1
        return message


class ListedSource(ListedStream):
    """Messages that are known beforehand and that no music changes."""

    def hear(self, orders: Sequence[Output]) -> None:
        """Ignore the music: what was recorded has happened."""
