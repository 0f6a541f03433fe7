"""Sensors in the air: loss, times, latency, leaks and a cut link, on a virtual radio.

Run: python benchmarks/bench_ble.py [--minutes 10] [--cut-s 30] [--cycles 100] [--taps 10]

An unmodified bleak client, virtual wearables, connection events each 30 ms of which 5 % are lost
and repeated, and once a minute a radio stall of 1.5 s. No hardware.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import math
import os
import queue
import random
import struct
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import describe

from biofeedback.app import InboxSource, Parts, Stopwatch, make_engine, run_session
from biofeedback.ble.pace import Pace
from biofeedback.ble.source import BleSource
from biofeedback.ble.taps import find_by_taps
from biofeedback.cli.scan import TAP_WITHIN_S
from biofeedback.decode.sensor import SensorDecoder
from biofeedback.messages import (
    NS_PER_S,
    DecisionMade,
    PacketReceived,
    SensorAttached,
    StateChanged,
)
from biofeedback.profiles import load_profile
from biofeedback.samples import AccelerationBlock
from biofeedback.settings import Settings
from biofeedback.simulate import packets
from biofeedback.simulate.faults import Stall
from biofeedback.simulate.frames import Clocks
from biofeedback.sound import open_null
from biofeedback.virtual.air import Air
from tests.ble_stage import (
    HEART_RATE,
    PMD_DATA,
    World,
    address_of,
    make_peripheral,
    make_wanted,
    staged,
)
from tests.end_to_end.test_ble_virtual import Taps

RATE_ERROR = 0.0015
ACC_HZ = 200.0
FRAME_SAMPLES = 36


def make_air() -> Air:
    return Air(connection_interval_s=0.03, loss_ratio=0.05, rng=random.Random(1))  # noqa: S311 - repeatable


def make_slow(**more):
    return make_peripheral(speed_ratio=1.0, interval_ms=100.0, **more)


# ---------------------------------------------------------------- loss and times


async def stream(minutes: float):
    stalls = [Stall(from_s=30.0 + 60 * k, to_s=31.5 + 60 * k) for k in range(math.ceil(minutes))]
    strap = make_slow(faults=stalls)
    strap.device.clocks = Clocks(uptime_s=1000.0, rate_error=RATE_ERROR, drift=30e-6)
    strap.keep_sent = True
    async with staged(strap, air=make_air()) as stage:
        stage.keep(make_wanted(), pace=Pace())
        await stage.more(PMD_DATA, 1)
        await asyncio.sleep(minutes * 60)
        sent = [payload for uuid, _, payload in strap.sent if uuid == PMD_DATA]
        heard = [packet.payload for packet in stage.packets(PMD_DATA)]
        losses = stage.statuses[0].losses
        await stage.let_go()
        return strap, stage, sent, heard, losses


def true_times_s(strap, payload: bytes) -> np.ndarray:
    """When the samples of a frame were really taken, on the host's clock."""
    (stamp_ns,) = struct.unpack_from("<Q", payload, 1)
    clocks = strap.device.clocks
    device_s = (stamp_ns - packets.DEVICE_EPOCH_NS) / NS_PER_S
    last_s = (device_s - clocks.uptime_s) / (1.0 + clocks.drift)
    period_s = 1.0 / (ACC_HZ * (1.0 + clocks.rate_error))
    steps = np.arange(FRAME_SAMPLES)[::-1]
    return strap.host_s(last_s) - steps * period_s


def report_stream(minutes: float) -> None:
    strap, stage, sent, heard, losses = asyncio.run(stream(minutes))
    lost = len(set(sent[: len(sent) - 12]) - set(heard))
    (attached,) = stage.of(SensorAttached)
    decoder = SensorDecoder(load_profile(attached.profile), attached.context)
    errors_s: list[np.ndarray] = []
    delays_s: list[float] = []
    for message in stage.of(PacketReceived):
        for block in decoder.update(message):
            if isinstance(block, AccelerationBlock):
                truth_s = true_times_s(strap, message.payload)
                errors_s.append(block.times_ns / NS_PER_S - truth_s)
                delays_s.append(message.at_ns / NS_PER_S - truth_s[-1])
    error_ms = np.concatenate(errors_s) * 1e3
    # Until the packets have slipped through a whole connection interval (36 samples at 200 Hz are
    # nearly six events of 30 ms) no clock can know how long they wait for an event.
    settling_s = min(60.0, 30 * minutes)
    settled = error_ms[int(settling_s * ACC_HZ) :]
    delay_ms = np.array(delays_s) * 1e3
    print(
        f"one strap, {minutes:g} min     {len(heard)} frames of 36 samples at 200 Hz, {lost} lost, "
        f"{losses} links lost, {len(stage.packets(HEART_RATE))} heart rate packets"
    )
    print(
        f"  arrival after the sample  median {np.median(delay_ms):.1f} ms, "
        f"p99 {np.percentile(delay_ms, 99):.0f} ms, max {delay_ms.max():.0f} ms"
    )
    print(
        f"  reconstructed times       RMS {np.sqrt(np.mean(error_ms**2)):.2f} ms in all, "
        f"{np.sqrt(np.mean(settled**2)):.2f} ms after {settling_s:g} s, "
        f"mean {settled.mean():+.2f} ms, worst {np.abs(error_ms).max():.2f} ms"
    )


