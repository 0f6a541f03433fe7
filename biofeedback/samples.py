"""What stays in memory: samples between decoding and signals, the body between signals and control.

Arrays have time as their first axis; instants are on the host's clock. ``gap_before`` tells that
samples are missing between the block before and this one. Structs rather than dataclasses: a frozen
dataclass takes three times as long to make, and some are made for each packet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class AccelerationBlock(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Acceleration including gravity, in the sensor's axes.

    ``times_ns`` has shape (n,), ascending, host clock; ``acceleration_mps2`` has shape (n, 3).
    ``gap_before`` is True when samples are missing between the block before and this one.
    ``range_mps2`` is the full scale of one axis, None if unknown.
    """

    times_ns: NDArray[np.int64]
    acceleration_mps2: NDArray[np.float64]
    gap_before: bool
    range_mps2: float | None


class EcgBlock(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One ECG lead: ``times_ns`` (n,), ``ecg_uv`` (n,) in microvolt."""

    times_ns: NDArray[np.int64]
    ecg_uv: NDArray[np.float64]
    gap_before: bool


class OpticalBlock(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Photoplethysmogram: ``times_ns`` (n,), ``ppg`` (n, channels), raw counts.

    Of several channels the last is the ambient light.
    """

    times_ns: NDArray[np.int64]
    ppg: NDArray[np.float64]
    gap_before: bool


class GyroscopeBlock(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Angular rate: ``times_ns`` (n,), ``rate_dps`` (n, 3)."""

    times_ns: NDArray[np.int64]
    rate_dps: NDArray[np.float64]
    gap_before: bool


class MagnetometerBlock(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Magnetic field: ``times_ns`` (n,), ``field_gauss`` (n, 3)."""

    times_ns: NDArray[np.int64]
    field_gauss: NDArray[np.float64]
    gap_before: bool


class TemperatureReading(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Skin or device temperature: ``times_ns`` (n,), ``temperature_degc`` (n,)."""

    times_ns: NDArray[np.int64]
    temperature_degc: NDArray[np.float64]


class HeartReading(msgspec.Struct, frozen=True, gc=False):
    """One packet of a heart-rate source.

    ``heart_rate_bpm`` is None when the packet has none (0 is missing data). ``rr_ms`` are the
    intervals in the packet, oldest first; ``rr_suspect`` marks those the device itself doubts.
    ``contact`` is None when the device doesn't tell.
    """

    heart_rate_bpm: int | None
    rr_ms: tuple[float, ...]
    rr_suspect: tuple[bool, ...]
    contact: bool | None
    energy_kj: int | None
    source: Literal["electrical", "optical", "unknown"]


@dataclass(frozen=True, slots=True)
class CadenceReading:
    """Cadence that the device itself computed, per minute, as sent.

    ``unit`` tells of what: steps, strides (of one leg) or revolutions of a crank; None when
    products of this kind differ. ``running`` and ``speed_mps`` are None when it doesn't tell.
    """

    cadence_per_min: float
    unit: Literal["steps", "strides", "revolutions"] | None
    running: bool | None
    speed_mps: float | None


@dataclass(frozen=True, slots=True)
class OxygenReading:
    """Oxygen saturation in per cent, None when the device has no value."""

    spo2_percent: float | None


@dataclass(frozen=True, slots=True)
class BatteryReading:
    """Charge in per cent, None when the device sent a value outside 0..100."""

    battery_percent: int | None


@dataclass(frozen=True, slots=True)
class DeviceFact:
    """One string of the device information service (never the serial number)."""

    name: Literal["manufacturer", "model", "firmware", "hardware", "software"]
    text: str


@dataclass(frozen=True, slots=True)
class StreamControl:
    """An answer on a control point: settings, status or a stop that the device began."""

    kind: Literal["response", "stopped_by_device", "features"]
    types: tuple[str, ...]
    status: str | None
    settings: dict[str, tuple[float, ...]]


Samples: TypeAlias = (
    AccelerationBlock
    | EcgBlock
    | OpticalBlock
    | GyroscopeBlock
    | MagnetometerBlock
    | TemperatureReading
    | HeartReading
    | CadenceReading
    | OxygenReading
    | BatteryReading
    | DeviceFact
    | StreamControl
)


class BodyState(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is known of one wearer at one control step: signals fill it, control laws read it.

    ``heart_rate_doubted`` is True while a leap of the heart rate waits to be confirmed.
    Ages are of the last *valid* sample (not the last packet), None when there never was one.
    ``motion_limit_ms`` is the age up to which motion is fresh, by the rhythm of its packets;
    2.5 s until that is known.
    ``motion_sensor`` is whose motion this is. What is told of motion is None after 3 s of silence.
    ``cadence_spm`` is None when the person doesn't walk or the cadence is withheld.
    ``last_step_ns`` is the newest initial contact, ``next_step_ns`` the one that is expected, give
    or take ``next_step_sd_ms``; None while nobody walks or the walk hasn't shown its pace.
    ``activity_ratio`` is the activity within the person's own range (0..1). ``sustained_ratio``
    tells flowing (1) from abrupt (0) movement, ``tilt_ratio`` the sensor's inclination within its
    own range (0..1), ``axis_ratios`` that of each of its three axes, if asked for. ``swing_ns`` is
    the newest phase 0 of a repeated movement that isn't gait, None when there is none.
    ``rmssd_ms``, ``coherence`` (0..1) and ``breathing_brpm`` are None when unknown or stale.
    """

    wearer: str
    has_motion: bool = False
    has_heart: bool = False
    motion_sensor: str | None = None
    motion_age_ms: float | None = None
    motion_limit_ms: float = 2500.0
    heart_age_ms: float | None = None
    heart_rate_bpm: float | None = None
    heart_rate_doubted: bool = False
    heart_quality: float = 0.0
    walking: bool = False
    cadence_spm: float | None = None
    last_step_ns: int | None = None
    activity_mps2: float | None = None
    activity_ratio: float | None = None
    sustained_ratio: float | None = None
    tilt_ratio: float | None = None
    motion_quality: float = 0.0
    next_step_ns: int | None = None
    next_step_sd_ms: float | None = None
    swing_ns: int | None = None
    swing_period_s: float | None = None
    rmssd_ms: float | None = None
    coherence: float | None = None
    breathing_brpm: float | None = None
    axis_ratios: tuple[float, float, float] | None = None
