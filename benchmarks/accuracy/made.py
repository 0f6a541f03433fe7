"""Faults put into real recordings: always the same ones, from a seed."""

from __future__ import annotations

import numpy as np

ARTEFACTS = ("missed", "extra", "displaced 20-40 %", "displaced 8-15 %")


def make_electrode_motion(
    ecg_mv: np.ndarray, beats_s: np.ndarray, rate_hz: float, *, snr_db: float, seed: int
) -> np.ndarray:
    """Add the noise of an electrode that is pulled: steps that decay, wander, muscle.

    The ratio is that of the MIT-BIH noise stress test (Moody 1984): the signal counts as
    (peak-to-peak of the QRS complex)^2 / 8, the noise as its mean square around the mean of each
    second, without the strongest and the weakest twentieth of the seconds.
    """
    rng = np.random.default_rng(seed)
    n = len(ecg_mv)
    t = np.arange(n) / rate_hz
    noise = np.zeros(n)
    # An electrode slips: a step up or down that recovers within 0.05 to 0.5 s, about two a second.
    for start_s in np.cumsum(rng.exponential(0.5, round(t[-1] / 0.5))):
        first = round(start_s * rate_hz)
        if first >= n:
            break
        decay_s = rng.uniform(0.05, 0.5)
        rise_s = rng.uniform(0.005, 0.05)
        since_s = t[first : first + round(4 * decay_s * rate_hz)] - t[first]
        shape = (1 - np.exp(-since_s / rise_s)) * np.exp(-since_s / decay_s)
        noise[first : first + len(since_s)] += rng.normal(0, 1.0) * shape
    spectrum = np.fft.rfft(rng.normal(0, 1, n))
    f = np.fft.rfftfreq(n, 1 / rate_hz)
    # Electrode motion has most of its power between 1 and 10 Hz and falls off above.
    spectrum *= np.where((f > 0.5) & (f < 40), 1 / np.maximum(f, 1.0), 0)
    band = np.fft.irfft(spectrum, n)
    noise += 0.5 * noise.std() * band / band.std()
    noise -= noise.mean()
    peaks = np.round(beats_s * rate_hz).astype(int)
    half = round(0.05 * rate_hz)
    heights = [np.ptp(ecg_mv[p - half : p + half]) for p in peaks if half <= p < n - half]
    signal = np.median(heights) ** 2 / 8
    second = round(rate_hz)
    power = np.sort(noise[: n // second * second].reshape(-1, second).var(axis=1))
    edge = len(power) // 20
    return ecg_mv + noise * np.sqrt(signal / 10 ** (snr_db / 10) / power[edge:-edge].mean())


def make_running(
    ecg_mv: np.ndarray, rate_hz: float, *, peak_to_peak_mv: float, seed: int
) -> np.ndarray:
    """Add what a strap picks up from running: with each step a swing of the electrodes.

    The swing follows the steps (150 to 180 a minute, slowly
    changing), and its form changes from step to step.
    """
    rng = np.random.default_rng(seed)
    n = len(ecg_mv)
    noise = np.zeros(n)
    at_s, spm = 0.0, 160.0
    while at_s < n / rate_hz:
        spm = float(np.clip(spm + rng.normal(0, 0.5), 150, 180))
        at_s += 60 / spm * (1 + rng.normal(0, 0.02))
        first = round(at_s * rate_hz)
        since_s = np.arange(round(0.35 * rate_hz)) / rate_hz
        swing = np.sin(2 * np.pi * rng.uniform(4, 7) * since_s) * np.exp(-since_s / 0.09)
        part = noise[first : first + len(since_s)]
        part += rng.normal(1.0, 0.25) * swing[: len(part)]
    noise *= peak_to_peak_mv / np.ptp(noise[: round(60 * rate_hz)])
    return ecg_mv + noise + rng.normal(0, 0.03 * peak_to_peak_mv, n)


def inject_artefact(
    beats_s: np.ndarray, kind: str, *, seed: int, share: float = 0.03
) -> tuple[np.ndarray, np.ndarray]:
    """Put artefacts into a row of beats, at least eight beats apart.

    Returns:
        The beats, and for each whether it (or the gap before it) is an artefact; both (n,).
    """
    rng = np.random.default_rng(seed)
    n = len(beats_s)
    places: list[int] = []
    at = 20
    while at < n - 10:
        places.append(at)
        at += 8 + int(rng.exponential(max(1.0, 1 / share - 8)))
    beats = beats_s.copy()
    gone = np.zeros(n, dtype=bool)
    marked = np.zeros(n, dtype=bool)
    added: list[float] = []
    for i in places:
        rr_s = beats_s[i + 1] - beats_s[i]
        this = kind if kind != "mixed" else ARTEFACTS[int(rng.integers(len(ARTEFACTS)))]
        if this == "missed":
            gone[i] = True
            marked[i + 1] = True
        elif this == "extra":
            added.append(beats_s[i] + rng.uniform(0.25, 0.75) * rr_s)
        else:
            low, high = (0.2, 0.4) if "20" in this else (0.08, 0.15)
            before_s = beats_s[i] - beats_s[i - 1]
            sign = rng.choice([-1.0, 1.0])
            beats[i] += sign * rng.uniform(low, high) * (before_s if sign < 0 else rr_s)
            marked[i] = True
    kept = ~gone
    all_s = np.concatenate([beats[kept], added])
    all_marked = np.concatenate([marked[kept], np.ones(len(added), dtype=bool)])
    order = np.argsort(all_s, kind="stable")
    return all_s[order], all_marked[order]
