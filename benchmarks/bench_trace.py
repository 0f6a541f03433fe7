"""What recording and reading a trace costs, and what a killed session loses.

Run: python benchmarks/bench_trace.py [--kills 100]
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from biofeedback.messages import (
    NS_PER_S,
    DecisionMade,
    MeasureTaken,
    Message,
    MusicParameters,
    PacketReceived,
    PlayNote,
    TimePassed,
)
from biofeedback.trace.header import make_header
from biofeedback.trace.journal import Journal
from biofeedback.trace.reader import iter_messages, read_trace
from biofeedback.trace.recovery import recover_trace

if TYPE_CHECKING:
    from biofeedback.trace.lines import TraceHeader

ROWS_PER_S = 100  # one wearer: 100 Hz acceleration and heart rate, decisions and notes
CHILD_ROWS_PER_S = 2000


def make_message(index: int) -> Message:
    """Give message number ``index`` of an invented session: the mix that one wearer makes."""
    at_ns = 1_000_000_000_000 + index * NS_PER_S // ROWS_PER_S
    kind = index % 10
    if kind < 2:
        payload = index.to_bytes(8, "little") * 29
        return PacketReceived(
            at_ns=at_ns, wearer="w1", sensor="chest", characteristic="fb005c82", payload=payload
        )
    if kind < 5:
        return MeasureTaken(
            at_ns=at_ns,
            wearer="w1",
            sensor="chest",
            measure="cadence_spm",
            value=100 + index / 7,
            quality=1 / (1 + kind),
        )
    if kind < 6:
        return TimePassed(at_ns=at_ns)
    if kind < 7:
        wanted = MusicParameters(
            tempo_bpm=90 + index % 60 / 3,
            energy=0.1 * kind,
            density=index % 11 / 11,
            brightness=0.5,
            articulation=0.25,
            tension=index % 13 / 13,
            swell=0.0,
            register=-0.125,
            level_db=-3.5,
        )
        return DecisionMade(
            at_ns=at_ns,
            state="RUN",
            reason="walking",
            wanted=wanted,
            allowed=wanted,
            limits_hit=("tempo_slew",),
            input_age_ms=12.5,
            tempo_from_ns=at_ns + 100,
        )
    return PlayNote(
        at_ns=at_ns,
        start_ns=at_ns + 50_000_000,
        duration_ns=200_000_000,
        layer="melody",
        pitch_midi=60 + index % 12,
        velocity=index % 7 / 7,
        tick=index * 120,
    )


def make_some_header() -> TraceHeader:
    return make_header(settings={"seed": 1}, profiles={}, source="sim:bench", start_monotonic_ns=0)


# ---------------------------------------------------------------- kills


def record_until_killed(path: Path) -> None:
    """Record at speed, and tell on stdout how many rows were given to the journal, and when."""
    journal = Journal(path, make_some_header())
    start_ns = time.monotonic_ns()
    index = 0
    while True:
        due = (time.monotonic_ns() - start_ns) * CHILD_ROWS_PER_S // NS_PER_S
        while index < due:
            journal.record(make_message(index))
            index += 1
        os.write(1, b"%d %d\n" % (index, time.monotonic_ns()))
        time.sleep(0.005)


@dataclass(frozen=True)
class Kill:
    """What one killed process left: the age of the oldest lost row, rows that are not those that
    were recorded, and how recovery ended.
    """

    recorded: int
    saved: int
    lost_s: float
    wrong_rows: int
    recovered_rows: int
    recovered_whole: bool


def kill_once(folder: Path, name: str, after_s: float) -> Kill:
    path = folder / f"{name}.trace.jsonl"
    command = [sys.executable, __file__, "--child", str(path)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert child.stdout is not None
    first = child.stdout.readline()
    time.sleep(after_s)
    child.kill()
    killed_ns = time.monotonic_ns()
    reports = [first, *child.stdout.read().splitlines(keepends=True)]
    child.wait()
    child.stdout.close()
    told = [tuple(map(int, line.split())) for line in reports if line.endswith(b"\n")]

    trace = read_trace(path, strict=False)
    saved = len(trace.messages)
    wrong = sum(m != make_message(i) for i, m in enumerate(trace.messages))
    # The first row that is lost was recorded before the first report that counts it.
    missing_since = [at_ns for count, at_ns in told if count > saved]
    lost_s = (killed_ns - missing_since[0]) / NS_PER_S if missing_since else 0.0

    target = folder / f"{name}.recovered.trace.jsonl"
    recovery = recover_trace(path, target)
    recovered = read_trace(target)
    whole = recovered.is_whole and recovered.messages == trace.messages
    path.unlink()
    target.unlink()
    return Kill(told[-1][0], saved, lost_s, wrong, recovery.rows, whole)


def run_kills(count: int, folder: Path, *, seed: int = 1, parallel: int = 5) -> list[Kill]:
    """Kill ``count`` recording processes, each at a random moment after its first second."""
    rng = random.Random(seed)  # noqa: S311 - a repeatable choice of moments, no secret
    moments = [rng.uniform(1.0, 2.0) for _ in range(count)]
    with ThreadPoolExecutor(parallel) as pool:
        jobs = [
            pool.submit(kill_once, folder, f"kill{number}", after_s)
            for number, after_s in enumerate(moments)
        ]
        return [job.result() for job in jobs]


# ---------------------------------------------------------------- costs


def measure_record(folder: Path) -> tuple[float, float]:
    """Median and p99 of one call, in microseconds, at the pace of a live room of 32 wearers."""
    spent_ns: list[int] = []
    messages = [make_message(index) for index in range(2000)]
    with Journal(folder / "record.trace.jsonl", make_some_header()) as journal:
        for _ in range(3):
            for start in range(0, len(messages), 32):
                for message in messages[start : start + 32]:
                    before_ns = time.perf_counter_ns()
                    journal.record(message)
                    spent_ns.append(time.perf_counter_ns() - before_ns)
                time.sleep(0.01)
    spent_ns.sort()
    return statistics.median(spent_ns) / 1e3, spent_ns[int(len(spent_ns) * 0.99)] / 1e3


def measure_throughput(folder: Path, rows: int) -> tuple[float, float, float, int]:
    """Rows per second into a closed file, reading per line in us (iter and list), bytes."""
    path = folder / "throughput.trace.jsonl"
    messages = [make_message(index) for index in range(rows)]
    start_s = time.perf_counter()
    with Journal(path, make_some_header(), when_full="wait") as journal:
        for message in messages:
            journal.record(message)
    rows_per_s = rows / (time.perf_counter() - start_s)

    start_s = time.perf_counter()
    count = sum(1 for _ in iter_messages(path))
    iter_us = (time.perf_counter() - start_s) / count * 1e6
    assert count == rows
    start_s = time.perf_counter()
    trace = read_trace(path)
    list_us = (time.perf_counter() - start_s) / rows * 1e6
    assert trace.is_whole
    return rows_per_s, iter_us, list_us, path.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        record_until_killed(options.child)
        return

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        median_us, p99_us = measure_record(folder)
        print(f"record() in the caller    {median_us:8.2f} us median, {p99_us:.2f} us p99")
        rows_per_s, iter_us, list_us, size_bytes = measure_throughput(folder, options.rows)
        print(
            f"rows into a closed trace  {rows_per_s:8.0f} /s, "
            f"{size_bytes / options.rows:.0f} B a row"
        )
        print(f"read, one by one          {iter_us:8.2f} us a line")
        print(f"read, as a list           {list_us:8.2f} us a line")
        print(f"one wearer is read at     {1e6 / (iter_us * ROWS_PER_S):8.0f} times real time")
        kills = run_kills(options.kills, folder)
    if kills:
        print(f"SIGKILL                   {len(kills):8d} times")
        print(f"  rows recorded           {sum(kill.recorded for kill in kills):8d}")
        print(f"  rows saved              {sum(kill.saved for kill in kills):8d}")
        print(f"  wrong rows              {sum(kill.wrong_rows for kill in kills):8d}")
        print(f"  most lost               {max(kill.lost_s for kill in kills) * 1e3:8.0f} ms")
        print(f"  recovered and whole     {sum(kill.recovered_whole for kill in kills):8d}")


if __name__ == "__main__":
    main()
