"""Recursive filters with carried state, one value after the other.

At the working rate a packet holds about ten values. ``scipy.signal.sosfilt`` spends 45 us on
checking its arguments for each of them; the loop below needs half a us a value for the same sums in
the same order, so the result can't depend on how the input was cut. The two designs that are
needed stand here in closed form (tests hold them against scipy's), because importing
``scipy.signal`` takes a second that would be heard at the start of every session.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def design_lowpass(edge_hz: float, rate_hz: float) -> NDArray[np.float64]:
    """Design a Butterworth low-pass of second order, shape (1, 6): b0 b1 b2 1 a1 a2.

    References:
        Oppenheim & Schafer, Discrete-Time Signal Processing: bilinear transform, edge prewarped.
    """
    k = math.tan(math.pi * edge_hz / rate_hz)
    norm = 1.0 / (1.0 + math.sqrt(2.0) * k + k * k)
    b0 = k * k * norm
    a1 = 2.0 * (k * k - 1.0) * norm
    a2 = (1.0 - math.sqrt(2.0) * k + k * k) * norm
    return np.array([[b0, 2.0 * b0, b0, 1.0, a1, a2]])


def design_highpass(edge_hz: float, rate_hz: float) -> NDArray[np.float64]:
    """Design a Butterworth high-pass of first order, shape (1, 6), as ``design_lowpass``."""
    k = math.tan(math.pi * edge_hz / rate_hz)
    b0 = 1.0 / (1.0 + k)
    return np.array([[b0, -b0, 0.0, 1.0, (k - 1.0) * b0, 0.0]])


class BandPass:
    """A high-pass of first order, then a low-pass of second order, direct form II transposed.

    Before the first value the filter has seen that value for ever, so that the 9.81 m/s2 of
    gravity make no step.
    """

    def __init__(self, low_hz: float, high_hz: float, rate_hz: float) -> None:
        # The other coefficients are these, or twice or minus these.
        ((self._b, _, _, _, self._a, _),) = design_highpass(low_hz, rate_hz).tolist()
        ((self._d, _, _, _, self._c1, self._c2),) = design_lowpass(high_hz, rate_hz).tolist()
        self._state: tuple[float, float, float] | None = None

    def reset(self) -> None:
        """Forget the past: the next value is the first."""
        self._state = None

    def update(self, values: Sequence[float]) -> list[float]:
        """Filter the next values, any number of them."""
        filtered: list[float] = []
        if not values:
            return filtered
        b, a, d, c1, c2 = self._b, self._a, self._d, self._c1, self._c2
        held, w1, w2 = self._state or (b * values[0], 0.0, 0.0)
        for x in values:
            p = b * x
            h = p - held
            held = p + a * h
            q = d * h
            y = q + w1
            w1 = q + q - c1 * y + w2
            w2 = q - c2 * y
            filtered.append(y)
        self._state = (held, w1, w2)
        return filtered


def phase_delay_s(sections: NDArray[np.float64], frequency_hz: float, rate_hz: float) -> float:
    """Compute by how much a filter delays a steady oscillation of one frequency."""
    z = np.exp(-2j * np.pi * frequency_hz / rate_hz)
    response = 1.0 + 0.0j
    for b0, b1, b2, a0, a1, a2 in sections.tolist():
        response *= (b0 + b1 * z + b2 * z * z) / (a0 + a1 * z + a2 * z * z)
    return float(-np.angle(response) / (2 * np.pi * frequency_hz))
