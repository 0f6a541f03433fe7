"""Another rate for a device that doesn't take ours: band-limited interpolation, block by block.

References:
    Smith (2002), Digital audio resampling (windowed sinc, one set of taps for each phase). Both
    rates are whole numbers, so the phases are few and exact: no pitch error at all.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_ZERO_CROSSINGS = 16  # at each side
_PASSBAND = 0.92  # of half the lower rate
_KAISER_BETA = 8.0


class Resampler:
    """Pull stereo blocks at one rate, give them at another."""

    def __init__(self, *, from_hz: int, to_hz: int) -> None:
        common = math.gcd(from_hz, to_hz)
        self._step, self._phases = from_hz // common, to_hz // common
        band = min(1.0, to_hz / from_hz) * _PASSBAND
        reach = math.ceil(_ZERO_CROSSINGS / band)
        self.delay_frames = reach
        taps = np.arange(2 * reach) - reach + 1
        at = taps[None, :] - (np.arange(self._phases) / self._phases)[:, None]
        window = np.i0(_KAISER_BETA * np.sqrt(np.maximum(0.0, 1.0 - (at / reach) ** 2)))
        kernel = band * np.sinc(band * at) * window
        self._kernel = kernel / kernel.sum(axis=1, keepdims=True)
        self._taps = np.arange(2 * reach)
        self._line = np.zeros((2 * reach - 1, 2))
        self._position = 0  # of the next output sample, in steps of 1/phases of an input sample

    @property
    def waiting_frames(self) -> int:
        """How many frames were pulled that nobody has heard of yet."""
        return max(0, len(self._line) - len(self._taps) + 1 - self._position // self._phases)

    def pull(self, frames: int, read: Callable[[], NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return ``frames`` samples of shape (frames, 2); ``read`` gives the next input block."""
        positions = self._position + self._step * np.arange(frames)
        first, phases = positions // self._phases, positions % self._phases
        needed = int(first[-1]) + len(self._taps)
        blocks = [self._line]
        there = len(self._line)
        while there < needed:
            blocks.append(read())
            there += len(blocks[-1])
        line = np.concatenate(blocks)
        windows = line[first[:, None] + self._taps]
        out = np.einsum("ft,ftc->fc", self._kernel[phases], windows)
        self._position += self._step * frames
        done = self._position // self._phases
        self._line = line[done:]
        self._position -= done * self._phases
        return out
