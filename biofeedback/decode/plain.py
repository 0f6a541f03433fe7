"""Plain packets: fields at fixed places, told by the profile: such a wearable needs no code.

* A characteristic has one or more layouts; the first whose size and context fit is used.
* A field is a number, a list of ``count`` numbers, or ``rows`` of them, times ``scale`` (and times
  a number of the context, ``scale_by``). Unscaled integers stay integers.
* Floats need limits: NaN, infinity and what is beyond are malformed, and nothing is repaired.
* ``feeds`` says what a field is for; a field that feeds nothing is only shown.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from biofeedback.decode.context import read_number
from biofeedback.decode.malformed import Malformed
from biofeedback.decode.triples import check_range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from biofeedback.decode.context import Context

Number = Literal["u8", "s8", "u16", "s16", "u24", "s24", "u32", "s32", "f32"]
Feed = Literal[
    "acceleration",
    "gyroscope",
    "magnetometer",
    "temperature",
    "battery",
    "heart_rate",
    "clock",
    "counter",
    "ppg",
]
CODES: Final[dict[Number, str]] = {
    "u8": "B",
    "s8": "b",
    "u16": "H",
    "s16": "h",
    "u32": "I",
    "s32": "i",
    "f32": "f",
}
SIZES: Final[dict[Number, int]] = {
    "u8": 1,
    "s8": 1,
    "u16": 2,
    "s16": 2,
    "u24": 3,
    "s24": 3,
    "u32": 4,
    "s32": 4,
    "f32": 4,
}
UNITS: Final[dict[Feed, dict[str, float]]] = {
    "acceleration": {"g": 9.80665, "mg": 0.00980665, "m/s2": 1.0},
    "gyroscope": {"dps": 1.0},
    "magnetometer": {"gauss": 1.0, "uT": 0.01},
    "temperature": {"degC": 1.0},
    "battery": {"%": 1.0},
    "heart_rate": {"bpm": 1.0},
    "clock": {"us": 1_000.0, "ms": 1_000_000.0},
    "counter": {"packets": 1.0},
    "ppg": {"counts": 1.0},
}
"""What a field may feed -> its units and their factor to the unit of the blocks (m/s2, dps, gauss;
ns for a clock)."""
BLOCKS: Final = frozenset({"acceleration", "gyroscope", "magnetometer"})
TICKS: Final = frozenset({"u8", "u16", "u32"})
MAX_SCALE_BY = 1_000_000.0
MAX_FIELD_BYTES = 514


class Field(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value, list or table of a packet; ``words`` are the meanings of 0, 1, 2, ..."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}\Z")]
    offset: Annotated[int, Meta(ge=0, lt=MAX_FIELD_BYTES)]
    type: Number
    endian: Literal["little", "big"] = "little"
    count: Annotated[int, Meta(ge=1, le=64)] | None = None
    rows: Annotated[int, Meta(ge=1, le=64)] | None = None
    scale: float | None = None
    scale_by: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}\Z")] | None = None
    minimum: float | None = None
    maximum: float | None = None
    words: tuple[str, ...] = ()
    unit: Annotated[str, Meta(min_length=1, max_length=20)] | None = None
    feeds: Feed | None = None


class Layout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a packet of ``size`` bytes holds; ``longer`` allows bytes behind the fields.

    ``when`` are numbers that the context must have for this layout.
    """

    size: Annotated[int, Meta(ge=1, le=MAX_FIELD_BYTES)]
    longer: bool = False
    when: dict[str, float] = {}
    fields: Annotated[tuple[Field, ...], Meta(min_length=1)]


class PlainPacket(msgspec.Struct, frozen=True, kw_only=True):
    """The values of one packet by the names of their fields, and the layout they came from."""

    values: dict[str, Any]
    layout: Layout


