"""Recursive filters with carried state, one value after the other.

At the working rate a packet holds about ten values. ``scipy.signal.sosfilt`` spends 45 us on
checking its arguments for each of them; the loop below needs 1 us a value for the same sums in
the same order, so the result can't depend on how the input was cut. The two designs that are
needed stand here in closed form (tests hold them against scipy's), because importing
``scipy.signal`` takes a second that would be heard at the start of every session.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

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


class Biquads:
    """A cascade of sections of first and second order, direct form II transposed.

    Before the first value the filter has seen that value for ever, so that the 9.81 m/s2 of
    gravity make no step.
    """

    def __init__(self, sections: NDArray[np.float64]) -> None:
        self._sections: list[tuple[float, ...]] = []
        # What a section holds after a constant 1 at the cascade's input.
        x = 1.0
        for b0, b1, b2, _, a1, a2 in sections.tolist():
            y = x * (b0 + b1 + b2) / (1.0 + a1 + a2)
            self._sections.append((b0, b1, b2, a1, a2, y - b0 * x, b2 * x - a2 * y))
            x = y
        self._state: list[list[float]] | None = None
        # A first order before a second order: what most streams use, in one go.
        orders = [1 if s[2] == 0.0 and s[4] == 0.0 else 2 for s in self._sections]
        self._is_pair = orders == [1, 2]

    def reset(self) -> None:
        """Forget the past: the next value is the first."""
        self._state = None

    def update(self, values: Iterable[float]) -> list[float]:
        """Filter the next values, any number of them."""
        signal = [*values]
        if not signal:
            return signal
        if self._state is None:
            self._state = [[s[5] * signal[0], s[6] * signal[0]] for s in self._sections]
        if self._is_pair:
            return self._filter_pair(signal, *self._state)
        for (b0, b1, b2, a1, a2, _, _), state in zip(self._sections, self._state, strict=True):
            z1, z2 = state
            if a2 == 0.0 and b2 == 0.0:
                for i, x in enumerate(signal):
                    y = b0 * x + z1
                    z1 = b1 * x - a1 * y
                    signal[i] = y
                state[0] = z1
                continue
            for i, x in enumerate(signal):
                y = b0 * x + z1
                z1 = b1 * x - a1 * y + z2
                z2 = b2 * x - a2 * y
                signal[i] = y
            state[0] = z1
            state[1] = z2
        return signal

    def _filter_pair(
        self, signal: list[float], first: list[float], second: list[float]
    ) -> list[float]:
        """Do what ``update`` does for two sections, value by value through both."""
        (b0, b1, _, a1, _, _, _), (c0, c1, c2, d1, d2, _, _) = self._sections
        z, (w1, w2) = first[0], second
        filtered: list[float] = []
        append = filtered.append
        for x in signal:
            h = b0 * x + z
            z = b1 * x - a1 * h
            y = c0 * h + w1
            w1 = c1 * h - d1 * y + w2
            w2 = c2 * h - d2 * y
            append(y)
        first[0] = z
        second[0], second[1] = w1, w2
        return filtered


def phase_delay_s(sections: NDArray[np.float64], frequency_hz: float, rate_hz: float) -> float:
    """Compute by how much a filter delays a steady oscillation of one frequency."""
    z = np.exp(-2j * np.pi * frequency_hz / rate_hz)
    response = 1.0 + 0.0j
    for b0, b1, b2, a0, a1, a2 in sections.tolist():
        response *= (b0 + b1 * z + b2 * z * z) / (a0 + a1 * z + a2 * z * z)
    return float(-np.angle(response) / (2 * np.pi * frequency_hz))
