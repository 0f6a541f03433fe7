"""Other tools, run on the same data if they are installed (``pip install biofeedback[peers]``).

They are off-line tools with their defaults: they see the whole recording at once.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from types import ModuleType

NAMES = ("wfdb", "neurokit2", "systole", "heartpy", "mobgap")


def installed() -> list[str]:
    return [name for name in NAMES if importlib.util.find_spec(name) is not None]


def missing() -> list[str]:
    return [name for name in NAMES if name not in installed()]


def _load(name: str) -> ModuleType | None:
    if importlib.util.find_spec(name.partition(".")[0]) is None:
        return None
    with _quiet():
        return importlib.import_module(name)


@contextlib.contextmanager
def _quiet():
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def find_r_peaks(ecg_mv: np.ndarray, rate_hz: float, method: str) -> np.ndarray | None:
    """Find R peaks in s with wfdb's gqrs or a method of neurokit2."""
    module = _load("wfdb.processing") if method == "gqrs" else _load("neurokit2")
    if module is None:
        return None
    with _quiet():
        if method == "gqrs":
            return np.asarray(module.gqrs_detect(sig=ecg_mv, fs=rate_hz), float) / rate_hz
        clean = module.ecg_clean(ecg_mv, sampling_rate=round(rate_hz), method=method)
        _, info = module.ecg_peaks(clean, sampling_rate=round(rate_hz), method=method)
    return np.asarray(info["ECG_R_Peaks"], float) / rate_hz


def flag_artefacts(beats_s: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Flag beats after Lipponen & Tarvainen (2019) as neurokit2 has it; also the beats corrected.

    Returns:
        A flag for each beat, shape (n,), and the corrected beats in s.
    """
    nk = _load("neurokit2")
    if nk is None:
        return None
    told = {"sampling_rate": 1000, "method": "Kubios"}
    peaks = np.round(beats_s * 1000).astype(int)
    with _quiet():
        # The flags of the first pass belong to these beats, those of later ones to corrected ones.
        found, _ = nk.signal_fixpeaks(peaks, iterative=False, **told)
        _, fixed = nk.signal_fixpeaks(peaks, **told)
    flags = np.zeros(len(beats_s), dtype=bool)
    for kind in ("ectopic", "missed", "extra", "longshort"):
        at = np.asarray(found[kind], dtype=int)
        flags[at[at < len(flags)]] = True
    return flags, np.asarray(fixed, float) / 1000


def find_pulses(ppg: np.ndarray, rate_hz: float) -> np.ndarray | None:
    """Find pulses in s with heartpy."""
    hp = _load("heartpy")
    if hp is None:
        return None
    with _quiet():
        clean = hp.filter_signal(
            ppg, [0.7, 3.5], sample_rate=rate_hz, order=3, filtertype="bandpass"
        )
        work, _ = hp.process(clean, rate_hz)
    kept = np.asarray(work["binary_peaklist"], dtype=bool)
    return np.asarray(work["peaklist"], float)[kept] / rate_hz


def find_contacts(acceleration_mps2: np.ndarray, rate_hz: float) -> np.ndarray | None:
    """Find initial contacts in s with mobgap's IcdShinImproved, lower back, x upwards."""
    icd = _load("mobgap.initial_contacts")
    frames = _load("mobgap.utils.conversions")
    pandas = _load("pandas")
    if icd is None or frames is None or pandas is None:
        return None
    # It asks for angular rates too and doesn't use them.
    columns = [f"{kind}_{axis}" for kind in ("acc", "gyr") for axis in "xyz"]
    whole = np.hstack([acceleration_mps2, np.zeros_like(acceleration_mps2)])
    with _quiet():
        table = frames.to_body_frame(pandas.DataFrame(whole, columns=columns))
        found = icd.IcdShinImproved().detect(table, sampling_rate_hz=rate_hz)
    return found.ic_list_["ic"].to_numpy(float) / rate_hz
