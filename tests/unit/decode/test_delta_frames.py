from __future__ import annotations

import numpy as np
import pytest

from biofeedback.decode.delta_frames import decode_delta_frame
from biofeedback.decode.malformed import Malformed


def pack(reference: list[int], blocks: list[tuple[int, list[list[int]]]], size: int) -> bytes:
    """Encode as the format says, one bit after another, with no shared code."""
    out = bytearray()
    for value in reference:
        out += value.to_bytes(size, "little", signed=True)
    for width, rows in blocks:
        out += bytes([width, len(rows)])
        bits = [value >> bit & 1 for row in rows for value in row for bit in range(width)]
        bits += [0] * (-len(bits) % 8)
        for start in range(0, len(bits), 8):
            out.append(sum(bit << place for place, bit in enumerate(bits[start : start + 8])))
    return bytes(out)


@pytest.mark.parametrize("width", [*range(1, 18), 24, 25, 31, 32, 33])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_width_is_read_with_its_sign(width: int, channels: int) -> None:
    random = np.random.default_rng(width * 10 + channels)
    low, high = -(1 << (width - 1)), (1 << (width - 1)) - 1
    rows = random.integers(low, high, (29, channels), endpoint=True)
    rows[0], rows[1] = low, high
    other = random.integers(-4, 3, (5, channels), endpoint=True)
    reference = [int(value) for value in random.integers(-30000, 30000, channels)]
    payload = b"\xff" * 10 + pack(reference, [(width, rows.tolist()), (3, other.tolist())], 2)

    blocks, samples, reach = decode_delta_frame(payload, 10, channels=channels, resolution_bits=16)

    expected = np.cumsum(np.vstack([reference, rows, other]), axis=0)
    assert blocks == ((width, 29), (3, 5))
    assert samples.tolist() == expected.tolist()
    assert np.abs(samples).max() <= reach


@pytest.mark.parametrize("width", [1, 3, 6, 16, 17, 32, 33])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_short_frames_are_read_alike(width: int, channels: int) -> None:
    random = np.random.default_rng(width)
    low, high = -(1 << (width - 1)), (1 << (width - 1)) - 1
    rows = random.integers(low, high, (4, channels), endpoint=True)
    rows[0], rows[1] = low, high
    payload = pack([-5] * channels, [(width, rows[:2].tolist()), (width, rows[2:].tolist())], 3)

    _, samples, reach = decode_delta_frame(payload, 0, channels=channels, resolution_bits=24)

    expected = np.cumsum(np.vstack([[-5] * channels, rows]), axis=0)
    assert samples.tolist() == expected.tolist()
    assert np.abs(samples).max() <= reach


def test_all_blocks_are_read_not_only_the_first() -> None:
    blocks = [(4, [[1, 1, 1]] * 3)] * 9
    packed = pack([0, 0, 0], blocks, 2)
    _, samples, _ = decode_delta_frame(packed, 0, channels=3, resolution_bits=16)
    assert samples[-1].tolist() == [27, 27, 27]


@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        (b"\x08", "bad_block"),
        (b"\x08\x00", "bad_block"),
        (b"\x22\x01" + bytes(99), "bad_block"),
        (b"\x08\x01\x01\x02", "bad_block"),
        (b"\x08\x01\x01\x02\x03\x08", "bad_block"),
    ],
)
def test_half_a_block_makes_the_frame_malformed(tail: bytes, reason: str) -> None:
    with pytest.raises(Malformed) as caught:
        decode_delta_frame(bytes(6) + tail, 0, channels=3, resolution_bits=16)
    assert caught.value.reason == reason


def test_a_cut_reference_is_too_short() -> None:
    with pytest.raises(Malformed) as caught:
        decode_delta_frame(bytes(5), 0, channels=3, resolution_bits=16)
    assert caught.value.reason == "too_short"
