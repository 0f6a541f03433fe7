"""How continuous wishes reach the sound: every one of them glides.

* Brightness, place, the swell's depth and the parts follow with a time constant of 0.12 s; energy
  with 0.4 s, and by 6 dB/s at most.
* The swell's wave comes ten times a second; two glides in a row make it smooth, 0.1 s late.
* What makes louder waits while nothing may rise.
* Wishes are looked at once in ``STEER_FRAMES``, about: live blocks are shorter, and have no time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from biofeedback.sound.levels import MAX_RISE_DB_PER_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.messages import MusicParameters, Part

PARTS = 8
STEER_FRAMES = 512
_TAU_S = 0.12
_WAVE_TAU_S = 0.05
_ENERGY_TAU_S = 0.4
_ENERGY_SPAN_DB = -2.0  # the arrangement alone spans 12 dB: a little is taken back
_SWELL_DB = 12.0  # from the swell's lowest to its highest, where it is deepest
_SWELL_GAIN_DB = 1.85  # that a swing of 12 dB adds to the mean power: taken back
# A sound of twice the loudness has ten times the power (Stevens: loudness ~ pressure^0.6).
_PART_POWER = 1.0 / 0.6
_FULL_PARTS = ((1.0, 0.0),) * PARTS


@dataclass(frozen=True, slots=True)
class Steered:
    """Where the continuous parameters stand when the sound is steered again.

    ``energy_db`` and ``swell_db`` are gains, ``brightness`` is 0..1, ``place`` -1..1; ``parts`` are
    the amplitude (0..1) and the place of each part.
    """

    brightness: float
    place: float
    energy_db: float
    swell_db: float
    parts: tuple[tuple[float, float], ...]


class Steering:
    """Glide from order to order."""

    def __init__(self) -> None:
        self._brightness = 0.5
        self._place = 0.0
        self._energy_db = 0.0
        self._swell = 0.5
        self._waves = (0.5, 0.5)
        self._parts = _FULL_PARTS

    def advance(
        self,
        wanted: MusicParameters,
        *,
        wave: float,
        parts: Sequence[Part],
        may_rise: bool,
        seconds: float,
    ) -> Steered:
        """Move on by ``seconds`` towards what is wanted; a part nobody speaks of is full."""
        share = -math.expm1(-seconds / _TAU_S)
        self._brightness += share * (_clip(wanted.brightness) - self._brightness)
        self._place += share * (_clip(wanted.place, low=-1.0) - self._place)
        if may_rise:  # a shallower swell is a louder one, half of the time
            self._swell += share * (_clip(wanted.swell) - self._swell)
        energy_db = (_clip(wanted.energy) - 0.5) * _ENERGY_SPAN_DB
        step_db = (energy_db - self._energy_db) * -math.expm1(-seconds / _ENERGY_TAU_S)
        self._energy_db += min(step_db, MAX_RISE_DB_PER_S * seconds if may_rise else 0.0)
        share_of_wave = -math.expm1(-seconds / _WAVE_TAU_S)
        first, second = self._waves
        first += share_of_wave * (_clip(wave) - first)
        second += share_of_wave * (first - second)
        self._waves = first, second
        if parts or self._parts != _FULL_PARTS:
            self._parts = self._move_parts(parts, share=share, may_rise=may_rise)
        return Steered(
            brightness=self._brightness,
            place=self._place,
            energy_db=self._energy_db,
            swell_db=_SWELL_DB * self._swell * (second - 0.5) - _SWELL_GAIN_DB * self._swell**2,
            parts=self._parts,
        )

    def _move_parts(
        self, wanted: Sequence[Part], *, share: float, may_rise: bool
    ) -> tuple[tuple[float, float], ...]:
        moved: list[tuple[float, float]] = []
        for number, (level, place) in enumerate(self._parts):
            part = wanted[number] if number < len(wanted) else None
            target = 1.0 if part is None else _clip(part.energy) ** _PART_POWER
            target_place = 0.0 if part is None else _clip(part.place, low=-1.0)
            step = share * (target - level) if target < level or may_rise else 0.0
            moved.append((level + step, place + share * (target_place - place)))
        return tuple(moved)


def count_steer_frames(block_frames: int) -> int:
    """Return in how many frames, whole blocks, the sound is steered once."""
    return max(1, STEER_FRAMES // block_frames) * block_frames


def _clip(value: float, *, low: float = 0.0) -> float:
    return min(max(value, low), 1.0)
