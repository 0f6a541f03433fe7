"""How loud: the guard against broken input, the loudness servo, the cap.

* Guard: a block with NaN or infinity becomes silence at once and what follows fades in; a block
  far over full scale is clipped before anything remembers it; a constant is taken out.
* Servo: brings the programme's integrated loudness to the target slowly, so that calm stays calmer
  than vigorous inside a session. It asks which gain would bring the integral to the target if the
  music went on for a while (20 s, later half as long as it has played) as loud as until now: less
  patience would let a vigorous stretch pay for the one before, and make it the quieter one.
  While energy is on the move the servo hardly is: louder and softer are what it asks for.
  What is meant to be soft (a wished level below -3 dB) raises it slowly only, and isn't measured
  once something louder was heard: else a rest would make the first steps after it the loudest.
* Cap: momentary loudness (0.4 s) is held below -18.3 LUFS, so that short-term loudness (3 s)
  never gets above -16; falls fast, comes back slowly.
* Whatever rises, rises at 6 dB/s at most, and not at all while it may not.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.sound.fade import even_path
from biofeedback.sound.loudness import (
    GatedLoudness,
    KWeighting,
    ShortTermLoudness,
    lufs_to_power,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_RISE_DB_PER_S = 6.0
SHORT_TERM_CAP_LUFS = -16.0
_CHUNK_S = 0.1
_HORIZON_S = 20.0
_HORIZON_RATIO = 0.5
_PRIOR_S = 5.0
_NOMINAL_LUFS = -21.5  # of a lively arrangement before the servo
_USUAL_LEVEL_DB = -0.6  # lively music isn't wished at full level all the time
_SERVO_RANGE_DB = 12.0
_SERVO_DB_PER_S = 0.04
_SERVO_START_DB_PER_S = 0.4
_SERVO_START_S = 60.0
_SOFT_DB = -3.0
_ENERGY_TAU_S = 10.0
_ENERGY_MOVES = 0.06  # so far from its mean of late
_FALL_DB_PER_S = 300.0  # a drop is a ramp too
_CAP_MARGIN_DB = 2.3
_WISH_TAU_S = 0.1
_WISH_FALL_DB_PER_S = 24.0
_CAP_RISE_DB_PER_S = 1.0
_CLIP = 4.0
_DC_HZ = 0.3
_DC_TOLERANCE = 0.01


class InputGuard:
    """Take out what must never reach an ear; tell whether the block was usable."""

    def __init__(self, *, rate_hz: int, frames: int) -> None:
        self._share = 1.0 - math.exp(-2.0 * math.pi * _DC_HZ * frames / rate_hz)
        self._means = self._offsets = [0.0, 0.0]  # of both ears

    def update(self, block: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
        """Return samples of shape (frames, 2), finite, bounded, without DC; False if mute."""
        # The sum of squares sees NaN and infinity, and no sample is larger than its root.
        samples = block.T.reshape(-1)
        energy = float(samples @ samples)
        if not math.isfinite(energy):
            self._means = self._offsets = [0.0, 0.0]
            return np.zeros_like(block), False
        if energy > _CLIP * _CLIP:
            block = np.clip(block, -_CLIP, _CLIP)
        return self._without_dc(block), True

    def _without_dc(self, block: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.add.reduce(block, axis=0).tolist()
        self._means = [
            mean + self._share * (total / len(block) - mean)
            for mean, total in zip(self._means, sums, strict=True)
        ]
        # Small means are music; following them would make a sideband of each bass note.
        before, self._offsets = (
            self._offsets,
            [mean - min(max(mean, -_DC_TOLERANCE), _DC_TOLERANCE) for mean in self._means],
        )
        if not any(before) and not any(self._offsets):
            return block
        out = np.empty_like(block)
        for ear, (old, new) in enumerate(zip(before, self._offsets, strict=True)):
            out[:, ear] = block[:, ear] - (old + (new - old) * even_path(len(block)))
        return out


class LoudnessServo:
    """Steer the programme's integrated loudness to the target."""

    def __init__(self, *, target_lufs: float) -> None:
        self._target = lufs_to_power(target_lufs - _USUAL_LEVEL_DB)
        self._prior = lufs_to_power(_NOMINAL_LUFS)
        self._before = GatedLoudness()
        self._after = GatedLoudness()
        self._elapsed_s = 0.0
        self._heard_full = False
        self.gain_db = 10.0 * math.log10(self._target / self._prior)

    def update(
        self,
        power: float,
        *,
        level_db: float,
        counts: bool,
        may_rise: bool,
        moving: bool = False,
    ) -> float:
        """Take the power of 100 ms before the servo; return the gain to glide to, in dB.

        ``level_db`` is the wished level, which comes after the servo. ``counts`` is False for what
        isn't programme: fades, the bed, silence after a stop. ``moving`` says that energy is.
        """
        if not counts:
            self._before.interrupt()
            self._after.interrupt()
            return self.gain_db
        soft = level_db < _SOFT_DB
        if not soft and not self._heard_full:
            self._heard_full = True
            self._before, self._after = GatedLoudness(), GatedLoudness()
        if soft and self._heard_full:
            self._before.interrupt()
            self._after.interrupt()
            return self.gain_db
        self._before.update(power)
        self._after.update(power * 10.0 ** (self.gain_db / 10.0))
        before, seconds = self._before.measure()
        if seconds == 0.0:
            return self.gain_db
        self._elapsed_s += _CHUNK_S
        after, after_s = self._after.measure()
        expected = (before * seconds + self._prior * _PRIOR_S) / (seconds + _PRIOR_S)
        horizon_s = max(_HORIZON_S, _HORIZON_RATIO * after_s)
        missing = self._target * (after_s + horizon_s) - after * after_s
        ratio = missing / (expected * horizon_s)
        wanted = 10.0 * math.log10(ratio) if ratio > 1e-3 else -_SERVO_RANGE_DB
        wanted = min(max(wanted, -_SERVO_RANGE_DB), _SERVO_RANGE_DB)
        fast = self._elapsed_s < _SERVO_START_S and not moving
        step = (_SERVO_START_DB_PER_S if fast else _SERVO_DB_PER_S) * _CHUNK_S
        rise = _SERVO_DB_PER_S * _CHUNK_S if soft else step
        change = min(max(wanted - self.gain_db, -step), rise)
        if change < 0.0 or may_rise:
            self.gain_db += change
        return self.gain_db


