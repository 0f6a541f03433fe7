"""What left the limiter: loudness and true peak of what is heard."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.sound.loudness import (
    SILENCE_LUFS,
    GatedLoudness,
    KWeighting,
    ShortTermLoudness,
    TruePeak,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Meters:
    """What left the limiter."""

    def __init__(self, *, rate_hz: int) -> None:
        self._weighting = KWeighting(rate_hz=rate_hz)
        self._integrated = GatedLoudness()
        self._short_term = ShortTermLoudness()
        self._peaks = TruePeak()
        self._blocks: list[NDArray[np.float64]] = []
        self._frames = 0
        self._piece_frames = rate_hz // 100
        self._last = np.zeros((self._peaks.history_frames, 2))
        self.short_term_lufs: float | None = None
        self.peak = 0.0
        self._report_peak = 0.0

    def update(self, block: NDArray[np.float64]) -> None:
        """Take what left the limiter, shape (n, 2); measure it in pieces of some milliseconds."""
        self._blocks.append(block)
        self._frames += len(block)
        if self._frames >= self._piece_frames:
            self.flush()

    def flush(self) -> None:
        """Measure what is waiting."""
        if not self._blocks:
            return
        piece = np.concatenate([self._last, *self._blocks])
        self._last = piece[-len(self._last) :]
        self._blocks.clear()
        self._frames = 0
        peaks = self._peaks.measure(piece, ignore_below=self._report_peak)
        if peaks is not None:
            self._report_peak = max(self._report_peak, float(peaks.max()))
        self.peak = max(self.peak, self._report_peak)
        for power in self._weighting.update(piece[len(self._last) :]):
            self._integrated.update(power)
            lufs = self._short_term.update(power)
            self.short_term_lufs = lufs if lufs > SILENCE_LUFS else None

    def take_report_dbtp(self) -> float | None:
        """Return the true peak since the last report."""
        peak, self._report_peak = self._report_peak, 0.0
        return peak_to_db(peak)

    def integrated_lufs(self) -> float | None:
        """Return the integrated loudness so far."""
        return self._integrated.integrated_lufs()


def peak_to_db(peak: float) -> float | None:
    """Turn an amplitude into dB of full scale, None for silence."""
    return 20.0 * math.log10(peak) if peak > 1e-6 else None
