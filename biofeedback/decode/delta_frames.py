"""Delta (compressed) frames: a reference sample, then any number of blocks of differences.

* The reference has one little-endian value per channel.
* A block is: width of a difference in bits (u8), number of samples (u8), then the differences,
  packed LSB first, channels interleaved, padded to a whole byte. It ends the frame or another
  block follows. A frame with half a block is malformed: nothing is guessed.
* Differences are signed in their width and add up per channel.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SAMPLES = 4096
"""More than any frame can hold; differences of width 0 take no room, so a bound is needed."""
MAX_VALUES_OF_BLOCK = 255 * 4
MAX_WIDTH_BITS = 33
"""The difference of two 32-bit values fits in 33 bits."""


def decode_delta_frame(
    payload: bytes, offset: int, *, channels: int, resolution_bits: int
) -> tuple[tuple[tuple[int, int], ...], NDArray[np.int64]]:
    """Decode the reference and all blocks of a delta frame.

    Args:
        payload: The whole packet.
        offset: Where the reference begins.
        channels: Values per sample.
        resolution_bits: Of the reference; its size is rounded up to whole bytes.

    Returns:
        The blocks as (width in bits, samples), and all samples, reference first, shape
        (n, channels). Values may exceed the resolution: the caller knows whether they may.

    Raises:
        Malformed: The frame is cut, or a block is impossible.
    """
    reference_bytes = (resolution_bits + 7) // 8
    position = offset + reference_bytes * channels
    size = len(payload)
    if size < position:
        raise Malformed("too_short", f"{size} bytes, header and reference need {position}")
    reference = [
        int.from_bytes(payload[start : start + reference_bytes], "little", signed=True)
        for start in range(offset, position, reference_bytes)
    ]
    blocks, starts, total = _read_block_headers(payload, position, channels=channels)
    flat = np.empty((total + 1) * channels, np.int64)
    flat[:channels] = reference
    if total:
        _unpack_differences(payload, blocks, starts, flat, channels)
    samples = flat.reshape(-1, channels)
    return tuple(blocks), np.add.accumulate(samples, axis=0, out=samples)


def _read_block_headers(
    payload: bytes, position: int, *, channels: int
) -> tuple[list[tuple[int, int]], list[int], int]:
    size = len(payload)
    blocks: list[tuple[int, int]] = []
    starts: list[int] = []
    total = 0
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
        blocks.append((width, count))
    return blocks, starts, total


def _unpack_differences(
    payload: bytes,
    blocks: list[tuple[int, int]],
    starts: list[int],
    flat: NDArray[np.int64],
    channels: int,
) -> None:
    """Write the differences of all blocks behind the reference, shape ((1 + n) * channels,).

    Each is cut out of the eight bytes that begin where it begins (33 bits and an offset of up
    to 7 always fit), by way of a view of overlapping words over the padded packet.
    """
    words: NDArray[np.int64] = np.ndarray((len(payload) + 1,), "<i8", payload + bytes(8), 0, (1,))
    end = channels
    for (width, count), start in zip(blocks, starts, strict=True):
        begin, end = end, end + count * channels
        into = flat[begin:end]
        if width == 0:
            into[:] = 0
            continue
        byte_offsets, lifts = _bit_table(width)
        values = end - begin
        taken = words[start:].take(byte_offsets[:values], mode="clip")
        # To the top and back again: the arithmetic shift to the right extends the sign.
        np.left_shift(taken, lifts[:values], out=taken)
        np.right_shift(taken, 64 - width, out=into)


@cache
def _bit_table(width: int) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Tell for each value of a block its first byte, and how far to lift it to the top."""
    bits = np.arange(MAX_VALUES_OF_BLOCK) * width
    return (bits >> 3).astype(np.intp), (64 - width - (bits & 7)).astype(np.int64)
