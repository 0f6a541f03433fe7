"""Exceptions that end a session or a command. What a session survives is a message instead.

BiofeedbackError
├── SettingsError            a plan, a limit or an option is wrong
├── ProfileError             a wearable's profile is wrong or unknown
├── RecordingError           a recording can't be read
├── SongError                a song of the person's own can't be used
├── DeviceError
│   ├── BluetoothUnavailable no adapter, switched off, not permitted
│   ├── DeviceNotFound       nothing in the air that fits
│   └── LinkLost             it was there and is gone
├── RecordsError             a person's record or a song project can't be used
│   ├── RecordsConflict      somebody else changed it meanwhile
│   └── RecordsDamaged       what is damaged, and what to do
├── SoundError               no sound library, no device, the sound process is gone
└── TraceError
    ├── TraceVersionUnsupported
    └── TraceCorrupt         what is damaged, and what could be saved

A message says what is wrong, where, and what to do next. ``exit_code`` is what a command returns.
"""

from __future__ import annotations

from typing import ClassVar


class BiofeedbackError(Exception):
    """Anything that ends a session or a command in an expected way."""

    exit_code: ClassVar[int] = 2


class SettingsError(BiofeedbackError):
    """A plan, a limit or an option is wrong: the message names field, value and bounds."""


class ProfileError(BiofeedbackError):
    """A wearable's profile is wrong or unknown."""


class RecordingError(BiofeedbackError):
    """A recording is missing, damaged or of a kind that can't be used here."""


class SongError(BiofeedbackError):
    """A song of the person's own can't be used, or its beats can't be corrected."""


class RecordsError(BiofeedbackError):
    """A person's record or a song project is missing, can't be written, or would be wrong."""


class RecordsConflict(RecordsError):  # noqa: N818 - named like its parent's other children
    """Somebody else changed a record meanwhile: nothing was written."""

    exit_code = 1


class RecordsDamaged(RecordsError):  # noqa: N818 - named like its parent's other children
    """A record's file is damaged; the message says where and what to do."""

    exit_code = 5


class DeviceError(BiofeedbackError):
    """A sensor can't be had."""

    exit_code = 3


class BluetoothUnavailable(DeviceError):  # noqa: N818 - the name in the contract
    """There is no usable Bluetooth adapter; ``reason`` is a word a program can act on."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class DeviceNotFound(DeviceError):  # noqa: N818 - the name in the contract
    """No sensor in the air fits."""


class LinkLost(DeviceError):  # noqa: N818 - the name in the contract
    """A sensor was connected and is gone."""


class SoundError(BiofeedbackError):
    """No sound library, no device, or the sound process is gone."""

    exit_code = 4


class TraceError(BiofeedbackError):
    """A trace can't be used."""

    exit_code = 5


class TraceVersionUnsupported(TraceError):  # noqa: N818 - the name in the contract
    """The trace was written by a version that this one can't read."""


class TraceCorrupt(TraceError):  # noqa: N818 - the name in the contract
    """The trace is damaged; the message says where and how much could be saved."""
