"""Feed the inputs of a trace to an engine again, and compare what it answers.

A trace is a sequence of inputs, each followed by the engine's outputs to it. A trace that was not
closed by its journal may end anywhere, so also between two outputs of one input: then the
recorded ones must be the first of the replayed ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, get_args

from biofeedback.messages import Input, Output

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

    ``outputs`` is how many recorded outputs came out the same. ``is_complete`` is False when the
    trace has a gap: nothing behind it can be expected to be the same, so nothing was compared.
    """

    inputs: int
    outputs: int
    difference: Difference | None
    is_complete: bool

    @property
    def is_identical(self) -> bool:
        """Every output that was compared is the same."""
        return self.difference is None


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
                return ReplayResult(inputs, same, difference, is_complete=False)
            same += 1
    return ReplayResult(inputs, same, None, is_complete=not trace.gaps)


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