# ---------------------------------------------------------------- eight wearers


class Latency:
    """A view that measures how long a packet took from its arrival until it was handled."""

    def __init__(self) -> None:
        self.taken_ms: list[float] = []
        self.wearers: set[str] = set()
        self.heard: dict[tuple[str, str], list[bytes]] = {}

    def see(self, message, _outputs) -> None:
        if isinstance(message, PacketReceived):
            if message.characteristic in {PMD_DATA, HEART_RATE}:
                key = message.wearer, message.characteristic
                self.heard.setdefault(key, []).append(message.payload)
            self.taken_ms.append((time.monotonic_ns() - message.at_ns) / 1e6)
            self.wearers.add(message.wearer)


def session(source: BleSource, view, *, seconds: float):
    inbox: queue.SimpleQueue = queue.SimpleQueue()
    parts = Parts(
        engine=make_engine(Settings(calibrate_s=2.0)),
        source=InboxSource(),
        sound=open_null(),
        journal=None,
        view=view,
        duration_ns=round(seconds * NS_PER_S),
    )
    source.open(inbox.put)
    used_s = time.thread_time()
    try:
        run_session(parts, Stopwatch(fast=False), inbox)
    finally:
        used_s = time.thread_time() - used_s
        source.close()
    return used_s


def report_eight(seconds: float) -> None:
    names = [f"Polar H10 {number}" for number in range(1, 9)]

    def make(name: str, number: int):
        strap = make_slow(name=name, seed=number)
        strap.keep_sent = True
        return strap

    world = World(*names, make=make, air=make_air)
    wanted = [
        replace(make_wanted(n), wearer=f"p{n}", rates_hz={"acceleration": 50.0})
        for n in range(1, 9)
    ]
    view = Latency()
    source = BleSource(wanted, backend=world.backend)
    used_s = session(source, view, seconds=seconds)
    sent = lost = 0
    for number, strap in enumerate(world.straps, 1):
        for uuid in (PMD_DATA, HEART_RATE):
            heard = view.heard.get((f"p{number}", uuid), [])
            there = [payload for kind, _, payload in strap.sent if kind == uuid]
            # What was sent after the last that was heard came after the end of the session.
            there = there[: there.index(heard[-1]) + 1] if heard else there
            sent += len(there)
            lost += len(there) - len(heard)
    losses = sum(status.losses for status in source.statuses())
    taken_ms = np.array(view.taken_ms)
    print(
        f"eight wearers, {seconds:g} s   {len(view.wearers)} heard, {lost} of {sent} packets lost, "
        f"{losses} links lost"
    )
    print(
        f"  arrival -> engine done    median {np.median(taken_ms):.2f} ms, "
        f"p99 {np.percentile(taken_ms, 99):.2f} ms, max {taken_ms.max():.1f} ms"
    )
    print(f"  engine thread             {used_s / seconds:.2f} of a core")


# ---------------------------------------------------------------- cycles


def count_files() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    except OSError:
        return 0


async def cycle(count: int) -> list[tuple[int, int, int]]:
    strap = make_peripheral("sig_hrs")
    counts: list[tuple[int, int, int]] = []
    async with staged(strap) as stage:
        for _ in range(count):
            stage.keep(make_wanted(profile="sig_hrs"))
            await stage.more(HEART_RATE, 1)
            await stage.let_go()
            stage.start_again()
            stage.radio.clients.clear()
            gc.collect()
            counts.append((len(asyncio.all_tasks()), count_files(), stage.radio.open_connections()))
    return counts


def report_cycles(count: int) -> None:
    counts = asyncio.run(cycle(count))
    first, last = counts[min(4, len(counts) - 1)], counts[-1]
    print(
        f"{count} connects             tasks {first[0]} -> {last[0]}, "
        f"files {first[1]} -> {last[1]}, open connections {last[2]}"
    )


# ---------------------------------------------------------------- a cut link


