"""What an ear or a meter finds in a sound: loudness, peaks, clicks, gaps, beats, timbre."""

from __future__ import annotations

from functools import lru_cache

import librosa
import numpy as np
import pyloudnorm
from scipy.signal import butter, resample_poly, sosfilt, sosfiltfilt

_HOP = 128
_RATE = 22_050
_ONSET_DB = 0.7


def integrated_lufs(audio: np.ndarray, rate: int) -> float:
    return float(pyloudnorm.Meter(rate).integrated_loudness(audio))


def true_peak_dbtp(audio: np.ndarray, rate: int) -> float:
    """Sixteen times oversampled, piece by piece."""
    peak = max(
        np.abs(resample_poly(audio[i : i + 10 * rate + 1000], 16, 1, axis=0)).max()
        for i in range(0, len(audio), 10 * rate)
    )
    return float(20 * np.log10(peak + 1e-12))


def weighted_power(audio: np.ndarray, rate: int, *, window_s: float, hop_s: float) -> np.ndarray:
    """K-weighted mean square of windows, both ears added."""
    meter = pyloudnorm.Meter(rate)
    heard = audio.copy()
    for stage in meter._filters.values():  # noqa: SLF001 - the meter's own filters
        for ear in range(heard.shape[1]):
            heard[:, ear] = stage.apply_filter(heard[:, ear])
    total = np.concatenate(([0.0], np.cumsum((heard**2).sum(axis=1))))
    window, hop = round(window_s * rate), round(hop_s * rate)
    starts = np.arange(0, len(audio) - window + 1, hop)
    return (total[starts + window] - total[starts]) / window


def loudness_range_lu(audio: np.ndarray, rate: int) -> float:
    """EBU Tech 3342: 10th to 95th percentile of gated short-term loudness."""
    power = weighted_power(audio, rate, window_s=3.0, hop_s=0.1)
    lufs = -0.691 + 10 * np.log10(power + 1e-12)
    power = power[lufs > -70.0]
    gate = -0.691 + 10 * np.log10(power.mean()) - 20.0
    lufs = -0.691 + 10 * np.log10(power)
    lufs = lufs[lufs > gate]
    return float(np.percentile(lufs, 95) - np.percentile(lufs, 10))


