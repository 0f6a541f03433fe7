"""The tempo of each moment: what repeats in the onsets, and which of its octaves people tap.

Autocorrelation in windows of 10 s; each period gets the evidence of what music does with a beat:
it is halved (or cut in three), and comes twice, three or four times. The best of these patterns
counts, weighted by how people choose their pulse. The path through the windows changes tempo
reluctantly.

References:
    Ellis (2007), as in onsets.py, sect. 3.3: evidence of duple and triple multiples.
    Van Noorden & Moelants (1999), Resonance in the perception of musical pulse, J. New Music
    Research 28(1): people prefer about 2 Hz. Here as a log-normal weight (as Ellis).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import fft

from biofeedback.songs.onsets import FRAMES_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biofeedback.songs.onsets import Onsets

SLOWEST_BPM, FASTEST_BPM = 40.0, 220.0
PREFERRED_BPM: Final = 120.0
_PREFERENCE_OCTAVES: Final = 1.0
_WINDOW_S: Final = 10.0
_STEP_S: Final = 2.0
_TEMPI_PER_OCTAVE: Final = 60
_CHANGE_COST: Final = 0.125  # for each step of the grid; a window's best score is about 1
_JUMP_COST: Final = 1.5
_PATTERNS: Final = (
    ((1.0, 2.0), (2.0, 0.5), (4.0, 0.25), (1 / 2, 0.5)),
    ((1.0, 2.0), (3.0, 0.6), (1 / 2, 0.5)),
    # A beat in three parts is rarer, and two thirds of a beat in two parts look the same.
    ((1.0, 1.7), (2.0, 0.42), (4.0, 0.21), (1 / 3, 0.42)),
)
"""Multiples of a beat at which its onsets should repeat, with their weights."""


def tempo_grid_bpm() -> NDArray[np.float64]:
    """Tempi that are told apart, ascending, 1.2 % from one to the next."""
    octaves = np.log2(FASTEST_BPM / SLOWEST_BPM)
    return SLOWEST_BPM * 2.0 ** (np.arange(round(octaves * _TEMPI_PER_OCTAVE)) / _TEMPI_PER_OCTAVE)


def follow_tempo(
    onsets: Onsets, *, preferred_bpm: float = PREFERRED_BPM, octaves: float = _PREFERENCE_OCTAVES
) -> NDArray[np.float64]:
    """Tell the tempo at each onset frame in bpm, shape (n,).

    Args:
        onsets: Of the whole song.
        preferred_bpm: Which of several tempi to prefer.
        octaves: How strictly: the standard deviation of the preference.
    """
    tempi = tempo_grid_bpm()
    evidence = measure_periods(onsets.strength, tempi)
    distance = np.log2(tempi / preferred_bpm) / octaves
    score = np.maximum(evidence, 0.0) * np.exp(-0.5 * distance**2)
    # What the whole song does helps where a window is undecided.
    score = score / max(float(score.max(initial=0.0)), 1e-9)
    score = score + 0.5 * score.mean(axis=0)
    path = _find_path(score)
    centres = (np.arange(len(path)) * _STEP_S + _WINDOW_S / 2.0) * FRAMES_HZ
    logs = np.interp(np.arange(len(onsets.strength)), centres, np.log(tempi[path]))
    return np.exp(logs)


def measure_periods(
    strength: NDArray[np.float64], tempi_bpm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Measure how well onsets repeat at each tempo, shape (windows, tempi)."""
    repeats, _ = _repeat(strength)
    lags = 60.0 * FRAMES_HZ / tempi_bpm
    known = {multiple: _read_at(repeats, multiple * lags) for multiple in _multiples()}
    patterns = [
        np.sum([weight * known[multiple] for multiple, weight in pattern], axis=0)
        for pattern in _PATTERNS
    ]
    return np.maximum.reduce(patterns)


def measure_regularity(strength: NDArray[np.float64], tempo_bpm: NDArray[np.float64]) -> float:
    """Tell how much of the onsets comes again after a beat: 0 (nothing) to 1, median of windows."""
    repeats, starts = _repeat(strength)
    lags = (
        60.0 * FRAMES_HZ / tempo_bpm[np.minimum(starts + len(repeats[0]) // 2, len(strength) - 1)]
    )
    after = [
        _read_at(row[None], np.array([lag]))[0, 0] for row, lag in zip(repeats, lags, strict=True)
    ]
    return float(np.median(after))


def _multiples() -> list[float]:
    return sorted({multiple for pattern in _PATTERNS for multiple, _ in pattern})


def _repeat(strength: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Autocorrelate windows: shape (windows, lags), 1 at lag 0; and their first frames."""
    size, step = round(_WINDOW_S * FRAMES_HZ), round(_STEP_S * FRAMES_HZ)
    count = max(1, 1 + -(-(len(strength) - size) // step))
    padded = np.zeros((count - 1) * step + size)
    padded[: len(strength)] = strength[: len(padded)]
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[::step]
    spectra = np.abs(fft.rfft(windows, 2 * size, axis=1)) ** 2
    repeats = fft.irfft(spectra, axis=1)[:, :size]
    repeats /= np.maximum(repeats[:, :1], 1e-9)
    # The fewer pairs a lag has, the smaller it would look.
    repeats *= size / (size - 0.75 * np.arange(size))
    return repeats, np.arange(count) * step


def _read_at(curves: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Read curves (windows, n) at fractional places (m,): the largest nearby, zero beyond."""
    whole = np.round(places).astype(np.int64)
    best = np.full((len(curves), len(places)), -np.inf)
    for shift in (-1, 0, 1):
        at = whole + shift
        inside = at < curves.shape[1]
        values = np.where(inside, curves[:, np.minimum(at, curves.shape[1] - 1)], 0.0)
        best = np.maximum(best, values)
    return best


def _find_path(score: NDArray[np.float64]) -> NDArray[np.int64]:
    """Find the path of tempi with the largest sum of scores less the cost of changes."""
    count, tempi = score.shape
    steps = np.arange(tempi, dtype=np.float64)
    cost = np.minimum(_CHANGE_COST * np.abs(steps[:, None] - steps), _JUMP_COST)
    total = score[0]
    came_from = np.zeros((count, tempi), dtype=np.int64)
    for index in range(1, count):
        options = total[:, None] - cost
        came_from[index] = options.argmax(axis=0)
        total = options.max(axis=0) + score[index]
    path = np.zeros(count, dtype=np.int64)
    path[-1] = int(total.argmax())
    for index in range(count - 1, 0, -1):
        path[index - 1] = came_from[index, path[index]]
    return path
