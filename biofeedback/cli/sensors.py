"""Sensors in the air for the commands: from ``ble:NAME`` to a source that is ready to open."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from biofeedback.ble import require_bluetooth
from biofeedback.ble.choose import choose, list_candidates, parse_choice
from biofeedback.ble.identify import load_bindings, load_key, pseudonym, save_bindings
from biofeedback.ble.reasons import SensorFailure
from biofeedback.ble.scan import SYSTEM, Listener
from biofeedback.ble.source import BleSource
from biofeedback.errors import BluetoothUnavailable, DeviceNotFound
from biofeedback.profiles import list_profiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.ble.choose import Candidate, Choice
    from biofeedback.ble.scan import Backend
    from biofeedback.ble.wanted import Wanted

LISTEN_S = 3.0
LISTEN_ON_S = 12.0


def config_folder() -> Path:
    """Give the folder of this user's settings."""
    return Path(typer.get_app_dir("biofeedback"))


async def hear_candidates(seconds: float, *, backend: Backend, folder: Path) -> list[Candidate]:
    """Listen for a while; list the bands that can be read, nearest first.

    Raises:
        BluetoothUnavailable: Bluetooth can't be used.
        SettingsError: What was bound can't be read.
    """
    key, bindings = load_key(folder), load_bindings(folder)
    try:
        seen = await Listener(backend).collect(seconds)
    except SensorFailure as failure:
        raise BluetoothUnavailable(str(failure), reason=failure.reason.value) from failure
    return list_candidates(seen, list_profiles(), key=key, bindings=bindings)


def open_sensors(
    texts: Sequence[str],
    *,
    backend: Backend = SYSTEM,
    folder: Path | None = None,
    even_if_empty: bool = False,
    even_if_denied: bool = False,
) -> BleSource:
    """Find the sensors that ``--from ble...`` means; none is connected yet.

    Args:
        texts: What follows ``ble:``, empty for "my sensor".
        backend: Of bleak.
        folder: Where key and bindings are; None takes the user's.
        even_if_empty: Begin although a battery is nearly empty.
        even_if_denied: Begin although a firmware is known to misbehave.

    Raises:
        BluetoothUnavailable: Bluetooth can't be used.
        DeviceNotFound: One isn't in the air.
        SensorFailure: One could be several, or they are too many.
        SettingsError: What was asked for can't be read, or one has no such stream or rate.
    """
    choices = [parse_choice(text) for text in texts]
    if backend is SYSTEM:
        require_bluetooth()
    wanted = asyncio.run(_find(choices, backend, folder or config_folder()))
    wanted = [
        replace(sensor, even_if_empty=even_if_empty, even_if_denied=even_if_denied)
        for sensor in wanted
    ]
    return BleSource(wanted, backend=backend)


async def _find(choices: Sequence[Choice], backend: Backend, folder: Path) -> list[Wanted]:
    try:
        return choose(choices, await hear_candidates(LISTEN_S, backend=backend, folder=folder))
    except DeviceNotFound:
        # Some bands advertise every few seconds only.
        return choose(choices, await hear_candidates(LISTEN_ON_S, backend=backend, folder=folder))


def remember_sensors(source: BleSource, *, folder: Path | None = None) -> list[str]:
    """Remember serial (as a pseudonym) and firmware of bound sensors, for the next time.

    Returns:
        Lines for a person about sensors that seem to be known under another address.

    Raises:
        SettingsError: The user's folder can't be used.
    """
    folder = folder or config_folder()
    key, before = load_key(folder), load_bindings(folder)
    bindings, lines = before, list[str]()
    for wanted, status in zip(source.sensors(), source.statuses(), strict=False):
        found = status.found
        serial = None if found.serial is None else pseudonym(key, found.serial)
        address = pseudonym(key, wanted.address)
        bindings, owner = bindings.learn(address, serial=serial, firmware=found.firmware)
        if owner is not None:
            lines.append(
                f"{wanted.sensor} seems to be the sensor of {owner} with a new address; to bind it "
                "again: biofeedback scan --identify NAME"
            )
    if bindings != before:
        save_bindings(folder, bindings)
    return lines
