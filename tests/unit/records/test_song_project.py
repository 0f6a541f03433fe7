"""A song over sessions: what is kept, what is remembered, what comes next."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.control.songwrite import Take
from biofeedback.errors import RecordsError
from biofeedback.records.lyric_sheet import list_cells, write_blank_page, write_page, write_text
from biofeedback.records.rows import encode_row
from biofeedback.records.song_project import (
    LyricsWritten,
    SongSettings,
    TakeAccepted,
    TakeRejected,
    add_takes,
    change_settings,
    choose_chords,
    list_places,
    plan_next,
    read_project,
    reject_take,
    restore_take,
    words_at,
    write_lyrics,
)
from biofeedback.records.templates import (
    BLANK,
    LONGEST_LINE,
    TEMPLATES,
    fill_blanks,
    find_template,
)
from biofeedback.records.written import list_parts, write_song

UP = (0, 0, 1, 2, 4, 4, 4, 4, 3, 3, 2, 1, 0, 0, None, None)
DOWN = tuple(reversed(UP))
SETTINGS = SongSettings(title="River", tempo_bpm=92.0)


def take(slot="verse", degrees=UP, groove="steady"):
    return Take(slot, degrees, groove)


def project(*rows, **settings):
    return read_project([change_settings(SETTINGS, **settings), *rows])


def grown(song, *rows):
    """Read the project anew with more rows, as a store would give it."""
    kept = [song.settings, *song.history]
    kept += [LyricsWritten(part=part, lines=lines) for part, lines in song.lyrics.items()]
    return read_project([*kept, *rows])


def accepted(*takes, **settings):
    song = project(**settings)
    return grown(song, *add_takes(song, takes))


# ------------------------------------------------------------ takes


def test_an_accepted_take_fills_its_slot_and_a_rejected_one_opens_it_again():
    song = accepted(take(), take("chorus", DOWN, "driving"))
    assert song.is_whole
    assert song.takes["chorus"].groove == "driving"
    again = grown(song, reject_take(song, "verse"))
    assert again.open_slots == ("verse",)
    assert [type(row) for row in again.history] == [TakeAccepted, TakeAccepted, TakeRejected]
    assert again.rejected[0].drawing.degrees == UP
    back = grown(again, restore_take(again, 1))
    assert back.takes["verse"].degrees == UP


def test_a_newer_take_replaces_and_the_older_one_stays_in_the_history():
    song = accepted(take())
    newer = grown(song, *add_takes(song, [take(degrees=DOWN)]))
    assert newer.takes["verse"].degrees == DOWN
    assert [row.drawing.degrees for row in newer.history] == [UP, DOWN]


def test_takes_of_one_session_are_added_once_however_often_they_are_told():
    song = project()
    first = add_takes(song, [take()], session="s1")
    song = grown(song, *first)
    spurned = [take(degrees=DOWN)]
    song = grown(song, *add_takes(song, [], rejected=spurned, session="s1"))
    more = add_takes(song, [take(), take("chorus", DOWN)], rejected=spurned, session="s1")
    assert [row.drawing.slot for row in more] == ["chorus"]
    # Another session may bring the same melody: that is another take.
    assert len(add_takes(song, [take()], session="s2")) == 1


def test_what_was_drawn_and_not_wanted_is_remembered():
    song = project()
    song = grown(song, *add_takes(song, [take()], rejected=[take(degrees=DOWN)]))
    assert song.takes["verse"].degrees == UP
    assert song.rejected[0].drawing.degrees == DOWN


def test_the_tempo_of_the_first_session_is_the_songs():
    song = read_project([SongSettings(title="River")])
    rows = add_takes(song, [take()], outcomes={"tempo_bpm": 97.26})
    song = read_project([song.settings, *rows])
    assert song.settings.tempo_bpm == 97.3
    assert add_takes(song, [], outcomes={"tempo_bpm": 120.0}) == ()
    # A plan's band may be slower than songs are by themselves; no take is lost for that.
    slow = read_project([SongSettings(title="x")])
    assert len(add_takes(slow, [take()], outcomes={"tempo_bpm": 44.0})) == 2
    assert (
        add_takes(read_project([SongSettings(title="x")]), [], outcomes={"tempo_bpm": None}) == ()
    )


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (take("bridge"), "no slot"),
        (take(degrees=UP[:5]), "whole bars"),
        (take(degrees=()), "melody"),
        (take(degrees=(99, *UP[1:])), "melody"),
        (take(groove="wild"), "melody"),
    ],
)
def test_a_take_that_does_not_belong_to_the_song_is_refused(wrong, why):
    with pytest.raises(RecordsError, match=why):
        add_takes(project(), [wrong])
    with pytest.raises(RecordsError, match="take 1"):
        restore_take(project(), 1)
    with pytest.raises(RecordsError, match="none yet"):
        reject_take(project(), "verse")


def test_the_next_session_draws_what_is_open_at_the_tempo_that_was_found():
    plan, reason = plan_next(read_project([SongSettings(title="x")]), tempo_from="walking")
    assert (plan.tempo_from, plan.slots, plan.bars) == ("walking", ("verse", "chorus"), 2)
    assert "walking" in reason
    plan, reason = plan_next(accepted(take()))
    assert (plan.tempo_from, plan.tempo_bpm, plan.slots) == ("plan", 92.0, ("chorus",))
    assert "1 of 2 parts are kept; chorus is next" in reason
    with pytest.raises(RecordsError, match="take one back"):
        plan_next(accepted(take(), take("chorus")))


def test_a_row_without_settings_is_no_project():
    with pytest.raises(RecordsError, match="nothing about its song"):
        read_project([])


# ------------------------------------------------------------ words, form, chords


def test_words_belong_to_a_slot_or_to_one_place_of_it():
    song = project(form=("verse", "chorus", "verse"))
    song = grown(song, write_lyrics(song, "verse", ["I am here"]))
    song = grown(song, write_lyrics(song, "verse 2", ["You are there"]))
    places = list_places(song.settings.form)
    assert places == ("verse 1", "chorus", "verse 2")
    assert words_at(song, "verse 1", "verse") == ("I am here",)
    assert words_at(song, "verse 2", "verse") == ("You are there",)
    song = grown(song, write_lyrics(song, "verse 2", []))
    assert words_at(song, "verse 2", "verse") == ("I am here",)
    with pytest.raises(RecordsError, match="Parts: verse, chorus, verse 1, verse 2"):
        write_lyrics(song, "bridge", ["x"])
    with pytest.raises(RecordsError, match="verse, line 2"):
        write_lyrics(song, "verse", ["fine", "not\nfine"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"tempo_bpm": 30.0},
        {"tempo_bpm": math.nan},
        {"title": " "},
        {"form": ()},
        {"form": ("Verse",)},
        {"bars": 9},
        {"style": "lullaby"},
        {"language": "english"},
    ],
)
def test_settings_that_can_not_hold_are_refused(wrong):
    with pytest.raises(RecordsError):
        change_settings(SETTINGS, **wrong)


def test_a_song_that_changed_its_form_keeps_the_takes_that_left_it():
    song = accepted(take(), take("chorus"))
    shorter = grown(song, change_settings(song.settings, form=("verse",)))
    assert shorter.is_whole
    assert [part.label for part in list_parts(shorter)] == ["verse"]
    assert "chorus" in shorter.takes
    with pytest.raises(RecordsError, match="any more"):
        restore_take(shorter, 2)


def test_chosen_chords_are_played_until_they_are_given_back():
    song = accepted(take(), take("chorus"))
    chosen = grown(song, choose_chords(song, "verse", [0, 5, 3, 4]))
    played = write_song(chosen)
    assert [root for line in played.lines[:2] for _, root in line.chords] == [0, 5, 3, 4]
    again = grown(chosen, choose_chords(chosen, "verse", None))
    assert write_song(again) == write_song(song)
    with pytest.raises(RecordsError, match="steps 1, 2, 3, 4, 5, 6"):
        choose_chords(song, "verse", [6])


def test_what_is_kept_can_be_played_before_the_song_is_whole():
    song = accepted(take())
    assert {part.label for part in list_parts(song)} == {"verse 1", "verse 2"}
    assert write_song(song).notes
    with pytest.raises(RecordsError, match="no melody yet"):
        write_song(project())
    with pytest.raises(RecordsError, match="no tempo yet"):
        write_song(read_project([SongSettings(title="x"), *song.history]))


# ------------------------------------------------------------ templates


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_have_blanks_and_lines_for_large_type(name):
    template = find_template(name)
    assert template.blanks >= 2
    assert all(len(line) <= LONGEST_LINE for line in template.lines)
    song = project(form=(template.part,))
    assert write_lyrics(song, template.part, template.lines).lines == template.lines
    filled = fill_blanks(template.lines, ["my garden"] * template.blanks)
    assert BLANK not in "".join(filled)


@given(st.lists(st.text(alphabet="abc ", min_size=1, max_size=5), max_size=8))
def test_blanks_are_filled_in_order_and_the_rest_stay(words):
    lines = TEMPLATES["i-am"].lines
    if len(words) > TEMPLATES["i-am"].blanks:
        with pytest.raises(RecordsError, match="blanks"):
            fill_blanks(lines, words)
        return
    text = " / ".join(fill_blanks(lines, words))
    assert text.count(BLANK) == TEMPLATES["i-am"].blanks - len(words)
    pattern = re.escape(" / ".join(lines))
    for word in words:
        pattern = pattern.replace(re.escape(BLANK), re.escape(word.strip()), 1)
    assert re.fullmatch(pattern, text)


def test_an_unknown_template_is_named_with_those_that_there_are():
    with pytest.raises(RecordsError, match="i-am"):
        find_template("you-are")


# ------------------------------------------------------------ the sheet


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def sung(**settings):
    song = accepted(take(), take("chorus", DOWN), **settings)
    song = grown(song, write_lyrics(song, "verse", ["I am strong again", "I am ___ now"]))
    return grown(song, write_lyrics(song, "chorus", ["Thank <b>you</b> & all", "mu-sic"]))


def test_chords_stand_over_the_words_where_they_begin():
    song = sung(form=("verse", "chorus"))
    text = write_text(song, write_song(song))
    rows = text.splitlines()
    assert rows[:2] == ["River", "C major, 92 bpm, acoustic"]
    index = rows.index("I am strong again")
    assert rows[index - 1].startswith("C")
    assert "music" in text
    assert "mu-sic" not in text
    for line in write_song(song).lines:
        cells = list_cells(line, write_song(song).key)
        assert [cell.text for cell in cells if cell.text] == [
            note.syllable.text for note in line.notes if note.syllable
        ]


def test_a_chord_within_a_word_stands_over_its_syllable():
    song = accepted(take(degrees=(0,) * 16), form=("verse",))
    song = grown(song, write_lyrics(song, "verse", ["beau-ti-ful day", "so we are glad"]))
    song = grown(song, choose_chords(song, "verse", [0, 3]))
    rows = write_text(song, write_song(song)).splitlines()
    chords, words = rows[-4:-2]
    assert words.replace("-", "") == "beautiful day"
    assert words[chords.index("F") :].startswith(("ful", "day"))


def test_the_page_stands_alone_and_shows_texts_as_texts():
    song = sung(title="<script>alert(1)</script>")
    page = write_page(song, write_song(song))
    read = Page(page)
    assert not read.open, "every tag is closed"
    assert {"script", "link", "img", "iframe"}.isdisjoint(read.tags)
    assert not [name for name, _ in read.attributes if name in {"src", "href"} or name[:2] == "on"]
    assert "http" not in page
    assert "@import" not in page
    assert "<script>alert(1)</script>" in read.text
    assert "<b>you</b>" in "".join(read.text)
    size = float(re.search(r"body \{ font: ([\d.]+)rem", page)[1])
    assert size >= 1.5, "large type"


def test_a_chord_does_not_decide_in_which_direction_words_are_read():
    song = accepted(take(), take("chorus", DOWN))
    song = grown(song, write_lyrics(song, "verse", ["روز خوب من"]))
    page = write_page(song, write_song(song))
    (line, *_) = re.findall(r'<p dir="auto">.*</p>', page)
    # A browser looks for the first letter outside of bdi.
    letters = re.sub(r"<bdi>.*?</bdi>|<[^>]*>", "", line)
    assert letters.lstrip()[0] == "ر"


def test_a_blank_page_has_lines_to_write_on():
    template = TEMPLATES["letter"]
    page = write_blank_page(template.title, template.lines)
    assert page.count('class="blank"') == template.blanks
    assert BLANK not in page


def test_rows_that_would_not_read_back_are_refused():
    with pytest.raises(RecordsError, match="can't be kept"):
        encode_row("song", SongSettings(title="x", tempo_bpm=math.nan))
    with pytest.raises(RecordsError, match="can't be kept"):
        encode_row("song", LyricsWritten(part="verse", lines=("\ud800",)))
