"""How many times faster than life is a session replayed and compared.

Budget: one wearer with 100 Hz acceleration and heart rate: >= 500 times.
"""

from __future__ import annotations

import gc
import queue
import tempfile
import time
from pathlib import Path

from machine import describe

from biofeedback.app import Parts, Stopwatch, make_engine, run_session
from biofeedback.messages import PacketReceived
from biofeedback.profiles import list_profiles
from biofeedback.settings import Settings
from biofeedback.simulate.scenarios import make_scenario
from biofeedback.sound import open_null
from biofeedback.trace.header import make_header
from biofeedback.trace.journal import Journal
from biofeedback.trace.reader import read_trace
from biofeedback.trace.replay import replay_trace

SECONDS = 300.0


def record(path: Path, name: str) -> None:
    profiles = list_profiles()
    header = make_header(
        session_id="bench",
        settings=Settings(),
        profiles={profile.name: profile for profile in profiles},
        source=name,
        start_monotonic_ns=0,
    )
    with Journal(path, header) as journal:
        parts = Parts(
            engine=make_engine(Settings(), profiles),
            source=make_scenario(name, seed=1, duration_s=SECONDS),
            sound=open_null(),
            journal=journal,
            view=None,
            duration_ns=None,
        )
        run_session(parts, Stopwatch(fast=True), queue.SimpleQueue())


def main() -> None:
    print(describe())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "walk.trace.jsonl"
        begin = time.perf_counter()
        record(path, "walk")
        made_s = time.perf_counter() - begin
        ratios = []
        for _ in range(3):
            gc.collect()
            begin = time.perf_counter()
            trace = read_trace(path)
            read_s = time.perf_counter() - begin
            result = replay_trace(trace, make_engine(Settings()).handle)
            spent_s = time.perf_counter() - begin
            assert result.identical
            ratios.append(SECONDS / spent_s)
        packets = sum(isinstance(m, PacketReceived) for m in trace.messages)
        size_mb = path.stat().st_size / 1e6
        print(f"  recorded {SECONDS:.0f} s in {made_s:.2f} s: {SECONDS / made_s:.0f} x real time")
        print(f"  {len(trace.messages)} rows, {packets} packets, {size_mb:.1f} MB")
        print(
            f"  replayed and compared: {sorted(ratios)[1]:.0f} x real time "
            f"(reading alone {SECONDS / read_s:.0f} x)"
        )


if __name__ == "__main__":
    main()
