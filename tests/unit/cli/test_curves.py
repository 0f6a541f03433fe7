"""Curves files: linear between rows, every mistake named with its line."""

from __future__ import annotations

import pytest

from biofeedback.cli.curves import RANGES, read_curves
from biofeedback.errors import SettingsError
from biofeedback.messages import MusicParameters


@pytest.fixture
def curves(tmp_path):
    def read(text):
        path = tmp_path / "curves.csv"
        path.write_text(text)
        return read_curves(path, resting_tempo_bpm=80.0)

    return read


def test_values_are_linear_between_rows_and_constant_outside(curves):
    music = curves("time_s,tempo_bpm,energy\n2,80,0\n12,100,1\n")
    assert music.duration_s == 12.0
    assert music.at(0.0).tempo_bpm == 80.0
    assert music.at(7.0).tempo_bpm == pytest.approx(90.0)
    assert music.at(7.0).energy == pytest.approx(0.5)
    assert music.at(50.0).energy == 1.0


def test_one_row_at_the_end_holds_from_the_beginning(curves):
    music = curves("time_s,energy\n60,0.5\n")
    assert music.duration_s == 60.0
    assert music.at(0.0).energy == 0.5


def test_parameters_without_a_column_stay_neutral(curves):
    music = curves("time_s,energy\n0,0.5\n1,0.5\n")
    assert music.at(0.5).tempo_bpm == 80.0
    assert (music.at(0.5).place, music.at(0.5).swell_brpm) == (0.0, 6.0)


def test_every_parameter_of_the_music_has_a_column():
    assert RANGES.keys() == set(MusicParameters.__struct_fields__)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("energy\n1\n", "time_s"),
        ("time_s,enrgy\n0,1\n", "Did you mean 'energy'"),
        ("time_s,energy\n0,1.5\n", "line 2: energy is '1.5'"),
        ("time_s,energy\n0,nan\n", "line 2: energy is 'nan'"),
        ("time_s,energy\n0,\n", "line 2: there is no value for energy"),
        ("time_s,energy\n0,1\n1\n", "line 3: there is no value for energy; .* from 0 to 1"),
        ("time_s,energy\n0,1\n", "how long the music lasts, and it is 0; add a row"),
        ("time_s,energy\n0,1\n0,1\n", "line 3: time_s has to rise"),
        ("time_s,tempo_bpm\n0,300\n", "from 40 to 180"),
        ("time_s,place\n0,-1.5\n", "from -1 to 1"),
        ("time_s,swell_brpm\n0,1\n", "from 4 to 10"),
        ("time_s,energy\n-1,0.5\n", "line 2: time_s"),
        ("time_s,energy\n0,1e9\n", "line 2: energy"),
        ("time_s,energy\n", "no row"),
        ("", "header"),
    ],
)
def test_a_mistake_is_refused_with_its_line_and_what_is_allowed(curves, text, said):
    with pytest.raises(SettingsError, match=said):
        curves(text)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(SettingsError, match="no such curves file"):
        read_curves(tmp_path / "nowhere.csv", resting_tempo_bpm=80.0)
