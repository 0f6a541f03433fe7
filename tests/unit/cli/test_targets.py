"""Files that a command writes: nothing is lost before its successor is there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from biofeedback.cli.targets import (
    check_targets,
    check_wav,
    list_inputs,
    making_room,
    replacing,
)
from biofeedback.errors import SettingsError


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "kept.wav"
    path.write_text("old")
    return path


def fail(place, error):
    with place as path:
        path.write_text("half")
        raise error


def fail_to_open(path):
    with making_room(path):
        path.write_text("half")
        raise OSError("no")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_that_exists_is_not_overwritten_unasked(old):
    with pytest.raises(SettingsError, match="--overwrite"):
        check_targets([old], inputs=[], overwrite=False)


def test_asking_for_overwrite_alone_destroys_nothing(old):
    check_targets([old, None], inputs=[], overwrite=True)
    assert old.read_text() == "old"
    assert names(old.parent) == ["kept.wav"]


def test_a_target_that_is_an_input_is_refused_whatever_its_spelling(old):
    os.link(old, old.with_name("other name.wav"))
    for spelling in (
        old,
        old.parent / ".." / old.parent.name / old.name,
        old.with_name("other name.wav"),
    ):
        with pytest.raises(SettingsError, match="input"):
            check_targets([spelling], inputs=[old], overwrite=True)


def test_two_targets_that_are_one_file_are_refused_before_they_exist(tmp_path):
    one, same = tmp_path / "a.wav", tmp_path / "." / "b" / ".." / "a.wav"
    with pytest.raises(SettingsError, match="one file"):
        check_targets([one, same], inputs=[], overwrite=True)


def test_a_folder_and_a_place_where_nobody_may_write_are_refused(tmp_path, old):
    for overwrite in (False, True):
        with pytest.raises(SettingsError, match=r"this is a folder; give a file, such as .*NAME"):
            check_targets([tmp_path], inputs=[], overwrite=overwrite)
    with pytest.raises(SettingsError, match="no file"):
        check_targets([Path(os.devnull)], inputs=[], overwrite=True)
    with pytest.raises(SettingsError, match="can't write"):
        check_targets([old / "below a file.wav"], inputs=[], overwrite=True)


def test_the_tables_of_a_recording_are_inputs(tmp_path):
    sidecar = {
        "kind": "acc",
        "file": "walk.csv.gz",
        "columns": {"acc_x": "g"},
        "fs_hz": 50,
        "reference": [{"name": "steps", "file": "walk.steps.csv"}],
    }
    (tmp_path / "walk.json").write_text(json.dumps(sidecar))
    inputs = list_inputs(f"recording:{tmp_path / 'walk.json'}")
    assert [path.name for path in inputs] == ["walk.json", "walk.csv.gz", "walk.steps.csv"]
    assert list_inputs("demo") == []


def test_a_sound_file_has_to_end_in_wav(tmp_path):
    assert check_wav(tmp_path / "x.WAV", option="-o")
    with pytest.raises(SettingsError, match=r"ends in \.wav"):
        check_wav(tmp_path / "x.mp3", option="-o")


def test_a_file_takes_its_place_when_all_went_well(old):
    with replacing(old) as partial:
        partial.write_text("new")
        assert old.read_text() == "old"
    assert old.read_text() == "new"
    assert names(old.parent) == ["kept.wav"]


def test_after_an_error_the_old_file_is_there_and_nothing_else(old):
    with pytest.raises(KeyboardInterrupt):
        fail(replacing(old), KeyboardInterrupt())
    assert old.read_text() == "old"
    assert names(old.parent) == ["kept.wav"]


def test_an_old_file_goes_when_its_successor_is_open(old):
    with making_room(old):
        assert not old.exists()
        old.write_text("new")
    assert old.read_text() == "new"
    assert names(old.parent) == ["kept.wav"]


def test_an_old_file_comes_back_when_its_successor_can_not_be_opened(old):
    with pytest.raises(OSError, match="no"):
        fail_to_open(old)
    assert old.read_text() == "old"
    assert names(old.parent) == ["kept.wav"]


def test_a_new_file_goes_when_it_can_not_be_used(tmp_path):
    path = tmp_path / "new.wav"
    with pytest.raises(OSError, match="no"):
        fail_to_open(path)
    assert names(tmp_path) == []
