"""A recording played as it is, and which second of it is heard: to tap along with.

Nothing steers it and nothing follows it, so it needs no process of its own.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import numpy as np

from biofeedback.messages import NS_PER_S
from biofeedback.sound.clock import FrameClock
from biofeedback.sound.portaudio import PortAudioOutput
from biofeedback.sound.recording import read_audio
from biofeedback.sound.settings import SoundSettings

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from numpy.typing import NDArray

TARGET_LUFS: Final = -23.0
_FADE_S: Final = 0.05


class Playback:
    """Hands blocks of a recording to the sound device.

    Args:
        samples: Shape (2, n).
        rate_hz: Of the samples and of the device.
        from_s: Where in the recording to begin.
    """

    def __init__(self, samples: NDArray[np.float32], *, rate_hz: int, from_s: float = 0.0) -> None:
        self._samples = samples
        self._rate_hz = rate_hz
        self._first = self._next = min(max(0, round(from_s * rate_hz)), samples.shape[1])
        self._clock = FrameClock(rate_hz=rate_hz)
        self._heard_any = False
        self.failure: BaseException | None = None

    @property
    def is_over(self) -> bool:
        """All of it has been handed out."""
        return self._next >= self._samples.shape[1]

    def render(
        self, out: NDArray[np.float32], *, now_ns: int, latency_ns: int, underflow: bool
    ) -> None:
        """Fill ``out``, shape (frames, 1 or 2), that is heard ``latency_ns`` after ``now_ns``."""
        del underflow
        self._clock.update(heard_ns=now_ns + latency_ns, frame=self._next)
        self._heard_any = True
        frames = len(out)
        block = self._samples[:, self._next : self._next + frames].T
        within = self._next - self._first + np.arange(len(block))
        faded = block * np.minimum(1.0, within / (_FADE_S * self._rate_hz))[:, None]
        out.fill(0.0)
        out[: len(block)] = faded if out.shape[1] > 1 else faded.mean(axis=1, keepdims=True)
        self._next += frames

    def heard_s(self, at_ns: int) -> float | None:
        """Tell which second of the recording is heard at a host time; None before the first."""
        if not self._heard_any:
            return None
        second = (at_ns - self._clock.origin_ns) / NS_PER_S
        return None if second < self._first / self._rate_hz else second


@contextmanager
def playing(path: Path, *, loudness_lufs: float, from_s: float) -> Generator[Playback]:
    """Play a recording on the default device, at the programme's loudness or softer.

    Raises:
        SoundError: It can't be decoded, or there is nothing to play on.
    """
    output = PortAudioOutput(SoundSettings())
    samples, rate_hz = read_audio(path, rate_hz=output.rate_hz)
    gain = np.float32(min(1.0, 10.0 ** ((TARGET_LUFS - loudness_lufs) / 20.0)))
    playback = Playback(samples * gain, rate_hz=rate_hz, from_s=from_s)
    output.start(playback)
    try:
        yield playback
    finally:
        output.close()
