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
from biofeedback.signals.body import Body
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


def steps_at_the_wrist(shared, name: str) -> tuple[list[EventDetected], float]:
    times, values = acceleration(shared, "gait", f"wrist_{name}")
    times = np.maximum.accumulate(times)
    steps, _ = run(Motion("w", "s", "wrist", None), times, values)
    return steps, (times[-1] - times[0]) / 60e9


def test_desk_work_makes_no_steps_at_the_wrist_and_dressing_few(shared) -> None:
    desk = ("bw4_pc-working1", "bw4_pc-working3", "bw4_pc-working5", "bw4_desk-working3")
    hands = ("bw4_dressing1", "bw4_shoe-laces1", "bw4_desk-working1", "bw2_pc-working1")
    false = {name: steps_at_the_wrist(shared, name) for name in desk + hands}
    assert sum(len(false[name][0]) / false[name][1] for name in desk) / len(desk) < 1.5
    assert sum(len(steps) / minutes for steps, minutes in false.values()) / len(false) < 8.0


def test_brisk_and_usual_walking_is_counted_at_the_wrist_within_a_few_per_cent(shared) -> None:
    errors = []
    walks = [f"bw4_{pace}-walking{n}" for pace in ("fast", "normal") for n in (1, 3)]
    for name in (*walks, "bw2_fast-walking-sh", "bw2_normal-walking-sh"):
        folder = shared / "data" / "gait"
        true = int(table(folder / f"wrist_{name}.count.csv.gz")["steps"][0])
        steps, _ = steps_at_the_wrist(shared, name)
        errors.append(abs(len(steps) / true - 1.0))
    assert np.mean(errors) < 0.06


def test_steps_of_the_lower_back_are_found_at_the_instants_that_insoles_say(shared) -> None:
    found = true = hits = 0
    late_ms = []
    for name in ("Test5_Trial1", "Test5_Trial2", "Test11_Trial1"):
        recording = f"mobgap_HA001_{name}"
        times, values = acceleration(shared, "gait", recording)
        steps, _ = run(Motion("w", "s", "waist", None), times, values * 9.81)
        late_ms += [(s.at_ns - s.event_ns) / 1e6 for s in steps]
        contacts = np.array([s.event_ns / NS_PER_S for s in steps])
        folder = shared / "data" / "gait"
        reference = table(folder / f"{recording}.steps.csv.gz")
        bouts = table(folder / f"{recording}.bouts.csv.gz")
        for number, start, end in zip(bouts["wb"], bouts["t_start"], bouts["t_end"], strict=True):
            inside = contacts[(contacts >= float(start) - 0.3) & (contacts <= float(end) + 0.3)]
            truth = reference["t"][reference["wb"] == number].astype(float)
            found += inside.size
            true += truth.size
            hits += sum(np.abs(inside - t).min(initial=9.0) <= 0.15 for t in truth)
    assert 2 * hits / (found + true) > 0.91
    assert np.median(late_ms) < 400


@pytest.mark.parametrize("name", ["musicwalk_ew19", "musicwalk_ew25", "musicwalk_ew26"])
def test_walks_are_answered_within_three_seconds_and_steps_are_foretold(shared, name) -> None:
    times, values = acceleration(shared, "replay", name)
    walks = table(shared / "data" / "replay" / f"{name}.walks.csv.gz")
    motion = Motion("w", "s", "wrist", None)
    steps: list[EventDetected] = []
    told: list[tuple[int, int]] = []
    for i in range(0, times.size, 5):
        block = AccelerationBlock(
            times_ns=times[i : i + 5],
            acceleration_mps2=values[i : i + 5],
            gap_before=False,
            range_mps2=None,
        )
        at_ns = int(times[i : i + 5].max())
        found = motion.update(block, at_ns)
        steps += [f for f in found if isinstance(f, EventDetected) and f.event == "step"]
        expected_ns, _ = motion.next_step(at_ns) if motion.walking(at_ns) else (None, None)
        if expected_ns is not None and expected_ns > at_ns:
            told.append((at_ns, expected_ns))
    contacts = np.array([s.event_ns for s in steps])
    for start in walks["t_start"].astype(float):
        first = next(s for s in steps if s.event_ns / NS_PER_S > start - 5)
        assert (first.at_ns - first.event_ns) / NS_PER_S < 2.75
    # Only while somebody walks steadily: the last step times agree within a fifth.
    missed, own = [], []
    for at_ns, expected_ns in told:
        k = int(np.argmin(np.abs(contacts - expected_ns)))
        if k < 4 or contacts[k - 1] > at_ns:
            continue
        apart = np.diff(contacts[k - 4 : k + 1]) / NS_PER_S
        if np.all(np.abs(apart / np.median(apart) - 1.0) < 0.2):
            missed.append((contacts[k] - expected_ns) / NS_PER_S)
            own.append(apart[-1])
    # A walk that ends takes the step with it that was expected.
    missed, own = np.array(missed), np.array(own)
    went_on = np.abs(missed) < 0.5 * own
    missed, own = missed[went_on], own[went_on]
    assert np.mean(went_on) > 0.97
    assert len(missed) > 1000
    assert np.std(missed) <= 1.5 * np.std(own)


def test_two_shoes_tell_how_alike_their_steps_are(shared) -> None:
    name = "gaitmap_healthy"
    columns = table(shared / "data" / "gait" / f"{name}.csv.gz")
    times = np.round(np.arange(columns["left_acc_x"].size) / 204.8 * 1e9).astype(np.int64)
    body = Body("w")
    told = []
    for foot in ("left", "right"):
        body.attach(foot, "ankle")
    for i in range(0, times.size, 40):
        for foot in ("left", "right"):
            sides = [columns[f"{foot}_acc_{axis}"][i : i + 40] for axis in "xyz"]
            block = AccelerationBlock(
                times_ns=times[i : i + 40],
                acceleration_mps2=np.column_stack(sides).astype(float) * 0.01,
                gap_before=False,
                range_mps2=None,
            )
            found = body.update(foot, block, int(times[i : i + 40][-1]))
            told += [f.value for f in found if getattr(f, "measure", "") == "step_asymmetry"]
    assert len(told) >= 3
    assert max(told) < 0.15


def test_insoles_say_the_same_of_left_and_right_as_a_lower_back_does(shared) -> None:
    times, values = acceleration(shared, "gait", "mobgap_HA001_Test11_Trial1")
    # x up and z forward, so y is to the right.
    motion = Motion("w", "s", "waist", None, left_axis="-y")
    steps, _ = run(motion, times, values * 9.81)
    insoles = table(shared / "data" / "gait" / "mobgap_HA001_Test11_Trial1.steps.csv.gz")
    right = told = 0
    for t, foot in zip(insoles["t"].astype(float), insoles["foot"], strict=True):
        near = min(steps, key=lambda s: abs(s.event_ns / 1e9 - t))
        if abs(near.event_ns / 1e9 - t) < 0.15 and near.side is not None:
            told += 1
            right += near.side == foot
    assert told > 35
    assert right / told > 0.93
