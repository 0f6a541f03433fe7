"""One contract for all packet formats: whatever a radio sends, only Malformed, and no nonsense."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.decode.framing import FRAMINGS
from biofeedback.decode.malformed import Malformed
from biofeedback.decode.packets import DECODERS, MAX_PAYLOAD_BYTES, decode_packet
from biofeedback.decode.plain import PlainPacket
from biofeedback.decode.profile import find_decoder
from biofeedback.decode.sensor import SensorDecoder
from biofeedback.messages import PacketReceived
from biofeedback.profiles import list_profiles

if TYPE_CHECKING:
    from collections.abc import Iterator

formats = pytest.mark.parametrize("packet_format", sorted(DECODERS))
PATHS = ("/Meas/Acc/52", "/Meas/IMU9/52", "/Meas/Ecg/125", "/Meas/HR", "/Meas/Temp", "/Meas/Gyro/x")
LIMITS = {
    "samples_mg": 65_536,
    "samples_dps": 10_000,
    "samples_gauss": 1_000,
    "samples_c": 150,
    "samples_uv": 1 << 23,
    "accel_ms2": 400,
    "gyro_dps": 10_000,
    "mag_ut": 100_000,
    "accel_g": 16,
    "angle_deg": 180,
    "mag": 32_768 / 120,
}
"""Field -> the largest size it may have; other limits stand in the types of the fields."""


def assert_in_range(value: Any) -> None:
    """Check a packet against the limits that its own types declare, and against the table."""
    if isinstance(value, PlainPacket):
        for field in value.layout.fields:
            flat = np.ravel(value.values[field.name]) if not field.words else np.zeros(1)
            assert field.minimum is None or (flat >= field.minimum).all()
            assert field.maximum is None or (flat <= field.maximum).all()
        return
    if not isinstance(value, msgspec.Struct):
        return
    for name in value.__struct_fields__:
        part = getattr(value, name)
        if name in LIMITS and part is not msgspec.UNSET:
            assert np.abs(np.asarray(part, float)).max(initial=0) <= LIMITS[name]
    if not any(isinstance(getattr(value, name), np.ndarray) for name in value.__struct_fields__):
        msgspec.convert(msgspec.to_builtins(value), type(value))


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
    assert_in_range(packet)


@cache
def random_cuts() -> tuple[bytes, list[tuple[int, int]]]:
    """Make a lot of random bytes, and where packets of many sizes are cut from them."""
    random = np.random.default_rng(7)
    sizes = random.integers(0, MAX_PAYLOAD_BYTES + 40, 100_000)
    sizes = np.where(random.random(len(sizes)) < 0.8, sizes % 48, sizes)
    begins = random.integers(0, 1 << 20, len(sizes))
    return random.bytes((1 << 20) + 1024), list(zip(begins.tolist(), sizes.tolist(), strict=True))


def random_payloads(heads: list[bytes]) -> Iterator[bytes]:
    """Make packets: any bytes, and any bytes behind heads that a decoder knows."""
    content, cuts = random_cuts()
    for number, (begin, size) in enumerate(cuts):
        body = content[begin : begin + size]
        yield heads[number % len(heads)] + body if number % 2 and heads else body


HEADS = {
    "polar_pmd": [
        bytes([kind, *bytes(8), frame])
        for kind in (0, 1, 2, 3, 5, 6, 7, 12)
        for frame in (0, 1, 0x80, 0x81)
    ],
    "metawear": [b"\x03\x04", b"\x03\x1c", b"\x03\x05", b"\x03\x9a"],
    "witmotion": [b"\x55\x61", b"\x55\x71"],
    "movesense": [b"\x02\x63", b"\x01\x63"],
    "whoop_record": [b"\x2b\x0a"],
}


def exercise(decode: Any, payloads: Any, contexts: list[dict[str, Any]], check_each: int) -> int:
    """Decode all, check every ``check_each``-th packet that was accepted; return how many were."""
    accepted = 0
    for number, payload in enumerate(payloads):
        try:
            packet = decode(payload, contexts[number % len(contexts)])
        except Malformed:
            continue
        accepted += 1
        if accepted % check_each == 0:
            assert_finite(packet)
            assert_in_range(packet)
    return accepted


@formats
def test_many_random_packets_raise_nothing_and_stay_in_range(packet_format: str) -> None:
    def decode(payload: bytes, context: dict[str, Any]) -> Any:
        return decode_packet(packet_format, payload, context)

    contexts: list[dict[str, Any]] = [{}]
    if packet_format == "movesense":
        contexts = [{"path": path} for path in PATHS]
    exercise(decode, random_payloads(HEADS.get(packet_format, [])), contexts, 40)


def colmi(body: bytes) -> bytes:
    body = (body + bytes(15))[:15]
    return body + bytes([sum(body) & 0xFF])


def test_random_ring_packets_with_a_right_checksum_stay_in_range() -> None:
    random = np.random.default_rng(4)
    heads = [b"\x03", b"\x69\x01", b"\x73\x0c", b"\x73\x12", b"\x43", b"\x16", b"\x15"]
    heads += [bytes([0xA1, kind]) for kind in (1, 2, 3)]
    payloads = [colmi(heads[number % len(heads)] + random.bytes(15)) for number in range(5_000)]
    accepted = exercise(lambda p, c: decode_packet("colmi", p, c), payloads, [{}], 1)
    assert accepted > 3_000


PLAIN = [
    pytest.param(
        characteristic,
        write,
        profile.context,
        id=f"{profile.name}-{characteristic.uuid[:8]}-{'write' if write else 'notify'}",
    )
    for profile in list_profiles()
    for characteristic in profile.characteristics
    for write in (False, True)
    if (characteristic.write_layouts if write else characteristic.layouts)
]


@pytest.mark.parametrize(("characteristic", "write", "context"), PLAIN)
def test_random_packets_of_every_layout_stay_in_range(
    characteristic: Any, write: bool, context: dict[str, float]
) -> None:
    decode = find_decoder(characteristic, write=write)
    layouts = characteristic.write_layouts if write else characteristic.layouts
    random = np.random.default_rng(len(characteristic.uuid))
    payloads = [random.bytes(layouts[n % len(layouts)].size) for n in range(1_000)]
    # Zeros are a packet of every layout.
    payloads += [bytes(layout.size) for layout in layouts]
    contexts = [{**context, **layout.when} for layout in layouts]
    assert exercise(decode, payloads, contexts, 1) >= len(layouts)


@pytest.mark.parametrize("packet_format", sorted(FRAMINGS))
@given(data=st.data())
def test_what_is_found_in_a_stream_does_not_depend_on_how_it_was_cut(
    packet_format: str, data: Any
) -> None:
    pieces = [b"\x55\x61", b"\x55\x71", bytes(18), b'{"t":', b"}\r\n", b"\n", b"\x13"]
    parts = data.draw(st.lists(st.sampled_from(pieces) | st.binary(max_size=12), max_size=60))
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    whole = FRAMINGS[packet_format]()
    cut = FRAMINGS[packet_format]()
    edges = [0, *cuts, len(stream)]
    found = [
        packet
        for begin, end in pairwise(edges)
        for packet in cut.update(stream[begin:end], 0).packets
    ]
    assert tuple(found) == whole.update(stream, 0).packets


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
