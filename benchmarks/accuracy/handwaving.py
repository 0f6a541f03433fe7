"""Repeated hand movements: an off-line reference, and the gestures scored against it.

The recordings tell only the class of the movement, and people speed up and slow down within one.
So the repetitions are found off-line, with the whole recording in sight: acceleration in 0.3-7 Hz
without delay, along its principal axis of the surrounding four seconds; a repetition is a maximum
whose prominence is more than half of the local range. The minima are counted too: where the two
counts differ by more than 5 % the recording is told and left out. (To and fro along an arc is two
repetitions for this reference where the two ways pull alike, as on the concave arcs.)
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import find_peaks

from accuracy.chain import measure
from accuracy.recordings import read, sidecars
from accuracy.table import Line, percent
from biofeedback.messages import NS_PER_MS, EventDetected
from biofeedback.samples import AccelerationBlock
from biofeedback.signals.body import Body

if TYPE_CHECKING:
    from pathlib import Path

AROUND_S = 2.0
LOCAL_S = 1.5
PROMINENT = 0.5
STILL_MPS2 = 3.0
AGREE = 0.05


def _band(x: np.ndarray, low_hz: float, high_hz: float, rate_hz: float) -> np.ndarray:
    """Band-pass without delay, edges a quarter of an octave wide; x (n, k)."""
    n = len(x)
    padded = np.concatenate([x[::-1], x, x[::-1]])
    f = np.maximum(np.fft.rfftfreq(3 * n, 1 / rate_hz), 1e-6)
    octaves_in = np.minimum(np.log2(f / low_hz), np.log2(high_hz / f))
    gain = np.clip(0.5 + 4 * octaves_in, 0, 1)[:, None]
    return np.fft.irfft(np.fft.rfft(padded, axis=0) * gain, 3 * n, axis=0)[n : 2 * n]


def _along_local_axis(x: np.ndarray, rate_hz: float) -> np.ndarray:
    half, step = round(AROUND_S * rate_hz), round(0.25 * rate_hz)
    out = np.empty(len(x))
    before = None
    for first in range(0, len(x), step):
        part = x[max(0, first - half) : first + half]
        axis = np.linalg.eigh(part.T @ part)[1][:, -1]
        if before is not None and axis @ before < 0:
            axis = -axis
        before = axis
        out[first : first + step] = x[first : first + step] @ axis
    return out


def find_repetitions(acceleration: np.ndarray, rate_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """Find the repetitions in s: at the maxima, and at the minima, of the main movement."""
    x = _band(acceleration - acceleration.mean(axis=0), 0.3, 7.0, rate_hz)
    main = _along_local_axis(x, rate_hz)
    half, n = round(LOCAL_S * rate_hz), len(main)
    places = np.arange(0, n, 5)
    local = [
        np.subtract(*np.percentile(main[max(0, i - half) : i + half + 1], [90, 10])) for i in places
    ]
    spans = np.interp(np.arange(n), places, local)
    found = []
    for signed in (main, -main):
        tops, facts = find_peaks(signed, prominence=0.1)
        strong = (facts["prominences"] > PROMINENT * spans[tops]) & (spans[tops] > STILL_MPS2)
        found.append(tops[strong] / rate_hz)
    return found[0], found[1]


def found_once(repetitions_s: np.ndarray, gestures_s: np.ndarray) -> tuple[int, int, int, int]:
    """Count repetitions with exactly one gesture, with none, with more; and all repetitions.

    Where a repetition begins is a convention, so the cut between them is turned to where the
    fewest gestures lie: one turn for the whole recording. A pause is no repetition.
    """
    cycles = np.diff(repetitions_s)
    usual = np.array([np.median(cycles[max(0, i - 2) : i + 3]) for i in range(len(cycles))])
    whole = cycles < 1.7 * usual
    best = (-1, 0, 0, 0)
    for turn in np.arange(-0.5, 0.5, 0.05):
        starts = repetitions_s[:-1] + turn * cycles
        ends = np.append(starts[1:], repetitions_s[-1] + turn * cycles[-1])
        counts = np.array(
            [
                np.count_nonzero((gestures_s >= a) & (gestures_s < b))
                for a, b in zip(starts, ends, strict=True)
            ]
        )[whole]
        this = (int((counts == 1).sum()), int((counts == 0).sum()), int((counts > 1).sum()))
        if this[0] > best[0]:
            best = (*this, len(counts))
    return best


def gesture_unit(path: Path) -> dict:
    record = read(path)
    known = measure(path)
    acceleration = np.column_stack([record.columns[f"acc_{a}"] for a in "xyz"])
    rate_hz = record.meta["fs_hz"]
    rows = known.all("gesture")
    parts = []
    for number in np.unique(record.columns["rec"]):
        inside = record.columns["rec"] == number
        start_s = float(record.t[inside][0])
        end_s = float(record.t[inside][-1])
        tops, bottoms = find_repetitions(acceleration[inside], rate_hz)
        gestures_s = rows[(rows[:, 1] >= start_s) & (rows[:, 1] <= end_s), 1] - start_s
        parts.append(
            {
                "number": int(number),
                "tops": len(tops),
                "bottoms": len(bottoms),
                "gestures": len(gestures_s),
                "once": max(found_once(tops, gestures_s), found_once(bottoms, gestures_s)),
            }
        )
    return {
        "id": record.id,
        "has": known.has("activity_mps2"),
        "parts": parts,
        "delays": _stage_delays_ms(record.t, acceleration),
        "packet_delays": 1000 * (rows[:, 0] - rows[:, 1]),
    }


def _stage_delays_ms(times_s: np.ndarray, acceleration: np.ndarray) -> list[float]:
    """From onset to announcement when each sample comes alone and at once."""
    body = Body("p1")
    body.attach("hand", "wrist")
    delays: list[float] = []
    times_ns = np.round(times_s * 1e9).astype(np.int64)
    for i in range(len(times_ns)):
        block = AccelerationBlock(
            times_ns=times_ns[i : i + 1],
            acceleration_mps2=acceleration[i : i + 1],
            gap_before=False,
            range_mps2=None,
        )
        at_ns = int(times_ns[i])
        delays += [
            (at_ns - found.event_ns) / NS_PER_MS
            for found in body.update("hand", block, at_ns)
            if isinstance(found, EventDetected) and found.event == "gesture"
        ]
    return delays


def reduce_gestures(results: list[dict]) -> list[Line]:
    line = Line(
        "gestures",
        "gestures: each repetition of a hand movement found once",
        ">= 95 %, onset announced <= 80 ms after it",
        "-",
    )
    if not any(r["has"] for r in results):
        return [line]
    once = every = 0
    for r in results:
        for p in r["parts"]:
            agree = abs(p["tops"] / p["bottoms"] - 1) <= AGREE
            if agree:
                once += p["once"][0]
                every += p["once"][3]
            left_out = "" if agree else ", left out: the two counts differ"
            line.notes.append(
                f"{r['id']} {p['number']}: {p['tops']} repetitions ({p['bottoms']} by their "
                f"minima), {p['gestures']} gestures: once {p['once'][0]}, none {p['once'][1]}, "
                f"more {p['once'][2]}{left_out}"
            )
    delays = np.concatenate([r["delays"] for r in results])
    packets = np.concatenate([r["packet_delays"] for r in results])
    share = once / max(1, every)
    p95 = float(np.percentile(delays, 95)) if len(delays) else float("nan")
    line.ours = (
        f"{percent(share)} of {every}; announced {np.median(delays):.0f} ms after the onset (95 %: "
        f"{p95:.0f}) sample by sample, {np.median(packets):.0f} ms in packets of 0.2 s by radio"
    )
    line.reached = bool(share >= 0.95 and p95 <= 80)
    return [line]


def units() -> dict[str, tuple[list, object]]:
    return {"gestures": ([partial(gesture_unit, p) for p in sidecars("movement")], reduce_gestures)}
