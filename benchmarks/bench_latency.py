"""Gesture's message -> first changed sample, on a live sound device.

    benchmarks/with-jack.sh .venv/bin/python benchmarks/bench_latency.py [notes] [layer]
    benchmarks/with-null-sink.sh .venv/bin/python benchmarks/bench_latency.py [notes] [layer]

Sends notes as a session does, through the product's own pipe, each an answer to a gesture (no
tick, ``start_ns`` = now), and finds the first changed sample in what the sound process hands over.
What the device's buffer adds until the ear is told beside it. Budget: p99 <= 15 ms at blocks of 128
frames, constant to +-3 ms (from the first to the last percentile).
"""

from __future__ import annotations

import os
import sys
import threading
import time

import numpy as np

from biofeedback.messages import NS_PER_MS, NS_PER_S, MusicParameters, PlayNote, SteerSound
from biofeedback.sound import live
from biofeedback.sound.child import Child
from biofeedback.sound.frames import Open, encode_frame
from biofeedback.sound.inbox import Inbox
from biofeedback.sound.portaudio import PortAudioOutput
from biofeedback.sound.priority import prefer_process
from biofeedback.sound.settings import SoundSettings

_CHANGED = 1e-4
_QUIET_S = 0.04


def be_child() -> None:
    """The product's live path, with an ear at the callback's output."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.setswitchinterval(1e-4)

    class Quiet:
        def send(self, message: object) -> None:
            pass

    class TappedOutput(PortAudioOutput):
        def start(self, player: live.LivePlayer) -> None:
            render = player.render
            quiet_frames = 0

            def tapped(block, *, now_ns, latency_ns, underflow):
                nonlocal quiet_frames
                render(block, now_ns=now_ns, latency_ns=latency_ns, underflow=underflow)
                loud = np.flatnonzero(np.abs(block).max(axis=1) > _CHANGED)
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

    inbox = Inbox(0)
    prefer_process()
    live.play_live(inbox.wait(), inbox, Quiet(), open_output=TappedOutput)
    out.flush()
    os._exit(0)


class Ear(Child):
    """The parent's side, which reads instants instead of frames."""

    def _read(self, stream) -> None:
        self.heard: list[tuple[int, int]] = []
        for line in stream:
            at_ns, latency_ns = line.split()
            self.heard.append((int(at_ns), int(latency_ns)))
        with self._changed:
            self.gone = True
            self._changed.notify_all()


PARAMETERS = MusicParameters(
    tempo_bpm=100.0,
    energy=0.5,
    density=0.5,
    brightness=1.0,
    articulation=0.5,
    tension=0.2,
    swell=0.0,
    register=0.0,
    level_db=0.0,
)


def main() -> None:
    notes = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    layer = sys.argv[2] if len(sys.argv) > 2 else "accent"
    # one layer and no room, so that a note is over before the next one
    instrument = {"accent": "bell", "click": "click", "hat": "hat", "kick": "kick"}[layer]
    settings = SoundSettings(orchestra={layer: instrument})
    origin = time.monotonic_ns()
    ear = Ear(Open(mode="live", origin_ns=origin, settings=settings), command=(__file__, "child"))

    def play(velocity: float) -> int:
        now = time.monotonic_ns()
        note = PlayNote(
            at_ns=now,
            start_ns=now,
            duration_ns=50 * NS_PER_MS,
            layer=layer,
            pitch_midi=None,
            velocity=velocity,
            tick=None,
        )
        ear.send(encode_frame(note))
        return now

    time.sleep(3.0)  # pyo loads
    steer = SteerSound(
        at_ns=time.monotonic_ns(),
        sequence=1,
        expires_ns=origin + 3600 * NS_PER_S,
        parameters=PARAMETERS,
        may_rise=True,
    )
    ear.send(encode_frame(steer))
    time.sleep(3.0)  # it fades in
    rng = np.random.default_rng(1)
    sent: list[int] = []
    pause_s = 4.5 if layer == "accent" else 1.2
    for _ in range(notes):
        sent.append(play(1.0))
        time.sleep(pause_s + 0.1 * rng.random())
    threading.Thread(target=ear.end, kwargs={"seconds": 3.0}).start()
    ear.wait_until(lambda: False, seconds=6.0)
    starts = np.array([at for at, _ in ear.heard])
    delays_ms, heard_ms = [], []
    for stamp in sent:
        later = np.flatnonzero((starts > stamp) & (starts < stamp + 300 * NS_PER_MS))
        if len(later):
            at, latency = ear.heard[later[0]]
            delays_ms.append((at - stamp) / NS_PER_MS)
            heard_ms.append((at + latency - stamp) / NS_PER_MS)
    if not delays_ms:
        sys.exit("no note was heard")
    low, p50, p90, p99 = np.percentile(delays_ms, [1, 50, 90, 99])
    early, ear_p50, late = np.percentile(heard_ms, [1, 50, 99])
    print(f"notes heard             {len(delays_ms)} of {len(sent)}, {instrument}")
    print(f"message -> sample p50   {p50:.1f} ms, p90 {p90:.1f} ms")
    print(f"message -> sample p99   {p99:.1f} ms   (budget 15 ms)")
    print(f"constant to             +-{(p99 - low) / 2:.1f} ms   (budget 3 ms)")
    print(f"message -> ear          {ear_p50:.1f} ms, +-{(late - early) / 2:.1f} ms")


if __name__ == "__main__":
    be_child() if sys.argv[1:] == ["child"] else main()
