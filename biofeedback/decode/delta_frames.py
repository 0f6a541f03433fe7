"""Delta (compressed) frames: a reference sample, then any number of blocks of differences.

* The reference has one little-endian value per channel.
* A block is: width of a difference in bits (u8), number of samples (u8), then the differences,
  packed LSB first, channels interleaved, padded to a whole byte. It ends the frame or another
  block follows. A frame with half a block is malformed: nothing is guessed.
* Differences are signed in their width and add up per channel.

Blocks are short (ten samples or so) and calls of numpy are dear, so all blocks of a frame are cut
out of the packet together.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REFERENCES: Final = {
    (size, channels): struct.Struct(f"<{channels}{code}").unpack_from
    for size, code in ((2, "h"), (4, "i"))
    for channels in (1, 3, 4)
}
"""(bytes of a value, channels) -> how a reference is read."""
_WORD: Final = np.dtype("<i8")
_PATTERN: Final = np.dtype("<i4")
FEW_SAMPLES = 5
"""Up to here Python's own integers are faster than arrays."""
MAX_CHANNELS = 4
_FEW_VALUES: Final = range((1 + FEW_SAMPLES) * MAX_CHANNELS + 1)
_PACK_WORDS: Final = tuple(struct.Struct(f"<{values}q").pack for values in _FEW_VALUES)
_PACK_PATTERNS: Final = tuple(struct.Struct(f"<{values}I").pack for values in _FEW_VALUES)
MAX_SAMPLES = 4096
"""More than any frame can hold; differences of width 0 take no room, so a bound is needed."""
WORD_BYTES = 8
_ROW_BYTES = 3 * WORD_BYTES
SLOT_BYTES = 528
"""Room for the longest notification (514 bytes) and a word that begins at its end."""
MAX_WIDTH_BITS = 33
"""The difference of two 32-bit values fits in 33 bits."""


Blocks: TypeAlias = "tuple[tuple[int, int], ...]"
"""(width in bits, samples) of each block."""
DeltaFrame: TypeAlias = "tuple[Blocks, NDArray[np.int64], int]"
"""Blocks; samples of shape (n, channels), the reference first; reach.

The reach is what no value can exceed in size, whatever the differences are. A bare tuple, as one
is made for each packet.
"""


def decode_delta_frame(
    payload: bytes, offset: int, *, channels: int, resolution_bits: int
) -> DeltaFrame:
    """Decode the reference and all blocks of a delta frame.

    Args:
        payload: The whole packet.
        offset: Where the reference begins.
        channels: Values per sample, at most 4.
        resolution_bits: Of all values; the size of the reference is rounded up to whole bytes.

    Raises:
        Malformed: The frame is cut, a block is impossible, or a sum exceeds the resolution.
    """
    value_bytes = (resolution_bits + 7) // 8
    reference, blocks, starts, total, reach = _read_parts(payload, offset, value_bytes, channels)
    limit = 1 << (resolution_bits - 1)
    if total <= FEW_SAMPLES:
        few = _add_up_few(payload, blocks, starts, reference)
        samples = np.ndarray((1 + total, channels), _WORD, _PACK_WORDS[len(few)](*few))
        # Most frames can't leave the resolution, even if all differences went one way.
        fits = reach < limit or (-limit <= min(few) and max(few) < limit)
    else:
        samples = _unpack(payload, [offset, *starts[1:]], blocks, value_bytes, channels)
        fits = reach < limit or is_within(samples, -limit, limit - 1)
    if not fits:
        raise Malformed("out_of_range", f"a sum beyond {resolution_bits} bits")
    return tuple(blocks), samples, reach


def decode_delta_patterns(payload: bytes, offset: int, *, channels: int) -> tuple[Blocks, bytes]:
    """Decode a frame whose values are patterns of 32 bits: sums wrap.

    Args:
        payload: The whole packet.
        offset: Where the reference begins.
        channels: Values per sample, at most 4.

    Returns:
        Blocks; the patterns, little-endian, sample after sample, the reference first.

    Raises:
        Malformed: The frame is cut, or a block is impossible.
    """
    reference, blocks, starts, total, _ = _read_parts(payload, offset, 4, channels)
    if total <= FEW_SAMPLES:
        few = _add_up_few(payload, blocks, starts, reference)
        return tuple(blocks), _PACK_PATTERNS[len(few)](*[value & 0xFFFFFFFF for value in few])
    samples = _unpack(payload, [offset, *starts[1:]], blocks, 4, channels)
    return tuple(blocks), samples.astype(_PATTERN).tobytes()


def is_within(
    values: NDArray[np.int32] | NDArray[np.int64] | NDArray[np.float64], least: float, most: float
) -> bool:
    """Tell whether no value is outside, nor NaN: where one lies is found faster than itself."""
    flat = values.reshape(-1)
    return least <= flat.item(flat.argmin()) and flat.item(flat.argmax()) <= most


