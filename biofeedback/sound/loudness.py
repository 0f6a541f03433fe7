"""Loudness as people hear it: K-weighting and gating.

References:
    ITU-R BS.1770-4 (2015), annex 1 (K-weighting, gating) and annex 2 (true peak). The two filter
    stages are the published 48 kHz filters, designed again for other rates from their analogue
    parameters (as in libebur128). Deviation: gating sorts blocks into steps of 0.1 LU, so memory
    and work stay constant in a session of any length.

The filters are matrices here, because scipy.signal takes a second to load, before the first sound.

Samples have the shape (n, 2). All is fastest where each channel lies in one piece in memory (order
"F"), as the synthesis gives them. Nothing saves up work: a live block has no time for it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OFFSET_LUFS = -0.691
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_BIN_LU = 0.1
_BINS = 900
_RUN_FRAMES = 48  # about: the products are smallest so
_PIECES = 10
_PEAK_RUN = 16
SILENCE_LUFS = -120.0


def power_to_lufs(power: float) -> float:
    """Turn a K-weighted mean square, summed over channels, into LUFS (silence: -120)."""
    return _OFFSET_LUFS + 10.0 * math.log10(power) if power > 1e-12 else SILENCE_LUFS


def lufs_to_power(lufs: float) -> float:
    """Turn LUFS into a K-weighted mean square, summed over channels."""
    return 10.0 ** ((lufs - _OFFSET_LUFS) / 10.0)


def design_k_weighting(rate_hz: int) -> NDArray[np.float64]:
    """Design the shelf and the high-pass of K-weighting as second-order sections, shape (2, 6)."""
    k = math.tan(math.pi * 1681.974450955533 / rate_hz)
    q = 0.7071752369554196
    vh = 10.0 ** (3.999843853973347 / 20.0)
    vb = vh**0.4996667741545416
    a0 = 1.0 + k / q + k * k
    shelf = [
        (vh + vb * k / q + k * k) / a0,
        2.0 * (k * k - vh) / a0,
        (vh - vb * k / q + k * k) / a0,
        1.0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / q + k * k) / a0,
    ]
    k = math.tan(math.pi * 38.13547087602444 / rate_hz)
    q = 0.5003270373238773
    a0 = 1.0 + k / q + k * k
    highpass = [1.0, -2.0, 1.0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0]
    return np.array([shelf, highpass])


def answer_power(
    sos: NDArray[np.float64], at_hz: NDArray[np.float64], *, rate_hz: int
) -> NDArray[np.float64]:
    """Return by how much second-order sections multiply the power at each frequency."""
    back = np.exp(-2j * np.pi * at_hz / rate_hz)
    answer = np.ones(len(at_hz), dtype=np.complex128)
    for row in sos:
        b0, b1, b2, a0, a1, a2 = row.tolist()
        answer *= (b0 + back * (b1 + back * b2)) / (a0 + back * (a1 + back * a2))
    return answer.real**2 + answer.imag**2


class BlockFilter:
    """Second-order sections on stereo, a piece of several runs of samples by a few products.

    With the state ``s`` (transposed direct form, two numbers a section) a run ``x`` gives
    ``y = T x + O s`` and the next state ``A s + C x``, which four matrices hold. The states at all
    runs of a piece are sums of what the piece began with and what each run brought: one more.
    """

    def __init__(self, sos: NDArray[np.float64], *, runs: int, run_frames: int) -> None:
        order = 2 * len(sos)
        self.frames = runs * run_frames
        self._shape = 2, runs, run_frames
        # Each column is the answer to one number alone: of the state, or of the run's first sample.
        states, first = np.eye(order, order + 1), np.zeros(order + 1)
        first[order] = 1.0
        outputs = np.empty((run_frames, order + 1))
        rests = np.empty((run_frames, order))
        for i in range(run_frames):
            outputs[i], states = _step_sections(sos, states, first)
            first = np.zeros(order + 1)
            rests[i] = states[:, order]
        # Transposed, all of them: a row is a run of one channel, as it lies in memory.
        self._from_state = outputs[:, :order].T.copy()
        lags = np.subtract.outer(np.arange(run_frames), np.arange(run_frames))
        self._from_input = np.where(lags >= 0, outputs[:, order][lags], 0.0).T.copy()
        self._into_state = rests[::-1].copy()
        passed, power = np.zeros((runs + 1, order, runs + 1, order)), np.eye(order)
        for distance in range(runs + 1):
            for brought in range(runs + 1 - distance):
                passed[brought, :, brought + distance] = power
            power = power @ states[:, :order].T
        self._passed = passed.reshape((runs + 1) * order, -1)
        # what the piece begins with, and what each of its runs brings
        self._brought = np.zeros((2, runs + 1, order))

    def update(self, piece: NDArray[np.float64]) -> NDArray[np.float64]:
        """Filter a piece, shape (frames, 2), going on where the last one ended."""
        ears, runs, run_frames = self._shape
        rows = piece.T.reshape(ears * runs, run_frames)
        self._brought[:, 1:] = (rows @ self._into_state).reshape(ears, runs, -1)
        states = (self._brought.reshape(ears, -1) @ self._passed).reshape(self._brought.shape)
        self._brought[:, 0] = states[:, -1]
        out = rows @ self._from_input
        out += states[:, :-1].reshape(ears * runs, -1) @ self._from_state
        return out.reshape(ears, -1).T


def _step_sections(
    sos: NDArray[np.float64], states: NDArray[np.float64], sample: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pass one sample of several independent signals through all sections."""
    after = np.empty_like(states)
    for k, (b0, b1, b2, _, a1, a2) in enumerate(sos):
        out = b0 * sample + states[2 * k]
        after[2 * k] = b1 * sample - a1 * out + states[2 * k + 1]
        after[2 * k + 1] = b2 * sample - a2 * out
        sample = out
    return sample, after


