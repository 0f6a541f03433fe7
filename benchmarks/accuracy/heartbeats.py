"""R peaks, pulses, RR artefacts, variability and cadence locks, scored."""

from __future__ import annotations

import tempfile
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from accuracy import made, peers
from accuracy.chain import measure
from accuracy.recordings import load_scorer, read, sidecars, write
from accuracy.table import Line, percent

if TYPE_CHECKING:
    from accuracy.chain import Known
    from accuracy.recordings import Recorded

ECTOPIC = list("AaJSVFE")
NORMAL = list("NLRej")
CLEAN = ("mitdb_100", "mitdb_103", "mitdb_121")
"""Records with few ectopic beats and little noise: what is put into them is known."""
NOISE_MINUTES = 12
SNR_DB = 6.0
SWING = 0.6
"""Of a run against the QRS complex: so that a good peer reaches here what it does on real runs."""
WITHHELD_AFTER_S = 3.0
TOLERANCE_S = 0.150


def beats_of(record: Recorded) -> np.ndarray:
    return record.refs["beats" if "beats" in record.refs else "beats_consensus"]["t"]


def rate_of(record: Recorded) -> float:
    return (len(record.t) - 1) / (record.t[-1] - record.t[0])


def score_heart_rate(beats_s: np.ndarray, duration_s: float, rows: np.ndarray) -> dict:
    score = load_scorer()
    starts, _, bpm = score.hr_windows(beats_s, duration_s)
    if len(rows) == 0:
        return score.bpm_error(bpm, np.full(len(bpm), np.nan))
    return score.bpm_error(bpm, score.hold(starts + 8, rows[:, 0], rows[:, 1]))


