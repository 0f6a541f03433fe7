"""Finding profiles, and the commands that show them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from biofeedback.cli.decode import decode_command
from biofeedback.cli.profiles import profiles_app
from biofeedback.decode.profile import MAX_PROFILE_BYTES
from biofeedback.errors import BiofeedbackError, ProfileError, SettingsError
from biofeedback.profiles import list_profiles, load_profile

HRS = "00002a37-0000-1000-8000-00805f9b34fb"
PMD = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
PMD_CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"


def run(*arguments: str, stdin: str | None = None) -> tuple[int, str, BaseException | None]:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command("decode")(decode_command)
    app.add_typer(profiles_app, name="profiles")
    result = CliRunner().invoke(app, arguments, input=stdin)
    return result.exit_code, result.output, result.exception


def test_profiles_are_listed_by_name_and_named_as_their_files() -> None:
    names = [profile.name for profile in list_profiles()]
    assert names == sorted(names)
    assert {"sig_hrs", "polar_h10", "polar_verity_sense"} <= set(names)
    for name in names:
        assert load_profile(name).name == name


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(ProfileError, match="did you mean 'polar_h10'"):
        load_profile("polar_h1")


def test_a_profile_can_be_a_file_anywhere(tmp_path: Path) -> None:
    source = Path(__file__).resolve().parents[2] / "firmware_profiles" / "sig_hrs.toml"
    copy = tmp_path / "mine.toml"
    copy.write_bytes(source.read_bytes())
    assert load_profile(str(copy)) == load_profile("sig_hrs")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "missing"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"#" * (MAX_PROFILE_BYTES + 1), "larger than"),
        (b"\xef\xbb\xbfname = 1", "byte-order mark"),
    ],
)
def test_f51_a_file_that_is_no_profile_is_refused(
    tmp_path: Path, content: bytes, word: str
) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ProfileError, match=word):
        load_profile(str(path))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ProfileError, match=r"nowhere\.toml"):
        load_profile("nowhere.toml")


def test_decode_prints_one_object_for_each_packet() -> None:
    code, output, _ = run(
        "decode", "--profile", "sig_hrs", "--characteristic", HRS, "0e4b8000", "", "10"
    )
    objects = [json.loads(line) for line in output.splitlines()]
    assert code == 0
    assert objects[0] == {
        "hr_bpm": 75,
        "contact": "detected",
        "energy_kj": 128,
        "rr_1024": [],
        "rr_ms": [],
    }
    assert [(packet["malformed"], packet["reason"]) for packet in objects[1:]] == [
        (True, "empty"),
        (True, "too_short"),
    ]


def test_decode_takes_what_a_profile_learns_at_the_start() -> None:
    payload = "020000000000000000" + "80" + "e8030000" + "18fc"
    arguments = ["decode", "--profile", "polar_verity_sense", "--characteristic", PMD]
    code, output, _ = run(*arguments, "--context", "factor=0.001", payload)
    assert code == 0
    assert json.loads(output)["samples_mg"] == [[1000.0, 0.0, -1000.0]]


def test_decode_reads_requests_with_the_write_direction() -> None:
    arguments = ["decode", "--profile", "polar_h10", "--characteristic", PMD_CONTROL]
    code, output, _ = run(*arguments, "--direction", "write", "02 02", "03:02")
    assert code == 0
    assert [json.loads(line)["op"] for line in output.splitlines()] == ["start", "stop"]


def test_decode_reads_packets_from_standard_input() -> None:
    arguments = ["decode", "--profile", "sig_hrs", "--characteristic", "2a37", "-"]
    code, output, _ = run(*arguments, stdin="003c\n003d\n")
    assert code == 0
    assert [json.loads(line)["hr_bpm"] for line in output.splitlines()] == [60, 61]


@pytest.mark.parametrize(
    ("arguments", "error", "word"),
    [
        (["--profile", "sig_hr", "--characteristic", HRS, "00"], ProfileError, "did you mean"),
        (["--profile", "sig_hrs", "--characteristic", "ffff", "00"], SettingsError, "2a37"),
        (["--profile", "sig_hrs", "--characteristic", " ", "00"], SettingsError, "2a37"),
        (["--profile", "sig_hrs", "--characteristic", HRS, "0g"], SettingsError, "not hex"),
        (
            ["--profile", "sig_hrs", "--characteristic", HRS, "--context", "a=nan", "00"],
            SettingsError,
            "KEY=NUMBER",
        ),
        (
            ["--profile", "sig_hrs", "--characteristic", HRS, "--direction", "write", "00"],
            SettingsError,
            "no packet format",
        ),
        (
            ["--profile", "sig_hrs", "--characteristic", HRS, "--direction", "up", "00"],
            SettingsError,
            "allowed",
        ),
    ],
)
def test_decode_says_what_is_wrong_with_its_use(
    arguments: list[str], error: type[BiofeedbackError], word: str
) -> None:
    _, _, exception = run("decode", *arguments)
    assert isinstance(exception, error)
    assert word in str(exception)
    assert exception.exit_code == 2


def test_profiles_show_tells_how_to_switch_broadcasting_on() -> None:
    for flag in ("--plain", "--json"):
        code, output, _ = run("profiles", "show", "sig_hrs", flag)
        assert code == 0
        for words in ("Garmin watches", "Fitbit Charge 6", "Broadcast Heart Rate"):
            assert words in output
    code, output, _ = run("profiles", "show", "polar_h10")
    assert code == 0
    assert "200 Hz; also 25, 50, 100 Hz" in output


def test_profiles_list_has_three_forms() -> None:
    for flags in ([], ["--plain"], ["--json"]):
        code, output, _ = run("profiles", "list", *flags)
        assert code == 0
        assert "polar_verity_sense" in output
    assert "polar_h10" in {part["name"] for part in json.loads(output)}


def test_profiles_check_fails_with_1_and_says_why(tmp_path: Path) -> None:
    source = Path(__file__).resolve().parents[2] / "firmware_profiles" / "polar_h10.toml"
    code, output, _ = run("profiles", "check", str(source))
    assert code == 0
    assert "polar_h10 is right" in output
    broken = tmp_path / "broken.toml"
    broken.write_text(
        source.read_text(encoding="utf-8").replace("min_mtu", "min_mt"), encoding="utf-8"
    )
    code, output, _ = run("profiles", "check", str(broken))
    assert code == 1
    assert output.startswith("biofeedback: ")
    assert "did you mean 'min_mtu'" in output
    code, output, _ = run("profiles", "check", "--json", str(broken))
    assert code == 1
    assert json.loads(output)["ok"] is False


def test_profiles_check_asks_for_a_file_if_it_gets_a_name() -> None:
    code, _, exception = run("profiles", "check", "polar_h10")
    assert code != 0
    assert "give a profile's TOML file, not a name" in str(exception)


def test_profiles_show_keeps_what_it_wraps_below_its_bullet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    _, plain, _ = run("profiles", "show", "polar_verity_sense", "--plain")
    _, output, _ = run("profiles", "show", "polar_verity_sense")
    assert output.split() == plain.split()
    bullets = output[output.index("  - ") :].splitlines()
    assert len(bullets) > len(plain[plain.index("  - ") :].splitlines())
    titles = {"", "How to switch it on, so that it can be received", "Good to know",
              "It can't give", "Sources"}  # fmt: skip
    assert {line for line in bullets if not line.startswith("  ")} == titles


def test_packets_that_belong_together_are_decoded_together() -> None:
    code, output, _ = run(
        "decode", "--sequence", "--profile", "sig_csc", "--characteristic", "2a5b",
        "0201002818", "020200501f",
    )  # fmt: skip
    assert code == 0
    assert json.loads(output)["cadence_rpm"] == pytest.approx(33.537, abs=1e-3)


def test_a_path_is_text_in_the_context() -> None:
    code, output, _ = run(
        "decode", "--profile", "movesense", "--context", "path=/Meas/Temp",
        "--characteristic", "34800002-7185-4d5d-b431-630e7050e8f0", "337399432f8c0300",
    )  # fmt: skip
    assert code == 0
    assert json.loads(output)["timestamp_ms"] == 232495


@pytest.mark.parametrize("name", ["manufacturer:0157", "advertising manufacturer data 0x0157"])
def test_what_a_band_advertises_is_decoded_too(name: str) -> None:
    code, output, _ = run(
        "decode", "--profile", "mi_band_advertised", "--direction", "advertisement",
        "--characteristic", name, "0201004e0000", "0201",
    )  # fmt: skip
    assert code == 0
    good, short = map(json.loads, output.splitlines())
    assert good == {"hr_bpm": 78}
    assert short["malformed"] is True


def test_a_profile_tells_how_its_wearable_is_switched_on_and_what_it_can_not_give() -> None:
    code, output, _ = run("profiles", "show", "--plain", "mi_band_advertised")
    assert code == 0
    for words in ("switch it on", "start a workout", "can't give", "data of the companies 0157"):
        assert words in output
