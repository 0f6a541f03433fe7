"""What the measures cost: each stream, the whole chain of one wearer, and memory over ten hours.

One wearer with a chest strap that sends heart rate with RR intervals, ECG at 130 Hz and
acceleration at 100 Hz, walking and resting. Budgets: decoding and signals together <= 4 s of
processor time per hour of data (900 times real time); after the first hour ten hours grow by less
than 2 MB.

    python benchmarks/bench_signals.py [--hours 10]
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec
from machine import describe

from biofeedback.decode.sensor import SensorDecoder
from biofeedback.messages import (
    NS_PER_S,
    NoticeGiven,
    PacketReceived,
    PacketRejected,
    SensorAttached,
)
from biofeedback.profiles import list_profiles
from biofeedback.signals.body import Body
from biofeedback.signals.movement.movement import Movement
from biofeedback.simulate.body import Body as VirtualBody
from biofeedback.simulate.scenarios import SCENARIOS, draw_person
from biofeedback.simulate.story import Story
from biofeedback.simulate.wearables import VirtualWearer, Wearing, wear_polar_h10

if TYPE_CHECKING:
    from biofeedback.samples import Samples

MADE_S = 300.0
NAMES = {
    "AccelerationBlock": "acceleration, 100 Hz",
    "EcgBlock": "ECG, 130 Hz",
    "HeartReading": "heart rate and RR intervals",
}


def wear() -> VirtualWearer:
    body = VirtualBody(draw_person(1), Story(SCENARIOS["walk"]), seed=1)
    wearing = Wearing(wearer="p1", sensor="chest", site="chest")
    streams = wear_polar_h10(body, wearing, acc_hz=100, ecg=True, until_s=MADE_S)
    return VirtualWearer(body, [*streams], duration_s=MADE_S)


def decode(source: VirtualWearer) -> tuple[SensorAttached, list[tuple[int, Samples]], float]:
    """Decode all packets; return the samples with their arrivals, and what it cost in s."""
    profiles = {profile.name: profile for profile in list_profiles()}
    decoder = None
    attached = None
    found: list[tuple[int, Samples]] = []
    spent_ns = 0
    while source.next_at_ns() is not None:
        message = source.take()
        if isinstance(message, SensorAttached):
            attached = message
            decoder = SensorDecoder(profiles[message.profile], message.context)
        if not isinstance(message, PacketReceived):
            continue
        assert decoder is not None
        begin = time.process_time_ns()
        answers = decoder.update(message)
        spent_ns += time.process_time_ns() - begin
        found += [
            (message.at_ns, samples)
            for samples in answers
            if not isinstance(samples, PacketRejected | NoticeGiven)
        ]
    assert attached is not None
    return attached, found, spent_ns / NS_PER_S


def later(samples: Samples, by_ns: int) -> Samples:
    times_ns = getattr(samples, "times_ns", None)
    return (
        samples if times_ns is None else msgspec.structs.replace(samples, times_ns=times_ns + by_ns)
    )


def resident_mb() -> float:
    with open("/proc/self/statm", encoding="utf-8") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * 4096 / 1e6


def cost_of_movement(found: list[tuple[int, Samples]]) -> str:
    """What gestures, repetition and manner cost for a packet of 36 samples at 100 Hz."""
    blocks = [s for _, s in found if type(s).__name__ == "AccelerationBlock"]
    vectors = [tuple(v) for block in blocks for v in block.acceleration_mps2[::2].tolist()]
    movement = Movement("chest")
    costs_ns = []
    for first in range(0, len(vectors) - 18, 18):
        begin = time.process_time_ns()
        movement.update(first, vectors[first : first + 18], walking=True)
        costs_ns.append(time.process_time_ns() - begin)
    ordered = sorted(costs_ns)
    return (
        f"median {statistics.median(ordered) / 1000:.0f} us, mean "
        f"{statistics.mean(ordered) / 1000:.0f} us, "
        f"p99 {ordered[-len(ordered) // 100] / 1000:.0f} us"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=10.0)
    options = parser.parse_args()
    print(describe())
    attached, found, decoding_s = decode(wear())
    body = Body("p1")
    body.attach(attached.sensor, attached.site)
    costs_ns: dict[str, int] = defaultdict(int)
    worst_ns: dict[str, list[int]] = defaultdict(list)
    rounds = max(2, round(options.hours * 3600 / MADE_S))
    after_hour_mb = 0.0
    gc.collect()
    gc.freeze()
    for number in range(rounds):
        by_ns = round(number * MADE_S * NS_PER_S)
        for at_ns, samples in found:
            moved = later(samples, by_ns)
            begin = time.process_time_ns()
            body.update(attached.sensor, moved, at_ns + by_ns)
            spent_ns = time.process_time_ns() - begin
            name = type(samples).__name__
            costs_ns[name] += spent_ns
            if number == 0:
                worst_ns[name].append(spent_ns)
        if number == max(0, min(rounds - 2, round(3600 / MADE_S))):
            gc.collect()
            after_hour_mb = resident_mb()
    gc.collect()
    grown_mb = resident_mb() - after_hour_mb
    hours = rounds * MADE_S / 3600
    whole_s = 3600 / MADE_S * decoding_s
    print(f"  decoding of all packets: {whole_s:.2f} s per hour of data")
    for name, spent_ns in costs_ns.items():
        if name not in NAMES:
            continue
        per_hour_s = spent_ns / NS_PER_S / hours
        whole_s += per_hour_s
        typical_us = statistics.median(worst_ns[name]) / 1000
        told = f"{per_hour_s:.2f} s per hour of data, {typical_us:.0f} us a packet"
        print(f"  {NAMES[name]:30s} {told}")
    print(f"  gestures, repetition and manner, 36 samples: {cost_of_movement(found)}")
    print(f"  whole chain: {whole_s:.2f} s per hour of data ({3600 / whole_s:.0f} x real time)")
    print(
        f"  memory: {grown_mb:+.1f} MB from the first hour to {hours:.1f} h "
        f"({resident_mb():.0f} MB)"
    )


if __name__ == "__main__":
    main()