class Cut:
    """A view that notes when the music held and when it heard again."""

    def __init__(self) -> None:
        self.last_packet_ns = 0
        self.states: list[tuple[int, str]] = []
        self.tempos: list[tuple[int, float]] = []
        self.packets_ns: list[int] = []

    def see(self, message, outputs) -> None:
        if isinstance(message, PacketReceived):
            self.packets_ns.append(message.at_ns)
        for output in outputs:
            if isinstance(output, StateChanged):
                self.states.append((output.at_ns, output.after))
            elif isinstance(output, DecisionMade):
                self.tempos.append((output.at_ns, output.allowed.tempo_bpm))


def report_cut(cut_s: float) -> None:
    world = World("Polar H10 1", make=lambda name, _: make_slow(name=name), air=make_air)
    view, marks = Cut(), {}
    source = BleSource([make_wanted()], backend=world.backend)

    def script() -> None:
        time.sleep(20)
        marks["cut"] = time.monotonic_ns()
        world.loop.call_soon_threadsafe(world.straps[0].leave)
        time.sleep(cut_s)
        marks["back"] = time.monotonic_ns()
        world.loop.call_soon_threadsafe(world.straps[0].come_back)

    threading.Thread(target=script, daemon=True).start()
    session(source, view, seconds=20 + cut_s + 12)
    last_ns = max(at for at in view.packets_ns if at < marks["cut"] + NS_PER_S)
    held_ns = next((at for at, state in view.states if state == "HOLD" and at > last_ns), None)
    back_ns = next((at for at in view.packets_ns if at > marks["back"]), None)
    held = "never" if held_ns is None else f"{(held_ns - last_ns) / NS_PER_S:.2f} s"
    back = "never" if back_ns is None else f"{(back_ns - marks['back']) / NS_PER_S:.2f} s"
    held_bpm = [tempo for at, tempo in view.tempos if at < (back_ns or 0)][-1:]
    after = [tempo for at, tempo in view.tempos if at >= (back_ns or math.inf)]
    states = " > ".join(state for _, state in view.states)
    status = source.statuses()[0]
    print(
        f"link cut for {cut_s:g} s       HOLD {held} after the last packet, back {back} after the"
    )
    print(f"  return                    {status.losses} loss, {status.attempts} connects, {states}")
    if held_bpm and len(after) > 50:
        changes = np.abs(np.diff([*held_bpm, *after[:50]]))
        print(
            f"  tempo                     held {held_bpm[0]:.2f} bpm, 1 s after the return "
            f"{after[9]:.2f}, 5 s after {after[49]:.2f}; largest step {changes.max():.2f}"
        )


# ---------------------------------------------------------------- three with one name


class TapsWhenReady(Taps):
    """Somebody who waits until all sensors are heard, and then taps one of them."""

    ready = False

    def strike(self, packet):
        if self.ready and not self._times_s.size:
            self._times_s = packet.at_ns / NS_PER_S + np.array([1.0, 1.6, 2.3])
        return super().strike(packet)


async def tap_one(number: int, tapped: int) -> bool:
    """Three straps of one name, one of them tapped three times: is that one found?"""
    taps = TapsWhenReady()
    straps = [
        make_slow(
            name="Polar H10",
            seed=3 * number + n,
            scenario="rest",
            faults=[taps] if n == tapped else [],
        )
        for n in (1, 2, 3)
    ]
    async with staged(*straps, air=make_air()) as stage:
        found = await find_by_taps(
            [make_wanted(n) for n in (1, 2, 3)],
            backend=stage.backend,
            pace=Pace(),
            timeout_s=TAP_WITHIN_S,
            on_ready=lambda: setattr(taps, "ready", True),
        )
    return found.address == address_of(tapped)


def report_taps(count: int) -> None:
    right = sum(asyncio.run(tap_one(number, 1 + number % 3)) for number in range(count))
    print(f"three of one name, tapped  the right one in {right} of {count}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--eight-s", type=float, default=30.0)
    parser.add_argument("--cycles", type=int, default=100)
    parser.add_argument("--cut-s", type=float, default=30.0)
    parser.add_argument("--taps", type=int, default=10)
    options = parser.parse_args()
    # bumble tells of packets that are on their way when a link ends.
    logging.getLogger("bumble").setLevel(logging.ERROR)
    print(describe())
    if options.minutes:
        report_stream(options.minutes)
    if options.eight_s:
        report_eight(options.eight_s)
    if options.cycles:
        report_cycles(options.cycles)
    if options.cut_s:
        report_cut(options.cut_s)
    if options.taps:
        report_taps(options.taps)


if __name__ == "__main__":
    main()
