"""A person's recording in memory: decoded once, at the rate of the output, before anything plays.

libsndfile reads wav, flac, ogg and mp3. Nothing of this runs beside the sound's callback.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile  # pyright: ignore[reportMissingTypeStubs]
from scipy import fft, signal

from biofeedback.errors import SoundError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

READ_FRAMES = 1 << 18
_TAPS_PER_SIDE = 24
_STOP_BETA = 9.0  # a Kaiser window that stops at -90 dB
_PASS_RATIO = 0.94

_FLUX_FRAME_S = 0.0107
_FLUX_LAG = 3
_ATTACK_APART_S = 0.09
_ATTACK_TIMES_MEDIAN = 2.5
_MEDIAN_S = 1.5


class Recording:
    """Samples of shape (2, n) at one rate, and where its attacks are."""

    def __init__(self, samples: NDArray[np.float32], *, rate_hz: int) -> None:
        self.samples = samples
        self.rate_hz = rate_hz
        self.attacks = find_attacks(samples, rate_hz=rate_hz)

    @property
    def frames(self) -> int:
        """How long it is."""
        return self.samples.shape[1]

    def read(self, first: int, frames: int) -> NDArray[np.float32]:
        """Return ``frames`` from ``first`` on, shape (2, frames); silence where there is none."""
        if first >= 0 and first + frames <= self.frames:
            return self.samples[:, first : first + frames]
        out = np.zeros((2, frames), dtype=np.float32)
        low, high = max(0, first), min(self.frames, first + frames)
        if low < high:
            out[:, low - first : high - first] = self.samples[:, low:high]
        return out


def read_audio(
    path: str | Path, *, rate_hz: int | None, show: Callable[[float], None] | None = None
) -> tuple[NDArray[np.float32], int]:
    """Decode a file to stereo.

    Args:
        path: wav, flac, ogg or mp3, of one or two channels.
        rate_hz: The rate that is wanted; None keeps the file's.
        show: Told how much is done, 0..1.

    Returns:
        Samples of shape (2, n), and their rate in Hz. NaN and infinity are zero.

    Raises:
        SoundError: It can't be decoded.
    """
    try:
        with soundfile.SoundFile(str(path)) as file:
            source_hz = int(file.samplerate)
            blocks: list[NDArray[np.float32]] = []
            told: Any = file.frames
            done = 0
            while len(block := file.read(READ_FRAMES, dtype="float32", always_2d=True)):
                blocks.append(np.ascontiguousarray(block[:, :2].T, dtype=np.float32))
                done += len(block)
                if show is not None and told > 0:
                    show(min(1.0, done / told))
    except (soundfile.SoundFileError, OSError, RuntimeError) as error:
        raise SoundError(f"{path}: this can't be decoded as audio: {error}") from error
    if not blocks:
        return np.zeros((2, 0), dtype=np.float32), rate_hz or source_hz
    samples = np.concatenate(blocks, axis=1)
    if len(samples) == 1:
        samples = np.repeat(samples, 2, axis=0)
    np.nan_to_num(samples, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    if rate_hz is None or rate_hz == source_hz:
        return samples, source_hz
    return convert_rate(samples, from_hz=source_hz, to_hz=rate_hz), rate_hz


def convert_rate(samples: NDArray[np.float32], *, from_hz: int, to_hz: int) -> NDArray[np.float32]:
    """Convert the rate of samples (2, n) through a polyphase low-pass of -90 dB."""
    common = math.gcd(from_hz, to_hz)
    up, down = to_hz // common, from_hz // common
    widest = max(up, down)
    taps = signal.firwin(
        2 * _TAPS_PER_SIDE * widest + 1, _PASS_RATIO / widest, window=("kaiser", _STOP_BETA)
    )
    resample: Any = signal.resample_poly  # its stub doesn't know that a window may be taps
    return np.ascontiguousarray(resample(samples, up, down, axis=1, window=taps), dtype=np.float32)


def find_attacks(samples: NDArray[np.float32], *, rate_hz: int) -> NDArray[np.int64]:
    """Find the attacks that a listener would hear smeared, at least 90 ms apart.

    Energy rises in many bands at once (spectral flux of compressed magnitudes); an attack is a
    peak of it far above its surroundings.

    Returns:
        Frames, ascending.
    """
    frame = 1 << round(math.log2(_FLUX_FRAME_S * rate_hz))
    hop = frame // 4
    count = (samples.shape[1] - frame) // hop + 1
    if count < 2 * _FLUX_LAG:
        return np.zeros(0, dtype=np.int64)
    flux = np.zeros(count)
    window = np.hanning(frame).astype(np.float32)
    mono = samples.sum(axis=0)
    strips = np.lib.stride_tricks.sliding_window_view(mono, frame)[::hop]
    past: NDArray[np.float32] | None = None
    step = 4096
    for first in range(0, count, step):
        loud = np.sqrt(np.abs(fft.rfft(strips[first : first + step] * window, axis=1)))
        whole = loud if past is None else np.concatenate((past, loud))
        rise = np.maximum(whole[_FLUX_LAG:] - whole[:-_FLUX_LAG], 0.0).sum(axis=1)
        end = first + len(loud)
        flux[end - len(rise) : end] = rise
        past = loud[-_FLUX_LAG:]
    return _pick_attacks(flux, hop=hop, frame=frame, rate_hz=rate_hz)


def _pick_attacks(
    flux: NDArray[np.float64], *, hop: int, frame: int, rate_hz: int
) -> NDArray[np.int64]:
    """Take the strongest first, and nothing that is near to one already taken."""
    width = 2 * (round(_MEDIAN_S * rate_hz / hop) // 2) + 1
    usual = signal.medfilt(flux, min(width, 2 * (len(flux) // 2) - 1))
    peaks, _ = signal.find_peaks(flux, distance=max(1, round(0.03 * rate_hz / hop)))
    floor = 0.1 * float(np.percentile(flux, 99))
    peaks = peaks[(flux[peaks] > _ATTACK_TIMES_MEDIAN * usual[peaks]) & (flux[peaks] > floor)]
    apart = round(_ATTACK_APART_S * rate_hz / hop)
    is_free = np.ones(len(flux) + apart, dtype=bool)
    taken: list[int] = []
    for peak in peaks[np.argsort(-flux[peaks], kind="stable")]:
        if is_free[peak]:
            taken.append(int(peak))
            is_free[max(0, peak - apart) : peak + apart + 1] = False
    # The rise is largest when the attack is in the middle of what came in since the lag.
    centre = frame // 2 - _FLUX_LAG * hop // 2
    return np.sort(np.array(taken, dtype=np.int64)) * hop + centre
