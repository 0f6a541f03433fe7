"""How smooth one movement is: from rest to rest, or a stretch of an ongoing one.

SPARC asks how simple the spectrum of the speed is; LDLJ-A how much jerk there is for the size and
the length of the movement. Both are negative, and nearer to 0 is smoother. A reach of minimum jerk
has about -1.4 and exactly -ln(21.6) = -3.07.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CUTOFF_HZ = 10.0
_LEAST = 0.05
_PAD = 4
_TOO_SMALL = 1e-9
# As products, sums over the axes or the rows of (n, 3) cost a third, and less; of two arrays that
# are this small, ``dot`` takes half of the time of ``@``.
_OF_AXES = np.ones(3)


def measure_sparc(speed: NDArray[np.float64], rate_hz: float) -> float | None:
    """Measure the spectral arc length of a speed profile of shape (n,); None without movement.

    References:
        Balasubramanian, Melendez-Calderon, Roby-Brami & Burdet (2015), On the analysis of movement
        smoothness, J NeuroEng Rehabil 12:112: cut-off 10 Hz, amplitude threshold 0.05, zero-padding
        by 2^4.
    """
    n = speed.size
    if n < 4:
        return None
    length = 1 << (math.ceil(math.log2(n)) + _PAD)
    # A speed is never negative, so no part of its spectrum is larger than the first.
    largest = float(np.add.reduce(speed))
    if not largest > _TOO_SMALL:
        return None
    last = min(length // 2 + 1, int(_CUTOFF_HZ * length / rate_hz) + 1)
    size = np.abs(np.fft.rfft(speed, length)[:last]) / largest
    above = (size >= _LEAST).nonzero()[0]
    size = size[: above[-1] + 1]
    if size.size < 2:
        return None
    step = 1.0 / (size.size - 1)
    rise = size[1:] - size[:-1]
    return -float(np.add.reduce(np.sqrt(step * step + rise * rise)))


def measure_ldlj(acceleration_mps2: NDArray[np.float64]) -> float | None:
    """Measure the log dimensionless jerk of acceleration of shape (n, 3); None without movement.

    References:
        Melendez-Calderon, Shirota & Balasubramanian (2021), Estimating movement smoothness from
        inertial measurement units, Front Bioeng Biotechnol 8: LDLJ-A. The mean is taken off first.
    """
    n = len(acceleration_mps2)
    if n < 4:
        return None
    moved = acceleration_mps2 - np.ones(n).dot(acceleration_mps2) / n
    peak = float(np.maximum.reduce((moved * moved).dot(_OF_AXES)))
    jerk = moved[1:] - moved[:-1]
    # Differences times the rate, squared, times 1 / rate, times (n - 1) / rate: no rate is left.
    jerks = float(np.add.reduce(jerk * jerk, axis=None)) * (n - 1)
    if not peak > _TOO_SMALL or not jerks > _TOO_SMALL:
        return None
    return -math.log(jerks / peak)


def integrate_speed(
    acceleration_mps2: NDArray[np.float64], rate_hz: float, *, from_rest_to_rest: bool
) -> NDArray[np.float64]:
    """Integrate acceleration (n, 3) without gravity to speed (n,) in m/s.

    What drifts is taken off: between rests the velocity is 0 at both ends, in an ongoing movement
    it has no trend and no mean.
    """
    n = len(acceleration_mps2)
    velocity = (np.add.accumulate(acceleration_mps2, axis=0) - 0.5 * acceleration_mps2) / rate_hz
    ramp = make_ramp(n)
    if from_rest_to_rest:
        velocity -= velocity[0] + np.multiply.outer(ramp, velocity[-1] - velocity[0])
    else:
        centred = ramp - 0.5
        velocity -= np.ones(n).dot(velocity) / n
        trend = centred.dot(velocity) / centred.dot(centred)
        velocity -= np.multiply.outer(centred, trend)
    return np.sqrt((velocity * velocity).dot(_OF_AXES))


@lru_cache(maxsize=32)
def make_ramp(n: int) -> NDArray[np.float64]:
    """Make ``n`` values that rise evenly from 0 to 1."""
    return np.arange(n) / max(1, n - 1)
