"""Delta (compressed) frames: a reference sample, then any number of blocks of differences.

* The reference has one little-endian value per channel.
* A block is: width of a difference in bits (u8), number of samples (u8), then the differences,
  packed LSB first, channels interleaved, padded to a whole byte. It ends the frame or another
  block follows. A frame with half a block is malformed: nothing is guessed.
* Differences are signed in their width and add up per channel.
"""

from __future__ import annotations

import struct
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_REFERENCES: Final = {
    (size, channels): struct.Struct(f"<{channels}{code}").unpack_from
    for size, code in ((2, "h"), (4, "i"))
    for channels in (1, 3, 4)
}
"""(bytes of a value, channels) -> how a reference is read."""
_WORD: Final = np.dtype("<i8")
FEW_SAMPLES = 6
"""Up to here Python's own integers are faster than arrays."""
MAX_SAMPLES = 4096
"""More than any frame can hold; differences of width 0 take no room, so a bound is needed."""
WORD_BYTES = 8
SLOT_BYTES = 528
"""Room for the longest block of a notification (514 bytes) and a word that begins at its end."""
MAX_WIDTH_BITS = 33
"""The difference of two 32-bit values fits in 33 bits."""


DeltaFrame: TypeAlias = "tuple[tuple[tuple[int, int], ...], NDArray[np.int64], int]"
"""Blocks as (width in bits, samples); samples of shape (n, channels), the reference first; reach.

The reach is what no value can exceed in size, whatever the differences are. Values may exceed the
resolution: the caller knows whether they may. A bare tuple, as one is made for each packet.
"""


def decode_delta_frame(
    payload: bytes, offset: int, *, channels: int, resolution_bits: int
) -> DeltaFrame:
    """Decode the reference and all blocks of a delta frame.

    Args:
        payload: The whole packet.
        offset: Where the reference begins.
        channels: Values per sample.
        resolution_bits: Of the reference; its size is rounded up to whole bytes.

    Raises:
        Malformed: The frame is cut, or a block is impossible.
    """
    reference_bytes = (resolution_bits + 7) // 8
    position = offset + reference_bytes * channels
    size = len(payload)
    if size < position:
        raise Malformed("too_short", f"{size} bytes, header and reference need {position}")
    read = _REFERENCES.get((reference_bytes, channels))
    reference: tuple[int, ...]
    if read is not None:
        reference = read(payload, offset)
    else:
        starts = range(offset, position, reference_bytes)
        reference = tuple(
            [
                int.from_bytes(payload[s : s + reference_bytes], "little", signed=True)
                for s in starts
            ]
        )
    blocks, starts, total, reach = _read_block_headers(payload, position, channels)
    reach += max(map(abs, reference))
    if total <= FEW_SAMPLES:
        samples = _unpack_few(payload, blocks, starts, reference)
    else:
        samples = _unpack(payload, blocks, starts, total, reference)
        np.add.accumulate(samples, 0, None, samples)
    return tuple(blocks), samples, reach


def _read_block_headers(
    payload: bytes, position: int, channels: int
) -> tuple[list[tuple[int, int]], list[int], int, int]:
    size = len(payload)
    blocks: list[tuple[int, int]] = []
    starts: list[int] = []
    total = reach = 0
    while position < size:
        if size - position < 2:
            raise Malformed("bad_block", "one byte where a block header of 2 should be")
        width, count = payload[position], payload[position + 1]
        if width > MAX_WIDTH_BITS or not count:
            raise Malformed("bad_block", f"a block of {count} samples, {width} bits each")
        starts.append(position + 2)
        position += 2 + (width * count * channels + 7) // 8
        if position > size:
            raise Malformed("bad_block", f"a block needs {position - size} bytes more than sent")
        total += count
        if total >= MAX_SAMPLES:
            raise Malformed("bad_block", f"more than {MAX_SAMPLES} samples")
        reach += count << width >> 1
        blocks.append((width, count))
    return blocks, starts, total, reach


def _unpack_few(
    payload: bytes,
    blocks: list[tuple[int, int]],
    starts: list[int],
    reference: tuple[int, ...],
) -> NDArray[np.int64]:
    """Return the values of a short frame: below some dozen, arrays cost more than they save."""
    flat = list(reference)
    channels = len(reference)
    for block, start in enumerate(starts):
        width, count = blocks[block]
        values = count * channels
        bits = int.from_bytes(payload[start : start + (width * values + 7) // 8], "little")
        mask, sign = (1 << width) - 1, 1 << width >> 1
        for before in range(len(flat) - channels, len(flat) - channels + values):
            flat.append(flat[before] + ((bits & mask ^ sign) - sign))
            bits >>= width
    return np.frombuffer(_packer(len(flat))(*flat), _WORD).reshape(-1, channels)


@cache
def _packer(values: int) -> Callable[..., bytes]:
    return struct.Struct(f"<{values}q").pack


def _unpack(
    payload: bytes,
    blocks: list[tuple[int, int]],
    starts: list[int],
    total: int,
    reference: tuple[int, ...],
) -> NDArray[np.int64]:
    """Return the reference and the differences of all blocks, shape (1 + total, channels).

    Each difference is cut out of the eight bytes that begin where it begins (33 bits and an offset
    of up to 7 always fit), by way of a view of overlapping words. The blocks lie in slots of one
    size, so that where a difference begins depends on few things and can be looked up.
    """
    channels = len(reference)
    flat = np.empty((1 + total) * channels, np.int64)
    for place, value in enumerate(reference):
        flat[place] = value
    if len(blocks) == 1:
        slots = payload[starts[0] :].ljust(SLOT_BYTES, b"\0")
        tables = _bit_table(0, blocks[0][0], total * channels)
    else:
        slots = b"".join(
            [payload[start : start + SLOT_BYTES].ljust(SLOT_BYTES, b"\0") for start in starts]
        )
        tables = np.concatenate(
            [
                _bit_table(slot, width, count * channels)
                for slot, (width, count) in enumerate(blocks)
            ],
            1,
        )
    words: NDArray[np.int64] = np.ndarray((len(slots) - WORD_BYTES + 1,), _WORD, slots, 0, (1,))
    # To the top and back again: the arithmetic shift to the right extends the sign.
    np.right_shift(np.left_shift(words[tables[0]], tables[1]), tables[2], flat[channels:])
    return flat.reshape(-1, channels)


@lru_cache(maxsize=2048)
def _bit_table(slot: int, width: int, values: int) -> NDArray[np.int64]:
    """Tell for each value of a block its first byte, how far to lift it to the top, and back.

    Differences of no bits are lifted by 64, which for numpy means that nothing is left: 0.

    Returns:
        Shape (3, values).
    """
    bits = np.arange(values) * width
    table = np.empty((3, values), np.int64)
    table[0] = (bits >> 3) + slot * SLOT_BYTES
    table[1] = 64 - width - (bits & 7)
    table[2] = 64 - width
    return table
