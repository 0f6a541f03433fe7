"""Run every benchmark, one after the other, and print what each says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

AROUND = {
    "bench_latency": [["bash", f"{HERE}/with-{server}.sh"] for server in ("jack", "null-sink")],
}
"""What a benchmark runs beside: live sound needs a sound server."""


def main() -> int:
    worst = 0
    for script in sorted(HERE.glob("bench_*.py")):
        print(f"\n== {script.stem}", flush=True)
        for around in AROUND.get(script.stem, [[]]):
            if around:
                print(f"-- {Path(around[-1]).stem}", flush=True)
            command = [*around, sys.executable, str(script)]
            done = subprocess.run(command, cwd=HERE.parent, check=False)
            worst = max(worst, done.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
