"""How fast the full arrangement renders, and what a live block costs.

    .venv/bin/python benchmarks/bench_render.py [seconds]

Renders all layers of the first style at high energy, in this process, and counts processor time
of one core. Budget: >= 10 times real time off-line,
and the post chain (guard, levels, limiter, meters) <= 150 us a block of 128 frames.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.messages import NS_PER_S, MusicParameters, SteerSound
from biofeedback.music.performer import Performer as Musician
from biofeedback.music.styles import STYLES
from biofeedback.sound.device import child_environment
from biofeedback.sound.performer import Performer
from biofeedback.sound.settings import SoundSettings
from biofeedback.sound.synthesis import Synthesis
from biofeedback.sound.wav import encode_pcm24

if TYPE_CHECKING:
    from numpy.typing import NDArray

VIGOROUS = MusicParameters(
    tempo_bpm=132.0,
    energy=0.95,
    density=0.95,
    brightness=0.7,
    articulation=0.5,
    tension=0.4,
    swell=0.6,
    register=0.0,
    level_db=0.0,
)


def render(seconds: float, *, frames: int, live: bool) -> tuple[float, float, int]:
    """Return processor seconds in all, those spent in pyo, and the notes played."""
    settings = SoundSettings()
    rate_hz = settings.sample_rate_hz
    synthesis = Synthesis(settings.orchestra, rate_hz=rate_hz, frames=frames)
    performer = Performer(
        synthesis, rate_hz=rate_hz, frames=frames, origin_ns=0, target_lufs=settings.target_lufs
    )
    end_ns = round(seconds * NS_PER_S)
    performer.obey(
        SteerSound(at_ns=0, sequence=1, expires_ns=2 * end_ns, parameters=VIGOROUS, may_rise=True)
    )
    musician = Musician(next(iter(STYLES.values())), 7, start_ns=0, tempo_bpm=132.0)
    for note in musician.play(0, end_ns, VIGOROUS):
        performer.obey(note)
    in_pyo = 0.0
    process = synthesis.render

    def timed() -> NDArray[np.float64]:
        nonlocal in_pyo
        start = time.thread_time()
        block = process()
        in_pyo += time.thread_time() - start
        return block

    synthesis.render = timed
    out = np.zeros((frames, 2), dtype=np.float32)
    start = time.thread_time()
    for _ in range(round(seconds * rate_hz / frames)):
        block = performer.render()
        if live:
            out[:] = block
        else:
            encode_pcm24(block)
    return time.thread_time() - start, in_pyo, performer.notes.counts.played


def main() -> None:
    if "OPENBLAS_NUM_THREADS" not in os.environ:  # as the sound process runs
        again = [sys.executable, *sys.argv]
        sys.exit(subprocess.run(again, env=child_environment(), check=False).returncode)
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    settings = SoundSettings()
    for name, frames in (("file", settings.file_block_frames), ("live", settings.block_frames)):
        total_s, pyo_s, notes = render(seconds, frames=frames, live=name == "live")
        blocks = seconds * settings.sample_rate_hz / frames
        print(f"{name}, blocks of {frames} frames, {notes / seconds:.0f} notes a second")
        share = 100 * total_s / seconds
        print(f"  times real time   {seconds / total_s:6.1f}   ({share:.1f} % of a core)")
        print(f"  pyo               {1e6 * pyo_s / blocks:6.0f} us a block")
        print(f"  everything else   {1e6 * (total_s - pyo_s) / blocks:6.0f} us a block")
    sys.stdout.flush()
    os._exit(0)  # pyo's teardown at exit can crash


if __name__ == "__main__":
    main()
