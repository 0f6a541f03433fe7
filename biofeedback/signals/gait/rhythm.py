"""Is the movement periodic, and at what step period?

Gait repeats itself after a stride (two steps) on every site; after a single step only where both
legs are felt alike. So the period is looked for by self-similarity, and which of the candidates is
the *step* is decided by where the power lies, by what people do, and by what they did just before.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biofeedback.messages import Site

RHYTHM_RATE_HZ = 25
WINDOW_SAMPLES = 50
LONGEST_LAG_SAMPLES = 55
NEEDED_SAMPLES = WINDOW_SAMPLES + LONGEST_LAG_SAMPLES + 1
_SHORTEST_LAG_SAMPLES = 7
FASTEST_S = 60.0 / 205.0
SLOWEST_S = 60.0 / 55.0
_USUAL_S = 60.0 / 108.0
_SPREAD_OCTAVES = 0.6
_SAME_TEMPO = 0.15
_STAY = 2.0
_ANKLE_STRIDE = 3.0
_STILL_ENERGY = 0.05**2 * WINDOW_SAMPLES
"""An RMS of 0.05 m/s2: breath, and the noise of a sensor."""
_FINEST_HZ = 0.05
_BINS = round(1.0 / FASTEST_S / _FINEST_HZ) + 2


def _make_waves() -> NDArray[np.float64]:
    """Windowed cosines and sines on a grid of rates, shape (bins, 2, WINDOW_SAMPLES)."""
    samples = np.arange(WINDOW_SAMPLES)
    hann = 0.5 - 0.5 * np.cos(samples * (2.0 * math.pi / WINDOW_SAMPLES))
    rates_hz = np.arange(_BINS) * _FINEST_HZ
    phases = np.outer(rates_hz, samples * (2.0 * math.pi / RHYTHM_RATE_HZ))
    return np.stack((hann * np.cos(phases), hann * np.sin(phases)), axis=1)


_WAVES = _make_waves()
_ONES = np.ones(WINDOW_SAMPLES)


class Rhythm(msgspec.Struct, frozen=True, gc=False):
    """What the newest seconds repeat: ``similarity`` is -1..1, ``step_s`` the step period.

    ``size_mps2`` is the standard deviation of the signal.
    """

    similarity: float
    step_s: float
    size_mps2: float


def find_rhythm(
    signal: NDArray[np.float64], *, site: Site, step_before_s: float | None
) -> Rhythm | None:
    """Look for the step period in the newest samples of band-limited acceleration.

    Args:
        signal: Length of the acceleration, 0.5-5 Hz, at RHYTHM_RATE_HZ, shape (n,). The newest
            WINDOW_SAMPLES are compared with themselves one lag earlier.
        site: An ankle feels one foot: its strong period is the stride.
        step_before_s: The step period that was found before, if somebody walks.

    Returns:
        None if nothing repeats, hardly anything moves or the signal is too short.

    References:
        Moe-Nilssen & Helbostad (2004), Estimation of gait cycle characteristics by trunk
        accelerometry. Deviation: normalised per lag, so that a window that has just begun to
        contain gait shows it; octave by power and prior.
    """
    lags = min(LONGEST_LAG_SAMPLES, signal.size - WINDOW_SAMPLES)
    if lags <= _SHORTEST_LAG_SAMPLES + 2:
        return None
    past = signal[signal.size - WINDOW_SAMPLES - lags :]
    now = past[lags:]
    energy = float(now.dot(now))
    # Who rests is looked at most often: that must cost least.
    if energy <= _STILL_ENERGY:
        return None
    # From here on the lags run from the longest to the shortest.
    earlier = np.correlate(past * past, _ONES, mode="valid")
    # A lag at which there was next to nothing must not look similar by chance.
    scale = np.sqrt(energy * np.maximum(earlier, 0.25 * energy))
    similar: list[float] = (np.correlate(past, now, mode="valid") / scale).tolist()
    similar.reverse()
    lag = _first_strong_peak(similar)
    if lag is None:
        return None
    size = math.sqrt(energy / WINDOW_SAMPLES)
    step_s = _choose_step(now, lag, site=site, step_before_s=step_before_s)
    if step_s is None:
        return None
    return Rhythm(similarity=min(1.0, similar[round(lag)]), step_s=step_s, size_mps2=size)


def _first_strong_peak(similar: list[float]) -> float | None:
    """Return the shortest lag that is nearly as similar as the best one, between samples."""
    peaks = [
        i
        for i in range(_SHORTEST_LAG_SAMPLES, len(similar) - 1)
        if similar[i] > 0.0 and similar[i - 1] < similar[i] >= similar[i + 1]
    ]
    if not peaks:
        return None
    enough = 0.8 * max([similar[i] for i in peaks])
    i = next(i for i in peaks if similar[i] >= enough)
    left, top, right = similar[i - 1 : i + 2]
    bend = left - 2.0 * top + right
    return i if bend == 0.0 else i + 0.5 * (left - right) / bend


def _amplitude(signal: NDArray[np.float64], period_s: float) -> float:
    in_phase, quadrature = (_WAVES[round(1.0 / period_s / _FINEST_HZ)].dot(signal)).tolist()
    return math.hypot(in_phase, quadrature)


def _choose_step(
    now: NDArray[np.float64], lag: float, *, site: Site, step_before_s: float | None
) -> float | None:
    """Decide whether a period is a step or a stride."""
    period_s = lag / RHYTHM_RATE_HZ
    candidates = [
        step_s for step_s in (period_s, 0.5 * period_s) if FASTEST_S <= step_s <= SLOWEST_S
    ]
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    best_score = 0.0
    best_s = candidates[0]
    for step_s in candidates:
        octaves = math.log2(_USUAL_S / step_s) / _SPREAD_OCTAVES
        score = math.exp(-0.5 * octaves * octaves)
        if site == "ankle":
            score *= _ANKLE_STRIDE if step_s < period_s else 1.0
        else:
            score *= _amplitude(now, step_s)
        if step_before_s is not None and abs(step_s / step_before_s - 1.0) < _SAME_TEMPO:
            score *= _STAY
        if score > best_score:
            best_score, best_s = score, step_s
    return best_s
