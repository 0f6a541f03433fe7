"""Run every benchmark, one after the other, and print what each says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    worst = 0
    for script in sorted(HERE.glob("bench_*.py")):
        print(f"\n== {script.stem}", flush=True)
        command = [sys.executable, str(script)]
        if script.stem == "bench_latency":
            command = ["bash", str(HERE / "with-null-sink.sh"), *command]
        done = subprocess.run(command, cwd=HERE.parent, check=False)
        worst = max(worst, done.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
