"""Beats: the sequence that meets strong onsets and keeps to the tempo, by dynamic programming.

References:
    Ellis (2007), as in onsets.py, sect. 2 and 3.2. Deviations: the tempo may change along the
    song; found beats are moved to the onset nearby, and evened out between outliers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import linalg, ndimage

from biofeedback.songs.onsets import FRAMES_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biofeedback.songs.onsets import Onsets

_TIGHTNESS: Final = 120.0
_SILENT_DB: Final = -45.0
_EVENNESS: Final = 0.5
_SNAP_RATIO: Final = 0.08
_SNAP_S: Final = 0.04
_BASS_RATIO: Final = 2.2
_BASS_FLOOR: Final = 0.5
_REST_RATIO: Final = 0.8


def track_beats(
    onsets: Onsets, tempo_bpm: NDArray[np.float64], *, bonus: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Find beats in s, ascending.

    Args:
        onsets: Of the whole song.
        tempo_bpm: At each frame, shape (n,).
        bonus: Added to the onset strength of each frame (where a person tapped), shape (n,).
    """
    strength = ndimage.gaussian_filter1d(onsets.strength, 2.0)
    if bonus is not None:
        strength = strength + bonus
    periods = 60.0 * FRAMES_HZ / tempo_bpm
    frames = _trace_back(*_accumulate(strength, periods))
    frames = _drop_silent_ends(frames, onsets.energy_db)
    if len(frames) < 2:
        return np.zeros(0)
    if _is_off_beat(frames, onsets):
        frames = (frames[:-1] + frames[1:]) // 2
    fine = _move_to_onsets(frames, onsets.strength, periods)
    return np.asarray([onsets.time_s(frame) for frame in even_out(fine)])


def even_out(beats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth a sequence of beats a little: small jitter goes, changes of tempo stay.

    Least squares with a penalty on second differences (Whittaker, 1923).
    """
    count = len(beats)
    if count < 4:
        return beats
    bands = np.zeros((3, count))
    for column, weight in enumerate((1.0, -2.0, 1.0)):
        for other, also in enumerate((1.0, -2.0, 1.0)):
            if other <= column:
                size = count - 2
                bands[column - other, other : other + size] += _EVENNESS * weight * also
    bands[0] += 1.0
    return linalg.solveh_banded(bands, beats, lower=True)


def _accumulate(
    strength: NDArray[np.float64], periods: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The best score of a sequence that ends at each frame, and the beat before it (-1: none)."""
    count = len(strength)
    score = np.zeros(count)
    before = np.full(count, -1, dtype=np.int64)
    shapes: dict[int, tuple[int, NDArray[np.float64]]] = {}
    for frame in range(count):
        step = round(4.0 * float(periods[frame]))  # quarters of a frame are told apart
        if step not in shapes:
            period = step / 4.0
            lags = np.arange(round(step / 2.0), max(1, round(step / 8.0)) - 1, -1)
            shapes[step] = int(lags[0]), -_TIGHTNESS * np.log(lags / period) ** 2
        longest, cost = shapes[step]
        first = frame - longest
        if first + len(cost) <= 0:
            score[frame] = strength[frame]
            continue
        skipped = max(0, -first)
        options = score[first + skipped : first + len(cost)] + cost[skipped:]
        best = int(options.argmax())
        if options[best] > 0.0 or frame > longest:
            before[frame] = first + skipped + best
            score[frame] = strength[frame] + options[best]
        else:
            score[frame] = strength[frame]
    return score, before


def _trace_back(score: NDArray[np.float64], before: NDArray[np.int64]) -> NDArray[np.int64]:
    """Follow the best sequence from one of the last peaks of the score."""
    peaks = np.flatnonzero((score[1:-1] > score[:-2]) & (score[1:-1] >= score[2:])) + 1
    if len(peaks) == 0:
        return np.zeros(0, dtype=np.int64)
    typical = float(np.median(score[peaks]))
    last = int(peaks[np.flatnonzero(score[peaks] >= 0.5 * typical)[-1]])
    frames = [last]
    while before[frames[-1]] >= 0:
        frames.append(int(before[frames[-1]]))
    return np.array(frames[::-1], dtype=np.int64)


def _drop_silent_ends(
    frames: NDArray[np.int64], energy_db: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Leave out beats before the first sound and behind the last."""
    heard = np.flatnonzero(energy_db > _SILENT_DB)
    if len(heard) == 0:
        return frames[:0]
    slack = round(0.1 * FRAMES_HZ)
    return frames[(frames >= heard[0] - slack) & (frames <= heard[-1] + slack)]


def _is_off_beat(frames: NDArray[np.int64], onsets: Onsets) -> bool:
    """Tell whether the beat is rather half-way between: the bass says so, the rest doesn't mind."""
    between = (frames[:-1] + frames[1:]) // 2
    low, low_between = (_mean_near(onsets.low, at) for at in (frames, between))
    whole, whole_between = (_mean_near(onsets.strength, at) for at in (frames, between))
    return low_between > _BASS_RATIO * max(low, _BASS_FLOOR) and (
        whole_between > _REST_RATIO * whole
    )


def _mean_near(curve: NDArray[np.float64], frames: NDArray[np.int64]) -> float:
    """Average the largest values within 20 ms of frames."""
    largest = ndimage.maximum_filter1d(curve, 2 * round(0.02 * FRAMES_HZ) + 1)
    return float(largest[np.clip(frames, 0, len(curve) - 1)].mean())


def _move_to_onsets(
    frames: NDArray[np.int64], strength: NDArray[np.float64], periods: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Move each beat to the top of the onset it lies on, between frames."""
    moved = frames.astype(np.float64)
    for index, frame in enumerate(frames):
        reach = max(2, round(min(_SNAP_RATIO * float(periods[frame]), _SNAP_S * FRAMES_HZ)))
        low, high = max(1, frame - reach), min(len(strength) - 1, frame + reach + 1)
        if low >= high:
            continue
        top = low + int(strength[low:high].argmax())
        left, middle, right = strength[top - 1 : top + 2] if top + 1 < len(strength) else (0, 0, 0)
        if middle <= 0.0 or middle < left or middle < right:
            continue
        bend = left - 2.0 * middle + right
        moved[index] = top + (0.5 * (left - right) / bend if bend < 0.0 else 0.0)
    return moved
