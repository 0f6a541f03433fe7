"""Several streams in one time order."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import Input, Output
    from biofeedback.simulate.source import Source, Stream


class MergedStream:
    """Several streams in one time order; at equal times the order of ``streams`` decides."""

    def __init__(self, streams: Sequence[Stream]) -> None:
        self._streams = streams
        self._due: list[tuple[int, int]] = []
        for index, stream in enumerate(streams):
            at_ns = stream.next_at_ns()
            if at_ns is not None:
                self._due.append((at_ns, index))
        heapq.heapify(self._due)

    def next_at_ns(self) -> int | None:
        """Say when the next message of any stream is due."""
        return self._due[0][0] if self._due else None

    def take(self) -> Input:
        """Give that message."""
        _, index = self._due[0]
        stream = self._streams[index]
        message = stream.take()
        at_ns = stream.next_at_ns()
        if at_ns is None:
            heapq.heappop(self._due)
        else:
            heapq.heapreplace(self._due, (at_ns, index))
        return message


class MergedSource(MergedStream):
    """Several wearers in one room: they hear the same music."""

    def __init__(self, sources: Sequence[Source]) -> None:
        super().__init__(sources)
        self._sources = sources

    def hear(self, orders: Sequence[Output]) -> None:
        """Let everybody hear it."""
        for source in self._sources:
            source.hear(orders)
