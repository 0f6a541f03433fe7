"""How many times faster than life is a session replayed and compared.

Budget: one wearer with 100 Hz acceleration and heart rate: >= 500 times. Processor time is counted,
and the best of nine runs stands first: whatever else the machine does only makes a run slower.
"""

from __future__ import annotations

import gc
import queue
import statistics
import tempfile
import time
from pathlib import Path

from machine import describe, speed

from biofeedback.app import Parts, Stopwatch, make_engine, run_session
from biofeedback.cli.recorded import recorded_profiles, recorded_settings
from biofeedback.profiles import list_profiles
from biofeedback.settings import Settings
from biofeedback.simulate.body import Body
from biofeedback.simulate.scenarios import SCENARIOS, draw_person, make_scenario
from biofeedback.simulate.story import Story
from biofeedback.simulate.wearables import VirtualWearer, Wearing, wear_polar_h10
from biofeedback.sound import open_null
from biofeedback.trace.header import make_header
from biofeedback.trace.journal import Journal
from biofeedback.trace.reader import read_trace
from biofeedback.trace.replay import replay_trace

SECONDS = 300.0


def wear_one_strap() -> VirtualWearer:
    """Somebody who walks with a chest strap: 100 Hz acceleration and heart rate with RR."""
    body = Body(draw_person(1), Story(SCENARIOS["walk"]), seed=1)
    wearing = Wearing(wearer="p1", sensor="chest", site="chest")
    streams = wear_polar_h10(body, wearing, acc_hz=100, ecg=False, until_s=SECONDS)
    return VirtualWearer(body, [*streams], duration_s=SECONDS)


def wear_two_sensors() -> VirtualWearer:
    """The demo's person: 200 Hz at the chest, 208 Hz at the wrist, heart rate from both."""
    return make_scenario("walk", seed=1, duration_s=SECONDS)


def record(path: Path, source: VirtualWearer) -> None:
    profiles = list_profiles()
    header = make_header(
        session_id="bench",
        settings=Settings(),
        profiles={profile.name: profile for profile in profiles},
        source="bench",
        start_monotonic_ns=0,
    )
    with Journal(path, header, when_full="wait") as journal:
        parts = Parts(make_engine(Settings(), profiles), source, open_null(), journal, None, None)
        run_session(parts, Stopwatch(fast=True), queue.SimpleQueue())


def measure(name: str, source: VirtualWearer) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "walk.trace.jsonl"
        begin = time.perf_counter()
        record(path, source)
        made_s = time.perf_counter() - begin
        ratios = []
        for _ in range(9):
            gc.collect()
            begin = time.process_time()
            trace = read_trace(path)
            read_s = time.process_time() - begin
            engine = make_engine(recorded_settings(trace), recorded_profiles(trace))
            result = replay_trace(trace, engine.handle)
            ratios.append(SECONDS / (time.process_time() - begin))
            assert result.identical
        size_mb = path.stat().st_size / 1e6
        print(
            f"  {speed()}\n"
            f"  {name}: replayed and compared {max(ratios):.0f} x real time at best, "
            f"{statistics.median(ratios):.0f} x in the median "
            f"(of which reading {SECONDS / read_s:.0f} x); simulated and recorded "
            f"{SECONDS / made_s:.0f} x; {len(trace.messages)} rows, {size_mb:.1f} MB"
        )


def main() -> None:
    print(describe())
    measure("one strap, 100 Hz and heart rate", wear_one_strap())
    measure("two sensors, 200 and 208 Hz", wear_two_sensors())


if __name__ == "__main__":
    main()
