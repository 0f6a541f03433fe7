"""How accurate the live chain is on recordings with references, beside what peers reach.

The recordings lie beside the checkout and stay there; without them there is nothing to measure.
All of ours is live and causal and counts from the moment when it became known; the peers are
off-line tools. What the recordings can't give is made from them, always the same (made.py).
A line whose measure this version doesn't have says "not measured".

    python benchmarks/bench_accuracy.py [--only ecg,gestures] [--details] [--peers] [--processes 2]
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from typing import TYPE_CHECKING

from accuracy import handwaving, heartbeats, locks, peers, sites, walking
from accuracy.recordings import DATA
from accuracy.table import print_table
from machine import describe

if TYPE_CHECKING:
    from accuracy.table import Line


def run_unit(job: tuple) -> tuple[str, int, dict]:
    key, number, unit = job
    return key, number, unit()


def score(only: set[str], *, with_peers: bool, processes: int) -> list[Line]:
    tasks = {
        **heartbeats.units(with_peers=with_peers),
        **walking.units(with_peers=with_peers),
        **sites.units(),
        **handwaving.units(),
        **locks.units(),
    }
    if only:
        tasks = {k: v for k, v in tasks.items() if only & set(k.split(","))}
    jobs = [
        (key, number, unit)
        for key, (units, _) in tasks.items()
        for number, unit in enumerate(units)
    ]
    results: dict[str, dict[int, dict]] = {key: {} for key in tasks}
    with multiprocessing.Pool(processes) as pool:
        for done, (key, number, result) in enumerate(pool.imap_unordered(run_unit, jobs), 1):
            results[key][number] = result
            if sys.stderr.isatty():
                print(f"\r{done} of {len(jobs)}", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    lines = [
        line
        for key, (_, reduce) in tasks.items()
        for line in reduce([results[key][n] for n in sorted(results[key])])
    ]
    return [line for line in lines if not only or line.key in only]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="keys of lines, with commas between")
    parser.add_argument("--details", action="store_true", help="a row for each recording")
    parser.add_argument("--peers", action="store_true", help="run the peers that are installed")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    print(describe())
    if not DATA.is_dir():
        print("  the recordings are absent (../shared/data): nothing can be measured")
        return 0
    begin = time.perf_counter()
    if options.peers and peers.missing():
        print(f"  peers that aren't installed are left out: {', '.join(peers.missing())}")
    only = {key for key in options.only.split(",") if key}
    lines = score(only, with_peers=options.peers, processes=options.processes)
    unknown = only - {line.key for line in lines}
    if unknown:
        print(f"  no such line: {', '.join(sorted(unknown))}")
        return 2
    print_table(lines, details=options.details)
    print(f"  {time.perf_counter() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
