"""Plucked strings: Karplus-Strong, a whole period at a time.

References:
    Karplus and Strong (1983), Digital synthesis of plucked-string and drum timbres, Computer Music
    Journal 7(2); Jaffe and Smith (1983), Extensions of the Karplus-Strong plucked-string algorithm,
    same issue (tuning, decay, place of the pluck); Smith (1993), Efficient synthesis of stringed
    musical instruments, ICMC (the body's answer goes into the string with the pluck). Deviation:
    the fractional delay is a Lagrange interpolator of third order, whose taps are folded into the
    loop filter, so that a period is one convolution.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BRIGHT_HZ = 3000.0
_MOST_STAGES = 8


def pluck_string(
    excitation: NDArray[np.float64],
    *,
    pitch_hz: float,
    half_life_s: float,
    bright_half_life_s: float,
    seconds: float,
    rate_hz: int,
) -> NDArray[np.float64]:
    """Let a string answer ``excitation``, shape (frames,).

    Args:
        excitation: What goes into the string, shape (n,); a body's answer may be in it.
        pitch_hz: At most an eighth of the rate.
        half_life_s: Of the fundamental.
        bright_half_life_s: Of a partial at 3 kHz, as far as that is shorter.
        seconds: Length of what is returned.
        rate_hz: Samples a second.
    """
    period = rate_hz / pitch_hz
    loss = _dull(period, bright_half_life_s=bright_half_life_s, rate_hz=rate_hz)
    late = (len(loss) - 1) // 2
    whole = int(period - late - 1.0)  # the interpolator delays by 1 to 2
    taps = np.convolve(loss, _interpolate(period - late - whole))
    turn = 2.0 * math.pi * pitch_hz / rate_hz
    at_pitch = abs(np.exp(-1j * turn * np.arange(len(taps))) @ taps)
    taps *= 0.5 ** (period / rate_hz / half_life_s) / at_pitch
    frames = round(seconds * rate_hz)
    memory = whole + len(taps) - 1
    line = np.zeros(memory + frames + whole)
    line[memory : memory + min(len(excitation), frames)] = excitation[:frames]
    for at in range(memory, memory + frames, whole):
        line[at : at + whole] += np.convolve(line[at - memory : at], taps, "valid")
    return line[memory : memory + frames]


def _dull(period: float, *, bright_half_life_s: float, rate_hz: int) -> NDArray[np.float64]:
    """Return the taps of a symmetrical low-pass that takes what a period takes at 3 kHz."""
    keeps = 0.5 ** (period / rate_hz / bright_half_life_s)
    drop = 1.0 - math.cos(2.0 * math.pi * _BRIGHT_HZ / rate_hz)
    stages = max(1, math.ceil(-math.log(keeps) / -math.log(max(1.0 - 0.5 * drop, 0.1))))
    damping = min(1.0, 2.0 * (1.0 - keeps ** (1.0 / stages)) / drop)
    stage = np.array([damping / 4.0, 1.0 - damping / 2.0, damping / 4.0])
    taps = np.ones(1)
    for _ in range(min(stages, _MOST_STAGES)):
        taps = np.convolve(taps, stage)
    return taps


def shape_pluck(
    *, pitch_hz: float, place: float, softness_s: float, noise: NDArray[np.float64], rate_hz: int
) -> NDArray[np.float64]:
    """Return what a finger gives to a string: a soft push and some noise, at a ``place``.

    ``place`` is the part of the string between bridge and finger, 0..0.5: partials that have a
    node there are missing.
    """
    period = rate_hz / pitch_hz
    # a high string is thin: the finger leaves it sooner
    width = max(3, round(min(softness_s * rate_hz, 0.35 * period)))
    push = np.hanning(width + 2)
    push /= push.sum()
    first = np.zeros(round(period) + width + 2)
    first[: len(push)] = push
    take = min(len(noise), round(period))
    first[:take] += noise[:take] * np.hanning(take)
    delay = max(1, round(place * period))
    pluck = np.zeros(len(first) + delay)
    pluck[: len(first)] = first
    pluck[delay:] -= first
    return pluck


def _interpolate(delay: float) -> NDArray[np.float64]:
    """Return the taps of a Lagrange interpolator of third order; ``delay`` is 1 to 2 samples."""
    at = np.arange(4)
    return np.array(
        [math.prod((delay - k) / (n - k) for k in at if k != n) for n in at], dtype=np.float64
    )
