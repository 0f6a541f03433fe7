"""Key, pseudonyms and bindings of this user."""

from __future__ import annotations

import pytest

from biofeedback.ble.identify import (
    BINDINGS_FILE,
    KEY_FILE,
    Bindings,
    load_bindings,
    load_key,
    pseudonym,
    save_bindings,
)
from biofeedback.errors import SettingsError


def test_the_key_is_made_once_and_is_private(tmp_path):
    key = load_key(tmp_path / "new")
    assert load_key(tmp_path / "new") == key
    assert len(key) == 32
    assert (tmp_path / "new" / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_pseudonyms_depend_on_key_and_address_and_on_nothing_else():
    first = pseudonym(b"a" * 32, "C0:FF:EE:00:00:01")
    assert first == pseudonym(b"a" * 32, "c0:ff:ee:00:00:01 ")
    assert first != pseudonym(b"a" * 32, "C0:FF:EE:00:00:02")
    assert first != pseudonym(b"b" * 32, "C0:FF:EE:00:00:01")


def test_a_damaged_key_or_file_is_refused_with_the_next_step(tmp_path):
    (tmp_path / KEY_FILE).write_bytes(b"short")
    with pytest.raises(SettingsError, match="remove it"):
        load_key(tmp_path)
    (tmp_path / BINDINGS_FILE).write_text('{"version": 2}')
    with pytest.raises(SettingsError, match="remove it"):
        load_bindings(tmp_path)


def test_nothing_is_bound_the_first_time_and_what_is_saved_comes_back(tmp_path):
    assert load_bindings(tmp_path) == Bindings()
    save_bindings(tmp_path, Bindings())
    assert load_bindings(tmp_path) == Bindings()
    assert not list(tmp_path.glob("*.part"))
