"""A drawn melody becomes a song: syllables, chords, arrangement."""

from __future__ import annotations

from itertools import pairwise, product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.music.chord_search import (
    _place_cost,
    find_chords,
    find_function,
    fit_cost,
    list_roots,
    step_cost,
    weigh_melody,
)
from biofeedback.music.key_names import (
    name_chord,
    name_degree,
    name_key,
    name_signature,
    parse_key,
)
from biofeedback.music.scales import SCALES, Key
from biofeedback.music.styles import STYLES
from biofeedback.music.syllables import Syllable, split_line, split_word
from biofeedback.music.written_song import (
    BAR_TICKS,
    INTRO_BARS,
    SHORTEST_TICKS,
    Part,
    sing_line,
    write_out,
)
from biofeedback.records.song_project import SongStyle

C = Key(tonic=0, mode="ionian")
UP = (0, 0, 1, 2, 4, 4, 4, 4, 3, 3, 2, 1, 0, 0, None, None)
DEGREES = st.lists(st.none() | st.integers(-2, 7), min_size=8, max_size=8)
MODES = sorted(SCALES)


def syllables(text):
    return split_line(text, language="en")


# ------------------------------------------------------------ syllables


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("strong", 1),
        ("morning", 2),
        ("home", 1),
        ("homes", 1),
        ("houses", 2),
        ("loved", 1),
        ("wanted", 2),
        ("table", 2),
        ("little", 2),
        ("beautiful", 3),
        ("yellow", 2),
        ("beyond", 2),
        ("the", 1),
        ("river,", 2),
        ("(again)", 2),
    ],
)
def test_english_words_are_sung_on_as_many_notes_as_they_have_vowels(word, count):
    assert len(split_word(word, language="en")) == count


def test_other_languages_and_scripts():
    assert split_word("Sonnenschein", language="de") == ["Son", "nen", "schein"]
    assert split_word("Liebe", language="de") == ["Lie", "be"]
    assert split_word("мама", language="ru") == ["ма", "ма"]
    assert split_word("我爱你", language="zh") == ["我", "爱", "你"]
    assert split_word("きゃく", language="ja") == ["きゃ", "く"]
    assert split_word("naïve", language="en") == ["na", "ïve"]
    assert split_word("سلام", language="fa") == ["سلام"]


def test_hyphens_divide_and_are_not_sung_blanks_stay_whole():
    assert syllables("qui-et ___, -") == (
        Syllable("qui", ends_word=False),
        Syllable("et", ends_word=True),
        Syllable("___,", ends_word=True),
        Syllable("-", ends_word=True),
    )


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Zs", "Cc"]), min_size=1))
def test_the_parts_of_any_word_are_the_word(word):
    parts = split_word(word, language="en")
    assert "".join(parts) == word
    assert all(parts)


# ------------------------------------------------------------ singing


@given(DEGREES, st.integers(0, 40))
def test_every_syllable_has_a_note_and_no_notes_overlap(degrees, count):
    words = tuple(Syllable(f"s{n}", ends_word=True) for n in range(count))
    notes = sing_line(degrees, words, first_tick=960)
    for before, after in pairwise(notes):
        assert before.tick + before.ticks <= after.tick
    assert all(note.ticks >= SHORTEST_TICKS for note in notes)
    assert all(note.tick >= 960 and note.tick + note.ticks <= 960 + BAR_TICKS for note in notes)
    sung = " ".join(note.syllable.text for note in notes if note.syllable)
    assert sung.split() == [word.text for word in words]
    if count and notes:
        assert notes[0].syllable is not None


def test_a_held_hand_is_a_held_note_until_words_divide_it():
    assert [note.ticks for note in sing_line([0] * 8, ())] == [BAR_TICKS]
    assert [note.ticks for note in sing_line([0] * 8, syllables("one two"))] == [960, 960]
    assert len(sing_line([0] * 16, ())) == 2, "no note is held over the bar line"


def test_few_syllables_go_to_the_weighty_notes():
    notes = sing_line([0, 1, 2, 1, 4, 4, 4, 3], syllables("I am here"))
    assert [(n.tick // 240, n.syllable.text) for n in notes if n.syllable] == [
        (0, "I"),
        (2, "am"),
        (4, "here"),
    ]


# ------------------------------------------------------------ chords


def test_chords_that_the_melody_spells_are_found():
    spelled = [[0, 0, 2, 2, 4, 4, 0, 0], [3, 3, 5, 5, 7, 7, 3, 3], [4, 4, 6, 6, 1, 1, 4, 4]]
    assert find_chords([*spelled, [0, 0, 2, 2, 0, 0, 0, 0]], "ionian") == (0, 3, 4, 0)


@given(st.lists(DEGREES, min_size=1, max_size=3), st.sampled_from(MODES))
def test_no_row_of_chords_is_cheaper_than_the_one_that_is_found(bars, mode):
    melody, last = weigh_melody(bars), len(bars) - 1

    def cost(roots):
        whole = sum(step_cost(a, b, mode) for a, b in pairwise(roots))
        for index, root in enumerate(roots):
            whole += fit_cost(melody[index], root) + _place_cost(root, index, last, mode)
        return whole

    best = min(cost(roots) for roots in product(list_roots(mode), repeat=len(bars)))
    assert cost(find_chords(bars, mode)) == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_without_a_melody_harmony_goes_home_by_its_own_rules(mode):
    roots = find_chords([[None] * 8] * 8, mode)
    assert (roots[0], roots[-1]) == (0, 0)
    assert find_function(roots[-2], mode) == "D"
    assert find_function(roots[3], mode) == "D"
    assert all(a != b for a, b in pairwise(roots))


def test_passing_notes_count_less_than_those_on_the_beat():
    (bar,) = weigh_melody([[0, 1, 2, 1, 0, 4, 0, 0]])
    assert bar[1].weight < bar[7].weight
    assert bar[0].weight > bar[4].weight > bar[6].weight


# ------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("text", "signature", "scale"),
    [
        ("C", "C", "C D E F G A B"),
        ("Am", "Am", "A B C D E F G"),
        ("Bb major", "Bb", "Bb C D Eb F G A"),
        ("F# minor", "F#m", "F# G# A B C# D E"),
        ("Eb minor", "Ebm", "Eb F Gb Ab Bb Cb Db"),
        ("D dorian", "C", "D E F G A B C"),
        ("G mixolydian", "C", "G A B C D E F"),
        ("F lydian", "C", "F G A B C D E"),
    ],
)
def test_keys_are_read_and_spelled(text, signature, scale):
    key = parse_key(text)
    assert name_signature(key) == signature
    assert " ".join(name_degree(key, degree) for degree in range(7)) == scale