def _read_parts(
    payload: bytes, offset: int, value_bytes: int, channels: int
) -> tuple[tuple[int, ...], list[tuple[int, int]], list[int], int, int]:
    """Return the reference, the blocks, where their bits begin, their samples and the reach."""
    size = len(payload)
    position = offset + value_bytes * channels
    if size < position:
        raise Malformed("too_short", f"{size} bytes, header and reference need {position}")
    read = _REFERENCES.get((value_bytes, channels))
    reference = (
        _read_odd_reference(payload, offset, value_bytes, channels)
        if read is None
        else read(payload, offset)
    )
    blocks: list[tuple[int, int]] = []
    starts: list[int] = []
    total = 0
    reach = max(map(abs, reference))
    try:
        while position < size:
            width, count = payload[position], payload[position + 1]
            if width > MAX_WIDTH_BITS or not count:
                raise Malformed("bad_block", f"a block of {count} samples, {width} bits each")
            starts.append(position + 2)
            position += 2 + (width * count * channels + 7) // 8
            blocks.append((width, count))
            total += count
            reach += count << width >> 1
            if total >= MAX_SAMPLES:
                raise Malformed("bad_block", f"more than {MAX_SAMPLES} samples")
    except IndexError:
        raise Malformed("bad_block", "one byte where a block header of 2 should be") from None
    if position > size:
        raise Malformed("bad_block", f"a block needs {position - size} bytes more than sent")
    return reference, blocks, starts, total, reach


def _read_odd_reference(
    payload: bytes, offset: int, value_bytes: int, channels: int
) -> tuple[int, ...]:
    ends = range(offset + value_bytes, offset + value_bytes * (channels + 1), value_bytes)
    return tuple(
        [int.from_bytes(payload[end - value_bytes : end], "little", signed=True) for end in ends]
    )


def _add_up_few(
    payload: bytes,
    blocks: list[tuple[int, int]],
    starts: list[int],
    reference: tuple[int, ...],
) -> list[int]:
    """Return the values of a short frame: below some dozen, arrays cost more than they save."""
    values = [*reference]
    channels = len(values)
    for block, start in enumerate(starts):
        width, count = blocks[block]
        bits = int.from_bytes(payload[start:], "little")
        mask, sign = (1 << width) - 1, 1 << width >> 1
        for _ in range(count * channels):
            values.append(values[-channels] + ((bits & mask ^ sign) - sign))
            bits >>= width
    return values


def _unpack(
    payload: bytes,
    starts: list[int],
    blocks: list[tuple[int, int]],
    value_bytes: int,
    channels: int,
) -> NDArray[np.int64]:
    """Return the samples, shape (n, channels), of a frame whose first block has its reference.

    Each value is cut out of the eight bytes that begin where it begins (33 bits and an offset of
    up to 7 always fit), by way of a view of overlapping words. The reference with the first block,
    and each block after that, lie in slots of one size, so that where a value begins depends on
    few things and can be looked up.
    """
    width, count = blocks[0]
    if len(blocks) == 1:
        slots = payload[starts[0] :].ljust(SLOT_BYTES, b"\0")
        table = _table_of_one(width, count * channels, value_bytes, channels)
    else:
        slots = b"".join(
            [payload[start : start + SLOT_BYTES].ljust(SLOT_BYTES, b"\0") for start in starts]
        )
        rows = [_rows(0, width, count * channels, value_bytes, channels)]
        for slot in range(1, len(blocks)):
            width, count = blocks[slot]
            rows.append(_rows(slot, width, count * channels, 0, 0))
        # As bytes, for they are joined faster than arrays.
        table = _table(b"".join(rows))
    words: NDArray[np.int64] = np.ndarray((len(slots) - WORD_BYTES + 1,), _WORD, slots, 0, (1,))
    values = words[table[0]]
    # To the top and back again: the arithmetic shift to the right extends the sign.
    values <<= table[1]
    values >>= table[2]
    samples = values.reshape(-1, channels)
    return np.add.accumulate(samples, 0, None, samples)


def _table(rows: bytes) -> NDArray[np.int64]:
    return np.ndarray((3, len(rows) // _ROW_BYTES), _WORD, rows, 0, (WORD_BYTES, _ROW_BYTES))


@lru_cache(maxsize=512)
def _table_of_one(width: int, values: int, value_bytes: int, channels: int) -> NDArray[np.int64]:
    return _table(_rows(0, width, values, value_bytes, channels))


@lru_cache(maxsize=2048)
def _rows(slot: int, width: int, values: int, value_bytes: int, channels: int) -> bytes:
    """Tell for each value of a slot its first byte, how far to lift it to the top, and back.

    The first slot begins with the reference, ``channels`` values, and the header of a block.
    Differences of no bits are lifted by 64, which for numpy means that nothing is left: 0.
    """
    header_bits = 8 * (value_bytes * channels + 2) if channels else 0
    begins = np.append(
        8 * value_bytes * np.arange(channels), header_bits + width * np.arange(values)
    )
    widths = np.repeat([8 * value_bytes, width], [channels, values])
    rows = np.empty((channels + values, 3), _WORD)
    rows[:, 0] = (begins >> 3) + slot * SLOT_BYTES
    rows[:, 1] = 64 - widths - (begins & 7)
    rows[:, 2] = 64 - widths
    return rows.tobytes()