class KWeighting:
    """Mean square of K-weighted stereo in steps of 100 ms, whatever the size of the blocks.

    Each tenth of a step is filtered as soon as it is there. Where a rate has no such parts in whole
    samples, a step is up to 1 % off.
    """

    def __init__(self, *, rate_hz: int) -> None:
        runs = round(rate_hz / 100 / _RUN_FRAMES)
        self._filter = BlockFilter(
            design_k_weighting(rate_hz), runs=runs, run_frames=round(rate_hz / 100 / runs)
        )
        self._piece = np.zeros((self._filter.frames, 2), order="F")
        self._filled = 0
        self._pieces = 0
        self._energy = 0.0

    def update(self, block: NDArray[np.float64]) -> list[float]:
        """Take samples of shape (n, 2); return the power of each 100 ms that became complete."""
        powers: list[float] = []
        size = len(self._piece)
        start = 0
        while start < len(block):
            take = min(size - self._filled, len(block) - start)
            self._piece[self._filled : self._filled + take] = block[start : start + take]
            self._filled += take
            start += take
            if self._filled == size:
                weighted = self._filter.update(self._piece).T
                self._energy += float(np.vdot(weighted, weighted))
                self._filled = 0
                self._pieces += 1
            if self._pieces == _PIECES:
                powers.append(self._energy / (_PIECES * size))
                self._energy, self._pieces = 0.0, 0
        return powers


