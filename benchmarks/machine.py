"""What every benchmark prints first, and how it sums figures up."""

from __future__ import annotations

import os
import platform
import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def describe() -> str:
    """Name the processor, its cores and Python."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            names = [line.partition(":")[2].strip() for line in file if "model name" in line]
        model = names[0] if names else model
    except OSError:
        pass
    cores = os.cpu_count()
    return f"{model}, {cores} cores, {platform.system()}, Python {platform.python_version()}"


def speed() -> str:
    """Say how fast the machine is just now: shared ones change by half from minute to minute."""
    durations_ns: list[int] = []
    for _ in range(500):
        begin = time.perf_counter_ns()
        total = 0.0
        for _ in range(1000):
            total += 1.5
        durations_ns.append(time.perf_counter_ns() - begin)
    return f"1000 additions now take {statistics.median(durations_ns) / 1000:.1f} us"


def quantiles_us(durations_ns: Sequence[int]) -> str:
    """Return median, p99 and maximum in microseconds."""
    ordered = sorted(durations_ns)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    median = statistics.median(ordered)
    return (
        f"median {median / 1000:7.1f} us  p99 {p99 / 1000:7.1f} us  max {ordered[-1] / 1000:.0f} us"
    )


def timed_ns(call, *arguments) -> tuple[int, object]:
    """Run a call once; return how long it took and what it gave."""
    begin = time.perf_counter_ns()
    result = call(*arguments)
    return time.perf_counter_ns() - begin, result
