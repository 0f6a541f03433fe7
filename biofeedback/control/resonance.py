"""At which breath the heart swings most: a person's own resonance, from a stepped test.

Each rate is breathed for two minutes. Of the part after the glide the amplitude of the wave in the
RR intervals at just that rate is fitted by least squares beside a straight line, so that neither
drift nor other waves count. The five amplitudes make a parabola; its top is the resonance.

References:
    Lehrer, Vaschillo & Vaschillo (2000), Resonant frequency biofeedback training to increase
    cardiac variability, Appl Psychophysiol Biofeedback 25 (the stepped test). Deviation: the wave
    is fitted at the paced rate instead of read from a spectrum, and the top is interpolated.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RATES_BRPM: Final = (6.5, 6.0, 5.5, 5.0, 4.5)
STEP_BRPM = 0.5
HOLD_S = 120.0
GLIDE_S = 30.0
BELIEVED_QUALITY = 0.5
FEWEST_BEATS = 40
LOST_S = 3.0
"""Intervals arrive late by a packet, unevenly; who falls behind by more has lost some."""

LEAST_EXPLAINED = 0.25
"""A wave that explains less of the intervals' variance isn't the breath's: nobody follows."""


class PacedWave:
    """RR intervals while one rate is paced, and the wave in them at that rate.

    Time is the sum of the intervals, which doesn't care when they arrive. Only where some were lost
    does it go on with the time of arrival, so that the wave behind the hole is still in its place.
    """

    def __init__(self, rate_brpm: float) -> None:
        self._rate_brpm = rate_brpm
        self._time_s = 0.0
        self._zero_ns: int | None = None
        self._times_s: list[float] = []
        self._rr_ms: list[float] = []

    def take(self, rr_ms: float, quality: float, *, at_ns: int) -> None:
        """Take an interval that became known at ``at_ns``.

        One that isn't believed lets time pass and nothing else.
        """
        self._time_s += rr_ms / 1000.0
        if self._zero_ns is None:
            self._zero_ns = at_ns - round(self._time_s * NS_PER_S)
        arrived_s = (at_ns - self._zero_ns) / NS_PER_S
        if arrived_s - self._time_s > LOST_S:
            self._time_s = arrived_s
        if quality >= BELIEVED_QUALITY:
            self._times_s.append(self._time_s)
            self._rr_ms.append(rr_ms)

    def amplitude_ms(self) -> float | None:
        """Fit the wave; None with too few beats or when the breath doesn't show in them."""
        if len(self._rr_ms) < FEWEST_BEATS:
            return None
        times_s, rr_ms = np.array(self._times_s), np.array(self._rr_ms)
        turn = math.tau * self._rate_brpm / 60.0 * times_s
        ones = np.ones_like(times_s)
        line: NDArray[np.float64] = np.stack([ones, times_s - times_s.mean()], axis=1)
        wave: NDArray[np.float64] = np.stack([np.sin(turn), np.cos(turn)], axis=1)
        left_ms = rr_ms - line @ np.linalg.lstsq(line, rr_ms, rcond=None)[0]
        weights = np.linalg.lstsq(wave, left_ms, rcond=None)[0]
        total = float(left_ms @ left_ms)
        rest_ms = left_ms - wave @ weights
        if total <= 0.0 or 1.0 - float(rest_ms @ rest_ms) / total < LEAST_EXPLAINED:
            return None
        return math.hypot(float(weights[0]), float(weights[1]))


def find_resonance_brpm(amplitudes_ms: Sequence[float | None]) -> float | None:
    """Find the top of the parabola through the amplitudes at ``RATES_BRPM``.

    Returns:
        Breaths per minute, 4.5..6.5; None when fewer than four rates showed a wave. Where the
        parabola opens upwards the rate with the largest amplitude is taken.
    """
    known = [
        (rate, amplitude)
        for rate, amplitude in zip(RATES_BRPM, amplitudes_ms, strict=True)
        if amplitude is not None
    ]
    if len(known) < len(RATES_BRPM) - 1:
        return None
    best_brpm = max(known, key=lambda pair: pair[1])[0]
    middle_brpm = RATES_BRPM[2]
    x = np.array([rate - middle_brpm for rate, _ in known])
    y = np.array([amplitude for _, amplitude in known])
    terms: NDArray[np.float64] = np.stack([np.ones_like(x), x, x * x], axis=1)
    weights = np.linalg.lstsq(terms, y, rcond=None)[0]
    slope, bend = float(weights[1]), float(weights[2])
    if bend >= 0.0:
        return best_brpm
    return min(max(middle_brpm - slope / (2.0 * bend), RATES_BRPM[-1]), RATES_BRPM[0])
