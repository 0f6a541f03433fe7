"""One contract for all packet formats: whatever a radio sends, only Malformed, and no nonsense."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.decode.malformed import Malformed
from biofeedback.decode.packets import DECODERS, decode_packet
from biofeedback.decode.sensor import SensorDecoder
from biofeedback.messages import PacketReceived
from biofeedback.profiles import list_profiles

formats = pytest.mark.parametrize("packet_format", sorted(DECODERS))


def assert_finite(value: Any) -> None:
    if isinstance(value, np.ndarray):
        assert np.isfinite(value).all()
    elif isinstance(value, float):
        assert math.isfinite(value)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            assert_finite(getattr(value, name))
    elif isinstance(value, (tuple, list)):
        for part in value:
            assert_finite(part)
    elif isinstance(value, dict):
        for part in value.values():
            assert_finite(part)


@formats
@given(payload=st.binary(max_size=600))
def test_random_bytes_raise_nothing_but_malformed(packet_format: str, payload: bytes) -> None:
    try:
        packet = decode_packet(packet_format, payload, {})
    except Malformed:
        return
    assert_finite(packet)


@formats
@given(payload=st.binary(min_size=1, max_size=64))
def test_decoding_twice_gives_the_same(packet_format: str, payload: bytes) -> None:
    def once() -> bytes | str:
        try:
            packet = decode_packet(packet_format, payload, {})
        except Malformed as malformed:
            return str(malformed)
        return msgspec.json.encode(packet, enc_hook=lambda array: array.tolist())

    assert once() == once()


PROFILES = list_profiles()


@given(
    profile=st.sampled_from(PROFILES),
    moves=st.lists(
        st.tuples(
            st.integers(0, 12),
            st.sampled_from([b"", b"\x02", b"\xf0\x02\x02\x00\x00"]),
            st.binary(max_size=60),
            st.integers(0, 2**31),
        ),
        max_size=30,
    ),
)
def test_a_sensor_never_raises_and_its_times_ascend(
    profile: Any, moves: list[tuple[int, bytes, bytes, int]]
) -> None:
    decoder = SensorDecoder(profile, {})
    at_ns = 0
    newest_ns: dict[str, int] = {}
    for which, head, tail, step in moves:
        at_ns += step
        characteristic = profile.characteristics[which % len(profile.characteristics)].uuid
        received = PacketReceived(
            at_ns=at_ns,
            wearer="w",
            sensor="s",
            characteristic=characteristic,
            payload=head + tail,
        )
        for answer in decoder.update(received):
            times_ns = getattr(answer, "times_ns", None)
            name = type(answer).__name__
            if times_ns is None or name == "TemperatureReading":
                continue  # skin and inner temperature are two streams with one kind of reading
            assert (np.diff(times_ns) > 0).all()
            assert times_ns[0] > newest_ns.get(name, -(2**63))
            newest_ns[name] = int(times_ns[-1])
