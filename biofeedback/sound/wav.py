"""Write stereo to a WAV file: 24-bit PCM, plain rounding, so the same sound is the same bytes."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.errors import SoundError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FULL_SCALE = (1 << 23) - 1
MAX_BYTES = (1 << 32) - 4096


def encode_pcm24(block: NDArray[np.float64]) -> bytes:
    """Encode samples of shape (n, channels), full scale 1.0, as little-endian 24-bit PCM."""
    scaled = np.multiply(block, _FULL_SCALE, order="C")
    np.clip(scaled, -_FULL_SCALE, _FULL_SCALE, out=scaled)
    np.rint(scaled, out=scaled)
    return scaled.astype("<i4").view("V4").astype("V3").tobytes()  # without the highest byte


class WavFile:
    """A stereo WAV file that can be read at any moment, also after a crash."""

    def __init__(self, path: str | Path, *, rate_hz: int) -> None:
        self.path = Path(path)
        self._rate_hz = rate_hz
        self._pending: list[bytes] = []
        self._pending_frames = 0
        self._bytes = 0
        try:
            self._stream = self.path.open("wb")
            self._wave = wave.open(self._stream, "wb")  # noqa: SIM115 - closed by close()
        except OSError as error:
            raise SoundError(
                f"can't write sound to {self.path}: {error.strerror}; choose another place"
            ) from error
        self._wave.setnchannels(2)
        self._wave.setsampwidth(3)
        self._wave.setframerate(rate_hz)

    def write(self, block: NDArray[np.float64]) -> None:
        """Append samples of shape (n, 2); the header is put right about once a second."""
        data = encode_pcm24(block)
        self._bytes += len(data)
        if self._bytes > MAX_BYTES:
            raise SoundError(
                f"{self.path} has reached 4 GiB, the most a WAV file holds; render a shorter span"
            )
        self._pending.append(data)
        self._pending_frames += len(block)
        if self._pending_frames >= self._rate_hz:
            self._flush()

    def close(self) -> None:
        """Write what is left and close the file."""
        try:
            self._flush()
            self._wave.close()
        finally:
            self._stream.close()

    def _flush(self) -> None:
        try:
            self._wave.writeframes(b"".join(self._pending))
            self._stream.flush()
        except OSError as error:
            raise SoundError(
                f"can't write sound to {self.path}: {error.strerror}; make room and try again"
            ) from error
        self._pending.clear()
        self._pending_frames = 0
