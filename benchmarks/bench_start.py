"""From the command to the first sound, on a live server. Budget: <= 3 s.

Starts ``biofeedback play --from sim:walk --sound live`` and listens to what the sound server would
give a listener's ears. Needs a sound device or PulseAudio (a private null sink is started).
"""

from __future__ import annotations

import os
import select
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import describe

ROOT = Path(__file__).resolve().parents[1]
RUNS = 5
LOUD_ENOUGH = 1e-4


def main() -> None:
    print(describe())
    sys.path.insert(0, str(ROOT))
    from tests.pulse import private_pulse

    with private_pulse() as environment:
        starts_s = [first_sound_s(environment) for _ in range(RUNS)]
    print(f"  command -> first sound: median {statistics.median(starts_s):.2f} s, {starts_s}")


def first_sound_s(environment: dict[str, str]) -> float:
    recorder = subprocess.Popen(
        [
            "parec",
            "--device=harness.monitor",
            "--format=float32le",
            "--rate=48000",
            "--channels=2",
            "--latency-msec=10",
        ],
        stdout=subprocess.PIPE,
        env=environment,
    )
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        player = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "biofeedback",
                "play",
                "--from",
                "sim:walk",
                "--sound",
                "live",
                "--duration",
                "20s",
                "--plain",
                "--trace",
                f"{folder}/t.trace.jsonl",
            ],
            stdout=subprocess.DEVNULL,
            env=environment,
            cwd=ROOT,
        )
        try:
            while time.monotonic() - begin < 15:
                if not select.select([recorder.stdout], [], [], 1.0)[0]:
                    continue
                chunk = os.read(recorder.stdout.fileno(), 1 << 16)
                frames = np.frombuffer(chunk[: len(chunk) // 4 * 4], np.float32)
                if frames.size and np.abs(frames).max() > LOUD_ENOUGH:
                    return round(time.monotonic() - begin, 3)
        finally:
            player.terminate()
            player.wait(10)
            recorder.terminate()
            recorder.wait(10)
    raise SystemExit("no sound within 15 s")


if __name__ == "__main__":
    main()
