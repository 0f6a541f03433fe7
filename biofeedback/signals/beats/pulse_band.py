"""What of an optical signal is the rise of a pulse, and how much of it there is.

The rise of the pressure wave is the steepest part of a pulse, and its steepest point is the instant
least moved by noise and by the form of the wave. Which way is up depends on the sensor (blood
absorbs, so raw counts fall when it comes): the rise is shorter and steeper than the fall, so the
sum of the slope times its size, over the last 6 s, has the sign of the rise.

References:
    Zong, Heldt, Moody, Mark (2003), Computers in Cardiology 30: slope sum function. Deviation: its
    root mean square over 160 ms, polarity found, whole numbers as in moving_sum.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biofeedback.signals.beats.moving_sum import MovingSum

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SMOOTH_S = 0.1
_STEP_S = 0.12
_ENERGY_S = 0.16
_DRIFT_S = 0.9
_POLARITY_S = 6.0
_MOST_SLOPE = 1 << 25
"""Squares of this, summed over 6 s at any rate, fit into 63 bits."""


class PulseBand:
    """Filter one optical channel of constant rate; the fields are those of ``QrsBand``."""

    most = 1 << 31

    def __init__(self, rate_hz: float) -> None:
        smooth = max(1, round(_SMOOTH_S * rate_hz))
        self._step = max(1, round(_STEP_S * rate_hz))
        self._drift = self._step + max(1, round(_DRIFT_S * rate_hz))
        self._width = max(2, round(_ENERGY_S * rate_hz))
        self._first_mean = MovingSum(smooth)
        self._second_mean = MovingSum(smooth)
        self._polarity = MovingSum(max(1, round(_POLARITY_S * rate_hz)))
        self._power = MovingSum(self._width)
        self._held: NDArray[np.int64] | None = None
        self.gain = float(smooth * smooth)
        self.sharp_delay = (smooth - 1) + 0.5 * self._step
        self.energy_delay = self.sharp_delay + 0.5 * (self._width - 1)

    def update(
        self, values: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Take samples, at least one, whole numbers within ``most``, shape (n,).

        Returns:
            Slope, positive in the rise of a pulse, and the strength of the rise, both (n,), in
            units of ``gain``.
        """
        means = self._second_mean.update(self._first_mean.update(values.astype(np.int64)))
        if self._held is None:
            self._held = np.full(self._drift, means[0], np.int64)
        joined = np.concatenate((self._held, means))
        self._held = joined[-self._drift :]
        newest = joined[self._drift :]
        slope = newest - joined[self._drift - self._step : -self._step]
        # Without the slope of the whole last second: breathing and a sliding sensor.
        slope -= (newest - joined[: -self._drift]) * self._step // self._drift
        slope = np.maximum(np.minimum(slope, _MOST_SLOPE), -_MOST_SLOPE)
        slope = np.where(self._polarity.update(slope * np.abs(slope)) < 0, -slope, slope)
        rise = np.maximum(slope, 0)
        strength = np.sqrt(self._power.update(rise * rise) / self._width)
        return slope.astype(np.float64), strength
