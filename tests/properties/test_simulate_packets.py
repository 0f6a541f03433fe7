"""What is encoded can be read back bit by bit, by the shortest reader there is."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from biofeedback.simulate.packets import PMD_ACC, encode_heart_rate, encode_pmd_delta


def read_delta_frame(payload: bytes, *, channels: int, reference_bytes: int) -> list[list[int]]:
    place = 10
    sample = []
    for _ in range(channels):
        octets = payload[place : place + reference_bytes]
        sample.append(int.from_bytes(octets, "little", signed=True))
        place += reference_bytes
    samples = [sample]
    while place < len(payload):
        width, count = payload[place], payload[place + 1]
        place += 2
        size = (width * count * channels + 7) // 8
        bits = int.from_bytes(payload[place : place + size], "little")
        place += size
        for _ in range(count):
            sample = list(sample)
            for channel in range(channels):
                value = bits & ((1 << width) - 1)
                bits >>= width
                if value >> (width - 1):
                    value -= 1 << width
                sample[channel] += value
            samples.append(sample)
    return samples


@st.composite
def blocks_of_samples(draw: st.DrawFn) -> tuple[np.ndarray, list[int]]:
    counts = draw(st.lists(st.integers(1, 30), max_size=6))
    samples = draw(
        arrays(np.int64, (1 + sum(counts), 3), elements=st.integers(-(1 << 15), (1 << 15) - 1))
    )
    return samples, counts


@given(blocks_of_samples())
def test_delta_frames_read_back_exactly(drawn: tuple[np.ndarray, list[int]]) -> None:
    samples, counts = drawn
    payload = encode_pmd_delta(
        123, samples, kind=PMD_ACC, frame_type=1, resolution_bits=16, block_counts=counts
    )
    assert read_delta_frame(payload, channels=3, reference_bytes=2) == samples.tolist()


@given(
    rate=st.integers(0, 65_535),
    rr=st.lists(st.integers(0, 65_535), max_size=9),
    contact=st.sampled_from([None, False, True]),
    energy=st.none() | st.integers(0, 65_535),
)
def test_heart_rate_packets_read_back_exactly(
    rate: int, rr: list[int], contact: bool | None, energy: int | None
) -> None:
    payload = encode_heart_rate(rate, rr_1024=rr, contact=contact, energy_kj=energy)
    flags, place = payload[0], 1
    size = 1 + (flags & 1)
    assert int.from_bytes(payload[place : place + size], "little") == rate
    place += size
    assert bool(flags & 0x04) == (contact is not None)
    assert bool(flags & 0x02) == bool(contact)
    if energy is not None:
        assert flags & 0x08
        assert int.from_bytes(payload[place : place + 2], "little") == energy
        place += 2
    assert [
        int.from_bytes(payload[i : i + 2], "little") for i in range(place, len(payload), 2)
    ] == rr
    assert bool(flags & 0x10) == bool(rr)
