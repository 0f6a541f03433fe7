"""Cost of Engine.handle() by kind of message, and how many wearers fit into one core.

Budgets: a packet of 36 acceleration samples: median <= 150 us, p99 <= 1 ms; 32 wearers live use
less than half a core for everything but sound.
"""

from __future__ import annotations

import gc
import time
from collections import defaultdict

from machine import describe, quantiles_us, speed, timed_ns

from biofeedback.app import make_engine
from biofeedback.messages import CommandGiven, PacketReceived, TimePassed
from biofeedback.settings import Settings
from biofeedback.simulate.merge import MergedSource
from biofeedback.simulate.scenarios import make_scenario

ACCELERATION = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
RAW_36_BYTES = 10 + 36 * 6


def kind_of(message) -> str:
    if isinstance(message, PacketReceived):
        if message.characteristic == ACCELERATION:
            raw = message.payload[9] & 0x80 == 0
            size = len(message.payload)
            if raw and size == RAW_36_BYTES:
                return "packet, 36 acceleration samples"
            return "packet, acceleration, other"
        return "packet, heart rate and others"
    return "control step" if isinstance(message, TimePassed) else "other"


def take_all(source):
    """Make all messages beforehand: a simulated body between two of them would empty the caches."""
    messages = []
    while source.next_at_ns() is not None:
        messages.append(source.take())
    return messages


def inputs_of(messages, engine):
    """Messages as the live loop would hand them over, with a wake-up for each control step."""
    yield CommandGiven(at_ns=0, command="start")
    for message in messages:
        while (wakeup_ns := engine.next_wakeup_ns()) < message.at_ns:
            yield TimePassed(at_ns=wakeup_ns)
        yield message


def measure(messages, engine):
    costs_ns = defaultdict(list)
    for message in inputs_of(messages, engine):
        cost_ns, _ = timed_ns(engine.handle, message)
        costs_ns[kind_of(message)].append(cost_ns)
    return costs_ns


def main() -> None:
    print(describe())
    messages = take_all(make_scenario("walk", seed=1, duration_s=120.0))
    gc.collect()
    gc.freeze()
    for _ in range(3):
        print(f"  {speed()}")
        costs_ns = measure(messages, make_engine(Settings()))
        for kind, durations_ns in sorted(costs_ns.items()):
            print(f"  {kind:36s} n {len(durations_ns):5d}  {quantiles_us(durations_ns)}")

    wearers, seconds = 32, 30.0
    people = [
        make_scenario("walk", seed=n, duration_s=seconds, wearer=f"p{n}") for n in range(wearers)
    ]
    messages = take_all(MergedSource(people))
    engine = make_engine(Settings())
    begin = time.process_time()
    for message in inputs_of(messages, engine):
        engine.handle(message)
    spent_s = time.process_time() - begin
    print(
        f"  {wearers} wearers: {spent_s / seconds * 100:.1f} % of one core; "
        f"{wearers * seconds / spent_s:.0f} wearers would fill it"
    )


if __name__ == "__main__":
    main()
