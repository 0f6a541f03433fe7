"""Whose sensor is it? Pseudonyms instead of addresses, and what was bound to whom.

An address or a serial number points at a person's device for ever, so none is ever stored: files,
traces and logs hold an HMAC-SHA256 of it, with a key that stays in the user's folder.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from biofeedback.errors import SettingsError
from biofeedback.messages import Site  # noqa: TC001 - msgspec reads the type at run time

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY_FILE = "sensors.key"
BINDINGS_FILE = "sensors.json"
_KEY_BYTES = 32
_PRIVATE = 0o600
PSEUDONYM_DIGITS = 12


def load_key(folder: Path) -> bytes:
    """Load the key of this user, or make it the first time; nobody else may read it.

    Raises:
        SettingsError: It can't be read or written, or is damaged.
    """
    path = folder / KEY_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE)
        except FileExistsError:
            key = path.read_bytes()
        else:
            with os.fdopen(handle, "wb") as file:
                key = secrets.token_bytes(_KEY_BYTES)
                file.write(key)
    except OSError as error:
        raise SettingsError(f"{path}: can't be used: {error.strerror}") from error
    if len(key) != _KEY_BYTES:
        raise SettingsError(f"{path} is damaged: remove it; sensors have to be bound again then")
    return key


def pseudonym(key: bytes, identity: str) -> str:
    """Turn an address or a serial number into a name that tells nothing about it."""
    digest = hmac.new(key, identity.strip().upper().encode(), hashlib.sha256)
    return digest.hexdigest()[:PSEUDONYM_DIGITS]


class Binding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One sensor and whose it is; ``serial`` and ``address`` are pseudonyms."""

    wearer: str
    address: str
    profile: str
    site: Site
    serial: str | None = None
    firmware: str | None = None


class Bindings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that was bound here."""

    version: Literal[1] = 1
    sensors: tuple[Binding, ...] = ()

    def of_address(self, address: str) -> Binding | None:
        """Find a sensor by the pseudonym of its address."""
        return next((known for known in self.sensors if known.address == address), None)

    def of_serial(self, serial: str) -> Binding | None:
        """Find a sensor by the pseudonym of its serial number: addresses may change (F16)."""
        return next((known for known in self.sensors if known.serial == serial), None)

    def learn(
        self, address: str, *, serial: str | None, firmware: str | None
    ) -> tuple[Bindings, str | None]:
        """Remember what a bound sensor said of itself.

        Args:
            address: Its pseudonym.
            serial: The pseudonym of its serial number, if it has one.
            firmware: As it says.

        Returns:
            What is bound now, and the wearer to whom an unbound sensor seems to belong: its serial
            is known under another address. That one has to be confirmed (F16).
        """
        bound = self.of_address(address)
        if bound is None:
            moved = None if serial is None else self.of_serial(serial)
            return self, None if moved is None else moved.wearer
        known = msgspec.structs.replace(
            bound, serial=serial or bound.serial, firmware=firmware or bound.firmware
        )
        return self.with_sensor(known), None

    def with_sensor(self, binding: Binding) -> Bindings:
        """Bind a sensor; what was known of it before is replaced."""
        others: Sequence[Binding] = [
            known
            for known in self.sensors
            if known.address != binding.address
            and (binding.serial is None or known.serial != binding.serial)
        ]
        return Bindings(sensors=(*others, binding))


def load_bindings(folder: Path) -> Bindings:
    """Load what was bound; nothing the first time.

    Raises:
        SettingsError: The file is damaged or from a newer version.
    """
    path = folder / BINDINGS_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Bindings)
    except FileNotFoundError:
        return Bindings()
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(f"{path}: can't be used: {error}; remove it to bind anew") from error


def save_bindings(folder: Path, bindings: Bindings) -> None:
    """Write what is bound: the old file or the new one, never half of it.

    Raises:
        SettingsError: It can't be written.
    """
    path = folder / BINDINGS_FILE
    part = path.with_suffix(".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, _PRIVATE)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(bindings)))
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(path)
    except OSError as error:
        raise SettingsError(f"{path}: can't be written: {error.strerror}") from error
