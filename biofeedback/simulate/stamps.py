"""When the samples of a recording were really taken.

A sensor samples evenly; what a program wrote down is when it *saw* a sample. A stall makes stamps
late, and the burst that follows gives several the same stamp; a stamp is never early. So sample i
was taken no later than any later sample j allows: t_j - (j - i) T, with the period T. The least of
these over the next few seconds is its true time (lower envelope, as used for clock recovery from
packet arrival). Where the envelope itself jumps, samples are missing: that is a gap, and stays one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.errors import RecordingError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_AHEAD_S = 2.5
_SMOOTH_S = 2.0
_GAP_PERIODS = 2.5
_GAP_LEAST_S = 0.06
_LAG_SAMPLES = 500
_SHORTEST_PERIOD_S = 1e-4
_LONGEST_S = 1e6
_MOST_DOUBLED = 0.2
_MOST_BACKWARD = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Samples without a gap: ``first``..``last`` (exclusive), their true times (n,) in s."""

    first: int
    last: int
    times_s: NDArray[np.float64]
    period_s: float


def check_stamps(path: Path, times_s: NDArray[np.float64], *, most_back_s: float) -> None:
    """Refuse stamps that no sensor and no radio explains.

    Doubled stamps and single small steps back are what real recordings have.

    Args:
        path: For the message.
        times_s: Stamps as recorded, shape (n,).
        most_back_s: How far a single stamp may step back.

    Raises:
        RecordingError: Too many stamps are doubled or run backwards, or they are no seconds.
    """
    furthest_s = float(np.abs(times_s).max(initial=0.0))
    if furthest_s > _LONGEST_S:
        raise RecordingError(
            f"{path}: t goes to {furthest_s:g}; it must be seconds from the start of the recording"
        )
    steps_s = np.diff(times_s)
    if len(steps_s) == 0:
        return
    backward = np.flatnonzero(steps_s < 0.0)
    if len(backward) > max(3.0, _MOST_BACKWARD * len(steps_s)) or (
        len(backward) and float(steps_s.min()) < -most_back_s
    ):
        row = int(backward[0]) + 3
        raise RecordingError(
            f"{path}, line {row}: t runs backwards ({len(backward)} times in the table); "
            "sort the rows by the clock of the sensor"
        )
    doubled = int(np.count_nonzero(steps_s == 0.0))
    if doubled > max(2.0, _MOST_DOUBLED * len(steps_s)):
        raise RecordingError(
            f"{path}: {doubled} of {len(times_s)} rows repeat the time stamp before; "
            "write when each sample was taken"
        )


def find_stretches(times_s: NDArray[np.float64]) -> list[Stretch]:
    """Find the true times of evenly taken samples, and the gaps between stretches.

    Args:
        times_s: Stamps as recorded, shape (n,).
    """
    # Only recordings need it, and it takes a quarter of a second of every start.
    from scipy.ndimage import minimum_filter1d  # noqa: PLC0415

    count = len(times_s)
    if count < 2:
        return [Stretch(0, count, times_s.copy(), 1.0)] if count else []
    period_s = _estimate_period_s(times_s)
    nominal_s = np.arange(count, dtype=np.float64) * period_s
    ahead = min(max(2, round(_AHEAD_S / period_s)), count)
    late_s = times_s - nominal_s
    # A minimum over [i, i + ahead): the filter's window is centred, so it is moved.
    envelope_s = minimum_filter1d(late_s, ahead, mode="nearest", origin=-(ahead // 2))
    jump_s = max(_GAP_PERIODS * period_s, _GAP_LEAST_S)
    cuts = np.flatnonzero(np.diff(envelope_s) > jump_s) + 1
    edges = [0, *cuts.tolist(), count]
    return [
        _smooth_stretch(first, last, nominal_s, envelope_s, period_s)
        for first, last in pairwise(edges)
    ]


def _estimate_period_s(times_s: NDArray[np.float64]) -> float:
    """Estimate the period from far-apart samples, so that jitter and gaps don't count."""
    lag = min(_LAG_SAMPLES, max(1, len(times_s) // 4))
    spans_s = times_s[lag:] - times_s[:-lag]
    return max(float(np.median(spans_s)) / lag, _SHORTEST_PERIOD_S)


def _smooth_stretch(
    first: int,
    last: int,
    nominal_s: NDArray[np.float64],
    envelope_s: NDArray[np.float64],
    period_s: float,
) -> Stretch:
    # Only recordings need it, and it takes a quarter of a second of every start.
    from scipy.ndimage import uniform_filter1d  # noqa: PLC0415

    width = min(last - first, max(1, round(_SMOOTH_S / period_s)))
    smooth_s = uniform_filter1d(envelope_s[first:last], width, mode="nearest")
    times_s = nominal_s[first:last] + smooth_s
    # Smoothing can't fold time over, but a stretch after a cut could begin too early.
    return Stretch(first, last, np.maximum.accumulate(times_s), period_s)
