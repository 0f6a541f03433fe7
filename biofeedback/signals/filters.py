"""Recursive filters with carried state, one value after the other.

At the working rate a packet holds about ten values. ``scipy.signal.sosfilt`` spends 45 us on
checking its arguments for each of them; the loop below needs 1 us a value for the same sums in
the same order, so the result can't depend on how the input was cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from scipy.signal import butter, sosfilt_zi

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


def design_butterworth(
    order: int, edges_hz: float | tuple[float, float], kind: str, rate_hz: float
) -> NDArray[np.float64]:
    """Design a Butterworth filter as second-order sections, shape (n_sections, 6)."""
    design = cast("Any", butter)(order, edges_hz, kind, fs=rate_hz, output="sos")
    return np.asarray(design, dtype=np.float64)


class Biquads:
    """A cascade of sections of first and second order, direct form II transposed.

    Before the first value the filter has seen that value for ever, so that the 9.81 m/s2 of
    gravity make no step.
    """

    def __init__(self, sections: NDArray[np.float64]) -> None:
        steady = np.asarray(sosfilt_zi(sections), dtype=np.float64)
        self._sections: list[tuple[float, ...]] = []
        for row, state in zip(sections.tolist(), steady.tolist(), strict=True):
            b0, b1, b2, _, a1, a2 = row
            self._sections.append((b0, b1, b2, a1, a2, state[0], state[1]))
        self._state: list[list[float]] | None = None

    def reset(self) -> None:
        """Forget the past: the next value is the first."""
        self._state = None

    def update(self, values: Iterable[float]) -> list[float]:
        """Filter the next values, any number of them."""
        signal = [*values]
        if not signal:
            return signal
        if self._state is None:
            # Steady states are already scaled by the gain of the sections before (scipy).
            self._state = [[s[5] * signal[0], s[6] * signal[0]] for s in self._sections]
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


def phase_delay_s(sections: NDArray[np.float64], frequency_hz: float, rate_hz: float) -> float:
    """Compute by how much a filter delays a steady oscillation of one frequency."""
    z = np.exp(-2j * np.pi * frequency_hz / rate_hz)
    response = 1.0 + 0.0j
    for b0, b1, b2, a0, a1, a2 in sections.tolist():
        response *= (b0 + b1 * z + b2 * z * z) / (a0 + a1 * z + a2 * z * z)
    return float(-np.angle(response) / (2 * np.pi * frequency_hz))
