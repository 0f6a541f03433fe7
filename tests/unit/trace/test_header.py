from __future__ import annotations

import time
from datetime import datetime

import msgspec
import pytest

from biofeedback.errors import TraceError
from biofeedback.trace.header import make_header, mask_addresses


class Person(msgspec.Struct):
    age_years: float = 40.0
    limits: tuple[float, ...] = (1.0, 2.0)


def test_both_clocks_are_read_at_one_instant() -> None:
    before = time.time_ns() - time.monotonic_ns()
    header = make_header(settings={}, profiles={}, source="demo")
    after = time.time_ns() - time.monotonic_ns()
    offset = header.start_wall_ns - header.start_monotonic_ns
    assert min(before, after) - 50_000_000 <= offset <= max(before, after) + 50_000_000
    start = datetime.fromisoformat(header.start_wall_iso)
    assert start.utcoffset() is not None
    assert abs(start.timestamp() - header.start_wall_ns / 1e9) <= 0.001


def test_a_session_in_invented_time_states_its_own_start() -> None:
    header = make_header(settings={}, profiles={}, source="demo", start_monotonic_ns=0)
    assert header.start_monotonic_ns == 0


def test_settings_and_profiles_become_tables() -> None:
    header = make_header(settings=Person(), profiles={"p": Person(age_years=3.0)}, source="demo")
    assert header.settings == {"age_years": 40.0, "limits": [1.0, 2.0]}
    assert msgspec.convert(header.profiles["p"], Person) == Person(age_years=3.0)


def test_the_hash_is_of_what_the_profiles_say_not_of_their_order() -> None:
    one = make_header(settings={}, profiles={"a": {"x": 1, "y": 2}, "b": {}}, source="demo")
    two = make_header(settings={}, profiles={"b": {}, "a": {"y": 2, "x": 1}}, source="demo")
    other = make_header(settings={}, profiles={"a": {"x": 1, "y": 3}, "b": {}}, source="demo")
    assert one.profile_hash == two.profile_hash != other.profile_hash


def test_sessions_have_names_of_their_own() -> None:
    names = {make_header(settings={}, profiles={}, source="demo").session_id for _ in range(5)}
    assert len(names) == 5


@pytest.mark.parametrize("settings", [{"x": float("nan")}, {"x": [float("inf")]}, 3, {"x": object}])
def test_settings_that_a_trace_cannot_keep_are_refused(settings: object) -> None:
    with pytest.raises(TraceError, match="settings"):
        make_header(settings=settings, profiles={}, source="demo")


@pytest.mark.parametrize(
    "address", ["AA:BB:CC:DD:EE:FF", "aa-bb-cc-00-11-22", "dev_AA_BB_CC_DD_EE_FF"]
)
def test_no_hardware_address_gets_into_a_header(address: str) -> None:
    header = make_header(settings={}, profiles={}, source=f"ble:{address}")
    assert address[-8:] not in header.source
    assert mask_addresses("00002a37-0000-1000-8000-00805f9b34fb").startswith("00002a37")


def test_versions_name_this_program_and_the_libraries_that_make_numbers() -> None:
    versions = make_header(settings={}, profiles={}, source="demo").versions
    assert {"biofeedback", "python", "numpy", "scipy", "pyo", "msgspec"} <= set(versions)
    assert all(versions.values())
