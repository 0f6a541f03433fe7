"""Message stamp -> first changed sample, on a live sound device.

    benchmarks/with-jack.sh .venv/bin/python benchmarks/bench_latency.py [notes]
    benchmarks/with-null-sink.sh .venv/bin/python benchmarks/bench_latency.py [notes]

Sends a hat with ``start_ns`` = now and finds the first sample of it in what the sound process hands
to the device. What the device's buffer adds until the ear is told beside it. Budget: p99 <= 25 ms
at blocks of 128 frames.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import numpy as np

from biofeedback.messages import NS_PER_MS, NS_PER_S, PlayNote
from biofeedback.sound import live
from biofeedback.sound.device import child_environment
from biofeedback.sound.frames import Finish, Open, encode_frame
from biofeedback.sound.process import read_messages
from biofeedback.sound.settings import SoundSettings

_THRESHOLD = 1.5e-3
_QUIET_S = 0.05


def be_child() -> None:
    """The product's live path, with an ear at the callback's output."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.setswitchinterval(1e-4)

    class Quiet:
        def send(self, message: object) -> None:
            pass

    class TappedOutput(live.PortAudioOutput):
        def start(self, player: live.LivePlayer) -> None:
            render = player.render
            quiet_frames = 0

            def tapped(block, *, now_ns, latency_ns, underflow):
                nonlocal quiet_frames
                render(block, now_ns=now_ns, latency_ns=latency_ns, underflow=underflow)
                loud = np.flatnonzero(np.abs(block).max(axis=1) > _THRESHOLD)
                if len(loud) == 0:
                    quiet_frames += len(block)
                    return
                if quiet_frames > _QUIET_S * self.rate_hz:
                    at_ns = now_ns + int(loud[0]) * NS_PER_S // self.rate_hz
                    out.write(f"{at_ns} {latency_ns}\n")
                    out.flush()
                quiet_frames = len(block) - 1 - int(loud[-1])

            player.render = tapped
            super().start(player)

    messages = read_messages(0)
    live.play_live(next(messages), messages, Quiet(), open_output=TappedOutput)
    out.flush()
    os._exit(0)


def main() -> None:
    notes = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    settings = SoundSettings()
    child = subprocess.Popen(
        [sys.executable, __file__, "child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=False,
        env=child_environment(),
    )
    heard: list[tuple[int, int]] = []

    def listen() -> None:
        for line in child.stdout:
            at_ns, latency_ns = line.split()
            heard.append((int(at_ns), int(latency_ns)))

    threading.Thread(target=listen, daemon=True).start()
    origin = time.monotonic_ns()
    child.stdin.write(encode_frame(Open(mode="live", origin_ns=origin, settings=settings)))
    child.stdin.flush()
    sent: list[int] = []
    rng = np.random.default_rng(1)

    def play(velocity: float) -> int:
        now = time.monotonic_ns()
        note = PlayNote(
            at_ns=now,
            start_ns=now,
            duration_ns=50 * NS_PER_MS,
            layer="hat",
            pitch_midi=None,
            velocity=velocity,
            tick=None,
        )
        child.stdin.write(encode_frame(note))
        child.stdin.flush()
        return now

    time.sleep(2.5)  # pyo loads
    play(0.01)
    time.sleep(2.5)  # the first note fades in
    for _ in range(notes):
        sent.append(play(1.0))
        time.sleep(0.4 + 0.1 * rng.random())
    child.stdin.write(encode_frame(Finish()))
    child.stdin.close()
    child.wait(timeout=10)
    starts = np.array([at for at, _ in heard])
    delays_ms = []
    for stamp in sent:
        later = starts[(starts > stamp) & (starts < stamp + 300 * NS_PER_MS)]
        if len(later):
            delays_ms.append((later[0] - stamp) / NS_PER_MS)
    if not delays_ms:
        sys.exit("no note was heard")
    p50, p90, p99 = np.percentile(delays_ms, [50, 90, 99])
    latency = np.median([latency for _, latency in heard]) / NS_PER_MS
    print(f"notes heard            {len(delays_ms)} of {len(sent)}")
    print(f"stamp -> sample p50    {p50:.1f} ms")
    print(f"stamp -> sample p90    {p90:.1f} ms")
    print(f"stamp -> sample p99    {p99:.1f} ms   (budget 25 ms)")
    print(f"device buffer beside   {latency:.1f} ms")


if __name__ == "__main__":
    be_child() if sys.argv[1:] == ["child"] else main()
