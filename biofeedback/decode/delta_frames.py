"""Delta (compressed) frames: a reference sample, then any number of blocks of differences.

* The reference has one little-endian value per channel.
* A block is: width of a difference in bits (u8), number of samples (u8), then the differences,
  packed LSB first, channels interleaved, padded to a whole byte. It ends the frame or another
  block follows. A frame with half a block is malformed: nothing is guessed.
* Differences are signed in their width and add up per channel.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from biofeedback.decode.malformed import Malformed

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PADDING = bytes(8)
_CODES: Final = {
    (size, channels): struct.Struct(f"<{channels}{code}")
    for size, code in ((2, "h"), (4, "i"))
    for channels in (1, 3, 4)
}
"""(bytes of a value, channels) -> how a reference is read."""
FEW_SAMPLES = 6
"""Up to here Python's own integers are faster than arrays."""
MAX_SAMPLES = 4096
"""More than any frame can hold; differences of width 0 take no room, so a bound is needed."""
MAX_VALUES_OF_BLOCK = 255 * 4
MAX_WIDTH_BITS = 33
"""The difference of two 32-bit values fits in 33 bits."""


class DeltaFrame(NamedTuple):
    """Blocks as (width in bits, samples); samples of shape (n, channels), the reference first.

    ``reach`` is what no value can exceed in size, whatever the differences are. Values may exceed
    the resolution: the caller knows whether they may.
    """

    blocks: tuple[tuple[int, int], ...]
    samples: NDArray[np.int64]
    reach: int


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
    reference = _read_reference(payload, offset, channels, reference_bytes)
    blocks, starts, total, reach = _read_block_headers(payload, position, channels=channels)
    reach += max(map(abs, reference))
    if total <= FEW_SAMPLES:
        flat = list(reference)
        for (width, count), start in zip(blocks, starts, strict=True):
            _unpack_few(payload, start, (width, count), flat, channels)
        return DeltaFrame(tuple(blocks), np.array(flat, np.int64).reshape(-1, channels), reach)
    flat = np.empty((total + 1) * channels, np.int64)
    for place, value in enumerate(reference):
        flat[place] = value
    _unpack_differences(payload, blocks, starts, flat, channels)
    samples = flat.reshape(-1, channels)
    return DeltaFrame(tuple(blocks), np.add.accumulate(samples, axis=0, out=samples), reach)


def _read_reference(payload: bytes, offset: int, channels: int, size: int) -> tuple[int, ...]:
    code = _CODES.get((size, channels))
    if code is not None:
        return code.unpack_from(payload, offset)
    starts = range(offset, offset + size * channels, size)
    return tuple([int.from_bytes(payload[at : at + size], "little", signed=True) for at in starts])


def _read_block_headers(
    payload: bytes, position: int, *, channels: int
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
    payload: bytes, start: int, block: tuple[int, int], flat: list[int], channels: int
) -> None:
    """Append the values of one short block: below some dozen, arrays cost more than they save."""
    width, values = block[0], block[1] * channels
    bits = int.from_bytes(payload[start : start + (width * values + 7) // 8], "little")
    mask, sign = (1 << width) - 1, 1 << width >> 1
    for _ in range(values):
        flat.append(flat[-channels] + ((bits & mask ^ sign) - sign))
        bits >>= width


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
    words: NDArray[np.int64] = np.ndarray((len(payload) + 1,), "<i8", payload + _PADDING, 0, (1,))
    taken: list[NDArray[np.int64]] = []
    lifts: list[NDArray[np.int64]] = []
    drops: list[NDArray[np.int64]] = []
    for (width, count), start in zip(blocks, starts, strict=True):
        values = count * channels
        places, lift, drop = _bit_table(width)
        taken.append(words[start:][places[:values]])
        lifts.append(lift[:values])
        drops.append(drop[:values])
    # To the top and back again: the arithmetic shift to the right extends the sign.
    into = flat[channels:]
    if len(blocks) == 1:
        np.right_shift(np.left_shift(taken[0], lifts[0]), drops[0], out=into)
        return
    np.concatenate(taken, out=into)
    np.left_shift(into, np.concatenate(lifts), out=into)
    np.right_shift(into, np.concatenate(drops), out=into)


@cache
def _bit_table(width: int) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]:
    """Tell for each value of a block its first byte, how far to lift it to the top, and back.

    Differences of no bits are lifted by 64, which for numpy means that nothing is left: 0.
    """
    bits = np.arange(MAX_VALUES_OF_BLOCK) * width
    drops = np.full(MAX_VALUES_OF_BLOCK, 64 - width, np.int64)
    return (bits >> 3).astype(np.intp), (64 - width - (bits & 7)).astype(np.int64), drops
