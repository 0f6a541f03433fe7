"""Artefacts, ectopic beats and variability on the heartbeats of real people."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest

from biofeedback.signals.heart.artefacts import Artefacts
from biofeedback.signals.heart.variability import VariabilityWindow

pytestmark = pytest.mark.shared

ECTOPIC = list("AaJSVFE")
CLEAN = ("103", "112", "117", "121", "122", "212")


def beats_of(shared, record: str):
    path = shared / "data" / "rr" / f"mitdb_rr_{record}.csv.gz"
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return np.array([float(t) for t, _ in rows]), np.array([symbol for _, symbol in rows])


def judge(beats_s):
    stream = Artefacts()
    return [
        j for rr_ms in np.diff(beats_s) * 1000 for j in stream.update(float(rr_ms), doubted=False)
    ]


def flags_of(beats_s):
    """For each beat whether the interval that ends with it was called an artefact, shape (n,)."""
    flags = np.zeros(len(beats_s), dtype=bool)
    for i, judged in enumerate(judge(beats_s), start=1):
        flags[i] = judged.verdict != "normal"
    return flags


def near(marks):
    return np.convolve(marks, np.ones(3), "same") > 0


def inject(beats_s, kind: str, seed: int):
    """Put an artefact into about every 25th beat; return the beats and which of them are false."""
    rng = np.random.default_rng(seed)
    beats, false = [], []
    for i, at_s in enumerate(beats_s):
        chosen = i > 20 and i % 25 == 0 and i < len(beats_s) - 10
        rr_s = at_s - beats_s[i - 1] if i else 0.0
        if chosen and kind == "missed":
            continue
        if chosen and kind == "extra":
            beats.append(at_s - rng.uniform(0.25, 0.75) * rr_s)
            false.append(True)
        low, high = {"far": (0.2, 0.4), "near": (0.08, 0.15)}.get(kind, (0.0, 0.0))
        moved = chosen and high > 0
        beats.append(at_s + (rng.choice([-1, 1]) * rng.uniform(low, high) * rr_s if moved else 0))
        after_missed = kind == "missed" and i > 21 and (i - 1) % 25 == 0 and i < len(beats_s) - 9
        false.append(bool(moved or after_missed))
    return np.array(beats), np.array(false)


@pytest.mark.parametrize(
    ("kind", "sensitivity"), [("missed", 0.99), ("extra", 0.99), ("far", 0.98), ("near", 0.85)]
)
def test_artefacts_put_into_real_rows_are_found(shared, kind, sensitivity) -> None:
    hits = misses = wrong = right = 0
    for record in CLEAN:
        beats_s, symbols = beats_of(shared, record)
        # The stretch without ectopic beats, if the record has one or two.
        odd = np.flatnonzero(np.isin(symbols, ECTOPIC))
        edges = [0, *odd, len(beats_s)]
        longest = int(np.argmax(np.diff(edges)))
        beats_s = beats_s[edges[longest] + 3 : edges[longest + 1] - 3]
        beats, false = inject(beats_s, kind, seed=int(record))
        flags = flags_of(beats)
        hits += int((false & near(flags)).sum())
        misses += int((false & ~near(flags)).sum())
        wrong += int((flags & ~near(false)).sum())
        right += int((~flags & ~near(false)).sum())
    assert hits / (hits + misses) >= sensitivity
    assert right / (right + wrong) >= 0.993


@pytest.mark.parametrize(
    ("record", "sensitivity", "specificity"),
    [("100", 0.97, 0.99), ("105", 0.97, 0.985), ("109", 0.9, 0.995), ("114", 0.9, 0.975)],
)
def test_real_ectopic_beats_are_found(shared, record, sensitivity, specificity) -> None:
    beats_s, symbols = beats_of(shared, record)
    truth, flags = np.isin(symbols, ECTOPIC), flags_of(beats_s)
    assert (truth & near(flags)).sum() / truth.sum() >= sensitivity
    assert (~flags & ~near(truth)).sum() / (~near(truth)).sum() >= specificity


def test_rmssd_of_a_minute_stays_with_four_artefacts_in_a_hundred(shared) -> None:
    errors = []
    for record in CLEAN:
        beats_s, _ = beats_of(shared, record)
        beats_s = beats_s[200:800]
        for kind in ("missed", "extra", "far", "near"):
            rough, _ = inject(beats_s, kind, seed=1)
            rr_ms = np.diff(beats_s) * 1000
            truth = float(np.sqrt(np.mean(np.diff(rr_ms) ** 2)))
            window = VariabilityWindow(window_s=float(rough[-4] - rough[0]))
            for judged in judge(rough):
                window.take(judged.rr_ms, normal=judged.verdict == "normal")
            found = window.measure()
            assert found is not None
            errors.append(abs(found.rmssd_ms - truth))
    assert np.mean(errors) <= 2.0