def decode_plain(layouts: Sequence[Layout]) -> Callable[[bytes, Context], PlainPacket]:
    """Return the decoder for a characteristic with these layouts; it raises Malformed only."""
    compiled = [
        (layout, [(field.name, _compile_field(field)) for field in layout.fields])
        for layout in layouts
    ]

    def decode(payload: bytes, context: Context) -> PlainPacket:
        size = len(payload)
        for layout, readers in compiled:
            if size != layout.size and not (layout.longer and size > layout.size):
                continue
            if layout.when and any(context.get(key) != layout.when[key] for key in layout.when):
                continue
            values = {name: read(payload, context) for name, read in readers}
            return PlainPacket(values=values, layout=layout)
        sizes = " or ".join(sorted({str(layout.size) for layout, _ in compiled}))
        raise Malformed("bad_length", f"{size} bytes, the layout of this context has {sizes}")

    return decode


def check_layout(layout: Layout) -> Iterator[str]:
    """Yield what is wrong with a layout beyond the types of its values."""
    names = [field.name for field in layout.fields]
    if len(set(names)) < len(names):
        yield "two fields have the same name"
    if any(field.feeds for field in layout.fields):
        feeds = [field.feeds for field in layout.fields if field.feeds]
        if len(set(feeds)) < len(feeds):
            yield "two fields feed the same stream"
        rows = {field.rows or 1 for field in layout.fields if _is_block(field)}
        if len(rows) > 1:
            yield "fields that feed streams need the same number of rows"
    for field in layout.fields:
        for complaint in _check_field(field, layout.size):
            yield f"{field.name}: {complaint}"


def _check_field(field: Field, size: int) -> Iterator[str]:
    values = (field.count or 1) * (field.rows or 1)
    if field.offset + values * SIZES[field.type] > size:
        yield f"reaches beyond the {size} bytes of the layout"
    if field.type == "f32" and (field.minimum is None or field.maximum is None):
        yield "a float needs minimum and maximum"
    if field.rows is not None and field.count is None:
        yield "rows need a count"
    if field.words and (field.type != "u8" or values > 1 or field.scale is not None):
        yield "words are for a single u8"
    if field.feeds is None:
        return
    units = UNITS[field.feeds]
    if field.unit not in units:
        yield f"unit is needed: {' or '.join(units)}"
    if field.feeds in {"clock", "counter"} and (field.type not in TICKS or values > 1):
        yield "a clock or counter is a single u8, u16 or u32"
    if field.feeds in BLOCKS and field.count != 3:
        yield "three axes are needed (count = 3)"
    if field.feeds == "ppg" and (field.count is None or field.rows is not None):
        yield "samples of one light are a list (count, no rows)"


def _is_block(field: Field) -> bool:
    return field.feeds in BLOCKS


def _compile_field(field: Field) -> Callable[[bytes, Context], Any]:
    """Return the reader of one field; the layout has checked that the packet is long enough."""
    read = _compile_numbers(field)
    scale, scale_by, words = field.scale, field.scale_by, field.words
    least, most = field.minimum, field.maximum
    bounded = least is not None or most is not None
    least, most = -float("inf") if least is None else least, float("inf") if most is None else most
    scalar = field.count is None
    per_row = (field.count or 1) if field.rows is not None else 0

    def decode(payload: bytes, context: Context) -> Any:
        values = read(payload)
        if scale is not None or scale_by is not None:
            factor = 1.0 if scale is None else scale
            if scale_by is not None:
                factor *= read_number(context, scale_by, None, most=MAX_SCALE_BY)
            values = tuple([value * factor for value in values])
        if bounded:
            check_range(values, least=least, most=most)
        if per_row:
            return tuple(zip(*[iter(values)] * per_row, strict=True))
        if not scalar:
            return values
        if words:
            if values[0] >= len(words):
                raise Malformed("unknown_type", f"{field.name} {values[0]} is not known")
            return words[int(values[0])]
        return values[0]

    return decode


def _compile_numbers(field: Field) -> Callable[[bytes], tuple[float, ...]]:
    count = (field.count or 1) * (field.rows or 1)
    offset = field.offset
    if field.type in CODES:
        order = "<" if field.endian == "little" else ">"
        numbers = struct.Struct(f"{order}{count}{CODES[field.type]}")
        return lambda payload: numbers.unpack_from(payload, offset)
    starts = range(offset, offset + 3 * count, 3)
    signed, endian = field.type == "s24", field.endian
    return lambda payload: tuple(
        [int.from_bytes(payload[at : at + 3], endian, signed=signed) for at in starts]
    )
