from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from biofeedback.messages import (
    Input,
    MeasureTaken,
    Message,
    Output,
    PacketReceived,
    StopSound,
    TimePassed,
)
from biofeedback.trace.lines import RowsDropped, TraceFooter
from biofeedback.trace.reader import Trace
from biofeedback.trace.replay import ReplayResult, replay_trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.trace.lines import TraceHeader


class Counter:
    """An engine in small: it says how many packets it has seen, twice."""

    def __init__(self, offset: float = 0.0) -> None:
        self.packets = offset

    def handle(self, message: Input) -> list[Output]:
        if not isinstance(message, PacketReceived):
            return []
        self.packets += 1
        return [self.say(message.at_ns, 0.5), self.say(message.at_ns, 1.0)]

    def say(self, at_ns: int, quality: float) -> Output:
        return MeasureTaken(
            at_ns=at_ns,
            wearer="w",
            sensor="s",
            measure="cadence_spm",
            value=self.packets,
            quality=quality,
        )


def record(packets: int) -> list[Message]:
    engine = Counter()
    messages: list[Message] = []
    for index in range(packets):
        asked: list[Input] = [
            TimePassed(at_ns=index),
            PacketReceived(at_ns=index, wearer="w", sensor="s", characteristic="c", payload=b""),
        ]
        for message in asked:
            messages.append(message)
            messages.extend(engine.handle(message))
    return messages


def make_trace(
    messages: Sequence[Message],
    header: TraceHeader,
    *,
    closed: bool = True,
    recovered: bool = False,
) -> Trace:
    footer = TraceFooter(
        counts={}, lines=1 + len(messages), sha256="", last_at_ns=None, recovered=recovered
    )
    return Trace(
        path=Path("a.trace.jsonl"),
        header=header,
        messages=list(messages),
        gaps=[],
        footer=footer if closed else None,
        damage=[],
    )


def replay(trace: Trace, offset: float = 0.0) -> ReplayResult:
    return replay_trace(trace, Counter(offset).handle)


def test_the_same_engine_gives_the_same_outputs(header: TraceHeader) -> None:
    result = replay(make_trace(record(5), header))
    assert result.identical
    assert result.complete
    assert (result.inputs, result.outputs) == (10, 10)
    assert result.explain() == "identical: 10 outputs"


def test_another_engine_is_caught_at_its_first_other_output(header: TraceHeader) -> None:
    messages = record(3)
    messages[-1] = msgspec.structs.replace(messages[-1], quality=0.9)
    result = replay(make_trace(messages, header))
    assert not result.identical
    assert result.difference is not None
    assert result.difference.index == 5
    assert result.difference.recorded == messages[-1]
    assert result.difference.replayed.quality == 1.0
    assert "output 5" in result.explain()
    assert '"quality":0.9' in result.explain()


def test_a_difference_at_the_start_is_at_index_0(header: TraceHeader) -> None:
    result = replay(make_trace(record(3), header), offset=1.0)
    assert result.difference is not None
    assert (result.difference.index, result.outputs) == (0, 0)


def test_an_output_too_few_or_too_many_is_a_difference(header: TraceHeader) -> None:
    messages = record(3)
    missing = replay(make_trace(messages[:3] + messages[4:], header))
    assert missing.difference is not None
    assert missing.difference.recorded is None
    assert "recorded: nothing" in missing.explain()
    extra = replay(make_trace([*messages, StopSound(at_ns=9, fade_ms=1)], header))
    assert extra.difference is not None
    assert extra.difference.replayed is None


def test_an_output_before_any_input_is_a_difference(header: TraceHeader) -> None:
    result = replay(make_trace([StopSound(at_ns=0, fade_ms=1), *record(1)], header))
    assert result.difference is not None
    assert result.difference.answer_to is None
    assert "before any input" in result.explain()


def test_an_answer_to_the_wrong_input_is_a_difference(header: TraceHeader) -> None:
    messages = record(2)
    messages[3], messages[4] = messages[4], messages[3]
    assert not replay(make_trace(messages, header)).identical


def test_a_cut_trace_may_end_inside_an_answer(header: TraceHeader) -> None:
    messages = record(3)
    for length in range(len(messages) + 1):
        cut = messages[:length]
        outputs = sum(isinstance(message, MeasureTaken) for message in cut)
        assert replay(make_trace(cut, header, closed=False)).outputs == outputs
        result = replay(make_trace(cut, header, recovered=True))
        assert result.identical
        assert result.outputs == outputs


def test_a_closed_trace_may_not_end_inside_an_answer(header: TraceHeader) -> None:
    assert not replay(make_trace(record(3)[:-1], header)).identical


def test_nothing_is_compared_behind_a_gap(header: TraceHeader) -> None:
    messages = record(3)
    trace = make_trace([*messages[:4], *messages[8:]], header)
    trace.gaps.append((4, RowsDropped(at_ns=1, last_at_ns=1, rows=1)))
    result = replay(trace)
    assert result.identical
    assert not result.complete
    assert result.outputs == 2
    assert "gap" in result.explain()


def test_the_result_is_json(header: TraceHeader) -> None:
    result = replay(make_trace(record(1), header), offset=1.0)
    facts = msgspec.json.decode(msgspec.json.encode(result))
    assert facts["identical"] is False
    assert facts["difference"]["recorded"]["type"] == "MeasureTaken"
