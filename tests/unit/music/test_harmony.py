"""Chords: where they lie, how they move, which key they are in; for every style."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from biofeedback.music.chord import FOURTHS, NINTHS, SEVENTHS, SIXTHS, Chord
from biofeedback.music.form import SECTION_CHORDS, find_key, place_slot
from biofeedback.music.harmony import chord_at, progress_phrase, voice_slot
from biofeedback.music.scales import FUNCTIONS, PENTATONIC, SCALES, Key
from biofeedback.music.style import FOURTH, NINTH, SIXTH, Style
from biofeedback.music.styles import STYLES

WALK = STYLES["walk"]
SEEDS = range(4)


def cycle_chords(style: Style) -> int:
    return SECTION_CHORDS * len(style.harmony.form)


def chain(style: Style, seed: int, slots: int) -> list[tuple[int, Chord]]:
    return [(slot, chord) for slot in range(slots) for chord in voice_slot(style, seed, slot)]


def pitches(chord: Chord) -> list[int]:
    return [chord.key.pitch(degree) for degree in chord.voices]


def sounding(chord: Chord, colour: int, inversion: int) -> list[int]:
    return sorted(
        chord.voice_pitch(voice, inversion=inversion, colour=colour) for voice in range(3)
    )


def test_a_key_counts_degrees_across_octaves() -> None:
    a_minor = Key(tonic=9, mode="aeolian")
    assert [a_minor.pitch(degree) for degree in (-7, 0, 2, 7)] == [45, 57, 60, 69]
    assert a_minor.pitch_classes() == Key(tonic=0, mode="ionian").pitch_classes()


@pytest.mark.parametrize("mode", sorted(SCALES))
def test_a_walk_through_five_notes_meets_no_half_step(mode: str) -> None:
    key = Key(tonic=2, mode=mode)  # type: ignore[arg-type]
    for start in range(-9, 10):
        walked = [key.walk(start, steps, "pentatonic") for steps in range(-6, 7)]
        assert walked == sorted(set(walked))
        assert all(degree % 7 in PENTATONIC[key.mode] for degree in walked)
        heard = [key.pitch(degree) for degree in walked]
        assert all(2 <= b - a <= 3 for a, b in pairwise(heard))
        assert key.walk(start, 3, "mode") == start + 3


@pytest.mark.parametrize("mode", sorted(SCALES))
def test_no_function_is_served_by_a_diminished_triad(mode: str) -> None:
    key = Key(tonic=0, mode=mode)  # type: ignore[arg-type]
    for roots in FUNCTIONS[key.mode].values():
        for root in roots:
            assert key.pitch(root + 4) - key.pitch(root) == 7


def test_voices_stay_in_range_and_in_order(style: Style) -> None:
    low, high = style.harmony.chord_range_midi
    for seed in SEEDS:
        for _, chord in chain(style, seed, 10 * cycle_chords(style)):
            found = pitches(chord)
            assert low <= found[0] < found[1] < found[2] <= high
            assert found[2] - found[0] <= 12
            assert {(degree - chord.root) % 7 for degree in chord.voices} == {0, 2, 4}
            assert chord.bass_midi < found[0] + 12
            assert 0 <= chord.bass_midi - style.harmony.bass_low_midi < 12
            assert chord.bass_midi % 12 == chord.key.pitch(chord.root) % 12


def test_voices_move_smoothly(style: Style) -> None:
    moves: list[int] = []
    joins: list[int] = []
    for seed in SEEDS:
        for (_, before), (slot, after) in pairwise(chain(style, seed, 5 * cycle_chords(style))):
            motion = [abs(b - a) for a, b in zip(pitches(before), pitches(after), strict=True)]
            first = slot % SECTION_CHORDS == 0 and after.start_step == 0
            (joins if first else moves).extend(motion)
    assert max(moves) <= 11
    assert sum(moves) / len(moves) <= 1.6
    assert sum(move <= 4 for move in moves) >= 0.95 * len(moves)
    assert max(joins) <= 14
    assert sum(joins) / len(joins) <= 4.0


@pytest.mark.parametrize("colour", [0, SEVENTHS, NINTHS, FOURTHS, SIXTHS])
def test_outer_voices_never_run_in_fifths_or_octaves(style: Style, colour: int) -> None:
    """Nor does any other voice of the chords with the bass, whatever the register puts on top."""
    for seed in SEEDS:
        links = chain(style, seed, 5 * cycle_chords(style))
        for (_, before), (_, after) in pairwise(links):
            if before.bass_midi == after.bass_midi:
                continue
            for inversion in (-2, -1, 0, 1, 2):
                old = sounding(before, colour, inversion)
                new = sounding(after, colour, inversion)
                for a, b in zip(old, new, strict=True):
                    interval = (b - after.bass_midi) % 12
                    parallel = interval in {0, 7} and interval == (a - before.bass_midi) % 12
                    assert not parallel or a == b


def test_no_two_inner_voices_run_in_fifths(style: Style) -> None:
    for seed in SEEDS:
        for (_, before), (_, after) in pairwise(chain(style, seed, 3 * cycle_chords(style))):
            old, new = pitches(before), pitches(after)
            for i, j in ((0, 1), (0, 2), (1, 2)):
                moved = old[i] != new[i] and old[j] != new[j]
                fifths = old[j] - old[i] == 7 == new[j] - new[i]
                assert not (moved and fifths and before.root != after.root)


def test_a_question_ends_open_and_its_answer_at_home(style: Style) -> None:
    for seed in SEEDS:
        for phrase in range(80):
            place = place_slot(style, phrase * 4 + 3)
            function, root = progress_phrase(style, seed, phrase)[-1]
            if place.answers and place.kind == "A" and not place.ends_cycle:
                assert root == 0
            elif place.ends_cycle:
                assert function == "D"


def test_sections_of_a_kind_begin_alike_and_go_on_differently() -> None:
    for seed in SEEDS:
        for cycle in range(10):
            first = cycle * 2 * len(WALK.harmony.form)
            opening = [progress_phrase(WALK, seed, first + 2 * section) for section in (0, 1, 3)]
            assert opening[0] == opening[1]
            assert [f for f, _ in opening[0]] == [f for f, _ in opening[2]]
        cycles = [progress_phrase(WALK, seed, cycle * 8) for cycle in range(10)]
        assert len(set(cycles)) >= 5
        assert all(one != other for one, other in pairwise(cycles))


def test_keys_move_to_near_relations_only(style: Style) -> None:
    for tour in style.harmony.tours:
        keys = [Key(tonic=semitones % 12, mode=mode) for semitones, mode in tour]
        for before, after in pairwise([*keys, keys[0]]):
            assert len(before.pitch_classes() & after.pitch_classes()) >= 5


def test_the_last_chord_of_a_cycle_leads_into_the_next_key(style: Style) -> None:
    for seed in SEEDS:
        for cycle in range(1, 10):
            join = cycle * cycle_chords(style)
            assert find_key(style, seed, join - 1) == find_key(style, seed, join)
            assert voice_slot(style, seed, join)[0].root == 0


def test_the_chord_of_a_tick_is_the_one_that_is_voiced_there(style: Style) -> None:
    ticks = style.harmony.chord_bars * style.meter.ticks
    for slot in range(64):
        for chord in voice_slot(style, 3, slot):
            tick = slot * ticks + chord.start_step * style.meter.ticks_per_step
            assert chord_at(style, 3, tick) == chord
            assert chord_at(style, 3, tick + chord.steps * style.meter.ticks_per_step - 1) == chord


def test_each_colour_keeps_what_the_one_before_has_brought() -> None:
    roles = {0: NINTH, 2: FOURTH, 4: SIXTH}
    for slot in range(64):
        for chord in voice_slot(WALK, 1, slot):

            def voice(number: int, colour: int, chord: Chord = chord) -> int:
                return chord.voice_pitch(number, inversion=0, colour=colour)

            for index, degree in enumerate(chord.voices):
                role = (degree - chord.root) % 7
                lowered = voice(index, 0) - voice(index, SEVENTHS)
                assert lowered in ({1, 2} if role == 0 else {0})
                assert voice(index, SIXTHS) == voice(index, SEVENTHS)
                # The neighbour sounds a step above, and an octave higher takes the tone's place.
                beside = voice(roles[role], SIXTHS)
                assert beside - voice(index, 0) in {1, 2}
                assert voice(index + 3, SIXTHS) == beside + 12
                assert voice(index + 3, 0) == voice(index, 0) + 12


def test_seeds_spread_over_keys_and_modes(style: Style) -> None:
    keys = Counter(find_key(style, seed, 0) for seed in range(300))
    assert len({key.tonic for key in keys}) == 12
    assert len({key.mode for key in keys}) >= 3
    assert max(keys.values()) < 30 * 5 / len({key.mode for key in keys})
