"""What becomes of StretchSong orders: the recording at another speed and its own pitch."""

from __future__ import annotations

import numpy as np
import pytest

from biofeedback.messages import NS_PER_S, StretchSong
from biofeedback.sound.recording import Recording, convert_rate
from biofeedback.sound.song import SongPlayer

RATE_HZ = 48_000


def tone(hz, seconds=8.0):
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.stack([0.5 * np.sin(2 * np.pi * hz * times), 0.25 * np.cos(2 * np.pi * hz * times)])


def order(speed, *, start_s=0.0, end_s=5.0, from_s=0.0, song="s"):
    return StretchSong(
        at_ns=0,
        song=song,
        start_ns=round(start_s * NS_PER_S),
        end_ns=round(end_s * NS_PER_S),
        from_s=from_s,
        to_s=from_s + speed * (end_s - start_s),
    )


def hear(samples, orders, seconds, *, frames=512):
    player = SongPlayer(
        {"s": Recording(samples.astype(np.float32), rate_hz=RATE_HZ)}, {}, rate_hz=RATE_HZ
    )
    for one in orders:
        player.obey(one)
    blocks = []
    for number in range(round(seconds * RATE_HZ / frames)):
        block = player.render(
            first_frame=number * frames,
            frames=frames,
            origin_ns=0,
            programme_ratio=1.0,
            brightness=1.0,
            swell_db=0.0,
        )
        blocks.append(np.zeros((frames, 2)) if block is None else block)
    return np.concatenate(blocks), player


@pytest.mark.parametrize("speed", [0.85, 1.0, 1.15])
def test_pitch_stays_within_5_cents(speed):
    heard, _ = hear(tone(220.0), [order(speed)], 4.5)
    part = heard[RATE_HZ : 4 * RATE_HZ, 0]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 8 * len(part)))
    hz = spectrum.argmax() * RATE_HZ / (8 * len(part))
    assert abs(1200 * np.log2(hz / 220.0)) < 5


def test_sides_keep_their_relation():
    heard, _ = hear(tone(440.0), [order(1.1)], 4.0)
    part = heard[RATE_HZ : 3 * RATE_HZ]
    assert np.abs(part[:, 1]).max() / np.abs(part[:, 0]).max() == pytest.approx(0.5, rel=0.02)


def test_blocks_of_any_size_give_the_same_sound():
    orders = [order(1.1, end_s=1.0), order(0.9, start_s=1.0, end_s=3.0, from_s=1.1)]
    small, _ = hear(tone(330.0), orders, 2.56, frames=128)
    large, _ = hear(tone(330.0), orders, 2.56, frames=512)
    count = min(len(small), len(large))
    # The gain glides in over the first block, whatever its size.
    assert np.abs(small[512:count] - large[512:count]).max() < 1e-4


def test_without_further_orders_the_song_fades_without_a_step():
    heard, _ = hear(tone(220.0), [order(1.0, end_s=2.0)], 4.0)
    assert np.abs(heard[round(2.9 * RATE_HZ) :]).max() == 0.0
    assert np.abs(np.diff(heard, axis=0)).max() < 0.02


def test_a_song_that_was_muted_comes_back_where_it_would_have_been():
    whole = [order(1.1, end_s=4.0)]
    muted = [order(1.1, end_s=1.0), order(1.1, start_s=2.5, end_s=4.0, from_s=2.75)]
    plain, _ = hear(tone(220.0), whole, 4.0)
    heard, _ = hear(tone(220.0), muted, 4.0)
    assert np.abs(heard[round(1.7 * RATE_HZ) : round(2.49 * RATE_HZ)]).max() == 0.0
    assert np.abs(np.diff(heard, axis=0)).max() < 0.02
    back = slice(round(2.7 * RATE_HZ), round(3.9 * RATE_HZ))
    loudness = np.sqrt(np.mean(heard[back] ** 2) / np.mean(plain[back] ** 2))
    assert loudness == pytest.approx(1.0, abs=0.05)


def test_an_attack_is_where_the_orders_want_it():
    clicks = np.zeros((2, 6 * RATE_HZ))
    places = [1.0, 1.5, 2.0, 2.5, 3.0]
    for place in places:
        at = round(place * RATE_HZ)
        clicks[:, at : at + 480] = np.exp(-np.arange(480) / 60.0) * np.sin(np.arange(480))
    heard, _ = hear(clicks, [order(0.9)], 4.0)
    loud = np.abs(heard[:, 0])
    for place in places:
        at = round(place / 0.9 * RATE_HZ)
        near = loud[at - 2400 : at + 2400]
        assert abs(int(near.argmax()) - 2400) < 0.005 * RATE_HZ


def test_orders_that_say_nothing_playable_are_ignored():
    nothing = [order(float("nan")), order(9.0), order(1.0, song="unknown")]
    heard, player = hear(tone(220.0), nothing, 0.5)
    assert player.ignored_orders == 3
    assert not heard.any()


def test_rate_conversion_keeps_a_tone():
    times = np.arange(44_100) / 44_100
    source = np.stack([np.sin(2 * np.pi * 1000 * times)] * 2).astype(np.float32)
    converted = convert_rate(source, from_hz=44_100, to_hz=48_000)[0, 4800:-4800]
    wanted = np.sin(2 * np.pi * 1000 * np.arange(4800, 4800 + len(converted)) / 48_000)
    assert np.abs(converted - wanted).max() < 1e-3
