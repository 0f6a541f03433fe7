"""Polar Measurement Data: the decoded frames, in the units of the device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MeasurementType = Literal[
    "ECG",
    "PPG",
    "ACC",
    "PPI",
    "GYRO",
    "MAG",
    "SKIN_TEMP",
    "SDK_MODE",
    "LOCATION",
    "PRESSURE",
    "TEMPERATURE",
    "OFFLINE_RECORDING",
    "OFFLINE_HR",
    "UNKNOWN",
]


class EcgFrame(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """ECG in microvolt, ``samples_uv`` shape (n,)."""

    type: Literal["ECG"] = "ECG"
    timestamp_ns: int
    frame_type: int
    compressed: bool
    samples_uv: NDArray[np.int32]
    n: int


class AccelerationFrame(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Acceleration with gravity in milli-g, shape (n, 3)."""

    type: Literal["ACC"] = "ACC"
    timestamp_ns: int
    frame_type: int
    compressed: bool
    delta_blocks: tuple[tuple[int, int], ...] | msgspec.UnsetType = msgspec.UNSET
    samples_raw: NDArray[np.int64] | msgspec.UnsetType = msgspec.UNSET
    samples_mg: NDArray[np.int8] | NDArray[np.int16] | NDArray[np.int32] | NDArray[np.float64]
    n: int


class PpgFrame(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Three LEDs and ambient light in counts, shape (n, 4)."""

    type: Literal["PPG"] = "PPG"
    timestamp_ns: int
    frame_type: int
    compressed: bool
    delta_blocks: tuple[tuple[int, int], ...] | msgspec.UnsetType = msgspec.UNSET
    samples: NDArray[np.int32] | NDArray[np.int64]
    n: int


class PpiSample(msgspec.Struct, frozen=True, kw_only=True):
    """One pulse-to-pulse interval. With ``blocker`` (movement) it must not be used."""

    hr_bpm: int
    ppi_ms: int
    error_ms: int
    blocker: bool
    skin_contact: bool
    skin_contact_bit2: bool


class PpiFrame(msgspec.Struct, frozen=True, kw_only=True):
    """Pulse-to-pulse intervals, oldest first; the time is usually 0."""

    type: Literal["PPI"] = "PPI"
    timestamp_ns: int
    frame_type: int
    compressed: bool
    samples: tuple[PpiSample, ...]
    n: int


class GyroscopeFrame(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Angular rate in degrees per second, shape (n, 3)."""

    type: Literal["GYRO"] = "GYRO"
    timestamp_ns: int
    frame_type: int
    compressed: bool
    delta_blocks: tuple[tuple[int, int], ...]
    samples_dps: NDArray[np.float64]
    n: int


class MagnetometerFrame(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Magnetic field in gauss, shape (n, 3); ``calibration`` has one state per sample."""

    type: Literal["MAG"] = "MAG"
    timestamp_ns: int
    frame_type: int
    compressed: bool
    delta_blocks: tuple[tuple[int, int], ...]
    samples_gauss: NDArray[np.float64]
    calibration: NDArray[np.int64] | msgspec.UnsetType = msgspec.UNSET
    n: int


class TemperatureFrame(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Temperature in degrees Celsius, shape (n,)."""

    type: Literal["SKIN_TEMP", "TEMPERATURE"]
    timestamp_ns: int
    frame_type: int
    compressed: bool
    delta_blocks: tuple[tuple[int, int], ...] | msgspec.UnsetType = msgspec.UNSET
    samples_c: NDArray[np.float64]
    n: int


PmdFrame: TypeAlias = (
    EcgFrame
    | AccelerationFrame
    | PpgFrame
    | PpiFrame
    | GyroscopeFrame
    | MagnetometerFrame
    | TemperatureFrame
)
