"""Play the packets of a trace again, through whatever engine and settings there are today.

Sensors and packets come as they came then; commands, wake-ups and sound reports do not: those
belonged to that session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biofeedback.messages import (
    NS_PER_S,
    LinkReported,
    Output,
    PacketReceived,
    SensorAttached,
    SensorDetached,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.trace.reader import Trace

SensorMessage = SensorAttached | SensorDetached | PacketReceived | LinkReported


class TraceSource:
    """The sensor messages of a trace, timed from its start."""

    def __init__(self, trace: Trace) -> None:
        start_ns = trace.header.start_monotonic_ns
        self._messages = [
            msgspec.structs.replace(message, at_ns=message.at_ns - start_ns)
            for message in trace.messages
            if isinstance(message, SensorMessage)
        ]
        self._next = 0

    @property
    def duration_s(self) -> float:
        """From the start of the trace to its last sensor message."""
        return self._messages[-1].at_ns / NS_PER_S if self._messages else 0.0

    @property
    def wearers(self) -> frozenset[str]:
        """Who wore the sensors."""
        return frozenset(message.wearer for message in self._messages)

    def next_at_ns(self) -> int | None:
        """When the next message is due, from the start; None at the end."""
        return self._messages[self._next].at_ns if self._next < len(self._messages) else None

    def take(self) -> SensorMessage:
        """Give the message that is due next."""
        message = self._messages[self._next]
        self._next += 1
        return message

    def hear(self, orders: Sequence[Output]) -> None:
        """Do nothing: what is recorded can't answer the music."""
