"""What of an ECG is sharp enough to be a QRS complex, and how much of it there is.

The signal's second difference over 22 ms steps, after
two short moving means, passes 8 to 22 Hz: the steps of a runner (2 to 8 Hz), T waves, breathing and
mains hum stay out, which matters more than keeping the whole complex.

References:
    Pan & Tompkins (1985), IEEE Trans Biomed Eng 32(3); Hamilton (2002), Computers in Cardiology 29.
    Deviation: a higher band (runners), root of the mean square over 100 ms instead of a mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biofeedback.signals.moving_sum import MovingSum

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HAT_S = 0.022
_SMOOTH_S = 0.016
_ENERGY_S = 0.1
_MOST_UV = 1 << 22
_MOST_SHARP = 1 << 27
"""Squares of this, summed over 100 ms at any rate, fit into 63 bits."""


class QrsBand:
    """Filter one lead of constant rate.

    ``sharp_delay`` and ``energy_delay`` tell, in samples, by how much the outputs are late;
    ``gain`` is the sharpness of a spike of one microvolt that is as wide as a QRS complex.
    """

    def __init__(self, rate_hz: float) -> None:
        smooth = max(1, round(_SMOOTH_S * rate_hz))
        self._step = max(1, round(_HAT_S * rate_hz))
        width = max(2, round(_ENERGY_S * rate_hz))
        self._smooth = MovingSum(smooth)
        self._mean = MovingSum(self._step)
        self._power = MovingSum(width)
        self._held: NDArray[np.int64] | None = None
        self._width = width
        self.gain = float(smooth * self._step)
        self.sharp_delay = 0.5 * (smooth - 1) + 0.5 * (self._step - 1) + self._step
        self.energy_delay = self.sharp_delay + 0.5 * (width - 1)

    def update(self, ecg_uv: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Take samples, at least one, shape (n,).

        Returns:
            Sharpness and its strength (root of its mean square), both (n,), both in units of
            ``gain`` microvolts.
        """
        inside = np.maximum(np.minimum(ecg_uv, _MOST_UV), -_MOST_UV)
        means = self._mean.update(self._smooth.update(inside))
        step = self._step
        if self._held is None:
            self._held = np.full(2 * step, means[0], np.int64)
        joined = np.concatenate((self._held, means))
        self._held = joined[-2 * step :]
        sharp = 2 * joined[step:-step] - joined[: -2 * step] - joined[2 * step :]
        limited = np.maximum(np.minimum(sharp, _MOST_SHARP), -_MOST_SHARP)
        strength = np.sqrt(self._power.update(limited * limited) / self._width)
        return sharp, strength