class GatedLoudness:
    """Integrated loudness from 100 ms powers: blocks of 400 ms, every 100 ms, both gates."""

    def __init__(self) -> None:
        self._last: list[float] = []
        self._power_sums = np.zeros(_BINS)
        self._counts = np.zeros(_BINS)

    def update(self, power: float) -> None:
        """Take the power of the next 100 ms."""
        self._last.append(power)
        if len(self._last) < 4:
            return
        block = sum(self._last) / 4.0
        del self._last[0]
        lufs = power_to_lufs(block)
        if lufs < _ABSOLUTE_GATE_LUFS:
            return
        index = min(int((lufs - _ABSOLUTE_GATE_LUFS) / _BIN_LU), _BINS - 1)
        self._power_sums[index] += block
        self._counts[index] += 1.0

    def interrupt(self) -> None:
        """Forget the blocks in the making: what comes next doesn't follow what was."""
        self._last.clear()

    def measure(self) -> tuple[float, float]:
        """Return the gated mean power and the seconds that passed the gates."""
        total = float(self._counts.sum())
        if total == 0.0:
            return 0.0, 0.0
        ungated = float(self._power_sums.sum()) / total
        gate = power_to_lufs(ungated) + _RELATIVE_GATE_LU
        first = max(0, round((gate - _ABSOLUTE_GATE_LUFS) / _BIN_LU))
        count = float(self._counts[first:].sum())
        return float(self._power_sums[first:].sum()) / count, count / 10.0

    def integrated_lufs(self) -> float | None:
        """Return the integrated loudness so far, None while nothing passed the gates."""
        power, seconds = self.measure()
        return power_to_lufs(power) if seconds > 0.0 else None


class ShortTermLoudness:
    """Loudness of the last seconds (3 s by the standard) from 100 ms powers."""

    def __init__(self, *, window_s: float = 3.0) -> None:
        self._powers = np.zeros(round(window_s * 10))
        self._next = 0

    def update(self, power: float) -> float:
        """Take the power of the next 100 ms; return the LUFS of the window (silence before)."""
        self._powers[self._next] = power
        self._next = (self._next + 1) % len(self._powers)
        return power_to_lufs(float(self._powers.mean()))


def design_oversampling(*, factor: int = 4, taps: int = 12) -> NDArray[np.float64]:
    """Design a polyphase interpolator, shape (taps, factor): a Kaiser-windowed sinc."""
    length = taps * factor
    at = (np.arange(length) - (length - 1) / 2.0) / factor
    kernel = np.sinc(at) * np.kaiser(length, 4.0)
    phases = kernel.reshape(taps, factor)[::-1]
    return phases / phases.sum(axis=0)


class TruePeak:
    """Largest inter-sample peaks, from four times oversampling.

    A matrix gives the values in between for a run of samples at once.
    """

    def __init__(self) -> None:
        kernel = design_oversampling()
        taps, factor = kernel.shape
        self.history_frames = taps - 1
        self._matrix = np.zeros((self.history_frames + _PEAK_RUN, factor, _PEAK_RUN))
        for at in range(_PEAK_RUN):
            self._matrix[at : at + taps, :, at] = kernel
        self._matrix = self._matrix.reshape(-1, factor * _PEAK_RUN)
        # No interpolated value is larger than the largest sample times this.
        self.overshoot_bound = float(np.abs(kernel).sum(axis=0).max())

    def measure(
        self, samples: NDArray[np.float64], *, ignore_below: float = 0.0
    ) -> NDArray[np.float64] | None:
        """Take samples of shape (history_frames + n, 2), return the peak near each, shape (n,).

        Entry ``i`` belongs to the time around the sample ``i - 6`` after the history (half of the
        kernel). None, much sooner, when no peak can be as high as ``ignore_below``.
        """
        highest = max(np.maximum.reduce(samples, axis=None), -np.minimum.reduce(samples, axis=None))
        if highest * self.overshoot_bound < ignore_below:
            return None
        n = len(samples) - self.history_frames
        runs = -(-n // _PEAK_RUN)
        padded = np.zeros((2, self.history_frames + runs * _PEAK_RUN))
        padded[:, : len(samples)] = samples.T
        row, column = padded.strides
        windows = np.ndarray(
            (2, runs, len(self._matrix)), buffer=padded, strides=(row, _PEAK_RUN * column, column)
        )
        between = np.abs(windows.reshape(2 * runs, -1) @ self._matrix)
        ears = between.reshape(2, runs, -1, _PEAK_RUN)
        peaks = np.maximum.reduce(np.maximum(ears[0], ears[1]), axis=1)
        return peaks.reshape(-1)[:n]
