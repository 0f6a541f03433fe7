"""A recording that is played as it is: every sample once, and the second that is heard."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import NS_PER_S
from biofeedback.sound.playback import Playback

RATE_HZ, FRAMES = 48_000, 128
LATENCY_NS = 30_000_000


def run(playback, seconds, *, channels=2, begin_ns=5 * NS_PER_S):
    out = []
    for block in range(round(seconds * RATE_HZ / FRAMES)):
        now_ns = begin_ns + block * FRAMES * NS_PER_S // RATE_HZ
        buffer = np.full((FRAMES, channels), np.nan, dtype=np.float32)
        playback.render(buffer, now_ns=now_ns, latency_ns=LATENCY_NS, underflow=False)
        out.append(buffer)
    return np.concatenate(out)


def test_each_sample_comes_once_and_silence_behind_the_end():
    samples = np.random.default_rng(1).normal(0, 0.1, (2, 40_000)).astype(np.float32)
    playback = Playback(samples, rate_hz=RATE_HZ)
    heard = run(playback, 1.0)
    assert playback.is_over
    after_fade = slice(2400, 40_000)
    assert np.array_equal(heard[after_fade], samples.T[after_fade])
    assert not heard[40_000:].any()
    assert heard[0] == pytest.approx([0.0, 0.0])


def test_it_tells_the_second_that_is_heard():
    playback = Playback(np.zeros((2, 20 * RATE_HZ), dtype=np.float32), rate_hz=RATE_HZ, from_s=8.0)
    assert playback.heard_s(5 * NS_PER_S) is None
    run(playback, 2.0)
    assert playback.heard_s(5 * NS_PER_S) is None, "the device hasn't sounded yet"
    at_ns = 5 * NS_PER_S + LATENCY_NS + NS_PER_S
    assert playback.heard_s(at_ns) == pytest.approx(9.0, abs=1e-3)


def test_a_device_with_one_channel_gets_the_mean():
    samples = np.stack([np.full(9600, 0.2), np.full(9600, 0.4)]).astype(np.float32)
    heard = run(Playback(samples, rate_hz=RATE_HZ), 0.2, channels=1)
    assert heard[-1, 0] == pytest.approx(0.3)


def test_to_begin_behind_the_end_is_over_at_once():
    playback = Playback(np.zeros((2, 4800), dtype=np.float32), rate_hz=RATE_HZ, from_s=60.0)
    assert playback.is_over
    assert not run(playback, 0.1).any()
