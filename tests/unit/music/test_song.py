"""Orders for a song: its beats on the clock's, its speed within reach, never a gap."""

from __future__ import annotations

import math
from itertools import pairwise

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from biofeedback.control.follow import neutral_music
from biofeedback.messages import NS_PER_S, NoticeGiven, PlayNote, StretchSong
from biofeedback.music.song import SongPerformer
from biofeedback.music.song_map import SongBeats, SongMap
from biofeedback.music.song_reach import FASTEST, SLOWEST, why_out_of_reach

STEP_NS = NS_PER_S // 10


def make_map(bpm=112.0, beats=112, name="one"):
    times = tuple(0.4 + number * 60.0 / bpm for number in range(beats))
    return SongMap(
        song=name,
        title=name,
        sounds_from_s=0.3,
        sounds_to_s=times[-1] + 0.5,
        beats_s=times,
        downbeats=tuple(range(0, beats, 4)),
        beats_per_bar=4,
        confidence=1.0,
    )


def play(songs, tempi, *, click=False):
    performer = SongPerformer(songs, start_ns=0, tempo_bpm=tempi[0], with_click=click)
    orders = []
    for step, tempo_bpm in enumerate(tempi):
        music = msgspec.structs.replace(neutral_music(tempo_bpm), energy=0.6)
        orders += performer.play(step * STEP_NS, (step + 1) * STEP_NS, music)
    return orders


def pieces(orders):
    return [order for order in orders if isinstance(order, StretchSong)]


def speed(piece):
    return (piece.to_s - piece.from_s) / ((piece.end_ns - piece.start_ns) / NS_PER_S)


def test_at_its_own_tempo_a_song_goes_as_it_is():
    assert all(
        speed(piece) == pytest.approx(1.0, abs=1e-6)
        for piece in pieces(play([make_map()], [112.0] * 200))
    )


def test_beats_of_the_song_lie_on_the_beats_of_the_tempo():
    tempi = [112.0 * (1 + 0.1 * math.sin(step / 50)) for step in range(400)]
    orders = play([make_map()], tempi, click=True)
    clicks = [n for n in orders if isinstance(n, PlayNote) and n.layer == "click"]
    assert len(clicks) > 60
    assert all(abs(n.tick / 480 - round(n.tick / 480)) < 0.01 for n in clicks[2:])


@given(st.lists(st.floats(50, 160), min_size=5, max_size=80))
@example([65.0, 50.0, 159.0, 50.0, 50.0])
@settings(max_examples=30, deadline=None)
def test_speed_stays_in_reach_and_pieces_meet(tempi):
    found = pieces(play([make_map(), make_map(90.0, 60, "two")], tempi * 8))
    assert all(SLOWEST - 1e-9 <= speed(piece) <= FASTEST + 1e-9 for piece in found)
    for before, after in pairwise(found):
        assert before.end_ns == after.start_ns
        if before.song == after.song and after.from_s >= before.to_s - 1:
            assert after.from_s == before.to_s


def test_half_tempo_is_chosen_for_a_slow_walk():
    found = pieces(play([make_map()], [58.0] * 200))
    assert speed(found[-1]) == pytest.approx(2 * 58 / 112, rel=0.01)


def test_a_tempo_out_of_reach_holds_the_song_at_its_limit_and_says_so():
    tempi = [112.0 - 0.2 * min(step, 100) for step in range(300)]
    orders = play([make_map()], tempi)
    assert speed(pieces(orders)[-1]) == pytest.approx(SLOWEST)
    assert [n.code for n in orders if isinstance(n, NoticeGiven)] == ["song_out_of_reach"]


def test_the_next_song_begins_where_the_last_one_ends():
    songs = [make_map(112.0, 40, "one"), make_map(104.0, 40, "two")]
    found = pieces(play(songs, [108.0] * 450))
    assert found[0].song == "one"
    assert {piece.song for piece in found} == {"one", "two"}
    assert all(before.end_ns == after.start_ns for before, after in pairwise(found))


def test_a_song_that_fits_no_multiple_is_refused_with_the_reason():
    assert why_out_of_reach(make_map(), low_bpm=100.0, high_bpm=120.0) is None
    reason = why_out_of_reach(make_map(80.0), low_bpm=100.0, high_bpm=120.0)
    assert reason is not None
    assert "80 bpm" in reason


def test_places_and_beats_are_inverse():
    beats = SongBeats(make_map())
    for beat in (-3.5, 0.0, 7.25, 111.0, 130.0):
        assert beats.beat_at(beats.place_s(beat)) == pytest.approx(beat)
