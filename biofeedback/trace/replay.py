"""Feed the inputs of a trace to an engine again, and compare what it answers.

A trace is a sequence of inputs, each followed by the engine's outputs to it. A trace that was not
closed by its journal may end anywhere, so also between two outputs of one input: then the
recorded ones must be the first of the replayed ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, get_args

import msgspec

from biofeedback.messages import Input, Output
from biofeedback.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from biofeedback.messages import Message
    from biofeedback.trace.reader import Trace

_INPUTS: Final = frozenset[type](get_args(Input))


@dataclass(frozen=True, slots=True)
class Difference:
    """The first output that is not the same; ``index`` counts recorded outputs from 0.

    ``recorded`` is None when the engine says more than it did, ``replayed`` when it says less.
    ``answer_to`` is the input, None for outputs that stand before any.
    """

    index: int
    answer_to: Input | None
    recorded: Output | None
    replayed: Output | None


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """How a replay went.

    ``identical`` is True when every output that was compared is the same; ``outputs`` is how many
    recorded outputs were. ``complete`` is False when the replay ended before the trace did: at a
    difference, or at a gap, because nothing behind one can be expected to be the same.
    """

    identical: bool
    inputs: int
    outputs: int
    difference: Difference | None
    complete: bool

    def explain(self) -> str:
        """Say it in one to three lines."""
        if self.difference is None:
            text = f"identical: {counted(self.outputs, 'output')}"
            return text if self.complete else text + ", up to a gap in the trace"
        where = "before any input"
        if self.difference.answer_to is not None:
            where = "in the answer to " + _to_text(self.difference.answer_to)
        return (
            f"different at output {self.difference.index}, {where}\n"
            f"  recorded: {_to_text(self.difference.recorded)}\n"
            f"  replayed: {_to_text(self.difference.replayed)}"
        )


def replay_trace(trace: Trace, handle: Callable[[Input], list[Output]]) -> ReplayResult:
    """Re-run an engine over a trace, up to the first difference.

    Numbers are compared as numbers: 1 is 1.0 and 0.0 is -0.0.

    Args:
        trace: What was recorded.
        handle: The engine: one input in, all its outputs out.
    """
    was_closed = trace.is_whole and trace.footer is not None and not trace.footer.recovered
    end = trace.gaps[0][0] if trace.gaps else len(trace.messages)
    is_cut = bool(trace.gaps) or not was_closed
    inputs = 0
    same = 0
    for answer_to, recorded, is_last in _group_by_input(trace.messages[:end]):
        replayed: list[Output] = []
        if answer_to is not None:
            replayed = handle(answer_to)
            inputs += 1
        if recorded == replayed:
            same += len(recorded)
            continue
        if is_last and is_cut and recorded == replayed[: len(recorded)]:
            same += len(recorded)
            break
        for was, now in zip_longest(recorded, replayed):
            if was != now:
                difference = Difference(same, answer_to, was, now)
                return ReplayResult(
                    identical=False,
                    inputs=inputs,
                    outputs=same,
                    difference=difference,
                    complete=False,
                )
            same += 1
    return ReplayResult(
        identical=True, inputs=inputs, outputs=same, difference=None, complete=not trace.gaps
    )


def _to_text(message: Message | None) -> str:
    return "nothing" if message is None else msgspec.json.encode(message).decode()


def _group_by_input(
    messages: Iterable[Message],
) -> Iterator[tuple[Input | None, list[Output], bool]]:
    answer_to: Input | None = None
    outputs: list[Output] = []
    for message in messages:
        if type(message) in _INPUTS:
            if answer_to is not None or outputs:
                yield answer_to, outputs, False
            answer_to, outputs = message, []  # pyright: ignore[reportAssignmentType] - by the set
        else:
            outputs.append(message)  # pyright: ignore[reportArgumentType] - by the set
    if answer_to is not None or outputs:
        yield answer_to, outputs, True
