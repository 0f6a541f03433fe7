"""A file becomes what is known of a song: decoded once, measured, its beats found.

What can't be used is refused here, with the reason, never at play time (F68).
"""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import soundfile  # pyright: ignore[reportMissingTypeStubs]
from scipy import signal

from biofeedback.errors import SongError, SoundError
from biofeedback.music.song_map import FEWEST_BEATS, SongMap
from biofeedback.songs.bars import find_bars
from biofeedback.songs.beats import track_beats
from biofeedback.songs.confidence import rate_beats
from biofeedback.songs.library import Sidecar
from biofeedback.songs.onsets import RATE_HZ, Onsets, find_onsets
from biofeedback.songs.tempo import follow_tempo
from biofeedback.sound.loudness import GatedLoudness, design_k_weighting
from biofeedback.sound.recording import convert_rate, read_audio

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from numpy.typing import NDArray

SHORTEST_S: Final = 15.0
LONGEST_S: Final = 15 * 60.0
QUIETEST_LUFS: Final = -60.0
SUFFIXES: Final = (".wav", ".flac", ".mp3", ".ogg", ".oga", ".aif", ".aiff")
_STDERR: Final = 2
_ID_DIGITS: Final = 12
_HEARD_DB: Final = -40.0


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """A decoded song, as far as its beats need it: mono samples (n,) at ``RATE_HZ``."""

    path: Path
    sha256: str
    duration_s: float
    loudness_lufs: float
    mono: NDArray[np.float32]
    onsets: Onsets


def listen(path: Path, *, show: Callable[[float], None]) -> Heard:
    """Decode and measure a file.

    Args:
        path: A wav, flac, mp3 or ogg file.
        show: Told how much is done, 0..1.

    Raises:
        SongError: It can't be used; the text says why.
    """
    _check_file(path)
    sha256 = hash_file(path)
    try:
        samples, rate_hz = read_audio(path, rate_hz=None, show=lambda done: show(0.3 * done))
    except SoundError as error:
        raise SongError(f"{error}. It may be damaged, protected or of another kind.") from error
    duration_s = samples.shape[1] / rate_hz
    if duration_s < SHORTEST_S:
        raise SongError(
            f"{path}: {duration_s:.1f} s is too short; a song has at least {SHORTEST_S:.0f} s."
        )
    loudness_lufs = measure_loudness(samples, rate_hz=rate_hz)
    show(0.5)
    if loudness_lufs is None or loudness_lufs < QUIETEST_LUFS:
        raise SongError(f"{path}: there is nothing to hear in it.")
    mono = samples.mean(axis=0, keepdims=True)
    if rate_hz != RATE_HZ:
        mono = convert_rate(mono, from_hz=rate_hz, to_hz=RATE_HZ)
    show(0.7)
    onsets = find_onsets(mono[0], show=lambda done: show(0.7 + 0.2 * done))
    return Heard(path, sha256, duration_s, loudness_lufs, mono[0], onsets)


def analyse(heard: Heard) -> Sidecar:
    """Find beats and bars of a song.

    Raises:
        SongError: It has no beats at all.
    """
    tempo_bpm = follow_tempo(heard.onsets)
    beats_s = track_beats(heard.onsets, tempo_bpm)
    return describe(heard, tempo_bpm, beats_s)


def describe(
    heard: Heard,
    tempo_bpm: NDArray[np.float64],
    beats_s: NDArray[np.float64],
    *,
    tapped: bool = False,
    confidence: float | None = None,
) -> Sidecar:
    """Put together what is known; ``confidence`` None rates the beats.

    Raises:
        SongError: There are too few beats.
    """
    beats_s = beats_s[(beats_s >= 0.0) & (beats_s <= heard.duration_s)]
    if len(beats_s) < FEWEST_BEATS:
        raise SongError(
            f"{heard.path}: only {len(beats_s)} beats were found in it; choose music with a pulse."
        )
    if confidence is None:
        confidence = rate_beats(heard.onsets, tempo_bpm, beats_s)
    beats_per_bar, downbeats = find_bars(heard.mono, heard.onsets, beats_s)
    sounding = np.flatnonzero(heard.onsets.energy_db > _HEARD_DB)
    sounds_to_s = heard.onsets.time_s(float(sounding[-1])) if len(sounding) else heard.duration_s
    sounds_from_s = heard.onsets.time_s(float(sounding[0])) if len(sounding) else 0.0
    song = SongMap(
        song=heard.sha256[:_ID_DIGITS],
        title=heard.path.stem,
        sounds_from_s=max(0.0, round(sounds_from_s, 3)),
        sounds_to_s=min(heard.duration_s, round(sounds_to_s, 3)),
        beats_s=tuple(round(float(beat), 4) for beat in beats_s),
        downbeats=tuple(int(beat) for beat in downbeats),
        beats_per_bar=beats_per_bar,
        confidence=confidence,
    )
    return Sidecar(
        sha256=heard.sha256,
        file=str(heard.path.absolute()),
        duration_s=round(heard.duration_s, 3),
        loudness_lufs=round(heard.loudness_lufs, 2),
        tapped=tapped,
        map=song,
    )


def measure_loudness(samples: NDArray[np.float32], *, rate_hz: int) -> float | None:
    """Measure integrated loudness (ITU-R BS.1770) of stereo (2, n); None for silence."""
    chunk = rate_hz // 10
    count = samples.shape[1] // chunk
    powers = np.zeros(count)
    for side in samples:
        filtered = cast("Any", signal.sosfilt(design_k_weighting(rate_hz), side[: count * chunk]))
        weighted = np.asarray(filtered, dtype=np.float64).reshape(count, chunk)
        powers += (weighted * weighted).mean(axis=1)
    gated = GatedLoudness()
    for power in powers:
        gated.update(float(power))
    return gated.integrated_lufs()


def hash_file(path: Path) -> str:
    """Hash the bytes of a file: a song is known by its content, whatever its name and place."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise SongError(f"{path}: can't be read: {error.strerror}.") from error
    return digest.hexdigest()


@contextmanager
def _silenced_stderr() -> Generator[None]:
    """Drop what a C library writes to stderr by itself; libmpg123 does when a file is no MP3.

    Briefly only: all threads share stderr. A progress bar that falls in it is drawn again.
    """
    try:
        kept = os.dup(_STDERR)
    except OSError:  # it is closed: nothing can be written there
        yield
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, _STDERR)
        os.close(nowhere)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)


def _check_file(path: Path) -> None:
    """Refuse before decoding what would take long, or for ever."""
    if not path.exists():
        raise SongError(f"{path}: there is no such file.")
    if not path.is_file():
        raise SongError(f"{path}: this is no file; give the songs one by one.")
    try:
        with _silenced_stderr():
            about: Any = soundfile.info(str(path))
    except (soundfile.SoundFileError, OSError, RuntimeError) as error:
        kinds = ", ".join(suffix[1:] for suffix in SUFFIXES[:4])
        raise SongError(
            f"{path}: this isn't audio that can be read here ({kinds}), or it is protected."
        ) from error
    if about.channels > 2:
        raise SongError(f"{path}: it has {about.channels} channels; give a stereo version.")
    if about.samplerate < 8000 or about.samplerate > 192_000:
        raise SongError(f"{path}: {about.samplerate} samples a second are out of range.")
    if about.frames / about.samplerate > LONGEST_S:
        minutes = about.frames / about.samplerate / 60.0
        raise SongError(
            f"{path}: {minutes:.0f} minutes are too long; give single songs of at most "
            f"{LONGEST_S / 60.0:.0f} minutes."
        )
