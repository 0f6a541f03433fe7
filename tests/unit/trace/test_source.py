from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.messages import NS_PER_S, PacketReceived, SensorAttached, SensorDetached
from biofeedback.trace.reader import read_trace
from biofeedback.trace.source import TraceSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_only_what_sensors_said_is_played_again_timed_from_the_start(
    write_trace: Callable[..., Path],
) -> None:
    source = TraceSource(read_trace(write_trace()))
    assert source.duration_s == 2.0
    taken = []
    while (due_ns := source.next_at_ns()) is not None:
        taken.append(source.take())
        assert taken[-1].at_ns == due_ns
    assert [type(message) for message in taken] == [
        SensorAttached,
        PacketReceived,
        PacketReceived,
        SensorDetached,
    ]
    assert [message.at_ns for message in taken] == [0, NS_PER_S // 2, 600_000_000, 2 * NS_PER_S]


def test_a_trace_without_sensors_is_an_empty_source(write_trace: Callable[..., Path]) -> None:
    source = TraceSource(read_trace(write_trace([])))
    assert source.next_at_ns() is None
    assert source.duration_s == 0.0
