"""Why a sensor can't be had just now, as a word that a program can act on, and what to do next.

Exceptions of bleak and of the system are translated here, once, by type and code, never by text.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Final

from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakGATTProtocolError,
)

from biofeedback.errors import BluetoothUnavailable, LinkLost


class Reason(StrEnum):
    """Why there is no data."""

    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    TOO_MANY = "too_many"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECT_FAILED = "connect_failed"
    IN_PROGRESS = "in_progress"
    IN_USE = "in_use"
    DROPPED = "dropped"
    OFTEN_DROPPED = "often_dropped"
    SILENT = "silent"
    NOT_SUPPORTED = "not_supported"
    MTU_TOO_SMALL = "mtu_too_small"
    START_REFUSED = "start_refused"
    BATTERY_EMPTY = "battery_empty"
    FIRMWARE_DENIED = "firmware_denied"
    BLUETOOTH_OFF = "bluetooth_off"
    BLUETOOTH_GONE = "bluetooth_gone"
    BLUETOOTH_DENIED = "bluetooth_denied"


_PERMISSIONS: Final[dict[str, str]] = {
    "darwin": "allow it for your terminal in System Settings > Privacy & Security > Bluetooth, "
    "then open the terminal anew",
    "win32": "allow it for desktop apps in Settings > Privacy > Radios (Windows 11: Privacy & "
    "security > Radios)",
}


def permission_step(platform: str) -> str:
    """Say what to do, and on which page of the settings, so that Bluetooth may be used.

    Args:
        platform: As ``sys.platform`` has it.
    """
    page = _PERMISSIONS.get(
        platform,
        "your user needs access to the bluetooth service on the system bus (often: the group "
        "bluetooth), then log in anew",
    )
    return f"Bluetooth isn't permitted: {page}"


NEXT_STEPS: Final[dict[Reason, str]] = {
    Reason.NOT_FOUND: "not in the air: wear it, wake it up, come closer, and close other apps "
    "that hold it",
    Reason.AMBIGUOUS: "several look alike: biofeedback scan --identify NAME, and tap yours three "
    "times",
    Reason.TOO_MANY: "more sensors than one adapter carries: leave one out",
    Reason.CONNECT_TIMEOUT: "seen, but it doesn't answer: come closer or wake it up",
    Reason.CONNECT_FAILED: "the connection failed: come closer",
    Reason.IN_PROGRESS: "the system is busy with an older connection: switch Bluetooth off and on",
    Reason.IN_USE: "in use by another app: close it there",
    Reason.DROPPED: "the link ended: out of range, or the band was taken off?",
    Reason.OFTEN_DROPPED: "the link ends again and again: does another app or phone take it over?",
    Reason.SILENT: "connected, but nothing comes: check that the band sits on the skin",
    Reason.NOT_SUPPORTED: "it doesn't offer what its profile says: update its firmware, or try "
    "another profile",
    Reason.MTU_TOO_SMALL: "this adapter's packets are too small for this stream",
    Reason.START_REFUSED: "it refuses to start: switch it off and on",
    Reason.BATTERY_EMPTY: "its battery is nearly empty: charge or replace it, or play "
    "--low-battery-ok",
    Reason.FIRMWARE_DENIED: "this firmware is known to misbehave: update it, or play "
    "--any-firmware",
    Reason.BLUETOOTH_OFF: "Bluetooth is switched off or gone: switch it on",
    Reason.BLUETOOTH_GONE: "the Bluetooth service is gone: it is awaited (systemctl start "
    "bluetooth)",
    Reason.BLUETOOTH_DENIED: permission_step(sys.platform),
}

_BY_DBUS_NAME: Final[dict[str, Reason]] = {
    "org.bluez.Error.InProgress": Reason.IN_PROGRESS,
    "org.bluez.Error.NotReady": Reason.BLUETOOTH_OFF,
    "org.bluez.Error.NotPermitted": Reason.IN_USE,
    "org.freedesktop.DBus.Error.ServiceUnknown": Reason.BLUETOOTH_GONE,
    "org.freedesktop.DBus.Error.NoReply": Reason.BLUETOOTH_GONE,
    "org.freedesktop.DBus.Error.Disconnected": Reason.BLUETOOTH_GONE,
    "org.freedesktop.DBus.Error.AccessDenied": Reason.BLUETOOTH_DENIED,
}
_DENIED: Final = frozenset(
    {
        BleakBluetoothNotAvailableReason.DENIED_BY_USER,
        BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM,
        BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN,
    }
)


class SensorFailure(LinkLost):
    """A sensor gives no data; ``reason`` is a word, the message says what to do next."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        step = NEXT_STEPS[reason]
        super().__init__(f"{step} ({detail})" if detail else step)
        self.reason = reason
        self.detail = detail