def delays_ms(beats_s: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """How long after the true beat each found one was announced."""
    pairs = load_scorer().match_events(beats_s, rows[:, 1], TOLERANCE_S)["pairs"]
    order = np.argsort(rows[:, 1], kind="stable")
    known_s = rows[order, 0]
    return np.array([1000 * (known_s[j] - beats_s[i]) for i, j in pairs])


def true_rmssd_ms(beats_s: np.ndarray, normal: np.ndarray, start_s: float, end_s: float) -> float:
    """RMSSD of neighbouring normal intervals whose beats lie in the span; NaN if too few."""
    rr_ms = np.diff(beats_s) * 1000
    nn = normal[1:] & normal[:-1] & (rr_ms < 2000)
    both = nn[1:] & nn[:-1] & (beats_s[:-2] >= start_s) & (beats_s[2:] <= end_s)
    squares = np.diff(rr_ms)[both] ** 2
    if len(squares) < 0.6 * np.count_nonzero((beats_s >= start_s) & (beats_s <= end_s)):
        return float("nan")
    return float(np.sqrt(squares.mean()))


# ---------------------------------------------------------------- ECG


def ecg_unit(path: Path, *, with_peers: bool) -> dict:
    score = load_scorer()
    record = read(path)
    beats_s = beats_of(record)
    known = measure(path)
    rows = known.good("beat")
    found = score.match_events(beats_s, rows[:, 1], TOLERANCE_S, record.exclude())
    result = {
        "id": record.id,
        "match": found,
        "delays": delays_ms(beats_s, rows),
        "hr": score_heart_rate(beats_s, record.duration_s, known.good("heart_rate_bpm")),
        "has_beats": known.has("beat"),
        "has_rmssd": known.has("rmssd_ms") or known.has("rmssd_5min_ms"),
        "cpu_s": known.cpu_s,
        "hours": record.duration_s / 3600,
        "rmssd": _five_minutes(record, known),
        "peer": None,
    }
    if with_peers:
        rate_hz = rate_of(record)
        peaks_s = peers.find_r_peaks(record.columns["ecg"], rate_hz, "gqrs")
        if peaks_s is not None:
            peer = score.match_events(beats_s, peaks_s, TOLERANCE_S, record.exclude())
            starts, _, bpm = score.hr_windows(beats_s, record.duration_s)
            _, _, got = score.hr_windows(peaks_s, record.duration_s)
            result["peer"] = (peer, score.bpm_error(bpm, got[: len(starts)]))
    return result


def _five_minutes(record: Recorded, known: Known) -> list[tuple[float, float]]:
    """(truth, ours) of RMSSD over 5 min: ours for that, or from the live values of its minutes."""
    if "beats" not in record.refs:
        return []
    score = load_scorer()
    normal = np.isin(record.refs["beats"]["symbol"], NORMAL)
    rows = known.good("rmssd_ms")
    whole = known.good("rmssd_5min_ms")
    pairs = []
    for start_s in np.arange(0.0, record.duration_s - 300, 300.0):
        truth = true_rmssd_ms(beats_of(record), normal, start_s, start_s + 300)
        if not np.isfinite(truth):
            continue
        if known.has("rmssd_5min_ms"):
            # Known some beats after the window has ended.
            ours = score.hold([start_s + 306], whole[:, 0], whole[:, 1], 12.0)[0]
            pairs.append((truth, float(ours)))
            continue
        if len(rows) == 0:
            pairs.append((truth, float("nan")))
            continue
        minutes = score.hold(start_s + 60.0 * np.arange(1, 6), rows[:, 0], rows[:, 1], 12.0)
        enough = np.count_nonzero(np.isfinite(minutes)) >= 3
        ours = float(np.sqrt(np.nanmean(minutes**2))) if enough else float("nan")
        pairs.append((truth, ours))
    return pairs


def reduce_ecg(results: list[dict]) -> list[Line]:
    score = load_scorer()
    peaks = Line(
        "ecg",
        "R peaks, arrhythmia records: F1 within 150 ms / HR MAE",
        ">= 99.5 % / <= 0.65 bpm, announced <= 350 ms after the peak, <= 3 s per hour",
        "99.55 % / 0.64 bpm, 14 s per hour (wfdb gqrs)",
    )
    hrv = Line(
        "rmssd5",
        "RMSSD over 5 min, ECG to HRV, median error",
        "<= 5 ms",
        "5.1 ms (sleepecg + Lipponen & Tarvainen)",
    )
    arrhythmia = [r for r in results if r["id"].startswith("mitdb")]
    for r in results:
        peaks.notes.append(
            f"{r['id']}: F1 {100 * r['match']['f1']:.2f}, HR MAE {r['hr']['mae']:.2f} bpm "
            f"(coverage {r['hr']['coverage']:.2f}), {r['cpu_s'] / r['hours']:.1f} s per hour"
        )
    if any(r["has_beats"] for r in arrhythmia):
        pooled = score.gross([r["match"] for r in arrhythmia])
        mae = float(np.nanmean([r["hr"]["mae"] for r in arrhythmia]))
        coverage = float(np.mean([r["hr"]["coverage"] for r in arrhythmia]))
        delays = np.concatenate([r["delays"] for r in arrhythmia])
        cost_s = sum(r["cpu_s"] for r in arrhythmia) / sum(r["hours"] for r in arrhythmia)
        median, p95, p99 = np.percentile(delays, [50, 95, 99])
        peaks.ours = (
            f"{100 * pooled['f1']:.2f} % / {mae:.2f} bpm (coverage {coverage:.2f}), announced "
            f"after {median:.0f} ms (95 %: {p95:.0f}, 99 %: {p99:.0f}), {cost_s:.1f} s per hour"
        )
        peaks.reached = bool(pooled["f1"] >= 0.995 and mae <= 0.65 and p99 <= 350 and cost_s <= 3.0)
    run = [r["peer"] for r in arrhythmia if r["peer"] is not None]
    if run:
        pooled = score.gross([p[0] for p in run])
        mae = np.nanmean([p[1]["mae"] for p in run])
        peaks.peer_here = f"wfdb gqrs {100 * pooled['f1']:.2f} % / {mae:.2f} bpm"
    pairs = np.array([p for r in arrhythmia for p in r["rmssd"]])
    if any(r["has_rmssd"] for r in arrhythmia) and len(pairs):
        errors = np.abs(pairs[:, 1] - pairs[:, 0])
        some = np.isfinite(errors)
        median = float(np.median(errors[some])) if some.any() else float("nan")
        hrv.ours = f"{median:.1f} ms ({some.sum()} of {len(errors)} windows, others withheld)"
        hrv.reached = median <= 5.0
        for r in arrhythmia:
            told = [f"{t:.0f}/{o:.0f}" for t, o in r["rmssd"]]
            hrv.notes.append(f"{r['id']}: true/ours in ms {' '.join(told)}")
    return [peaks, hrv]


# ---------------------------------------------------------------- made noise


def noise_unit(path: Path, kind: str, *, with_peers: bool) -> dict:
    score = load_scorer()
    record = read(path)
    rate_hz = rate_of(record)
    n = round(NOISE_MINUTES * 60 * rate_hz)
    clean = record.columns["ecg"][:n]
    end_s = n / rate_hz
    beats_s = beats_of(record)
    beats_s = beats_s[beats_s < end_s]
    seed = int(record.id[-3:])
    quiet = round(60 * rate_hz)
    if kind == "electrode motion":
        noisy = made.make_electrode_motion(clean, beats_s, rate_hz, snr_db=SNR_DB, seed=seed)
    else:
        height = float(np.median([np.ptp(clean[round(b * rate_hz) - 18 :][:36]) for b in beats_s]))
        noisy = made.make_running(clean, rate_hz, peak_to_peak_mv=SWING * height, seed=seed)
    ecg = np.concatenate([clean[:quiet], noisy[quiet:]])
    with tempfile.TemporaryDirectory() as folder:
        meta = {**record.meta, "duration_s": end_s}
        made_path = write(
            Path(folder), record.id, meta=meta, columns={"ecg": ecg}, units={"ecg": "mV"}
        )
        known = measure(made_path)
    noisy_s = beats_s[beats_s > 60]
    good, every = known.good("beat")[:, 1], known.all("beat")[:, 1]
    kept, trusted = _not_withheld(noisy_s, good, every, end_s)
    result = {
        "id": record.id,
        "kind": kind,
        "has": known.has("beat"),
        "match": score.match_events(kept, trusted, TOLERANCE_S),
        "withheld": 1 - len(kept) / len(noisy_s),
        "hr": _noisy_rate(beats_s, end_s, known.good("heart_rate_bpm")),
        "peer": None,
    }
    if with_peers:
        method = "kalidas2017" if kind == "electrode motion" else "hamilton2002"
        found = peers.find_r_peaks(ecg, rate_hz, method)
        if found is not None:
            _, _, got = score.hr_windows(found, end_s)
            starts, _, bpm = score.hr_windows(beats_s, end_s)
            late = starts >= 60
            result["peer"] = (
                method,
                score.match_events(noisy_s, found[found > 60], TOLERANCE_S),
                score.bpm_error(bpm[late], got[late]),
            )
    return result


def _noisy_rate(beats_s: np.ndarray, end_s: float, rows: np.ndarray) -> dict:
    score = load_scorer()
    starts, _, bpm = score.hr_windows(beats_s, end_s)
    late = starts >= 60
    if len(rows) == 0:
        return score.bpm_error(bpm[late], np.full(late.sum(), np.nan))
    return score.bpm_error(bpm[late], score.hold(starts[late] + 8, rows[:, 0], rows[:, 1]))


def _not_withheld(
    beats_s: np.ndarray, good_s: np.ndarray, every_s: np.ndarray, end_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Leave out what was withheld: 3 s without a trusted beat, or a beat told with low quality."""
    edges = np.concatenate([[beats_s[0] - 0.2], np.sort(good_s[good_s > beats_s[0]]), [end_s]])
    spans = [(a, b) for a, b in pairwise(edges) if b - a > WITHHELD_AFTER_S]
    keep = np.ones(len(beats_s), dtype=bool)
    for a, b in spans:
        keep &= ~((beats_s > a + TOLERANCE_S) & (beats_s < b - TOLERANCE_S))
    doubted = np.setdiff1d(every_s, good_s)
    for i, beat in enumerate(beats_s):
        if keep[i] and not _near(good_s, beat) and _near(doubted, beat):
            keep[i] = False
    return beats_s[keep], good_s[good_s > beats_s[0] - TOLERANCE_S]


def _near(times_s: np.ndarray, instant_s: float) -> bool:
    return len(times_s) > 0 and bool(np.abs(times_s - instant_s).min() <= TOLERANCE_S)


def reduce_noise(results: list[dict]) -> list[Line]:
    score = load_scorer()
    lines = [
        Line(
            "noise",
            "R peaks at 6 dB electrode-motion noise (made, 3 clean records)",
            ">= 94 % of what isn't withheld, withheld <= 20 %",
            "94.7 % (kalidas2017, on the noise of others)",
        ),
        Line(
            "running",
            "heart rate from a strap's ECG while running (made: no such recording here)",
            "<= 0.5 bpm",
            "0.42 bpm (hamilton, on real runs)",
        ),
    ]
    for line, kind in zip(lines, ("electrode motion", "running"), strict=True):
        some = [r for r in results if r["kind"] == kind]
        for r in some:
            line.notes.append(
                f"{r['id']}: F1 {100 * r['match']['f1']:.2f}, withheld {percent(r['withheld'])}, "
                f"HR MAE {r['hr']['mae']:.2f} bpm (coverage {r['hr']['coverage']:.2f})"
            )
        if any(r["has"] for r in some):
            f1 = score.gross([r["match"] for r in some])["f1"]
            withheld = float(np.mean([r["withheld"] for r in some]))
            mae = float(np.nanmean([r["hr"]["mae"] for r in some]))
            coverage = float(np.mean([r["hr"]["coverage"] for r in some]))
            line.ours = (
                f"F1 {percent(f1)}, withheld {percent(withheld)}, HR MAE {mae:.2f} bpm "
                f"(coverage {coverage:.2f})"
            )
            line.reached = (
                f1 >= 0.94 and withheld <= 0.2 if kind == "electrode motion" else mae <= 0.5
            )
        run = [r["peer"] for r in some if r["peer"] is not None]
        if run:
            f1 = score.gross([p[1] for p in run])["f1"]
            mae = np.nanmean([p[2]["mae"] for p in run])
            line.peer_here = f"{run[0][0]} F1 {percent(f1)}, HR MAE {mae:.2f} bpm"
    return lines


# ---------------------------------------------------------------- RR artefacts


def flags_of(known: Known, beats_s: np.ndarray) -> np.ndarray:
    """Turn the quality of the RR rows into a flag for each beat.

    Rows come in the order of the intervals; one that was left out is skipped, not doubted.
    """
    sent_ms = np.diff(beats_s) * 1000
    flags = np.zeros(len(beats_s), dtype=bool)
    at = 0
    for _, value_ms, quality in known.all("rr_ms"):
        ahead = at
        while ahead < min(at + 20, len(sent_ms)) and abs(sent_ms[ahead] - value_ms) > 1.5:
            ahead += 1
        if ahead >= min(at + 20, len(sent_ms)):
            continue
        flags[ahead + 1] = quality < 0.5
        at = ahead + 1
    return flags


def _measure_beats(record: Recorded, beats_s: np.ndarray) -> Known:
    with tempfile.TemporaryDirectory() as folder:
        columns = {"t": beats_s}
        return measure(
            write(Path(folder), record.id, meta=record.meta, columns=columns, units={"t": "s"})
        )


def artefact_unit(path: Path, kind: str, *, with_peers: bool) -> dict:
    score = load_scorer()
    record = read(path)
    clean_s = record.t
    normal = np.isin(record.columns["symbol"], NORMAL)
    seed = int(record.id[-3:]) * 10 + ([*made.ARTEFACTS, "mixed"].index(kind))
    beats_s, marked = made.inject_artefact(clean_s, kind, seed=seed)
    known = _measure_beats(record, beats_s)
    # Real ectopic beats and their neighbours are neither right nor wrong here.
    odd_s = clean_s[~normal]
    far = np.ones(len(beats_s), dtype=bool)
    for at_s in odd_s:
        far &= np.abs(beats_s - at_s) > 3.0
    flags = flags_of(known, beats_s)
    result = {
        "id": record.id,
        "kind": kind,
        "has": known.has("rr_ms"),
        "has_rmssd": known.has("rmssd_ms"),
        "flags": score.flags(marked & far, flags & far, slack=1),
        "rmssd": _rmssd_errors(clean_s, normal, known.good("rmssd_ms"), record.duration_s),
        "peer": None,
    }
    if with_peers:
        peer = peers.flag_artefacts(beats_s)
        if peer is not None:
            flagged, fixed_s = peer
            rows = [
                (end, true_rmssd_ms(fixed_s, np.ones(len(fixed_s), dtype=bool), end - 60, end), 1.0)
                for end in np.arange(60.0, record.duration_s, 5.0)
            ]
            result["peer"] = (
                score.flags(marked & far, flagged & far, slack=1),
                _rmssd_errors(clean_s, normal, np.array(rows), record.duration_s),
            )
    return result


def _rmssd_errors(
    beats_s: np.ndarray, normal: np.ndarray, rows: np.ndarray, end_s: float
) -> list[float]:
    """Errors of the live 60 s values against the row as it was, each 10 s; NaN: withheld."""
    score = load_scorer()
    ends_s = np.arange(70.0, end_s, 10.0)
    if len(rows) == 0:
        return [float("nan")] * len(ends_s)
    values = score.hold(ends_s, rows[:, 0], rows[:, 1], 8.0)
    errors = []
    for at_s, value in zip(ends_s, values, strict=True):
        newest = rows[rows[:, 0] <= at_s]
        if not np.isfinite(value) or len(newest) == 0:
            errors.append(float("nan"))
            continue
        known_s = newest[-1, 0]
        truth = true_rmssd_ms(beats_s, normal, known_s - 60, known_s)
        if np.isfinite(truth):
            errors.append(abs(value - truth))
    return errors


def reduce_artefacts(results: list[dict]) -> list[Line]:
    score = load_scorer()
    found = Line(
        "artefacts",
        "injected artefacts: sensitivity missed / extra / displaced 20-40 % / 8-15 %, specificity",
        ">= 99 / 99 / 98 / 85 %, >= 99.3 %",
        "100 / 100 / 99.5 / 90.4 %, 99.5 % (Lipponen & Tarvainen, neurokit2)",
    )
    rmssd = Line(
        "rmssd",
        "RMSSD (60 s) error with injected artefacts of all kinds, mean",
        "<= 3.5 ms",
        "2.9 ms (systole), 4.8 ms (neurokit2)",
    )
    for who in ("ours", "peer"):
        some = [r for r in results if (r["has"] if who == "ours" else r["peer"] is not None)]
        if not some:
            continue
        flags = {r["kind"] + r["id"]: (r["flags"] if who == "ours" else r["peer"][0]) for r in some}
        by_kind = [
            score.pool_flags([f for k, f in flags.items() if k.startswith(kind)])
            for kind in made.ARTEFACTS
        ]
        all_flags = score.pool_flags([f for k, f in flags.items() if not k.startswith("mixed")])
        told = " / ".join(f"{100 * f['se']:.1f}" for f in by_kind)
        text = f"{told} %, {100 * all_flags['sp']:.2f} %"
        mixed = [r for r in some if r["kind"] == "mixed"]
        errors = np.array(
            [e for r in mixed for e in (r["rmssd"] if who == "ours" else r["peer"][1])]
        )
        given = errors[np.isfinite(errors)]
        mean = float(given.mean()) if len(given) else float("nan")
        withheld = percent(1 - len(given) / max(1, len(errors)))
        told = f"{mean:.1f} ms (median {np.median(given):.1f}, withheld {withheld})"
        if who == "peer":
            found.peer_here = f"neurokit2 {text}"
            rmssd.peer_here = f"neurokit2 {told}"
            continue
        found.ours = text
        se = [f["se"] for f in by_kind]
        least = (0.99, 0.99, 0.98, 0.85)
        found.reached = bool(
            all(s >= aim for s, aim in zip(se, least, strict=True)) and all_flags["sp"] >= 0.993
        )
        if any(r["has_rmssd"] for r in some):
            rmssd.ours = told
            rmssd.reached = mean <= 3.5
        for r in mixed:
            one = np.array(r["rmssd"])
            rmssd.notes.append(
                f"{r['id']}: mean {np.nanmean(one) if np.isfinite(one).any() else np.nan:.1f} ms"
            )
        for kind, f in zip(made.ARTEFACTS, by_kind, strict=True):
            found.notes.append(f"{kind}: Se {percent(f['se'])}, Sp {100 * f['sp']:.2f} %")
    return [found, rmssd]


def ectopic_unit(path: Path, *, with_peers: bool) -> dict:
    """Ectopic beats by their intervals alone."""
    score = load_scorer()
    record = read(path)
    truth = np.isin(record.columns["symbol"], ECTOPIC)
    known = measure(path)
    result = {
        "id": record.id,
        "source": "rr",
        "share": float(truth.mean()),
        "has": known.has("rr_ms"),
        "flags": score.flags(truth, flags_of(known, record.t), slack=1),
        "peer": None,
    }
    if with_peers:
        peer = peers.flag_artefacts(record.t)
        if peer is not None:
            result["peer"] = score.flags(truth, peer[0], slack=1)
    return result


def ectopic_ecg_unit(path: Path) -> dict:
    """Ectopic beats by intervals and form, from the ECG; a beat that isn't found isn't flagged."""
    score = load_scorer()
    record = read(path)
    beats_s = beats_of(record)
    truth = np.isin(record.refs["beats"]["symbol"], ECTOPIC)
    known = measure(path)
    found_s = known.good("beat")[:, 1]
    flags = np.zeros(len(truth), dtype=bool)
    found = flags_of(known, found_s)
    for i, j in score.match_events(beats_s, found_s, TOLERANCE_S)["pairs"]:
        flags[i] = found[j]
    return {
        "id": record.id,
        "source": "ecg",
        "share": float(truth.mean()),
        "has": known.has("rr_ms"),
        "flags": score.flags(truth, flags, slack=1),
        "peer": None,
    }


def reduce_ectopic(results: list[dict]) -> list[Line]:
    """A line for intervals alone, one for those records of which the ECG is there."""
    of_rr, of_ecg = ([r for r in results if r["source"] == source] for source in ("rr", "ecg"))
    few = "records with < 10 % of them: sensitivity / specificity"
    return [
        _ectopic_line("ectopic", f"real ectopic beats, intervals alone, {few}", of_rr),
        _ectopic_line("ectopic_ecg", f"real ectopic beats, ECG, {few}", of_ecg),
    ]


def _ectopic_line(key: str, what: str, results: list[dict]) -> Line:
    score = load_scorer()
    line = Line(
        key,
        what,
        ">= 85 / >= 99 %",
        "76-93 / 98-99 % (Lipponen & Tarvainen; quotient filter)",
    )
    few = [r for r in results if r["share"] < 0.1]
    if any(r["has"] for r in few):
        pooled = score.pool_flags([r["flags"] for r in few])
        line.ours = f"{100 * pooled['se']:.1f} / {100 * pooled['sp']:.2f} % ({len(few)} records)"
        line.reached = bool(pooled["se"] >= 0.85 and pooled["sp"] >= 0.99)
        many = score.pool_flags([r["flags"] for r in results if r["share"] >= 0.1])
        line.notes.append(
            f"records with >= 10 %: {100 * many['se']:.1f} / {100 * many['sp']:.2f} %"
        )
    for r in results:
        f = r["flags"]
        line.notes.append(
            f"{r['id']}: {percent(r['share'])} ectopic, Se {100 * f['se']:.1f}, "
            f"Sp {100 * f['sp']:.2f}"
        )
    run = [r["peer"] for r in few if r["peer"] is not None]
    if run:
        pooled = score.pool_flags(run)
        line.peer_here = f"neurokit2 {100 * pooled['se']:.1f} / {100 * pooled['sp']:.2f} %"
    return line


# ---------------------------------------------------------------- PPG


def ppg_unit(path: Path, *, with_peers: bool) -> dict:
    score = load_scorer()
    record = read(path)
    known = measure(path)
    rows = known.good("heart_rate_bpm")
    result = {"id": record.id, "has": known.has("heart_rate_bpm"), "peer": None}
    if "beats_consensus" in record.refs:
        beats_s = beats_of(record)
        result["hr"] = score_heart_rate(beats_s, record.duration_s, rows)
        if with_peers:
            pulses_s = peers.find_pulses(record.columns["ppg"], rate_of(record))
            if pulses_s is not None:
                _, _, got = score.hr_windows(pulses_s, record.duration_s)
                _, _, bpm = score.hr_windows(beats_s, record.duration_s)
                result["peer"] = score.bpm_error(bpm, got)
    else:
        true_bpm = 60_000 / record.refs["rr"]["rr_ms"].mean()
        mean_bpm = float(np.mean(rows[:, 1])) if len(rows) else float("nan")
        result["mean_error"] = abs(mean_bpm - true_bpm)
    return result


def reduce_ppg(results: list[dict]) -> list[Line]:
    line = Line(
        "ppg",
        "pulse rate from PPG at rest, MAE",
        "<= 0.6 bpm",
        "0.57 bpm (heartpy); 1.03 (neurokit charlton)",
    )
    windowed = [r for r in results if "hr" in r]
    if any(r["has"] for r in windowed):
        mae = float(np.mean([r["hr"]["mae"] for r in windowed]))
        coverage = float(np.mean([r["hr"]["coverage"] for r in windowed]))
        line.ours = f"{mae:.2f} bpm (coverage {coverage:.2f})"
        line.reached = mae <= 0.6
    means = [r["mean_error"] for r in results if "mean_error" in r]
    given = [m for m in means if np.isfinite(m)]
    if given:
        line.ours += (
            f"; mean rate of {len(given)} of {len(means)} phone recordings within "
            f"{np.median(given):.2f} bpm (median)"
        )
    for r in results:
        line.notes.append(
            f"{r['id']}: MAE {r['hr']['mae']:.2f} bpm"
            if "hr" in r
            else f"{r['id']}: mean rate off by {r['mean_error']:.2f} bpm"
        )
    run = [r["peer"]["mae"] for r in windowed if r["peer"] is not None]
    if run:
        line.peer_here = f"heartpy {np.mean(run):.2f} bpm"
    return [line]


def units(*, with_peers: bool) -> dict[str, tuple[list, object]]:
    """What there is to run: key -> (units, what makes lines of their results)."""
    rr = sidecars("rr")
    few = [p for p in rr if np.isin(read(p).columns["symbol"], [*ECTOPIC, "Q", "f"]).mean() < 0.005]
    clean = [p for p in sidecars("ecg") if p.stem in CLEAN]
    ppg = [*sidecars("ppg", "bidmc"), *sidecars("ppg", "welltory")]
    kinds = ("electrode motion", "running")
    told = {"with_peers": with_peers}
    return {
        "ecg,rmssd5": ([partial(ecg_unit, p, **told) for p in sidecars("ecg")], reduce_ecg),
        "noise,running": (
            [partial(noise_unit, p, k, **told) for k in kinds for p in clean],
            reduce_noise,
        ),
        "artefacts,rmssd": (
            [partial(artefact_unit, p, k, **told) for k in (*made.ARTEFACTS, "mixed") for p in few],
            reduce_artefacts,
        ),
        "ectopic,ectopic_ecg": (
            [
                *[partial(ectopic_unit, p, **told) for p in rr],
                *[partial(ectopic_ecg_unit, p) for p in sidecars("ecg", "mitdb")],
            ],
            reduce_ectopic,
        ),
        "ppg": ([partial(ppg_unit, p, **told) for p in ppg], reduce_ppg),
    }
