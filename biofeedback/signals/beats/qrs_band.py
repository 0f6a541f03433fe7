"""What of an ECG is sharp enough to be a QRS complex, and how much of it there is.

The signal's second difference over 22 ms steps, after
two short moving means, passes 8 to 22 Hz: the steps of a runner (2 to 8 Hz), T waves, breathing and
mains hum stay out, which matters more than keeping the whole complex.

References:
    Pan & Tompkins (1985), IEEE Trans Biomed Eng 32(3); Hamilton (2002), Computers in Cardiology 29.
    Deviation: a higher band (runners), root of the mean square over 100 ms instead of a mean.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.signals.beats.moving_sum import MovingSum

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HAT_S = 0.022
_SMOOTH_S = 0.016
_ENERGY_S = 0.1


class QrsBand:
    """Filter one lead of constant rate.

    ``sharp_delay`` and ``energy_delay`` tell, in samples, by how much the outputs are late;
    ``gain`` is the sharpness of a spike of one microvolt that is as wide as a QRS complex.
    """

    most = 1 << 21

    def __init__(self, rate_hz: float) -> None:
        smooth = max(1, round(_SMOOTH_S * rate_hz))
        step = max(1, round(_HAT_S * rate_hz))
        width = max(2, round(_ENERGY_S * rate_hz))
        hat = np.zeros(2 * step + 1)
        hat[[0, step, 2 * step]] = -1.0, 2.0, -1.0
        # It is the same from both ends: correlating with it is filtering.
        self._kernel = np.convolve(np.convolve(np.ones(smooth), np.ones(step)), hat)
        self._power = MovingSum(width)
        self._held: NDArray[np.float64] | None = None
        self._width = width
        # Squares of this, summed over the width, fit into 63 bits.
        self._most_sharp = float(math.isqrt((1 << 63) // width - 1))
        self._may_overflow = 4.0 * smooth * step * self.most > self._most_sharp
        self.gain = float(smooth * step)
        self.sharp_delay = 0.5 * (smooth - 1) + 0.5 * (step - 1) + step
        self.energy_delay = self.sharp_delay + 0.5 * (width - 1)

    def update(
        self, ecg_uv: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Take samples, at least one, whole numbers within ``most``, shape (n,).

        Returns:
            Sharpness and its strength (root of its mean square), both (n,), both in units of
            ``gain`` microvolts.
        """
        before = len(self._kernel) - 1
        if self._held is None:
            self._held = np.full(before, ecg_uv[0])
        joined = np.concatenate((self._held, ecg_uv))
        self._held = joined[-before:]
        # Whole numbers below 2**53: no order of adding them up can change a bit.
        sharp = np.correlate(joined, self._kernel, "valid")
        if self._may_overflow:
            sharp = np.maximum(np.minimum(sharp, self._most_sharp), -self._most_sharp)
        squares = sharp.astype(np.int64)
        squares *= squares
        power = self._power.update(squares) / self._width
        return sharp, np.sqrt(power, out=power)
