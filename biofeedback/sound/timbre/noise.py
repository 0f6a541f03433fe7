"""Noise that is the same each time, and filters for what is computed before it is played.

Filters work in the frequency domain: a stroke is short, and scipy.signal takes a second to load.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def make_noise(frames: int, *, seed: int) -> NDArray[np.float64]:
    """Return white noise, shape (frames,), between -1 and 1."""
    return np.random.default_rng(seed).uniform(-1.0, 1.0, frames)


def make_pink_loop(frames: int, *, seed: int, slope_db_per_octave: float) -> NDArray[np.float64]:
    """Return noise with a falling spectrum that repeats without a seam, RMS 1, shape (frames,)."""
    random = np.random.default_rng(seed)
    bins = np.arange(frames // 2 + 1, dtype=np.float64)
    bins[0] = 1.0
    spectrum = np.exp(2j * math.pi * random.random(len(bins)))
    spectrum *= bins ** (slope_db_per_octave / 6.0206)
    spectrum[0] = 0.0
    loop = np.fft.irfft(spectrum, frames)
    return loop / np.sqrt(np.mean(loop**2))


def filter_noise(
    noise: NDArray[np.float64],
    *,
    rate_hz: int,
    low_hz: float | None,
    high_hz: float,
    is_loop: bool = False,
) -> NDArray[np.float64]:
    """Pass a Butterworth band-pass, or a low-pass without ``low_hz``, of second order.

    What ``is_loop`` stays one: its end goes on into its beginning.
    """
    padded = len(noise) // 2 * 2 if is_loop else 2 * len(noise)
    at_hz = np.fft.rfftfreq(padded, 1.0 / rate_hz)[1:-1]
    # the bilinear transform: where an analogue filter would have to be asked
    s = 1j * np.tan(np.pi * at_hz / rate_hz)
    high = math.tan(math.pi * min(high_hz, 0.45 * rate_hz) / rate_hz)
    if low_hz is None:
        s = s / high
    else:
        low = math.tan(math.pi * min(low_hz, 0.4 * rate_hz) / rate_hz)
        s = (s * s + low * high) / (s * (high - low))
    response = np.zeros(len(at_hz) + 2, dtype=np.complex128)
    response[0] = low_hz is None
    response[1:-1] = 1.0 / (s * s + math.sqrt(2.0) * s + 1.0)
    return np.fft.irfft(np.fft.rfft(noise, padded) * response, padded)[: len(noise)]


def fade_ends(
    stroke: NDArray[np.float64], *, rate_hz: int, first_s: float = 0.0005, last_s: float = 0.01
) -> NDArray[np.float64]:
    """Let a stroke begin and end at zero."""
    shaped = stroke.copy()
    first, last = max(2, round(first_s * rate_hz)), max(2, round(last_s * rate_hz))
    shaped[:first] *= np.sin(np.linspace(0.0, np.pi / 2.0, first)) ** 2
    shaped[-last:] *= np.cos(np.linspace(0.0, np.pi / 2.0, last)) ** 2
    return shaped


def count_times(seconds: float, *, rate_hz: int) -> NDArray[np.float64]:
    """Return the instant of each frame of a stroke, in seconds."""
    return np.arange(round(seconds * rate_hz)) / rate_hz


def add_knock(
    note: NDArray[np.float64],
    *,
    level: float,
    low_hz: float,
    high_hz: float,
    decay_s: float,
    seed: int,
    rate_hz: int,
) -> None:
    """Add the short noise of what strikes to a note: its peak is ``level``."""
    t = count_times(min(8.0 * decay_s, len(note) / rate_hz), rate_hz=rate_hz)
    knock = make_noise(len(t), seed=seed)
    knock = filter_noise(knock, rate_hz=rate_hz, low_hz=low_hz, high_hz=high_hz)
    note[: len(t)] += level * knock / np.abs(knock).max() * np.exp(-t / decay_s)
