"""Names become file names, texts come onto pages: what is let in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biofeedback.errors import RecordsError
from biofeedback.records.texts import check_name, check_pseudonym, check_text, suggest_name


@pytest.mark.parametrize("name", ["p7", "blue-owl", "a", "0", "x" * 32, "a_b"])
def test_plain_pseudonyms_are_taken(name):
    assert check_pseudonym(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "P7",
        "anna müller",
        "../p7",
        "a/b",
        ".hidden",
        "-x",
        "x" * 33,
        "p7\n",
        "con",
        "lpt1",
        "ü",
    ],
)
def test_what_could_leave_the_folder_or_break_elsewhere_is_refused(name):
    with pytest.raises(RecordsError, match="small letters"):
        check_pseudonym(name)


def test_a_refused_pseudonym_suggests_nothing_made_of_the_real_name():
    with pytest.raises(RecordsError) as told:
        check_pseudonym("Anna Müller")
    assert "anna-mu" not in str(told.value)
    with pytest.raises(RecordsError, match="For instance: my-song"):
        check_name("My Song!", what="song project")


@given(st.text())
def test_a_suggested_name_is_a_name(title):
    name = suggest_name(title)
    assert name is None or check_name(name, what="x") == name


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\x00b", "\ud800", "a\u202eb", "x" * 201])
def test_texts_that_can_not_be_shown_are_refused(text):
    with pytest.raises(RecordsError, match="title"):
        check_text(text, what="title")


def test_texts_of_any_script_are_kept_composed():
    assert check_text("  Wie scho\u0308n ", what="title") == "Wie sch\u00f6n"
    for text in ("روز خوب", "می\u200cخواهم", "数え歌", "Ä & <b>"):
        assert check_text(text, what="title") == text
