"""The chain on recordings of real people; the recordings stay outside the project."""

from __future__ import annotations

import csv
import gzip
import json

import numpy as np
import pytest

from biofeedback.messages import (
    NS_PER_S,
    EventDetected,
)
from biofeedback.samples import AccelerationBlock
from biofeedback.signals.motion import Motion

pytestmark = pytest.mark.shared


def table(path) -> dict[str, np.ndarray]:
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.reader(file))
    columns = zip(*rows[1:], strict=True)
    return {name: np.array(column) for name, column in zip(rows[0], columns, strict=True)}


def acceleration(shared, kind: str, name: str):
    folder = shared / "data" / kind
    facts = json.loads((folder / f"{name}.json").read_text())
    columns = table(folder / f"{name}.csv.gz")

    def physical(column: str) -> np.ndarray:
        spec = facts["columns"][column]
        return columns[column].astype(float) * spec["scale"] + spec.get("offset", 0)

    if "mag" in columns:
        size = physical("mag") * 9.81
        values = np.column_stack((size, 0 * size, 0 * size))
    else:
        values = np.column_stack([physical(f"acc_{axis}") for axis in "xyz"])
    if facts["fs_hz"] is None:
        seconds = columns["t"].astype(float)
    else:
        seconds = np.arange(len(values)) / facts["fs_hz"]
    return np.round(seconds * 1e9).astype(np.int64), values


def run(motion: Motion, times, values):
    steps, seen = [], []
    for i in range(0, times.size, 20):
        piece = slice(i, i + 20)
        block = AccelerationBlock(
            times_ns=times[piece],
            acceleration_mps2=values[piece],
            gap_before=False,
            range_mps2=None,
        )
        at_ns = int(times[piece].max())
        found = motion.update(block, at_ns)
        steps += [f for f in found if isinstance(f, EventDetected) and f.event == "step"]
        seen.append((at_ns / NS_PER_S, motion.walking(at_ns), motion.cadence_spm(at_ns)))
    return steps, seen


@pytest.mark.parametrize("name", ["musicwalk_ew19", "musicwalk_ew25", "musicwalk_ew26"])
def test_a_recorded_walk_is_seen_as_walking_at_a_steady_cadence(shared, name) -> None:
    times, values = acceleration(shared, "replay", name)
    walks = table(shared / "data" / "replay" / f"{name}.walks.csv.gz")
    _, seen = run(Motion("w", "s", "wrist", None), times, values)
    for start, end in zip(
        walks["t_start"].astype(float), walks["t_end"].astype(float), strict=True
    ):
        inside = [(w, c) for t, w, c in seen if start + 6 < t < end - 2]
        assert np.mean([w for w, _ in inside]) > 0.93
        cadence = np.array([c for _, c in inside if c is not None])
        usual = np.median(cadence)
        assert 95 < usual < 125
        assert np.mean(np.abs(cadence / usual - 1) < 0.12) > 0.93
        # An octave error would be the worst fault.
        assert np.mean((cadence < 0.6 * usual) | (cadence > 1.6 * usual)) < 0.005


@pytest.mark.parametrize(
    "name",
    ["armband", "backpocket", "bag", "frontpocket", "hand", "neckpouch"],
)
def test_steps_of_a_phone_anywhere_are_counted_within_2_percent(shared, name) -> None:
    recording = f"oxford_val_user1_{name}"
    times, values = acceleration(shared, "gait", recording)
    true = len(table(shared / "data" / "gait" / f"{recording}.steps.csv.gz")["t"])
    steps, _ = run(Motion("w", "s", "unknown", None), times, values)
    assert len(steps) == pytest.approx(true, rel=0.02)


def test_desk_work_makes_few_steps_at_the_wrist(shared) -> None:
    minutes, false = 0.0, 0
    for name in ("bw4_pc-working1", "bw4_pc-working3", "bw4_pc-working5", "bw4_desk-working3"):
        times, values = acceleration(shared, "gait", f"wrist_{name}")
        times = np.maximum.accumulate(times)
        steps, _ = run(Motion("w", "s", "wrist", None), times, values)
        minutes += (times[-1] - times[0]) / 60e9
        false += len(steps)
    assert false / minutes < 10
