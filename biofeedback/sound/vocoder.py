"""A streaming phase vocoder: stereo at another speed, at its own pitch.

Each call takes two frames of the recording that lie exactly one hop apart, and gives the next hop
of output. What a partial turns by within a hop is read from these two frames, so nothing has to be
unwrapped and no pitch can drift, whatever the speed; at speed 1 the output is the recording.

* Bins round a peak of the spectrum turn together: they are one partial (phase locking). The turn
  is that of the whole region, weighted with its energy.
* Both channels turn alike: what is between them is kept.
* A region that has just become loud has no past to go on from: it starts with its own phase.

References:
    Laroche & Dolson (1999), Improved phase vocoder time-scale modification of audio, IEEE Trans.
    Speech Audio Process. 7(3): identity phase locking. Deviations: the turn of a region comes from
    all its bins, not from its peak alone; attacks are found region by region (as Roebel, 2003, A
    new approach to transient processing in the phase vocoder, does by centres of gravity).
    Two frames one hop apart: Puckette (1995), Phase-locked vocoder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Spectra: TypeAlias = NDArray[np.complexfloating[Any, Any]]

OVERLAP = 4
_WINDOW_GAIN = 1.5  # what four overlapping squared Hann windows add up to
_RISE = 4.0
"""A region whose energy has grown by this factor within a hop begins anew."""

_FLOOR = 1e-20


class Vocoder:
    """Turns pairs of frames into hops of output."""

    def __init__(self, *, frame: int) -> None:
        self.frame = frame
        self.hop = frame // OVERLAP
        window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(frame) / frame)
        self._window = window.astype(np.float32)
        self._last: Spectra | None = None
        self._overlapped = np.zeros((2, frame), dtype=np.float32)

    def forget(self) -> None:
        """Let the next frame begin with its own phases; what was begun still rings out."""
        self._last = None

    def step(
        self,
        before: NDArray[np.float32],
        here: NDArray[np.float32],
        gains: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Add a frame; return the next hop of output, shape (2, hop).

        The hop is final: it begins half a frame before the centre of ``here``.

        Args:
            before: What lies one hop before ``here`` in the recording, shape (2, frame).
            here: The frame to add, shape (2, frame).
            gains: Amplitude of each bin, shape (frame // 2 + 1,).
        """
        spectra = fft.rfft(np.concatenate((here, before)) * self._window, axis=-1)
        now, then = spectra[:2], spectra[2:]
        turned = now if self._last is None else now * _find_turns(self._last, then, now)
        self._last = turned
        sound = fft.irfft(turned * gains, n=self.frame, axis=-1)
        overlapped = self._overlapped
        overlapped += sound * (self._window / np.float32(_WINDOW_GAIN))
        hop = overlapped[:, : self.hop].copy()
        overlapped[:, : -self.hop] = overlapped[:, self.hop :]
        overlapped[:, -self.hop :] = 0.0
        return hop


def _find_turns(last: Spectra, then: Spectra, now: Spectra) -> Spectra:
    """By which unit number each bin of the frame has to be multiplied, shape (bins,).

    Args:
        last: Spectra of the frame that was put out last, shape (2, bins).
        then: Spectra of the recording one hop before ``now``, shape (2, bins).
        now: Spectra of the frame that comes next, shape (2, bins).
    """
    power = (now.real**2 + now.imag**2).sum(axis=0)
    starts = _find_regions(power)
    onwards = np.add.reduceat((last * then.conj()).sum(axis=0), starts)
    size = np.abs(onwards)
    turns = onwards / np.maximum(size, _FLOOR)
    before = np.add.reduceat((last.real**2 + last.imag**2).sum(axis=0), starts)
    begins = (np.add.reduceat(power, starts) > _RISE * before) | (size <= _FLOOR)
    turns[begins] = 1.0
    return np.repeat(turns, np.diff(starts, append=len(power))).astype(np.complex64)


def _find_regions(power: NDArray[np.float32]) -> NDArray[np.int64]:
    """First bins of the regions round each peak; a peak is above its four neighbours."""
    middle = power[2:-2]
    is_peak = (
        (middle > power[1:-3])
        & (middle >= power[3:-1])
        & (middle > power[:-4])
        & (middle >= power[4:])
    )
    peaks = np.flatnonzero(is_peak) + 2
    borders = (peaks[:-1] + peaks[1:] + 1) // 2
    return np.concatenate((np.zeros(1, dtype=borders.dtype), borders))
