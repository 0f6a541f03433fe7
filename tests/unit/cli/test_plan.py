"""Plans from the command line: all that come along can be used, bad ones say why."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from biofeedback.cli.commands import app
from biofeedback.cli.plan_words import (
    ENDS_WORDS,
    FORM_WORDS,
    LAW_WORDS,
    explain_plan,
    explain_settings,
)
from biofeedback.cli.sitting import END_WORDS, QUESTION_WORDS
from biofeedback.cli.therapy import choose_plan
from biofeedback.control import LAWS
from biofeedback.errors import SettingsError
from biofeedback.plan_files import list_plan_names, read_shipped_plan
from biofeedback.settings import parse_settings
from biofeedback.therapies import THERAPIES
from biofeedback.therapies.plan import EndsBy, Form
from biofeedback.vocabulary import PhaseEnd, Question

DESIGNS = {"contingent-abab", "contingent-probe"}
"""Plans beside the three forms of each therapy."""

FORBIDDEN = ("diagnos", "cure", "heal ", "safe", "patient is", "normal")


def run(*words):
    return CliRunner().invoke(app, ["plan", *map(str, words)])


@pytest.mark.parametrize("name", list_plan_names())
def test_every_plan_that_comes_along_can_be_used_and_is_called_like_its_file(name):
    settings = parse_settings(read_shipped_plan(name), source=name)
    plan = settings.plan
    assert plan.name == name
    assert plan.name == name
    if name not in DESIGNS:
        assert name == "-".join(filter(None, (plan.therapy, plan.mode, plan.form)))
    assert plan.supervised == (plan.form == "clinic")
    said = "\n".join(explain_plan(settings, plan)).lower()
    assert plan.title.lower() in said
    for word in FORBIDDEN:
        assert word not in said, word


def test_every_therapy_has_a_plan_in_each_of_its_forms():
    expected = {
        "-".join(filter(None, (name, mode, form)))
        for name, therapy in THERAPIES.items()
        for mode in therapy.modes or (None,)
        for form in therapy.forms
    }
    assert set(list_plan_names()) == expected | DESIGNS


def test_short_forms_take_two_to_three_minutes():
    for name in list_plan_names():
        if name.endswith("-demo"):
            plan = parse_settings(read_shipped_plan(name), source=name).plan
            assert 120.0 <= plan.most_s <= 190.0, name


def test_every_word_has_words_for_people():
    assert set(LAW_WORDS) == set(LAWS)
    assert set(FORM_WORDS) == set(get_args(Form))
    assert set(ENDS_WORDS) == set(get_args(EndsBy))
    assert set(QUESTION_WORDS) == set(get_args(Question)) | set(get_args(get_args(Question)[0]))
    assert set(END_WORDS) == set(get_args(PhaseEnd))


def test_list_names_them_all():
    plain = run("list", "--plain").output.splitlines()
    assert [line.split(":")[0] for line in plain] == list_plan_names()
    rows = json.loads(run("list", "--json").output)
    assert {row["name"] for row in rows} == set(list_plan_names())
    assert "gait-demo" in run("list").output


def test_a_plan_that_is_shown_is_a_plan(tmp_path):
    shown = run("show", "gait-home")
    assert shown.exit_code == 0
    mine = tmp_path / "mine.toml"
    mine.write_text(shown.output)
    said = run("check", mine)
    assert said.exit_code == 0
    assert "Tempo: 94 to 114 bpm" in said.output
    assert "3. match: the beat finds the steps" in said.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed = one", "this is not TOML"),
        ("[plan]\nname = 'x'", "'therapy'"),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path, text, said):
    mine = tmp_path / "mine.toml"
    mine.write_text(text)
    result = run("check", mine)
    assert result.exit_code != 0
    assert said in str(result.exception).replace("`", "'")


@pytest.mark.parametrize("page", ["README.md", "docs/music.md"])
def test_limits_and_taste_without_phases_are_explained_as_play_takes_them(tmp_path, page):
    text = (Path(__file__).parents[3] / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    assert blocks
    for block in blocks:
        mine = tmp_path / "mine.toml"
        mine.write_text(block)
        assert parse_settings(block, source=page).plan is None
        result = run("check", mine)
        assert result.exit_code == 0, result.exception
        assert "no phases: the music goes as the person goes" in result.output
        assert "Tempo: " in result.output
        assert "Music: style walk" in result.output
    json.loads(run("check", mine, "--json").output)


def test_limits_of_a_person_are_explained_without_phases():
    text = "[limits]\ntime_limit_s = 900\n[persons.p1]\nheart_rate_ceiling_bpm = 120"
    said = "\n".join(explain_settings(parse_settings(text, source="x")))
    assert "a ceiling for p1 120 bpm" in said
    assert "at 13:00 the music eases, at 15:00 it ends" in said
    bare = "\n".join(explain_settings(parse_settings("seed = 1", source="x")))
    assert "no ceiling" in bare


def test_a_name_that_there_isn_t_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("check", "gait-moon")
    assert isinstance(result.exception, SettingsError)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gait-dem", "gait-dem: there is no such plan. Did you mean 'gait-demo'?"),
        ("nope", "nope: there is no such plan. biofeedback plan list shows"),
        ("mine/nope.toml", "nope.toml: there is no such plan. biofeedback plan list shows"),
    ],
)
@pytest.mark.parametrize("words", [["plan", "show"], ["plan", "check"], ["play", "--plan"]])
def test_a_wrong_name_gets_the_nearest_and_how_to_list_them(
    tmp_path, monkeypatch, words, name, said
):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, [*words, name])
    assert isinstance(result.exception, SettingsError)
    assert said in str(result.exception)
    assert "plan list" in str(result.exception)


def test_a_therapy_stands_for_its_demonstration():
    assert str(choose_plan(None, "gait", None)) == "gait-demo"
    assert str(choose_plan(None, "movement", None)) == "movement-express-demo"
    assert str(choose_plan(None, "movement", "relax")) == "movement-relax-demo"
    assert choose_plan(None, None, None) is None


@pytest.mark.parametrize(
    ("therapy", "mode", "said"),
    [
        ("gate", None, "Did you mean 'gait'"),
        ("gait", "relax", "no such mode"),
        ("movement", "relaxing", "Did you mean 'relax'"),
        (None, "relax", "--therapy movement"),
    ],
)
def test_a_therapy_that_there_isn_t_is_told(therapy, mode, said):
    with pytest.raises(SettingsError, match=said):
        choose_plan(None, therapy, mode)


def test_real_people_need_somebody_at_the_keys(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["play", "--plan", "gait-home", "--from", "ble:Polar", "--trace", "t.trace.jsonl"]
    result = CliRunner().invoke(app, words)
    assert "needs a terminal" in str(result.exception)
    assert not (tmp_path / "t.trace.jsonl").exists()
