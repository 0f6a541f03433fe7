from __future__ import annotations

import numpy as np
import pytest

from biofeedback.decode.delta_frames import decode_delta_frame, decode_delta_patterns
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
    reference = [int(value) for value in random.integers(-20000, 20000, channels)]
    size = 2 if width < 9 else 3 if width < 18 else 5
    payload = b"\xff" * 10 + pack(reference, [(width, rows.tolist()), (3, other.tolist())], size)

    blocks, samples, reach = decode_delta_frame(
        payload, 10, channels=channels, resolution_bits=8 * size
    )

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
    payload = pack([-5] * channels, [(width, rows[:2].tolist()), (width, rows[2:].tolist())], 5)

    _, samples, reach = decode_delta_frame(payload, 0, channels=channels, resolution_bits=40)

    expected = np.cumsum(np.vstack([[-5] * channels, rows]), axis=0)
    assert samples.tolist() == expected.tolist()
    assert np.abs(samples).max() <= reach


def test_all_blocks_are_read_not_only_the_first() -> None:
    blocks = [(4, [[1, 1, 1]] * 3)] * 9
    packed = pack([0, 0, 0], blocks, 2)
    _, samples, _ = decode_delta_frame(packed, 0, channels=3, resolution_bits=16)
    assert samples[-1].tolist() == [27, 27, 27]


@pytest.mark.parametrize("count", [3, 30])
@pytest.mark.parametrize("step", [-1, 1])
def test_a_sum_may_reach_the_resolution_and_not_exceed_it(count: int, step: int) -> None:
    limit = 32767 if step > 0 else -32768
    rows = [[step, 0, 0]] * count
    within = pack([limit - step * count, 0, 0], [(2, rows)], 2)
    _, samples, _ = decode_delta_frame(within, 0, channels=3, resolution_bits=16)
    assert samples[-1].tolist() == [limit, 0, 0]

    beyond = pack([limit - step * (count - 1), 0, 0], [(2, rows)], 2)
    with pytest.raises(Malformed) as caught:
        decode_delta_frame(beyond, 0, channels=3, resolution_bits=16)
    assert caught.value.reason == "out_of_range"


@pytest.mark.parametrize("count", [2, 20])
@pytest.mark.parametrize("channels", [1, 3])
def test_sums_of_patterns_wrap_at_32_bits(count: int, channels: int) -> None:
    random = np.random.default_rng(count)
    rows = random.integers(-(2**32), 2**32, (count, channels))
    reference = [2**31 - 1] * channels
    payload = pack(reference, [(33, rows.tolist())], 4)

    blocks, patterns = decode_delta_patterns(payload, 0, channels=channels)

    expected = np.cumsum(np.vstack([reference, rows]), axis=0).astype(np.int32)
    assert blocks == ((33, count),)
    assert np.frombuffer(patterns, "<i4").tolist() == expected.ravel().tolist()


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
