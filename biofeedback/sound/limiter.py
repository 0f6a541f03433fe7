"""The last stage before the ear: a look-ahead limiter on the true peak.

* The gain that each peak needs is held over the look-ahead (sliding minimum), released at a fixed
  rate, and averaged over the look-ahead: it arrives at the peak in time and never jumps.
* Output is ``delay_frames`` behind the input.
* Nothing goes past it: input that isn't finite must be taken out before (levels.py does).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biofeedback.sound.loudness import TruePeak

if TYPE_CHECKING:
    from numpy.typing import NDArray

CEILING_DBTP = -1.0
_MARGIN_DB = 0.9  # what four times oversampling with 12 taps may read low near the band's edge
_KERNEL_DELAY_FRAMES = 6
_RELEASE_S = 0.25  # from silence to full gain


class Limiter:
    """Keep stereo below the ceiling."""

    def __init__(self, *, rate_hz: int, lookahead_s: float = 0.0025) -> None:
        self._smooth = max(8, round(lookahead_s * rate_hz))
        self.delay_frames = self._smooth + _KERNEL_DELAY_FRAMES
        self._hold = self._smooth + 4
        self._ceiling = 10.0 ** ((CEILING_DBTP - _MARGIN_DB) / 20.0)
        self._release = 1.0 / (_RELEASE_S * rate_hz)
        self._peaks = TruePeak()
        self._delayed = np.zeros((self.delay_frames, 2), order="F")
        self._needs = np.ones(self._hold - 1)
        self._gains = np.ones(self._smooth - 1)
        self._gain = 1.0
        self._memory = self._hold + self._smooth
        self._idle_frames = self._memory + 1  # since all gains in memory are 1

    def update(self, block: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take finite samples of shape (n, 2), return as many, delayed and limited."""
        n = len(block)
        if n == 0:
            return block
        line = np.concatenate((self._delayed, block))
        self._delayed = line[n:]
        out = line[:n]
        recent = line[self.delay_frames - self._peaks.history_frames :]
        peaks = self._peaks.measure(recent, ignore_below=self._ceiling)
        if peaks is None or peaks.max() <= self._ceiling:
            if self._idle_frames > self._memory:
                return out
            now = np.ones(n)
        else:
            now = self._ceiling / np.maximum(peaks, self._ceiling)
        needs = np.concatenate((self._needs, now))
        self._needs = needs[n:]
        held = _slide_minimum(needs, self._hold)
        # g[i] = min(held[i], g[i-1] + release), as a running minimum along a tilted line
        slope = self._release * np.arange(1, n + 1)
        tilted = np.minimum.accumulate(np.concatenate(([self._gain], held - slope)))[1:]
        released = np.minimum(tilted + slope, 1.0)
        self._gain = float(released[-1])
        self._idle_frames = self._idle_frames + n if held.min() >= 1.0 <= self._gain else 0
        gains = np.concatenate((self._gains, released))
        self._gains = gains[n:]
        sums = np.cumsum(np.concatenate(([0.0], gains)))
        smooth = (sums[self._smooth :] - sums[: -self._smooth]) / self._smooth
        return out * smooth[:, None]

    def forget(self) -> None:
        """Drop what waits in the delay: it belongs to a moment that has passed."""
        self._delayed[:] = 0.0


def _slide_minimum(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Return the least of each ``width`` values in a row, from ever wider neighbours."""
    reached = 1
    while reached < width:
        step = min(reached, width - reached)
        values = np.minimum(values[:-step], values[step:])
        reached += step
    return values