@pytest.mark.parametrize("text", ["", "H", "C# #", "C locrian", "Cmaj7"])
def test_what_is_no_key_is_none(text):
    assert parse_key(text) is None


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("tonic", range(12))
def test_every_key_names_seven_letters_and_reads_back(tonic, mode):
    key = Key(tonic=tonic, mode=mode)
    names = [name_degree(key, degree) for degree in range(7)]
    assert sorted(name[0] for name in names) == list("ABCDEFG")
    again = parse_key(name_key(key))
    # Gb and F# are one key here.
    assert again == key or (names[0] in {"Cb", "Fb", "E#", "B#"} and again is None)


def test_chords_are_named_by_their_thirds():
    assert [name_chord(C, root) for root in range(7)] == [
        "C",
        "Dm",
        "Em",
        "F",
        "G",
        "Am",
        "Bdim",
    ]


# ------------------------------------------------------------ the whole


def write(style="acoustic", key=C, drive=0.55, **part):
    parts = [Part("verse", UP, drive, **part)]
    return write_out(STYLES[style], 7, parts, key=key, tempo_bpm=92.0)


@pytest.mark.parametrize("style", get_args(SongStyle))
def test_every_band_plays_the_drawn_melody_over_its_own_accompaniment(style):
    lines = (syllables("I am strong when morning comes"), syllables("I am home again"))
    song = write(style, lines=lines)
    bars = INTRO_BARS + 2 * len(lines) + 1
    assert song.end_tick == bars * BAR_TICKS
    melody = [note for note in song.notes if note.layer == "melody"]
    sung = [note for line in song.lines for note in line.notes]
    assert [note.tick for note in melody] == [note.tick for note in sung]
    steps = {
        C.pitch(note.degree) - note_.pitch_midi for note, note_ in zip(sung, melody, strict=True)
    }
    assert len(steps) == 1
    assert steps.pop() % 12 == 0
    assert melody[0].tick == INTRO_BARS * BAR_TICKS
    layers = {note.layer for note in song.notes}
    assert len(layers - {"melody"}) >= 3
    assert all(0 <= note.tick < song.end_tick for note in song.notes)
    played = {note.tick // BAR_TICKS for note in song.notes if note.layer != "melody"}
    assert played == set(range(bars)), "no bar is empty"


@pytest.mark.parametrize("mode", MODES)
def test_all_that_is_pitched_lies_in_the_key(mode):
    key = Key(tonic=9, mode=mode)
    song = write(key=key)
    unpitched = STYLES["acoustic"].unpitched_layers
    pitches = {n.pitch_midi % 12 for n in song.notes if n.layer not in unpitched}
    assert pitches <= key.pitch_classes()


def test_the_bass_has_the_chord_of_each_bar():
    song = write(roots=(0, 5, 3, 4))
    lowest = {}
    for note in song.notes:
        if note.layer == "bass" and note.tick % BAR_TICKS == 0:
            lowest[note.tick // BAR_TICKS] = note.pitch_midi % 12
    expected = {2: 0, 3: 9, 4: 5, 5: 7}
    assert {bar: lowest[bar] for bar in expected if bar in lowest} == {
        bar: pitch for bar, pitch in expected.items() if bar in lowest
    }
    assert len(lowest) >= 4


def test_more_drive_is_more_music():
    assert len(write(drive=0.8).notes) > len(write(drive=0.55).notes) > len(write(drive=0.3).notes)


def test_the_same_song_is_the_same_notes():
    assert write() == write()


def test_a_single_line_is_sung_twice_and_none_leaves_two_passes():
    once = write(lines=(syllables("Thank you"),))
    assert [len(line.notes) > 0 for line in once.lines] == [True, True]
    assert [line.opens_part for line in once.lines] == [True, False]
    assert len(write().lines) == 2


def test_what_can_not_be_played_is_refused():
    with pytest.raises(ValueError, match="can't play"):
        write("lullaby")
    with pytest.raises(ValueError, match="whole bars"):
        write_out(STYLES["walk"], 1, [Part("verse", UP[:5], 0.5)], key=C, tempo_bpm=90.0)
