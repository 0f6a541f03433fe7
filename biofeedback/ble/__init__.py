"""Bluetooth LE: so far, whether this computer has it and may use it."""

from __future__ import annotations

import asyncio

from bleak import BleakScanner
from bleak.exc import BleakBluetoothNotAvailableError, BleakError

from biofeedback.errors import BluetoothUnavailable

PROBE_S = 1.0


def require_bluetooth() -> None:
    """Make sure that there is a Bluetooth adapter that can be used.

    Raises:
        BluetoothUnavailable: There is none; the message says what to do.
    """
    try:
        asyncio.run(_listen_shortly())
    except BleakBluetoothNotAvailableError as error:
        reason = error.reason.name.lower()
        raise BluetoothUnavailable(
            f"Bluetooth can't be used ({reason.replace('_', ' ')}). Switch it on, plug a Bluetooth "
            "adapter in, or play without sensors: biofeedback play --from demo",
            reason=reason,
        ) from error
    except (BleakError, OSError, EOFError) as error:
        raise BluetoothUnavailable(
            f"Bluetooth can't be used: {error or type(error).__name__}. On Linux the bluetooth "
            "service has to run (systemctl start bluetooth). Without sensors: "
            "biofeedback play --from demo",
            reason="no_service",
        ) from error


async def _listen_shortly() -> None:
    async with BleakScanner():
        await asyncio.sleep(PROBE_S)
