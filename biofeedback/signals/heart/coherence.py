"""Coherence: how much of the heart's variability is one slow, even wave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.signals.even_series import EVEN_HZ
from biofeedback.signals.spectrum import take_spectrum

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COHERENCE_WINDOW_S = 64.0
_PEAK_HZ = (0.04, 0.26)
_TOTAL_HZ = (0.0033, 0.4)
_HALF_WIDTH_HZ = 0.015


def measure_coherence(rr_ms: NDArray[np.float64]) -> float | None:
    """Measure coherence (0..1) of 64 s of RR intervals, evenly sampled, shape (256,).

    It is the power within 0.030 Hz round the highest peak in 0.04-0.26 Hz over the power in
    0.0033-0.4 Hz. None if the intervals are all the same, or no peak is there.

    References:
        McCraty et al. (2009), The coherent heart, Integral Review 5(2). Deviation: peak / total,
        which stays within 0..1, in place of peak / (total - peak): that is c / (1 - c) of ours.
    """
    spectrum = take_spectrum(rr_ms, rate_hz=EVEN_HZ)
    if spectrum is None:
        return None
    peak_hz = spectrum.find_peak_hz(*_PEAK_HZ)
    total = spectrum.sum_between(*_TOTAL_HZ)
    if peak_hz is None or total <= 0.0:
        return None
    peak = spectrum.sum_between(peak_hz - _HALF_WIDTH_HZ, peak_hz + _HALF_WIDTH_HZ)
    return min(1.0, peak / total)
