"""Does a leg tremble where it should swing? The freeze index.

Frozen legs shake at 3-8 Hz instead of swinging at 0.5-3 Hz. The index is how much more power lies
there. It is a measure, not an alarm: standing still gives none, and a landing that is hard or a
walk that is fast raises it too.

References:
    Moore, MacDougall & Ondo (2008), Ambulatory monitoring of freezing of gait in Parkinson's
    disease; Baechlin et al. (2010), Wearable assistant for Parkinson's disease patients with the
    freezing of gait symptom: 4 s windows. Deviation: length of the acceleration instead of its
    vertical part, so it doesn't matter how the sensor is worn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biofeedback.signals.resample import WORKING_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Sequence

EMIT_TICKS = 50
_WINDOW_TICKS = 200
_SWING_HZ = (0.5, 3.0)
_FREEZE_HZ = (3.0, 8.0)
_STILL_MPS2 = 0.15
_LARGEST = 20.0

_HANN = np.hanning(_WINDOW_TICKS)
_BIN_HZ = WORKING_RATE_HZ / _WINDOW_TICKS


def _bins(band_hz: tuple[float, float]) -> slice:
    return slice(round(band_hz[0] / _BIN_HZ), round(band_hz[1] / _BIN_HZ))


class FreezeIndex:
    """Follow the index over the last four seconds; one answer a second."""

    def __init__(self) -> None:
        self._recent: list[float] = []

    def restart(self) -> None:
        """Begin anew after a gap."""
        self._recent.clear()

    def update(self, first: int, band: Sequence[float]) -> list[float]:
        """Take consecutive ticks of the acceleration's length, 0.3-10 Hz.

        Returns:
            The index for every whole second that ended; none where next to nothing moved.
        """
        self._recent.extend(band)
        found: list[float] = []
        after = first + len(band)
        for tick in range(-(-first // EMIT_TICKS) * EMIT_TICKS, after, EMIT_TICKS):
            end = len(self._recent) - (after - 1 - tick)
            if end >= _WINDOW_TICKS:
                index = _judge(np.array(self._recent[end - _WINDOW_TICKS : end]))
                if index is not None:
                    found.append(index)
        del self._recent[:-_WINDOW_TICKS]
        return found


def _judge(window: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float | None:
    if float(window.std()) < _STILL_MPS2:
        return None
    power = np.abs(np.fft.rfft(window * _HANN)) ** 2
    swing = float(power[_bins(_SWING_HZ)].sum())
    freeze = float(power[_bins(_FREEZE_HZ)].sum())
    return min(_LARGEST, freeze / swing) if swing > 0.0 else _LARGEST
