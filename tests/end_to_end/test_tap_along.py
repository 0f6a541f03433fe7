"""Somebody taps along with a song on a real terminal, with a real sound device (a null sink)."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from tests.made_songs import KINDS, RATE_HZ

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = ROOT / "benchmarks" / "with-null-sink.sh"
TAPS = 12


def read_until(file, text, *, within_s=60.0):
    heard = b""
    end = time.monotonic() + within_s
    while text not in heard:
        ready, _, _ = select.select([file], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            break
        try:
            data = os.read(file, 4096)
        except OSError:
            break
        if not data:
            break
        heard += data
    return heard


@pytest.mark.live
@pytest.mark.timeout(120)
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_taps_on_the_space_bar_correct_a_song(tmp_path):
    if shutil.which("pulseaudio") is None:
        pytest.skip("PulseAudio is not installed")
    import pty  # noqa: PLC0415 - POSIX only

    song = KINDS["pop"](30.0)
    path = tmp_path / "song.wav"
    soundfile.write(path, song.samples, RATE_HZ)
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [str(LAUNCHER), sys.executable, "-m", "biofeedback", "songs", "tap", str(path), "--json"],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(tmp_path / "data")},
        preexec_fn=os.setsid,  # noqa: PLW1509 - the terminal has to be the child's own
    )
    os.close(follower)
    try:
        assert b"space bar" in read_until(leader, b"Enter ends it.")
        beat_s = float(np.median(np.diff(song.beats_s)))
        begin = time.monotonic() + 0.5
        for tap in range(TAPS):
            time.sleep(max(0.0, begin + tap * beat_s - time.monotonic()))
            os.write(leader, b" ")
        os.write(leader, b"\n")
        told = read_until(leader, b"}")
    finally:
        process.wait(timeout=60)
        os.close(leader)
    assert process.returncode == 0, told
    facts = msgspec.json.decode(told[told.index(b"{") : told.rindex(b"}") + 1])
    assert facts["tapped"]
    found = sorted(piece["bpm"] for piece in facts["tempi"])
    assert found[len(found) // 2] == pytest.approx(60.0 / beat_s, rel=0.02)


def test_without_a_keyboard_it_says_what_to_do(tmp_path):
    path = tmp_path / "song.wav"
    soundfile.write(path, KINDS["pop"](20.0).samples, RATE_HZ)
    done = subprocess.run(
        [sys.executable, "-m", "biofeedback", "songs", "tap", str(path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 2
    assert "--at" in done.stderr
    assert "Traceback" not in done.stderr