class LevelControl:
    """Servo, level and cap together: one gain, ramped over each block."""

    def __init__(self, *, rate_hz: int, target_lufs: float) -> None:
        self._rate_hz = rate_hz
        self._meter = KWeighting(rate_hz=rate_hz)
        self._servo = LoudnessServo(target_lufs=target_lufs)
        self._momentary = ShortTermLoudness(window_s=0.4)
        self._cap_db = 0.0
        self._wish_db = 0.0
        self._level_db = 0.0
        self._mean_energy = 0.5
        self._gain_db: float | None = None  # until the first block

    def update(
        self,
        block: NDArray[np.float64],
        *,
        level_db: float,
        counts: bool,
        may_rise: bool,
        energy: float = 0.5,
    ) -> NDArray[np.float64]:
        """Return the block, shape (n, 2), at the level it should have."""
        n = len(block)
        seconds = n / self._rate_hz
        self._follow_wish(level_db, seconds=seconds, may_rise=may_rise)
        moving = self._follow_energy(energy, seconds=seconds, counts=counts)
        for power in self._meter.update(block):
            self._servo.update(
                power, level_db=self._level_db, counts=counts, may_rise=may_rise, moving=moving
            )
            self._update_cap(power, may_rise=may_rise)
        wanted = self._servo.gain_db + self._cap_db + self._level_db
        before = wanted if self._gain_db is None else self._gain_db
        if wanted > before:
            wanted = min(wanted, before + MAX_RISE_DB_PER_S * seconds) if may_rise else before
        else:
            wanted = max(wanted, before - _FALL_DB_PER_S * seconds)
        self._gain_db = wanted
        first, last = 10.0 ** (before / 20.0), 10.0 ** (wanted / 20.0)
        if first == last:
            return block * last
        ramp = first + (last - first) * even_path(n)
        return block * ramp[:, None]

    def _follow_wish(self, level_db: float, *, seconds: float, may_rise: bool) -> None:
        """Glide to the wished level: a step a thousand times a second is no noise."""
        if self._gain_db is None:
            self._wish_db = self._level_db = level_db
        self._wish_db += (level_db - self._wish_db) * -math.expm1(-seconds / _WISH_TAU_S)
        step = self._wish_db - self._level_db
        rise = MAX_RISE_DB_PER_S * seconds if may_rise else 0.0
        self._level_db += min(max(step, -_WISH_FALL_DB_PER_S * seconds), rise)

    def _follow_energy(self, energy: float, *, seconds: float, counts: bool) -> bool:
        """Tell whether energy is on the move; before the programme begins it isn't."""
        share = -math.expm1(-seconds / _ENERGY_TAU_S) if counts else 1.0
        self._mean_energy += share * (energy - self._mean_energy)
        return abs(energy - self._mean_energy) > _ENERGY_MOVES

    def _update_cap(self, power: float, *, may_rise: bool) -> None:
        lufs = self._momentary.update(power) + self._servo.gain_db + self._level_db
        wanted = min(0.0, SHORT_TERM_CAP_LUFS - _CAP_MARGIN_DB - lufs)
        rise = _CAP_RISE_DB_PER_S * _CHUNK_S if may_rise else 0.0
        self._cap_db = min(wanted, self._cap_db + rise)
