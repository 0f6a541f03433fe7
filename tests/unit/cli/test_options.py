"""Shared options: durations, sources and files that are already there."""

from __future__ import annotations

import pytest

from biofeedback.cli.options import check_persons, open_source, parse_duration_s, read_plan
from biofeedback.errors import BluetoothUnavailable, RecordingError, SettingsError
from biofeedback.settings import parse_settings


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400), ("45", 45)]
)
def test_durations_are_read_with_their_unit(text, seconds):
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "-3s", "ten", "10 x", "nan", "1e9"])
def test_other_durations_are_refused(text):
    with pytest.raises(SettingsError, match="--duration"):
        parse_duration_s(text)


def test_a_duration_that_is_none_is_told_with_the_option_it_was_given_to():
    with pytest.raises(SettingsError, match="--listen soon"):
        parse_duration_s("soon", option="--listen")


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("dmo", SettingsError, "Did you mean 'demo'"),
        ("sim:wlk", SettingsError, "walk"),
        ("recording:nowhere.json", RecordingError, "nowhere.json"),
        ("recording:", SettingsError, "the file is missing .* --from recording:walk.json"),
        ("trace", SettingsError, "the file is missing .* --from trace:walk.trace.jsonl"),
        ("sim:", SettingsError, r"the scenario \(dance, .* is missing .* --from sim:walk"),
    ],
)
def test_a_source_that_is_not_there_is_refused_with_what_there_is(text, error, said):
    with pytest.raises(error, match=said):
        open_source(text, seed=1, duration_s=None)


def test_F98_without_bluetooth_the_next_step_is_named(monkeypatch):
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
    with pytest.raises(BluetoothUnavailable, match="Bluetooth") as refused:
        open_source("ble", seed=1, duration_s=None)
    assert refused.value.exit_code == 3
    assert "No such file" not in str(refused.value)


def test_what_is_wrong_anywhere_is_told_before_bluetooth_is_asked(monkeypatch):
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
    with pytest.raises(SettingsError, match="no stream 'dancing'"):
        open_source("ble:Polar H10,dancing", seed=1, duration_s=None)


def test_the_command_line_lies_over_the_plan(tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text("seed = 3\n[music]\nresting_tempo_bpm = 70\n")
    assert read_plan(plan, seed=None, style=None).seed == 3
    settings = read_plan(plan, seed=9, style="walk")
    assert (settings.seed, settings.music.resting_tempo_bpm) == (9, 70)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\xfe\x00", "UTF-8"), (b"x" * (1 << 20) + b"y", "1 MiB"), (b"seed = ", "TOML")],
)
def test_F51_a_plan_that_is_no_plan_is_refused(tmp_path, content, said):
    plan = tmp_path / "plan.toml"
    plan.write_bytes(content)
    with pytest.raises(SettingsError, match=said):
        read_plan(plan, seed=None, style=None)


def test_F51_a_plan_with_a_byte_order_mark_is_read(tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_bytes(b"\xef\xbb\xbfseed = 4\n")
    assert read_plan(plan, seed=None, style=None).seed == 4


def test_limits_for_somebody_who_is_not_here_are_refused():
    opened = open_source("sim:walk", seed=1, duration_s=5.0)
    check_persons(parse_settings("[persons.p1]\nheart_rate_ceiling_bpm = 120", source="x"), opened)
    wrong = parse_settings("[persons.zoe]\nheart_rate_ceiling_bpm = 120", source="x")
    with pytest.raises(SettingsError, match=r"zoe.*Here: p1"):
        check_persons(wrong, opened)


def test_a_style_that_there_is_not_is_refused_with_the_nearest():
    with pytest.raises(SettingsError, match="Did you mean 'lullaby'"):
        read_plan(None, seed=None, style="lulaby")


def test_a_meter_is_taken_where_the_style_knows_it(tmp_path):
    assert read_plan(None, seed=None, style="walk", meter="2/4").music.meter == "2/4"
    with pytest.raises(SettingsError, match=r"'calm' isn't played in 6/8\. It knows: 4/4"):
        read_plan(None, seed=None, style="calm", meter="6/8")
    with pytest.raises(SettingsError, match="no such meter"):
        read_plan(None, seed=None, style=None, meter="7/8")
    plan = tmp_path / "plan.toml"
    plan.write_text("[music]\nstyle = 'walk'\nmeter = '2/4'\n")
    assert read_plan(plan, seed=None, style=None).music.meter == "2/4"
    with pytest.raises(SettingsError, match="'drone' isn't played in 2/4"):
        read_plan(plan, seed=None, style="drone")
    plan.write_text("[music]\nstyle = 'acoustic'\nmeter = '3/4'\n")
    with pytest.raises(SettingsError, match=r"plan\.toml.*isn't played in 3/4"):
        read_plan(plan, seed=None, style=None)


def test_what_a_plan_may_say_of_the_music_is_checked():
    music = parse_settings(
        "[music]\nclick = true\ngesture_grid = 'soft'\nfade_out_s = 600", source="plan"
    ).music
    assert (music.click, music.gesture_grid, music.fade_out_s) == (True, "soft", 600)
    with pytest.raises(SettingsError, match="Did you mean 'soft'"):
        parse_settings("[music]\ngesture_grid = 'sof'", source="plan")
    with pytest.raises(SettingsError, match="at least 60"):
        parse_settings("[music]\nfade_out_s = 5", source="plan")
