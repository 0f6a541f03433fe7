"""From the command to the first sound, on a live server. Budget: <= 3 s.

Starts ``biofeedback play --from sim:walk --sound live`` and listens to what the sound server would
give a listener's ears: the first sample above -80 dBFS, and the first tenth of a second above -50.
Starts itself again under ``with-null-sink.sh``, so it needs PulseAudio and no sound device.
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
LAUNCHER = Path(__file__).with_name("with-null-sink.sh")
RUNS = 5
FIRST = 1e-4
CLEAR = 10 ** (-50 / 20)
TENTH_SAMPLES = 2 * 4800
GIVE_UP_S = 15.0


def main() -> None:
    if sys.argv[1:] != ["inside"]:
        again = [LAUNCHER, sys.executable, __file__, "inside"]
        sys.exit(subprocess.run(again, check=False).returncode)
    print(describe())
    starts = [listen() for _ in range(RUNS)]
    for k, name in enumerate(("first sound", "clearly heard")):
        seconds = [start[k] for start in starts]
        print(f"  command -> {name}: median {statistics.median(seconds):.2f} s, {seconds}")


def listen() -> tuple[float, float]:
    """Return the seconds from the command to the first sample and to a clear sound."""
    recorder = subprocess.Popen(
        [
            "parec",
            "--device=silent.monitor",
            "--format=float32le",
            "--rate=48000",
            "--channels=2",
            "--latency-msec=10",
        ],
        stdout=subprocess.PIPE,
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
            cwd=ROOT,
        )
        heard = np.zeros(0, np.float32)
        first_s = None
        try:
            while (now_s := time.monotonic() - begin) < GIVE_UP_S:
                if not select.select([recorder.stdout], [], [], 1.0)[0]:
                    continue
                chunk = os.read(recorder.stdout.fileno(), 1 << 16)
                samples = np.frombuffer(chunk[: len(chunk) // 4 * 4], np.float32)
                now_s = time.monotonic() - begin
                if first_s is None and samples.size and np.abs(samples).max() > FIRST:
                    first_s = round(now_s, 2)
                heard = np.concatenate((heard, samples))[-TENTH_SAMPLES:]
                if np.sqrt(np.mean(heard**2)) > CLEAR:
                    return first_s, round(now_s, 2)
        finally:
            player.terminate()
            player.wait(10)
            recorder.terminate()
            recorder.wait(10)
            recorder.stdout.close()
    raise SystemExit(f"no clear sound within {GIVE_UP_S:.0f} s (first sample: {first_s} s)")


if __name__ == "__main__":
    main()
