"""Heart rates that follow the steps: made ones must be flagged, real ones mustn't."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from accuracy.recordings import read, sidecars
from accuracy.table import Line, percent
from biofeedback.messages import NS_PER_S, MeasureTaken, NoticeGiven
from biofeedback.samples import AccelerationBlock, CadenceReading, HeartReading
from biofeedback.signals.body import Body

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from accuracy.recordings import Recorded

LOCK_S = 150.0
FLAG_WITHIN_S = 75.0
WALK_SPM = (85.0, 150.0)


def _true_cadence_spm(record: Recorded) -> Callable[[float], float]:
    """The cadence as the recording itself tells: its column, or the rhythm of the acceleration."""
    if "cadence_spm" in record.columns:
        t, spm = record.t, record.columns["cadence_spm"]
        return lambda at_s: float(spm[max(0, np.searchsorted(t, at_s, side="right") - 1)])
    length = np.sqrt(sum(record.columns[f"acc_{a}"] ** 2 for a in "xyz"))
    grid = np.arange(record.t[0], record.t[-1], 0.04)
    even = np.interp(grid, record.t, length)

    def cadence(at_s: float) -> float:
        first = np.searchsorted(grid, at_s - 8)
        part = even[first : first + 200]
        part = part - part.mean()
        power = np.abs(np.fft.rfft(part * np.hanning(len(part)), 4096)) ** 2
        spm = np.fft.rfftfreq(4096, 0.04) * 60
        inside = (spm >= WALK_SPM[0]) & (spm <= WALK_SPM[1])
        return float(spm[inside][power[inside].argmax()])

    return cadence


def _run(record: Recorded, replace: Callable[[float, float], float]) -> tuple[list, list]:
    """Feed heart rate each second and what tells the cadence; return rows and notices."""
    body = Body("p1")
    body.attach("watch", "wrist")
    rows: list[tuple[float, float, float]] = []
    notices: list[float] = []
    acceleration = None
    if "acc_x" in record.columns:
        unit = record.meta["columns"]["acc_x"]["unit"]
        factor = 1.0 if unit == "m/s2" else 9.80665e-3 if unit == "mg" else 9.80665
        acceleration = factor * np.column_stack([record.columns[f"acc_{a}"] for a in "xyz"])
    first = 0
    start_s = float(np.ceil(record.t[0]))
    for at_s in np.arange(start_s + 1, record.t[-1], 1.0):
        last = int(np.searchsorted(record.t, at_s, side="right"))
        at_ns = round(at_s * NS_PER_S)
        if acceleration is not None and last > first:
            block = AccelerationBlock(
                times_ns=np.round(record.t[first:last] * 1e9).astype(np.int64),
                acceleration_mps2=acceleration[first:last],
                gap_before=False,
                range_mps2=None,
            )
            body.update("watch", block, at_ns)
        elif "cadence_spm" in record.columns:
            spm = float(record.columns["cadence_spm"][max(0, last - 1)])
            reading = CadenceReading(
                cadence_per_min=spm, unit="steps", running=None, speed_mps=None
            )
            body.update("watch", reading, at_ns)
        first = last
        bpm = replace(float(at_s), float(record.columns["hr"][max(0, last - 1)]))
        if not np.isfinite(bpm) or bpm <= 0:
            continue
        heart = HeartReading(
            heart_rate_bpm=round(bpm),
            rr_ms=(),
            rr_suspect=(),
            contact=None,
            energy_kj=None,
            source="optical",
        )
        for found in body.update("watch", heart, at_ns):
            if isinstance(found, MeasureTaken) and found.measure == "heart_rate_bpm":
                rows.append((float(at_s), found.value, found.quality))
            elif isinstance(found, NoticeGiven) and found.code == "heart_rate_suspect":
                notices.append(float(at_s))
    return rows, notices


def real_unit(path: Path) -> dict:
    record = read(path)
    rows, _ = _run(record, lambda _, bpm: bpm)
    flagged = sum(1 for _, _, quality in rows if quality < 0.5)
    return {"id": record.id, "kind": "real", "rows": len(rows), "flagged": flagged}


def lock_unit(path: Path, start_s: float, seed: int) -> dict:
    record = read(path)
    cadence = _true_cadence_spm(record)
    rng = np.random.default_rng(seed)
    wobble = rng.integers(-1, 2, round(LOCK_S) + 2)

    def replace(at_s: float, bpm: float) -> float:
        if not start_s <= at_s < start_s + LOCK_S:
            return bpm
        return cadence(at_s) + float(wobble[int(at_s - start_s)])

    rows, notices = _run(record, replace)
    told = [t for t, _, q in rows if q < 0.5 and start_s <= t < start_s + LOCK_S]
    told += [t for t in notices if start_s <= t < start_s + LOCK_S]
    after_s = min(told) - start_s if told else float("nan")
    return {"id": f"{record.id} at {start_s:.0f} s", "kind": "made", "after_s": after_s}


def reduce_locks(results: list[dict]) -> list[Line]:
    line = Line(
        "locks",
        "cadence lock: made locks in real recordings flagged; false flags in real exercise",
        "all within 75 s; < 1 % of the time",
        "-",
    )
    made = [r for r in results if r["kind"] == "made"]
    real = [r for r in results if r["kind"] == "real"]
    after = np.array([r["after_s"] for r in made])
    in_time = np.count_nonzero(after <= FLAG_WITHIN_S)
    share = sum(r["flagged"] for r in real) / max(1, sum(r["rows"] for r in real))
    told = after[np.isfinite(after)]
    slowest = f"{told.max():.0f} s" if len(told) else "-"
    line.ours = (
        f"{in_time} of {len(after)} within 75 s (slowest flagged {slowest}); "
        f"{100 * share:.2f} % falsely"
    )
    line.reached = bool(in_time == len(after) and share < 0.01)
    line.notes += [f"{r['id']}: flagged after {r['after_s']:.0f} s" for r in made]
    line.notes += [f"{r['id']}: {percent(r['flagged'] / max(1, r['rows']))} falsely" for r in real]
    return [line]


def units() -> dict[str, tuple[list, object]]:
    """Locks begin in the middle of each marked walk, or each 5 min of the long run."""
    jobs: list[Callable[[], dict]] = []
    for path in sidecars("replay"):
        record = read(path)
        if "hr" not in record.columns:
            continue
        jobs.append(partial(real_unit, path))
        if "walks" in record.refs:
            walks = record.refs["walks"]
            for n, (a, b) in enumerate(zip(walks["t_start"], walks["t_end"], strict=True)):
                if b - a >= LOCK_S + 15:
                    jobs.append(partial(lock_unit, path, float(a) + 15, n))
        elif record.duration_s > 600:
            spm = record.columns["cadence_spm"]
            for n, start_s in enumerate(np.arange(120.0, record.duration_s - LOCK_S, 240.0)):
                inside = (record.t >= start_s) & (record.t < start_s + LOCK_S)
                if inside.sum() > 50 and spm[inside].min() > 60:
                    jobs.append(partial(lock_unit, path, float(start_s), n))
    return {"locks": (jobs, reduce_locks)}
