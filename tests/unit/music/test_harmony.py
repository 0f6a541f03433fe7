"""Chords: where they lie, how they move, which key they are in."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from biofeedback.music.form import SECTION_BARS, find_key, place_bar
from biofeedback.music.harmony import Chord, progress_phrase, voice_bar
from biofeedback.music.scales import FUNCTIONS, SCALES, Key
from biofeedback.music.styles import STYLES

WALK = STYLES["walk"]
CYCLE_BARS = SECTION_BARS * len(WALK.form)
SEEDS = range(8)


def chords(seed: int, bars: int) -> list[Chord]:
    return [chord for bar in range(bars) for chord in voice_bar(WALK, seed, bar)]


def pitches(chord: Chord) -> list[int]:
    return [chord.key.pitch(degree) for degree in chord.voices]


def test_a_key_counts_degrees_across_octaves() -> None:
    a_minor = Key(tonic=9, mode="aeolian")
    assert [a_minor.pitch(degree) for degree in (-7, 0, 2, 7)] == [45, 57, 60, 69]
    assert a_minor.pitch_classes() == Key(tonic=0, mode="ionian").pitch_classes()


@pytest.mark.parametrize("mode", sorted(SCALES))
def test_no_function_is_served_by_a_diminished_triad(mode: str) -> None:
    key = Key(tonic=0, mode=mode)  # type: ignore[arg-type]
    for roots in FUNCTIONS[key.mode].values():
        for root in roots:
            assert key.pitch(root + 4) - key.pitch(root) == 7


@pytest.mark.parametrize("seed", SEEDS)
def test_voices_stay_in_range_and_in_order(seed: int) -> None:
    low, high = WALK.chord_range_midi
    for chord in chords(seed, 10 * CYCLE_BARS):
        found = pitches(chord)
        assert low <= found[0] < found[1] < found[2] <= high
        assert found[2] - found[0] <= 12
        assert {(degree - chord.root) % 7 for degree in chord.voices} == {0, 2, 4}
        assert chord.bass_midi < found[0] + 12
        assert chord.bass_midi % 12 == chord.key.pitch(chord.root) % 12


@pytest.mark.parametrize("seed", SEEDS)
def test_voices_move_smoothly(seed: int) -> None:
    moves: list[int] = []
    joins: list[int] = []
    for bar in range(1, 10 * CYCLE_BARS):
        before, after = voice_bar(WALK, seed, bar - 1)[-1], voice_bar(WALK, seed, bar)[0]
        motion = [abs(b - a) for a, b in zip(pitches(before), pitches(after), strict=True)]
        (moves if bar % SECTION_BARS else joins).extend(motion)
    assert max(moves) <= 7
    assert sum(moves) / len(moves) <= 1.6
    assert sum(move <= 4 for move in moves) >= 0.95 * len(moves)
    assert max(joins) <= 9
    assert sum(joins) / len(joins) <= 3.0


@pytest.mark.parametrize("seed", SEEDS)
def test_bass_and_top_voice_avoid_parallel_fifths_and_octaves(seed: int) -> None:
    parallel = within = 0
    for bar in range(1, 10 * CYCLE_BARS):
        if bar % SECTION_BARS == 0:
            continue
        before, after = voice_bar(WALK, seed, bar - 1)[-1], voice_bar(WALK, seed, bar)[0]
        top_was, top = pitches(before)[2], pitches(after)[2]
        interval = (top - after.bass_midi) % 12
        within += 1
        parallel += (
            top != top_was and interval in {0, 7} and interval == (top_was - before.bass_midi) % 12
        )
    assert parallel <= 0.01 * within


@pytest.mark.parametrize("seed", SEEDS)
def test_a_question_ends_open_and_its_answer_at_home(seed: int) -> None:
    for phrase in range(80):
        place = place_bar(WALK, phrase * 4 + 3)
        function, root = progress_phrase(WALK, seed, phrase)[-1]
        if place.answers and place.kind == "A" and not place.ends_cycle:
            assert root == 0
        elif place.ends_section:
            assert function == "D"


@pytest.mark.parametrize("seed", SEEDS)
def test_sections_of_a_kind_begin_alike_and_go_on_differently(seed: int) -> None:
    for cycle in range(10):
        first = cycle * 2 * len(WALK.form)
        opening = [progress_phrase(WALK, seed, first + 2 * section) for section in (0, 1, 3)]
        assert opening[0] == opening[1] == opening[2]
    cycles = {progress_phrase(WALK, seed, cycle * 8) for cycle in range(10)}
    assert len(cycles) >= 5


@pytest.mark.parametrize("tour", WALK.tours)
def test_keys_move_to_near_relations_only(tour: tuple[tuple[int, str], ...]) -> None:
    keys = [Key(tonic=semitones % 12, mode=mode) for semitones, mode in tour]  # type: ignore[arg-type]
    for before, after in pairwise([*keys, keys[0]]):
        assert len(before.pitch_classes() & after.pitch_classes()) >= 5


def test_the_last_bar_of_a_cycle_leads_into_the_next_key() -> None:
    for seed in SEEDS:
        for cycle in range(1, 10):
            join = cycle * CYCLE_BARS
            assert find_key(WALK, seed, join - 1) == find_key(WALK, seed, join)
            assert voice_bar(WALK, seed, join)[0].root == 0


def test_seeds_spread_over_keys_and_modes() -> None:
    keys = Counter(find_key(WALK, seed, 0) for seed in range(300))
    assert len({key.tonic for key in keys}) == 12
    assert len({key.mode for key in keys}) == 4
    assert max(keys.values()) < 30
