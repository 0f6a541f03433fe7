"""Whatever is recorded comes back as itself, and nothing that was not recorded comes back."""

from __future__ import annotations

import types
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from biofeedback.messages import Message, TimePassed
from biofeedback.trace.header import make_header
from biofeedback.trace.lines import BadLineError, decode_row, encode_line, encode_row
from biofeedback.trace.reader import read_trace
from biofeedback.trace.recovery import recover_trace

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: TEXT,
    bytes: st.binary(max_size=64),
    bool: st.booleans(),
    type(None): st.none(),
}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value that a field of this type may hold."""
    if kind in SIMPLE:
        return SIMPLE[kind]
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in {Union, types.UnionType}:
        return st.one_of([values(part) for part in parts])
    if origin is tuple:
        return st.lists(values(parts[0]), max_size=4).map(tuple)
    if origin is dict:
        return st.dictionaries(values(parts[0]), values(parts[1]), max_size=3)
    fields = {field.name for field in msgspec.structs.fields(kind)}
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: values(hints[name]) for name in sorted(fields)})


MESSAGES = st.one_of([values(kind) for kind in get_args(Message)])
HEADER = make_header(settings={"seed": 1}, profiles={}, source="demo", start_monotonic_ns=0)


@given(MESSAGES)
def test_any_message_reads_back_as_itself(message: Any) -> None:
    line = encode_row(message)
    assert line.count(b"\n") == 1
    back = decode_row(line)
    assert type(back) is type(message)
    assert back == message
    assert encode_row(back) == encode_row(decode_row(line))


@given(MESSAGES, st.data())
def test_no_single_bit_makes_another_message(message: Any, data: st.DataObject) -> None:
    line = bytearray(encode_row(message))
    bit = data.draw(st.integers(0, 8 * len(line) - 1))
    line[bit // 8] ^= 1 << bit % 8
    try:
        decode_row(bytes(line))
    except BadLineError:
        return
    raise AssertionError(bytes(line))


@given(st.binary(max_size=300))
def test_random_bytes_are_refused_and_crash_nothing(line: bytes) -> None:
    try:
        decode_row(line)
    except BadLineError:
        return
    raise AssertionError(line)


@settings(max_examples=40, deadline=None)
@given(st.lists(MESSAGES, max_size=8), st.data())
def test_a_cut_anywhere_keeps_exactly_the_rows_before_it(
    messages: list[Any], data: st.DataObject
) -> None:
    lines = [encode_line(HEADER), *map(encode_row, messages)]
    content = b"".join(lines)
    at_byte = data.draw(st.integers(len(lines[0]), len(content)))
    whole = content[:at_byte].count(b"\n") - 1
    with TemporaryDirectory() as name:
        source, target = Path(name, "a.trace.jsonl"), Path(name, "b.trace.jsonl")
        source.write_bytes(content[:at_byte])
        assert read_trace(source, strict=False).messages == messages[:whole]
        assert recover_trace(source, target).rows == whole
        assert read_trace(target).messages == messages[:whole]


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_after_a_header_never_become_rows(noise: bytes) -> None:
    with TemporaryDirectory() as name:
        path = Path(name, "a.trace.jsonl")
        path.write_bytes(encode_line(HEADER) + encode_row(TimePassed(at_ns=1)) + noise)
        trace = read_trace(path, strict=False)
        assert trace.messages == [TimePassed(at_ns=1)]
        assert bool(trace.damage) == bool(noise)
