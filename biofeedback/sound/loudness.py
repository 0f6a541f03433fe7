"""Loudness as people hear it: K-weighting and gating.

References:
    ITU-R BS.1770-4 (2015), annex 1 (K-weighting, gating) and annex 2 (true peak). The two filter
    stages are the published 48 kHz filters, designed again for other rates from their analogue
    parameters (as in libebur128). Deviation: gating sorts blocks into steps of 0.1 LU, so memory
    and work stay constant in a session of any length.

The filters are matrices here, because scipy.signal takes a second to load, before the first sound.
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
_RUN_FRAMES = 120
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
    """Second-order sections on (n, 2) samples, a run of samples by one matrix product.

    With the state ``s`` (transposed direct form, two numbers a section) a run ``x`` gives
    ``y = T x + O s`` and the next state ``A s + C x``, which the four matrices hold.
    """

    def __init__(self, sos: NDArray[np.float64], *, run_frames: int) -> None:
        order = 2 * len(sos)
        self._run = run_frames
        # Each column is the answer to one number alone: of the state, or of the run's first sample.
        states, first = np.eye(order, order + 1), np.zeros(order + 1)
        first[order] = 1.0
        outputs = np.empty((run_frames, order + 1))
        self._powers = [np.eye(order)]
        rests = np.empty((run_frames, order))
        for i in range(run_frames):
            outputs[i], states = _step_sections(sos, states, first)
            first = np.zeros(order + 1)
            self._powers.append(states[:, :order].copy())
            rests[i] = states[:, order]
        self._from_state = outputs[:, :order]
        lags = np.subtract.outer(np.arange(run_frames), np.arange(run_frames))
        self._from_input = np.where(lags >= 0, outputs[:, order][lags], 0.0)
        self._into_state = rests[::-1].T.copy()
        self._state = np.zeros((order, 2))

    def update(self, block: NDArray[np.float64]) -> NDArray[np.float64]:
        """Filter samples of shape (n, 2), going on where the last call ended."""
        whole = len(block) // self._run
        end = whole * self._run
        out = np.empty_like(block)
        if whole:
            out[:end] = self._filter_runs(block[:end], self._run)
        if end < len(block):
            out[end:] = self._filter_runs(block[end:], len(block) - end)
        return out

    def _filter_runs(self, block: NDArray[np.float64], n: int) -> NDArray[np.float64]:
        """Filter runs of ``n`` samples, all of them in two products; only states go one by one."""
        runs = len(block) // n
        # shape (n, runs * 2): a column is a run of one channel
        columns = block.reshape(runs, n, 2).transpose(1, 0, 2).reshape(n, runs * 2)
        entering = self._into_state[:, self._run - n :] @ columns
        power = self._powers[n]
        states = np.empty_like(entering)
        state = self._state
        for at in range(0, runs * 2, 2):
            states[:, at : at + 2] = state
            state = power @ state + entering[:, at : at + 2]
        self._state = state
        out = self._from_input[:n, :n] @ columns + self._from_state[:n] @ states
        return out.reshape(n, runs, 2).transpose(1, 0, 2).reshape(runs * n, 2)


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
    """Mean square of K-weighted stereo in steps of 100 ms, whatever the size of the blocks."""

    def __init__(self, *, rate_hz: int) -> None:
        self._filter = BlockFilter(design_k_weighting(rate_hz), run_frames=_RUN_FRAMES)
        self._chunk = np.zeros((rate_hz // 10, 2))
        self._filled = 0

    def update(self, block: NDArray[np.float64]) -> list[float]:
        """Take samples of shape (n, 2); return the power of each 100 ms that became complete."""
        powers: list[float] = []
        size = len(self._chunk)
        start = 0
        while start < len(block):
            take = min(size - self._filled, len(block) - start)
            self._chunk[self._filled : self._filled + take] = block[start : start + take]
            self._filled += take
            start += take
            if self._filled == size:
                weighted = self._filter.update(self._chunk)
                powers.append(float(np.vdot(weighted, weighted)) / size)
                self._filled = 0
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
    """Largest inter-sample peak, from four times oversampling."""

    def __init__(self) -> None:
        self._kernel = design_oversampling()
        self._taps = len(self._kernel)
        self._padded = np.zeros((self._taps - 1, 2))
        # No interpolated value is larger than the largest sample times this.
        self.overshoot_bound = float(np.abs(self._kernel).sum(axis=0).max())

    def update(
        self, block: NDArray[np.float64], *, ignore_below: float = 0.0
    ) -> NDArray[np.float64] | None:
        """Take samples of shape (n, 2), return the peak near each, shape (n,).

        Entry ``i`` belongs to the time around sample ``i - 6`` (half of the kernel). None, much
        sooner, when no peak of the block can be as high as ``ignore_below``.
        """
        history = self._taps - 1
        padded = np.empty((history + len(block), 2))
        padded[:history] = self._padded[-history:]
        padded[history:] = block
        self._padded = padded
        if max(padded.max(), -padded.min()) * self.overshoot_bound < ignore_below:
            return None
        row, column = padded.strides
        windows = np.lib.stride_tricks.as_strided(
            padded, (len(block), 2, self._taps), (row, column, row), writeable=False
        )
        return np.abs(windows @ self._kernel).max(axis=(1, 2))
