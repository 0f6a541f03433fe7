"""Repeated hand movements: an off-line reference, and the gestures scored against it.

The recordings tell only the class of the movement, so the repetitions are found off-line, with
the whole recording in sight and by another way than the live detector's: the period by
autocorrelation of the acceleration vector, the single repetitions by the phase of its strongest
direction around that period (filters without delay). A second count by matching the mean cycle
must agree; where the two differ by more than 5 % the recording is told and left out.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from accuracy.chain import measure
from accuracy.recordings import read, sidecars
from accuracy.table import Line, percent
from biofeedback.messages import NS_PER_MS, EventDetected
from biofeedback.samples import AccelerationBlock
from biofeedback.signals.body import Body

if TYPE_CHECKING:
    from pathlib import Path

SHORTEST_S = 0.25
LONGEST_S = 4.0
WEAK = 0.3
AGREE = 0.05


def _band(x: np.ndarray, low_hz: float, high_hz: float, rate_hz: float) -> np.ndarray:
    """Band-pass without delay, edges a quarter of an octave wide; x (n, k)."""
    n = len(x)
    padded = np.concatenate([x[::-1], x, x[::-1]])
    f = np.fft.rfftfreq(3 * n, 1 / rate_hz)
    octaves_in = np.minimum(
        np.log2(np.maximum(f, 1e-6) / low_hz), np.log2(high_hz / np.maximum(f, 1e-6))
    )
    gain = np.clip(0.5 + 4 * octaves_in, 0, 1)
    shape = gain[:, None] if x.ndim == 2 else gain
    return np.fft.irfft(np.fft.rfft(padded, axis=0) * shape, 3 * n, axis=0)[n : 2 * n]


def find_period_s(acceleration: np.ndarray, rate_hz: float) -> float:
    """Find the repetition time: the first strong maximum of the vector's autocorrelation."""
    x = _band(acceleration - acceleration.mean(axis=0), 0.3, 8.0, rate_hz)
    n = len(x)
    spectrum = np.abs(np.fft.rfft(x, 2 * n, axis=0)) ** 2
    row = np.fft.irfft(spectrum.sum(axis=1))[: n // 2]
    row = row / row[0] * n / (n - np.arange(len(row)))
    low, high = round(SHORTEST_S * rate_hz), round(LONGEST_S * rate_hz)
    lags = np.arange(low + 1, min(high, len(row) - 1))
    tops = [k for k in lags if row[k] >= row[k - 1] and row[k] > row[k + 1]]
    strongest = max(row[k] for k in tops)
    first = next(k for k in tops if row[k] >= 0.85 * strongest)
    a, b, c = row[first - 1 : first + 2]
    return (first + 0.5 * (a - c) / (a - 2 * b + c)) / rate_hz


def find_repetitions(acceleration: np.ndarray, rate_hz: float) -> tuple[np.ndarray, float]:
    """Find when each repetition is at its reference phase, in s; also the period."""
    period_s = find_period_s(acceleration, rate_hz)
    around = _band(
        acceleration - acceleration.mean(axis=0), 0.55 / period_s, 1.6 / period_s, rate_hz
    )
    _, vectors = np.linalg.eigh(np.cov(around.T))
    main = around @ vectors[:, -1]
    n = len(main)
    spectrum = np.fft.fft(main)
    spectrum[n // 2 + 1 :] = 0
    spectrum[1 : n // 2] *= 2
    analytic = np.fft.ifft(spectrum)
    size, phase = np.abs(analytic), np.unwrap(np.angle(analytic))
    strong = size > WEAK * np.median(size)
    turns = phase / (2 * np.pi)
    found = []
    for i in range(1, n):
        whole = np.floor(turns[i])
        if whole > np.floor(turns[i - 1]) and strong[i]:
            part = (whole - turns[i - 1]) / (turns[i] - turns[i - 1])
            found.append((i - 1 + part) / rate_hz)
    times = np.array(found)
    fresh = np.concatenate([[True], np.diff(times) > 0.4 * period_s])
    return times[fresh], period_s


def count_by_template(
    acceleration: np.ndarray, rate_hz: float, repetitions_s: np.ndarray, period_s: float
) -> int:
    """Count how often the mean cycle occurs: maxima of the normalised cross-correlation."""
    x = _band(acceleration - acceleration.mean(axis=0), 0.3, 8.0, rate_hz)
    length = round(period_s * rate_hz)
    cycles = [
        x[k : k + length]
        for k in np.round(repetitions_s * rate_hz).astype(int)
        if k + length <= len(x)
    ]
    template = np.mean(cycles, axis=0)
    starts = np.arange(len(x) - length)
    match = np.array([(x[s : s + length] * template).sum() for s in starts])
    sizes = np.sqrt([(x[s : s + length] ** 2).sum() for s in starts])
    match /= sizes * np.sqrt((template**2).sum()) + 1e-9
    count, last = 0, -length
    for s in range(1, len(match) - 1):
        if match[s] > 0.3 and match[s] >= match[s - 1] and match[s] > match[s + 1]:
            if s - last >= 0.6 * length:
                count += 1
                last = s
            elif match[s] > match[last]:
                last = s
    return count


def found_once(repetitions_s: np.ndarray, gestures_s: np.ndarray) -> tuple[int, int, int, int]:
    """Count repetitions with exactly one gesture, with none, with more; and all repetitions.

    Where a repetition begins is a convention, so the cut between them is turned to where the
    fewest gestures lie: one turn for the whole recording.
    """
    cycles = np.diff(repetitions_s)
    usual = np.median(cycles)
    whole = cycles < 1.7 * usual
    best = (0, 0, 0, 0)
    for turn in np.arange(0, 1, 0.05):
        starts = repetitions_s[:-1] + turn * cycles
        ends = np.append(starts[1:], repetitions_s[-1] + turn * cycles[-1])
        counts = np.array(
            [
                np.count_nonzero((gestures_s >= a) & (gestures_s < b))
                for a, b in zip(starts, ends, strict=True)
            ]
        )[whole]
        this = (int((counts == 1).sum()), int((counts == 0).sum()), int((counts > 1).sum()))
        if this[0] >= best[0]:
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
        repetitions, period_s = find_repetitions(acceleration[inside], rate_hz)
        count = count_by_template(acceleration[inside], rate_hz, repetitions, period_s)
        gestures_s = rows[(rows[:, 1] >= start_s) & (rows[:, 1] <= end_s), 1] - start_s
        parts.append(
            {
                "number": int(number),
                "period_s": period_s,
                "repetitions": len(repetitions),
                "template": count,
                "gestures": len(gestures_s),
                "once": found_once(repetitions, gestures_s),
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
            agree = abs(p["template"] / p["repetitions"] - 1) <= AGREE
            if agree:
                once += p["once"][0]
                every += p["once"][3]
            left_out = "" if agree else ", left out: the two counts differ"
            line.notes.append(
                f"{r['id']} {p['number']}: period {p['period_s']:.2f} s, {p['repetitions']} "
                f"repetitions ({p['template']} by template), {p['gestures']} gestures: once "
                f"{p['once'][0]}, none {p['once'][1]}, more {p['once'][2]}{left_out}"
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
