from __future__ import annotations

import math
from typing import TYPE_CHECKING
from zlib import crc32

import msgspec
import numpy as np
import pytest

from biofeedback.messages import MeasureTaken, NoticeGiven, SensorAttached, SoundReported
from biofeedback.trace.lines import (
    MAX_LINE_BYTES,
    SCHEMA_VERSION,
    BadLineError,
    UnwritableRowError,
    decode_header,
    decode_row,
    encode_line,
    encode_row,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from biofeedback.messages import Message
    from biofeedback.trace.lines import TraceHeader


def measure(value: object) -> MeasureTaken:
    return MeasureTaken(at_ns=1, wearer="w", sensor="s", measure="rr_ms", value=value, quality=1.0)


def test_a_line_is_an_object_a_tab_and_eight_hex_digits_of_its_checksum(
    session: tuple[Message, ...],
) -> None:
    for message in session:
        line = encode_row(message)
        body, checksum = line.rstrip(b"\n").rsplit(b"\t", 1)
        assert msgspec.json.decode(body)["type"] == type(message).__name__
        assert checksum.decode() == f"{crc32(body):08x}"
        assert line.count(b"\n") == line.count(b"\t") == 1
        assert decode_row(line) == message


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_never_written(value: object) -> None:
    with pytest.raises(UnwritableRowError):
        encode_row(measure(value))


def test_nan_where_null_is_allowed_is_not_taken_for_missing() -> None:
    report = SoundReported(
        at_ns=1,
        played_notes=0,
        late_notes=0,
        timing_error_ms=0.0,
        xruns=0,
        short_term_lufs=math.nan,
        true_peak_dbtp=None,
    )
    with pytest.raises(UnwritableRowError, match="not finite"):
        encode_row(report)


def test_nan_inside_a_table_is_found() -> None:
    attached = SensorAttached(
        at_ns=1, wearer="w", sensor="s", profile="p", site="waist", context={"f": math.nan}
    )
    with pytest.raises(UnwritableRowError):
        encode_row(attached)


@pytest.mark.parametrize("value", [np.float64(1.5), np.int64(1), "1", None])
def test_a_value_of_a_wrong_type_is_never_written(value: object) -> None:
    with pytest.raises(UnwritableRowError):
        encode_row(measure(value))


def test_a_word_outside_its_closed_set_is_never_written() -> None:
    with pytest.raises(UnwritableRowError):
        encode_row(NoticeGiven(at_ns=1, code="no such code"))


def test_text_that_is_not_unicode_is_never_written() -> None:
    with pytest.raises(UnwritableRowError):
        encode_row(NoticeGiven(at_ns=1, code="battery_low", wearer="\ud800"))


def test_a_row_longer_than_a_reader_accepts_is_never_written() -> None:
    with pytest.raises(UnwritableRowError, match="longer"):
        encode_row(NoticeGiven(at_ns=1, code="battery_low", wearer="w" * MAX_LINE_BYTES))


def test_an_integer_in_a_field_of_numbers_reads_back_as_the_same_number() -> None:
    assert decode_row(encode_row(measure(72))).value == 72.0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line[:-1],
        lambda line: line[1:],
        lambda line: line[:-1] + b" \n",
        lambda line: line.upper(),
        lambda line: line.replace(b"\t", b" "),
        lambda line: line[:-9] + line[-9:].upper(),
        lambda line: b"\n",
        lambda line: b"",
        lambda line: b"\x00" * len(line),
    ],
)
def test_a_line_that_is_not_exactly_what_was_written_is_refused(
    spoil: Callable[[bytes], bytes],
) -> None:
    line = encode_row(measure(0.1))
    assert any(digit in line[-9:] for digit in b"abcdef")
    with pytest.raises(BadLineError):
        decode_row(spoil(line))


def test_a_whole_line_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(BadLineError, match="not understood"):
        decode_row(encode_line({"type": "Weather", "at_ns": 1}))


def test_a_header_of_a_newer_format_says_its_version_whatever_else_it_holds(
    header: TraceHeader,
) -> None:
    newer = {"type": "TraceHeader", "schema_version": SCHEMA_VERSION + 1, "shape": [1]}
    assert decode_header(encode_line(newer)) == SCHEMA_VERSION + 1
    assert decode_header(encode_line(header)) == header


def test_a_message_is_no_header(session: tuple[Message, ...]) -> None:
    with pytest.raises(BadLineError, match="no header"):
        decode_header(encode_row(session[0]))
