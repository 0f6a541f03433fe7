"""Beats in signals of real people; the recordings stay outside the project."""

from __future__ import annotations

import csv
import gzip
import itertools
import json

import numpy as np
import pytest

from biofeedback.messages import NS_PER_S, EventDetected, MeasureTaken
from biofeedback.samples import EcgBlock, OpticalBlock
from biofeedback.signals.body import Body

pytestmark = pytest.mark.shared
MOST_ROWS = 60_000


def table(path) -> dict[str, np.ndarray]:
    with gzip.open(path, "rt", newline="") as file:
        rows = list(itertools.islice(csv.reader(file), MOST_ROWS))
    columns = zip(*rows[1:], strict=True)
    return {name: np.array(column) for name, column in zip(rows[0], columns, strict=True)}


def signal(shared, kind: str, name: str, column: str, *, until_s: float):
    folder = shared / "data" / kind
    facts = json.loads((folder / f"{name}.json").read_text())
    columns = table(folder / f"{name}.csv.gz")
    raw = columns[column].astype(float)
    spec = facts["columns"][column]
    if facts["fs_hz"] is None:
        seconds = columns["t"].astype(float)
    else:
        seconds = np.arange(raw.size) / facts["fs_hz"]
    kept = seconds < until_s
    return seconds[kept], raw[kept], spec.get("scale", 1.0), spec.get("offset", 0.0)


def beats_of(shared, kind: str, name: str, reference: str, *, until_s: float):
    at_s = table(shared / "data" / kind / f"{name}.{reference}.csv.gz")["t"].astype(float)
    return at_s[at_s < until_s]


def run(kind: str, seconds, values) -> list:
    body = Body("w")
    found = []
    stamps = np.round(seconds * 1e9).astype(np.int64)
    for i in range(0, stamps.size, 26):
        piece = slice(i, i + 26)
        if kind == "ecg":
            block = EcgBlock(times_ns=stamps[piece], ecg_uv=values[piece], gap_before=False)
        else:
            light = np.column_stack((values[piece], np.zeros(values[piece].size)))
            block = OpticalBlock(times_ns=stamps[piece], ppg=light, gap_before=False)
        found += body.update("s", block, int(stamps[piece][-1]))
    return found


def sure_beats_s(found) -> np.ndarray:
    events = [f for f in found if isinstance(f, EventDetected) and f.quality >= 0.5]
    return np.array([f.event_ns / NS_PER_S for f in events])


def f1_percent(found_s, truth_s, within_s: float = 0.15) -> float:
    apart = np.abs(found_s[:, None] - truth_s)
    hits = int((apart.min(axis=0) <= within_s).sum())
    return 200.0 * hits / (found_s.size + truth_s.size)


@pytest.mark.parametrize(
    ("name", "reference", "least"),
    [
        ("mitdb_119", "beats", 99.5),
        ("mitdb_228", "beats", 99.0),
        ("polarh10_a", "beats_consensus", 99.0),
    ],
)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_beats_that_experts_marked_are_found(shared, name, reference, least, sign):
    seconds, raw, scale, offset = signal(shared, "ecg", name, "ecg", until_s=150)
    found = run("ecg", seconds, sign * 1000.0 * (raw * scale + offset))
    truth_s = beats_of(shared, "ecg", name, reference, until_s=149.5)
    assert f1_percent(sure_beats_s(found), truth_s) >= least
    events = [f for f in found if isinstance(f, EventDetected)]
    delays_s = [(f.at_ns - f.event_ns) / NS_PER_S for f in events]
    assert np.median(delays_s) < 0.35


def test_the_pulse_rate_at_rest_is_that_of_the_heart(shared):
    seconds, raw, _, _ = signal(shared, "ppg", "bidmc_01", "ppg", until_s=150)
    found = run("ppg", seconds, raw)
    truth_s = beats_of(shared, "ppg", "bidmc_01", "beats_consensus", until_s=150)
    rates = [f for f in found if isinstance(f, MeasureTaken) and f.measure == "heart_rate_bpm"]
    errors = []
    for rate in rates:
        now_s = rate.at_ns / NS_PER_S
        beats_s = truth_s[(truth_s > now_s - 8.0) & (truth_s < now_s)]
        if now_s > 12.0:
            errors.append(abs(rate.value - 60.0 / np.diff(beats_s).mean()))
    assert len(errors) > 200
    assert np.mean(errors) < 0.8


def test_a_phone_camera_gives_the_mean_rate_of_a_strap(shared):
    seconds, raw, _, _ = signal(shared, "ppg", "welltory_09", "red", until_s=100)
    found = run("ppg", np.maximum.accumulate(seconds), raw)
    intervals_ms = table(shared / "data" / "ppg" / "welltory_09.rr.csv.gz")["rr_ms"].astype(float)
    rates = [f.value for f in found if getattr(f, "measure", "") == "heart_rate_bpm"]
    assert np.mean(rates) == pytest.approx(60_000 / intervals_ms.mean(), abs=1.0)
