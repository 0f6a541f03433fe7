"""From what a person says to exactly the sensors that are meant."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bleak.backends.device import BLEDevice

from biofeedback.ble.choose import Choice, choose, list_candidates, parse_choice
from biofeedback.ble.identify import Binding, Bindings, pseudonym
from biofeedback.ble.reasons import Reason, SensorFailure
from biofeedback.ble.scan import Sighting, guess_profile
from biofeedback.ble.wanted import advise_fresher
from biofeedback.errors import DeviceNotFound, SettingsError
from biofeedback.profiles import list_profiles, load_profile, read_script

KEY = bytes(32)
HRS = "0000180d-0000-1000-8000-00805f9b34fb"
PROFILES = [load_profile(name) for name in ("polar_h10", "polar_verity_sense", "sig_hrs")]


def seen(name: str, number: int = 1, *, services=(HRS,), rssi_dbm: int = -60) -> Sighting:
    device = BLEDevice(f"C0:FF:EE:00:00:{number:02X}", name, None)
    return Sighting(device, name, rssi_dbm, tuple(services))


def candidates(*sightings: Sighting, bindings: Bindings | None = None):
    return list_candidates(sightings, PROFILES, key=KEY, bindings=bindings or Bindings())


def bound(number: int, wearer: str = "p1") -> Binding:
    code = pseudonym(KEY, f"C0:FF:EE:00:00:{number:02X}")
    return Binding(wearer=wearer, address=code, profile="polar_h10", site="waist")


@pytest.mark.parametrize(
    ("name", "services", "profile"),
    [
        ("Polar H10 12345678", (HRS,), "polar_h10"),
        ("polar h10 12345678", (), "polar_h10"),
        ("Polar Sense 12345678", (HRS,), "polar_verity_sense"),
        ("Somebody's watch", (HRS,), "sig_hrs"),
        ("", (HRS,), "sig_hrs"),
        ("TICKR 12AB", (), "sig_hrs"),
        ("Headphones", (), None),
    ],
)
def test_a_profile_is_guessed_by_name_first_and_by_service_then(name, services, profile):
    guessed = guess_profile(seen(name, services=services), PROFILES)
    assert (guessed.name if guessed else None) == profile


def test_every_profile_is_guessed_from_its_own_name_patterns():
    profiles = list_profiles()
    for profile in profiles:
        for pattern in profile.match.names:
            guessed = guess_profile(seen(pattern.replace("*", "x"), services=()), profiles)
            assert guessed is not None, pattern


@pytest.mark.parametrize(
    ("name", "services", "profile"),
    [("", (), "mi_band_advertised"), ("", (HRS,), "sig_hrs"), ("TICKR 1", (), "sig_hrs")],
)
def test_a_company_decides_only_where_neither_name_nor_service_does(name, services, profile):
    company = {0x0157: b"\x02\x01\x2c\x50"}
    sighting = replace(seen(name, services=services), companies=company)
    assert guess_profile(sighting, list_profiles()).name == profile
    other = replace(seen("", services=()), companies={0x0158: b"\x02\x01\x2c\x50"})
    assert guess_profile(other, list_profiles()) is None


def test_a_chosen_bangle_brings_the_lines_of_its_script():
    profile = load_profile("banglejs")
    (found,) = list_candidates(
        [seen("Bangle.js 1234", services=())], [profile], key=KEY, bindings=Bindings()
    )
    assert found.wanted(None).script == read_script(profile) != ()


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("", Choice(None, None)),
        ("Polar H10", Choice(None, "Polar H10")),
        ("mia=Polar H10", Choice("mia", "Polar H10")),
        ("mia=", Choice("mia", None)),
        (
            "mia=Polar Sense,acceleration=416",
            Choice("mia", "Polar Sense", (("acceleration", 416.0),)),
        ),
        ("Polar H10, ecg", Choice(None, "Polar H10", (("ecg", None),))),
        (",heart_rate=off", Choice(None, None, (("heart_rate", 0.0),))),
        ("mia=Sense,site=ankle", Choice("mia", "Sense", (), "ankle")),
        ("H10,site=waist,left=-y", Choice(None, "H10", (), "waist", "-y")),
        (
            "Sense,acceleration=52, site=pocket",
            Choice(None, "Sense", (("acceleration", 52.0),), "pocket"),
        ),
    ],
)
def test_choices_are_read(text, choice):
    assert parse_choice(text) == choice


def test_a_site_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(SettingsError, match="hat: give one of chest, waist"):
        parse_choice("Polar H10,site=hat")
    with pytest.raises(SettingsError, match="up: give one of x, y, z, -x"):
        parse_choice("Polar H10,left=up")


@pytest.mark.parametrize(
    ("name", "asked", "site"),
    [
        ("Polar H10 1", "", "chest"),
        ("Polar H10 1", ",site=waist", "waist"),
        ("Polar Sense 1", "", "unknown"),
        ("Polar Sense 1", ",site=arm", "arm"),
    ],
)
def test_where_a_sensor_is_worn_is_said_or_left_open_if_it_can_be_several_places(name, asked, site):
    (wanted,) = choose([parse_choice(name + asked)], candidates(seen(name)))
    assert wanted.site == site


@pytest.mark.parametrize(
    "text", ["Polar H10 1", "polar h10", "c0:ff:ee:00:00:01", "polar_h10", "CODE", ""]
)
def test_one_sensor_is_meant_by_name_address_profile_code_or_by_being_the_only_one(text):
    text = text.replace("CODE", pseudonym(KEY, "C0:FF:EE:00:00:01"))
    (wanted,) = choose([parse_choice(text)], candidates(seen("Polar H10 1")))
    assert wanted.address == "C0:FF:EE:00:00:01"
    assert wanted.wearer == "p1"
    assert "C0:FF" not in wanted.sensor


def test_two_that_fit_are_never_decided_between():
    pair = candidates(seen("Polar H10 1", 1, rssi_dbm=-40), seen("Polar H10 2", 2, rssi_dbm=-90))
    with pytest.raises(SensorFailure, match="-40 dBm") as failure:
        choose([parse_choice("Polar H10")], pair)
    assert failure.value.reason is Reason.AMBIGUOUS


def test_a_bound_sensor_wins_over_one_that_only_has_the_same_name():
    bindings = Bindings(sensors=(bound(2, "mia"),))
    pair = candidates(seen("Polar H10", 1), seen("Polar H10", 2), bindings=bindings)
    (wanted,) = choose([parse_choice("Polar H10")], pair)
    assert (wanted.address[-2:], wanted.wearer, wanted.site) == ("02", "mia", "waist")
    with pytest.raises(SensorFailure):
        choose([parse_choice("tom=Polar H10")], pair)


def test_without_a_name_all_bound_sensors_are_meant():
    bindings = Bindings(sensors=(bound(1), bound(3)))
    three = candidates(*(seen("Polar H10", n) for n in (1, 2, 3)), bindings=bindings)
    assert [w.address[-2:] for w in choose([parse_choice("")], three)] == ["01", "03"]


def test_the_same_sensor_is_taken_once():
    one = candidates(seen("Polar H10 1"))
    assert len(choose([parse_choice(""), parse_choice("polar_h10")], one)) == 1


def test_one_sensor_is_never_given_to_two_people():
    one = candidates(seen("Polar H10 1"))
    with pytest.raises(DeviceNotFound, match="for mia and tom"):
        choose([parse_choice("mia=Polar H10"), parse_choice("tom=Polar H10")], one)


def test_nothing_in_the_air_is_told_with_what_is_there():
    with pytest.raises(DeviceNotFound, match="TICKR 1"):
        choose([parse_choice("Polar")], candidates(seen("TICKR 1")))
    with pytest.raises(DeviceNotFound, match="no known band"):
        choose([parse_choice("")], [])


def starts_of(text: str, name: str = "Polar Sense 1") -> dict[str, list[str]]:
    (wanted,) = choose([parse_choice(text)], candidates(seen(name)))
    return {stream.name: [s.commands[0] for s in starts] for stream, starts in wanted.chosen()}


def test_a_rate_behind_the_name_chooses_the_start_that_has_it():
    usual, fast = starts_of("Polar Sense"), starts_of("Polar Sense,acceleration=416")
    assert usual["acceleration"][0].startswith("02 02")
    assert fast["acceleration"] == ["02 09"]
    assert set(fast) == set(usual)


def test_a_stream_can_be_added_and_left_out():
    assert "ecg" in starts_of("Polar H10,ecg", "Polar H10 1")
    assert "heart_rate" not in starts_of("Polar H10,heart_rate=off", "Polar H10 1")
    assert "acceleration" not in starts_of("Polar H10,acceleration=off", "Polar H10 1")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Polar H10,acceleration=fast", "acceleration=HZ"),
        ("Polar H10,acceleration=nan", "acceleration=HZ"),
        ("Polar H10,acceleration=-5", "acceleration=HZ"),
        ("Polar H10,acceleration=60", "25, 50, 100, 200 Hz"),
        ("Polar H10,gyroscope", "it has: heart_rate"),
        ("Polar H10,battery", "no stream 'battery'"),
        ("Polar H10,accelerations", "Did you mean 'acceleration'"),
    ],
)
def test_a_stream_or_rate_that_is_not_there_is_told_with_what_is(text: str, says: str):
    with pytest.raises(SettingsError, match=says):
        starts_of(text, "Polar H10 1")


def test_movement_that_comes_late_is_told_with_what_would_be_fresher_and_its_cost():
    (late,) = choose([parse_choice("Polar Sense")], candidates(seen("Polar Sense 1")))
    assert "every 1.4 s; ,acceleration=416 behind its name" in advise_fresher(late)
    assert "no heart rate" in advise_fresher(late)
    (fresh,) = choose([parse_choice("Polar H10")], candidates(seen("Polar H10 1")))
    assert advise_fresher(fresh) == ""
