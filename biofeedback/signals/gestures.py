"""Sudden movements, told at once.

A gesture is the moment at which the band-limited acceleration rises through a threshold above the
person's own recent level. It must fall below half of it before it can rise again, so one swing
with several peaks is one gesture. While somebody walks the threshold is far above the steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.signals.resample import TICK_S

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEVEL_S = 1.5
_SMALLEST_MPS2 = 3.0
_ABOVE_LEVEL = 1.4
_ABOVE_STEPS = 5.0
_REFRACTORY_TICKS = 10
_PEAK_TICKS = 2
_FORGET = TICK_S / _LEVEL_S


class Gestures:
    """Find the onsets of sudden movements."""

    def __init__(self) -> None:
        self._level = 0.0
        self._armed = True
        self._onset: int | None = None
        self._peak = 0.0
        self._last = -_REFRACTORY_TICKS

    def restart(self) -> None:
        """Begin anew after a gap; the first second only learns the level."""
        self._armed = False
        self._onset = None

    def update(
        self, first: int, band: Sequence[float], *, walking: bool
    ) -> list[tuple[int, float]]:
        """Take band-limited acceleration; return (tick of the onset, strength in m/s2)."""
        found: list[tuple[int, float]] = []
        factor = _ABOVE_STEPS if walking else _ABOVE_LEVEL
        level = self._level
        for i, x in enumerate(band):
            size = abs(x)
            tick = first + i
            threshold = max(_SMALLEST_MPS2, factor * level)
            if self._onset is not None:
                self._peak = max(self._peak, size)
                if tick - self._onset >= _PEAK_TICKS:
                    found.append((self._onset, self._peak))
                    self._onset = None
            elif self._armed:
                if size > threshold and tick - self._last >= _REFRACTORY_TICKS:
                    self._armed = False
                    self._onset = self._last = tick
                    self._peak = size
            elif size < 0.5 * threshold:
                self._armed = True
            level += _FORGET * (size - level)
        self._level = level
        return found