def explain(error: BaseException) -> SensorFailure:
    """Translate what bleak or the system raised while a sensor was connected or asked."""
    if isinstance(error, SensorFailure):
        return error
    reason = Reason.CONNECT_FAILED
    if _is_denied(error):
        reason = Reason.BLUETOOTH_DENIED
    elif isinstance(error, BleakBluetoothNotAvailableError):
        reason = Reason.BLUETOOTH_OFF
    elif isinstance(error, BleakDBusError):
        reason = _BY_DBUS_NAME.get(error.dbus_error, Reason.CONNECT_FAILED)
    elif isinstance(error, BleakDeviceNotFoundError):
        reason = Reason.NOT_FOUND
    elif isinstance(error, BleakCharacteristicNotFoundError):
        reason = Reason.NOT_SUPPORTED
    elif isinstance(error, BleakGATTProtocolError):
        reason = Reason.START_REFUSED
    elif isinstance(error, TimeoutError):
        reason = Reason.CONNECT_TIMEOUT
    elif isinstance(error, (EOFError, ConnectionError)):
        # What dbus raises when the daemon closes the socket (F07).
        reason = Reason.BLUETOOTH_GONE
    detail = type(error).__name__ if reason is Reason.CONNECT_FAILED else ""
    return SensorFailure(reason, detail)


def explain_adapter(error: BaseException, *, platform: str = sys.platform) -> BluetoothUnavailable:
    """Translate what bleak or the system raised while nothing but Bluetooth itself was asked."""
    if _is_denied(error):
        reason = Reason.BLUETOOTH_DENIED.value
        if isinstance(error, BleakBluetoothNotAvailableError):
            reason = error.reason.name.lower()
        who = ". An administrator has restricted it" if reason == "denied_by_system" else ""
        return BluetoothUnavailable(
            f"{permission_step(platform)}{who if platform == 'darwin' else ''}. Without sensors: "
            "biofeedback play --from demo",
            reason=reason,
        )
    if isinstance(error, BleakBluetoothNotAvailableError):
        reason = error.reason.name.lower()
        return BluetoothUnavailable(
            f"Bluetooth can't be used ({reason.replace('_', ' ')}). Switch it on, plug a Bluetooth "
            "adapter in, or play without sensors: biofeedback play --from demo",
            reason=reason,
        )
    why = str(error) or type(error).__name__
    if isinstance(error, (FileNotFoundError, ConnectionError, EOFError)):
        # What a socket says of itself ("no such file") says nothing of Bluetooth.
        why = "the system's message bus (D-Bus) can't be reached"
    return BluetoothUnavailable(
        f"Bluetooth can't be used: {why}. On Linux the bluetooth service has to run "
        "(systemctl start bluetooth). Without sensors: biofeedback play --from demo",
        reason="no_service",
    )


def _is_denied(error: BaseException) -> bool:
    if isinstance(error, BleakBluetoothNotAvailableError):
        return error.reason in _DENIED
    if isinstance(error, BleakDBusError):
        return _BY_DBUS_NAME.get(error.dbus_error) is Reason.BLUETOOTH_DENIED
    # Windows: "access is denied", of a call into the system.
    return isinstance(error, PermissionError)
