"""Answers to gestures are soon, and always equally late."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import NS_PER_MS, NS_PER_S, PlayNote
from biofeedback.sound.clock import ReachClock
from biofeedback.sound.live import LivePlayer
from biofeedback.sound.performer import Performer
from biofeedback.sound.scheduler import VoiceGroup

RATE_HZ = 48_000
FRAMES = 128
BLOCK_NS = FRAMES * NS_PER_S // RATE_HZ


class Clicks:
    """A source whose voices are single samples."""

    def __init__(self):
        self.groups = {"accent": VoiceGroup(voices=8, one_shot=True, default_pitch_midi=60)}
        self.blocks = 0
        self.starts = []

    def begin_block(self):
        pass

    def rest_voice(self, layer, voice):
        pass

    def start_voice(self, layer, voice, *, offset, sound):
        self.starts.append(self.blocks * FRAMES + offset)

    def end_voice(self, layer, voice, *, offset):
        pass

    def cut_voice(self, layer, voice, *, offset):
        pass

    def steer(self, steered, *, programme_ratio, bed_ratio):
        pass

    def rebuild(self):
        pass

    def render(self):
        self.blocks += 1
        return np.zeros((FRAMES, 2))


class Orders(list):
    ended = False

    def take(self):
        taken = list(self)
        self.clear()
        return taken


def gesture(at_ns):
    return PlayNote(
        at_ns=at_ns,
        start_ns=at_ns,
        duration_ns=NS_PER_MS,
        layer="accent",
        pitch_midi=60,
        velocity=0.8,
        tick=None,
    )


def play(*, blocks_at_once, latency_ns, seconds=6.0, seed=1):
    """Return how long after each gesture its first frame is heard, in ms."""
    source, orders = Clicks(), Orders()
    performer = Performer(source, rate_hz=RATE_HZ, frames=FRAMES, origin_ns=0, target_lufs=-23.0)
    player = LivePlayer(performer, orders, rate_hz=RATE_HZ)
    random = np.random.default_rng(seed)
    now_ns, heard = 10**12, {}
    start_ns = now_ns
    asked = np.sort(start_ns + (random.random(40) * seconds * NS_PER_S).astype(np.int64))
    waiting = list(asked)
    out = np.zeros((FRAMES, 2), dtype=np.float32)
    while now_ns < start_ns + (seconds + 1.0) * NS_PER_S:
        for block in range(blocks_at_once):
            while waiting and waiting[0] <= now_ns:
                orders.append(gesture(int(waiting.pop(0))))
            ahead_ns = latency_ns + block * BLOCK_NS
            heard[source.blocks] = now_ns + ahead_ns
            player.render(out, now_ns=now_ns, latency_ns=ahead_ns, underflow=False)
            now_ns += 20_000
        now_ns += blocks_at_once * BLOCK_NS - blocks_at_once * 20_000
        now_ns += int(random.normal(0, 20_000))
    delays_ms = []
    for at_ns, frame in zip(asked, source.starts, strict=True):
        block, offset = divmod(frame, FRAMES)
        delays_ms.append((heard[block] + offset * NS_PER_S // RATE_HZ - at_ns) / NS_PER_MS)
    return np.array(delays_ms[10:])


def test_a_gesture_is_always_equally_late_and_no_later_than_the_next_block():
    delays_ms = play(blocks_at_once=1, latency_ns=5 * NS_PER_MS)
    assert np.ptp(delays_ms) < 0.5
    assert delays_ms.max() < 5.0 + BLOCK_NS / NS_PER_MS + 0.5


def test_a_sound_server_that_asks_for_eight_blocks_at_once_makes_no_jitter():
    delays_ms = play(blocks_at_once=8, latency_ns=20 * NS_PER_MS)
    assert np.ptp(delays_ms) < 1.0
    assert delays_ms.max() < 20.0 + 8 * BLOCK_NS / NS_PER_MS + 0.5


def test_stalls_and_nonsense_do_not_change_the_reach():
    reach = ReachClock()
    for k in range(1000):
        at_ns = k * BLOCK_NS
        reach.update(asked_before_ns=at_ns, heard_ns=at_ns + 8 * NS_PER_MS)
        if k % 100 == 0:
            reach.update(asked_before_ns=at_ns, heard_ns=at_ns + 3 * NS_PER_S)
            reach.update(asked_before_ns=at_ns, heard_ns=at_ns - NS_PER_S)
    assert reach.reach_ns == pytest.approx(8 * NS_PER_MS, abs=1)


def test_a_note_with_a_time_of_its_own_keeps_it():
    source, orders = Clicks(), Orders()
    performer = Performer(source, rate_hz=RATE_HZ, frames=FRAMES, origin_ns=0, target_lufs=-23.0)
    player = LivePlayer(performer, orders, rate_hz=RATE_HZ)
    out = np.zeros((FRAMES, 2), dtype=np.float32)
    for k in range(200):
        player.render(out, now_ns=10**12 + k * BLOCK_NS, latency_ns=0, underflow=False)
    # quantised to the grid: asked now, meant for 50 ms later
    at_ns = 10**12 + 199 * BLOCK_NS
    note = gesture(at_ns)
    orders.append(
        PlayNote(
            at_ns=at_ns,
            start_ns=at_ns + 50 * NS_PER_MS,
            duration_ns=note.duration_ns,
            layer="accent",
            pitch_midi=60,
            velocity=0.8,
            tick=None,
        )
    )
    for k in range(200, 260):
        player.render(out, now_ns=10**12 + k * BLOCK_NS, latency_ns=0, underflow=False)
    delay_ns = performer.delay_frames * NS_PER_S // RATE_HZ
    heard_ns = 10**12 + delay_ns + source.starts[0] * NS_PER_S // RATE_HZ
    assert heard_ns == pytest.approx(at_ns + 50 * NS_PER_MS, abs=NS_PER_MS)
