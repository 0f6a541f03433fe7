"""What a packet costs, and whether random ones ever raise or leave their ranges.

* cost: every packet of tests/golden (and of ../shared when it is there), decoded many times; the
  best of many rounds over all of them, against the aim of 5 us for a packet and 0.2 us for each
  sample in it. A fixed loop of 1000 additions is timed in between: when it takes longer than usual
  for this machine (19 to 22 us where the table of README.md was made), something else is running;
* random packets for every format and every layout of every profile: any bytes, and any bytes behind
  heads that the decoders know. Nothing but Malformed may be raised; values must be finite.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import describe

from biofeedback.decode.framing import FRAMINGS
from biofeedback.decode.malformed import Malformed
from biofeedback.decode.packets import DECODERS, decode_packet
from biofeedback.decode.plain import PlainPacket
from biofeedback.decode.profile import find_decoder
from biofeedback.profiles import list_profiles, load_profile
from tests.unit.decode.test_packets import characteristic_for, profile_for

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden" / "packets.json"
SHARED = ROOT.parent / "shared" / "facts" / "vectors.json"
AIM_PACKET_US, AIM_SAMPLE_US = 5.0, 0.2
ROUNDS, LOOPS = 40, 100
SAMPLES = ("samples_mg", "samples_uv", "samples_dps", "samples_gauss", "samples_c", "samples",
           "accel_ms2", "gyro_dps", "samples_mv", "accel_raw")  # fmt: skip


def samples_of(packet) -> int:
    if isinstance(packet, PlainPacket):
        return max([field.rows or 1 for field in packet.layout.fields if field.count] or [1])
    counts = [getattr(packet, name, None) for name in SAMPLES]
    return max([len(part) for part in counts if part is not None and part is not msgspec.UNSET
                and hasattr(part, "__len__")] or [1])  # fmt: skip


def cost_us(decode, payload: bytes, context: dict) -> float:
    begin = time.perf_counter_ns()
    for _ in range(LOOPS):
        decode(payload, context)
    return (time.perf_counter_ns() - begin) / LOOPS / 1000


def additions_us() -> float:
    """Time what tells a quiet machine from a busy one."""
    total = 0.0
    begin = time.perf_counter_ns()
    for _ in range(1000):
        total += 1.1
    return (time.perf_counter_ns() - begin) / 1000


def measure_costs() -> None:
    vectors = json.loads(GOLDEN.read_text(encoding="utf-8"))
    if SHARED.is_file():
        captured = json.loads(SHARED.read_text(encoding="utf-8"))
        vectors += [vector for vector in captured if vector["kind"] == "captured"]
    known: list[tuple[tuple[str, int], Callable, bytes, dict]] = []
    for vector in vectors:
        told = vector.get("profile")
        profile = load_profile(told) if told else profile_for(vector["device"])
        characteristic = characteristic_for(profile, vector["characteristic"])
        write = vector["direction"] == "write"
        decode = find_decoder(characteristic, write=write)
        name = characteristic.write_format if write else characteristic.format
        framing = FRAMINGS.get(name)
        if name == "plain":
            name = f"plain ({profile.name})"
        context = {**profile.context, **(vector.get("context") or {})}
        payloads = [bytes.fromhex(text) for text in vector.get("hex_sequence") or [vector["hex"]]]
        if framing is not None:
            stream = framing()
            payloads = [each for part in payloads for each in stream.update(part, 0).packets]
        for payload in payloads:
            try:
                n = samples_of(decode(payload, context))
            except Malformed:
                continue
            known.append(((name, n), decode, payload, context))
    best = [math.inf] * len(known)
    additions: list[float] = []
    for _ in range(ROUNDS):
        for place, (_, decode, payload, context) in enumerate(known):
            additions.append(additions_us())
            best[place] = min(best[place], cost_us(decode, payload, context))
    rows: dict[tuple[str, int], list[float]] = {}
    for (kind, *_), cost in zip(known, best, strict=True):
        rows.setdefault(kind, []).append(cost)
    print(f"1000 additions: best {min(additions):.1f}, median {np.median(additions):.1f} us")
    print(f"\n{'format':38} {'samples':>7} {'us/packet':>10} {'us/sample':>10} {'aim us':>7}")
    over = 0
    for (name, n), costs in sorted(rows.items()):
        worst, aim = max(costs), AIM_PACKET_US + AIM_SAMPLE_US * n
        over += worst > aim
        mark = "" if worst <= aim else "  over"
        print(f"{name:38} {n:7} {worst:10.2f} {worst / n:10.3f} {aim:7.1f}{mark}")
    print(f"{len(rows)} kinds of packets, {over} over the aim")


def is_finite(value) -> bool:
    if isinstance(value, np.ndarray):
        return bool(np.isfinite(value).all())
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, msgspec.Struct):
        return all(is_finite(getattr(value, name)) for name in value.__struct_fields__)
    if isinstance(value, (tuple, list)):
        return all(map(is_finite, value))
    if isinstance(value, dict):
        return all(map(is_finite, value.values()))
    return True


HEADS = {
    "polar_pmd": [
        bytes([kind, *bytes(8), frame])
        for kind in (0, 1, 2, 3, 5, 6, 7, 12)
        for frame in (0, 1, 2, 0x80, 0x81)
    ],
    "metawear": [b"\x03\x04", b"\x03\x1c", b"\x03\x05", b"\x03\x9a"],
    "witmotion": [b"\x55\x61", b"\x55\x71"],
    "movesense": [b"\x02\x63", b"\x01\x63"],
    "whoop_record": [b"\x2b\x0a" + bytes(1400)],
    "bangle_line": [b'{"t":"a","i":1,"m":2,"a":[', b'{"t":"h",'],
}
MOVESENSE_PATHS = ("Acc/52", "IMU9/52", "Ecg/125", "Ecg/125/mV", "HR", "Temp")
MOVESENSE = [{"path": f"/Meas/{path}"} for path in MOVESENSE_PATHS]


def send_random(name: str, decoders: list, count: int, content: bytes, random) -> None:
    begins = random.integers(0, len(content) - 1024, count)
    sizes = random.integers(0, 560, count)
    sizes = np.where(random.random(count) < 0.8, sizes % 48, sizes)
    heads = HEADS.get(name, [])
    accepted = strange = 0
    begin = time.perf_counter()
    for number, (at, size) in enumerate(zip(begins.tolist(), sizes.tolist(), strict=True)):
        decode, context, exact = decoders[number % len(decoders)]
        payload = content[at : at + (exact or size)]
        if heads and number % 2:
            payload = heads[number // 2 % len(heads)] + payload
        if name.startswith("colmi") and number % 4:
            payload = payload[:15].ljust(15, b"\0")
            payload += bytes([sum(payload) & 0xFF])
        try:
            packet = decode(payload, context)
        except Malformed:
            continue
        accepted += 1
        strange += not is_finite(packet)
    spent_s = time.perf_counter() - begin
    print(
        f"{name:28} {count:8} packets {accepted:8} accepted {strange:3} not finite {spent_s:5.1f} s"
    )
    assert not strange


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=1_000_000, help="random ones per decoder")
    parser.add_argument("--only", nargs="+", help="random packets for these formats only")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(describe())
    measure_costs()
    random = np.random.default_rng(arguments.seed)
    content = random.bytes(1 << 22)
    print()
    only = arguments.only or [*sorted(DECODERS), "plain"]
    for name in [name for name in only if name in DECODERS]:
        contexts = MOVESENSE if name == "movesense" else [{}]

        def decode(payload, context, name=name):
            return decode_packet(name, payload, context)

        decoders = [(decode, context, 0) for context in contexts]
        send_random(name, decoders, arguments.packets, content, random)
    if "plain" not in only:
        return
    plain = [
        (find_decoder(part, write=write), {**profile.context, **layout.when}, layout.size)
        for profile in list_profiles()
        for part in profile.characteristics
        for write in (False, True)
        for layout in (part.write_layouts if write else part.layouts)
    ]
    send_random("plain", plain, arguments.packets, content, random)


if __name__ == "__main__":
    main()
