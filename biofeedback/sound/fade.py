"""A gain that opens and closes without a step."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Fade:
    """A gain that moves along half a cosine between silence and full, never jumping."""

    def __init__(self, *, position: float) -> None:
        self._position = position
        self._target = position
        self._seconds = 1.0

    def move(self, target: float, *, seconds: float) -> None:
        """Go to ``target`` (0 silent, 1 full); all the way would take ``seconds``."""
        self._target, self._seconds = target, max(seconds, 1e-3)

    def start_at(self, gain: float) -> None:
        """Begin again from an amplitude."""
        self._position = 2.0 / math.pi * math.asin(math.sqrt(min(max(gain, 0.0), 1.0)))

    @property
    def gain(self) -> float:
        """The amplitude now, 0..1."""
        return math.sin(self._position * math.pi / 2.0) ** 2

    @property
    def full(self) -> bool:
        """Whether the fade has arrived at full."""
        return self._position >= 1.0

    @property
    def silent(self) -> bool:
        """Whether nothing passes, and nothing is on its way."""
        return self._position <= 0.0 and self._target <= 0.0

    def advance(self, seconds: float) -> float:
        """Move on; return the amplitude."""
        step = seconds / self._seconds
        self._position += min(max(self._target - self._position, -step), step)
        return self.gain

    def render(self, frames: int, *, rate_hz: int) -> NDArray[np.float64] | None:
        """Return the amplitude of each frame, shape (frames,), None where it stays at full."""
        if self._position >= 1.0 and self._target >= 1.0:
            return None
        step = 1.0 / (self._seconds * rate_hz)
        path = np.arange(1, frames + 1) * step
        if self._target >= self._position:
            positions = np.minimum(self._position + path, self._target)
        else:
            positions = np.maximum(self._position - path, self._target)
        last = float(positions[-1])
        self._position = self._target if abs(last - self._target) < 1e-9 else last
        return np.sin(positions * (math.pi / 2.0)) ** 2


@cache
def even_path(frames: int) -> NDArray[np.float64]:
    """Return the way from 0 (left out) to 1 in even steps, shape (frames,), read-only."""
    path = np.arange(1, frames + 1) / frames
    path.setflags(write=False)
    return path