def count_clicks(audio: np.ndarray, rate: int, onsets_s: np.ndarray) -> int:
    """Count bursts above 6 kHz that last for less than 2 ms and begin no note.

    A click is a jump: it throws energy into the highest band for a moment. A burst counts when it
    is 30 times the running median of its surroundings and louder than -54 dB.
    """
    sos = butter(4, 6000.0, "highpass", fs=rate, output="sos")
    high = np.abs(sosfilt(sos, audio, axis=0)).max(axis=1)
    hop = rate // 1000
    blocks = high[: len(high) // hop * hop].reshape(-1, hop).max(axis=1)
    around = _running_median(blocks, 61)
    short = blocks > 30.0 * np.maximum(around, 1e-6)
    loud = blocks > 10 ** (-54 / 20)
    found = 0
    for index in np.nonzero(short & loud)[0]:
        at_s = index / 1000
        near = np.searchsorted(onsets_s, [at_s - 0.012, at_s + 0.004])
        lasting = blocks[index + 2 : index + 6]
        if near[0] == near[1] and (lasting < 0.3 * blocks[index]).all():
            found += 1
    return found


def _running_median(values: np.ndarray, width: int) -> np.ndarray:
    padded = np.pad(values, width // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    return np.median(windows, axis=1)


def longest_gap_s(audio: np.ndarray, rate: int, *, below_db: float = -60.0) -> float:
    """Longest time in which 50 ms windows stay below a level."""
    hop = rate // 20
    mono = (audio**2).mean(axis=1)
    level = mono[: len(mono) // hop * hop].reshape(-1, hop).mean(axis=1)
    silent = 10 * np.log10(level + 1e-12) < below_db
    longest = run = 0
    for quiet in silent:
        run = run + 1 if quiet else 0
        longest = max(longest, run)
    return longest / 20


def to_mono(audio: np.ndarray, rate: int) -> np.ndarray:
    return librosa.resample(audio.mean(axis=1), orig_sr=rate, target_sr=_RATE)


def onset_strength(mono: np.ndarray) -> np.ndarray:
    return librosa.onset.onset_strength(y=mono, sr=_RATE, hop_length=_HOP)


def track_beats_s(mono: np.ndarray) -> np.ndarray:
    """librosa: onset strength, tempo, dynamic programming (Ellis 2007)."""
    envelope = onset_strength(mono)
    _, beats_s = librosa.beat.beat_track(
        onset_envelope=envelope, sr=_RATE, hop_length=_HOP, units="time", trim=False
    )
    return np.asarray(beats_s)


@lru_cache(maxsize=1)
def tracker_delay_s() -> float:
    """How late the tracker finds clicks whose time is known."""
    clicks_s = np.arange(1.0, 29.0, 0.6)
    fall = np.exp(-np.arange(_RATE // 5) / _RATE / 0.01)
    burst = np.random.default_rng(1).standard_normal(len(fall)) * fall
    mono = np.zeros(30 * _RATE)
    for at_s in clicks_s:
        first = round(at_s * _RATE)
        mono[first : first + len(burst)] += burst
    found_s = track_beats_s(mono)
    nearest_s = clicks_s[np.abs(found_s[:, None] - clicks_s).argmin(axis=1)]
    return float(np.median(found_s - nearest_s))


def tempo_of_beats_bpm(beats_s: np.ndarray) -> float:
    """The slope over all beats is finer than the tracker's own list of tempi."""
    if len(beats_s) < 5:
        return 0.0
    return float(60.0 / np.polyfit(np.arange(len(beats_s)), beats_s, 1)[0])


def comb_tempo_bpm(mono: np.ndarray) -> float:
    """A second opinion without librosa's beat model: a comb over the onset envelope.

    Each lag from 40 to 200 beats a minute is judged by the mean autocorrelation at its first four
    multiples (Klapuri's resonators in the simplest form); the finest is found by a parabola.
    """
    envelope = onset_strength(mono)
    envelope = envelope - envelope.mean()
    size = 1 << (2 * len(envelope) - 1).bit_length()
    spectrum = np.fft.rfft(envelope, size)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: len(envelope)]
    correlation /= correlation[0]
    frame_s = _HOP / _RATE
    tempi = np.arange(40.0, 200.0, 0.1)
    lags = 60.0 / tempi / frame_s
    frames = np.arange(len(correlation))
    score = np.mean([np.interp(k * lags, frames, correlation) for k in (1, 2, 3, 4)], axis=0)
    # Tempi near 110 are preferred, as listeners do (log-normal, an octave wide).
    score = score * np.exp(-0.5 * (np.log2(tempi / 110.0) / 1.0) ** 2)
    return float(tempi[np.argmax(score)])


def spectral_centroid_hz(audio: np.ndarray, rate: int, *, window_s: float) -> np.ndarray:
    """Centroid of the power-like magnitude spectrum in each window."""
    mono = audio.mean(axis=1)
    magnitude = np.abs(librosa.stft(mono, n_fft=4096, hop_length=2048))
    at_hz = librosa.fft_frequencies(sr=rate, n_fft=4096)
    frames = round(window_s * rate / 2048)
    count = magnitude.shape[1] // frames
    summed = magnitude[:, : count * frames].reshape(len(at_hz), count, frames).sum(axis=2)
    return (at_hz[:, None] * summed).sum(axis=0) / (summed.sum(axis=0) + 1e-12)


def count_onsets(audio: np.ndarray, rate: int, *, window_s: float) -> np.ndarray:
    """Onsets per second: rises of the mel spectrum that no vibrato makes (superflux).

    Böck and Widmer (2013). Deviation: the threshold is absolute, so that a soft stretch isn't
    searched for onsets in its noise; what lies 60 dB below the loudest is left out.
    """
    mono = to_mono(audio, rate)
    mel = librosa.feature.melspectrogram(
        y=mono, sr=_RATE, n_fft=1024, hop_length=220, n_mels=138, fmin=27.5, fmax=10_000.0
    )
    level_db = librosa.power_to_db(mel, ref=np.max, top_db=60.0)
    envelope = librosa.onset.onset_strength(S=level_db, sr=_RATE, hop_length=220, lag=2, max_size=5)
    onsets_s = librosa.onset.onset_detect(
        onset_envelope=envelope,
        sr=_RATE,
        hop_length=220,
        units="time",
        normalize=False,
        delta=_ONSET_DB,
        wait=6,
        pre_max=4,
        post_max=4,
        pre_avg=12,
        post_avg=6,
    )
    edges = np.arange(0.0, len(mono) / _RATE + 1e-9, window_s)
    return np.histogram(onsets_s, edges)[0] / window_s


def modulation_at(audio: np.ndarray, rate: int, *, rate_hz: float, window_s: float) -> np.ndarray:
    """Depth of the loudness's swing at one rate, as a part of its mean, in sliding windows."""
    envelope = np.sqrt((audio**2).mean(axis=1))
    hop = rate // 20
    envelope = envelope[: len(envelope) // hop * hop].reshape(-1, hop).mean(axis=1)
    sos = butter(2, 1.0, fs=20.0, output="sos")
    envelope = sosfiltfilt(sos, envelope)
    frames, step = round(window_s * 20), 20
    at_s = np.arange(frames) / 20.0
    wave = np.exp(-2j * np.pi * rate_hz * at_s) * np.hanning(frames)
    depths = []
    for start in range(0, len(envelope) - frames + 1, step):
        piece = envelope[start : start + frames]
        depths.append(
            2 * abs(np.sum((piece - piece.mean()) * wave)) / np.hanning(frames).sum() / piece.mean()
        )
    return np.array(depths)
