"""Steps, cadence and the next step, scored."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from accuracy import peers
from accuracy.chain import measure
from accuracy.made_walks import make_walks
from accuracy.recordings import load_scorer, read, sidecars
from accuracy.table import Line, percent
from biofeedback.decode.sensor import SensorDecoder
from biofeedback.messages import (
    NS_PER_S,
    EventDetected,
    MeasureTaken,
    NoticeGiven,
    PacketReceived,
    PacketRejected,
    SensorAttached,
)
from biofeedback.profiles import list_profiles
from biofeedback.samples import AccelerationBlock
from biofeedback.signals.body import Body
from biofeedback.simulate.motion import GRAVITY_MPS2
from biofeedback.simulate.recording import open_recording

if TYPE_CHECKING:
    from pathlib import Path

    from accuracy.chain import Known
    from accuracy.recordings import Recorded

TOLERANCE_S = 0.150
FEWEST_STEPS = 30
"""Below that a recording counts as not walking: what is found there is false."""
STEADY = 0.2
STEADY_STEPS = 6


def segments(record: Recorded) -> list[tuple[float, float, np.ndarray]]:
    """Stretches in which steps are annotated: (start, end, contacts)."""
    steps = record.refs["steps"]
    if "bouts" in record.refs:
        bouts = record.refs["bouts"]
        rows = zip(bouts["wb"], bouts["t_start"], bouts["t_end"], strict=True)
        return [(a, b, steps["t"][steps["wb"] == w]) for w, a, b in rows]
    return [(float(record.t[0]), float(record.t[-1]), steps["t"])]


def count_of(record: Recorded) -> int:
    if "count" in record.refs:
        return int(record.refs["count"]["steps"][0])
    steps = record.refs["steps"]
    if "foot" in steps and set(steps["foot"].tolist()) <= {"a", "b"}:
        a, b = (int((steps["foot"] == foot).sum()) for foot in "ab")
        # Foot switches lose steps: both feet make the same number of them.
        return a + b if abs(a - b) <= 3 else 2 * max(a, b)
    return len(steps["t"])


def walk_unit(path: Path, *, with_peers: bool) -> dict:
    record = read(path)
    known = measure(path)
    rows = known.good("step")
    result: dict = {
        "id": record.id,
        "has": known.has("activity_mps2"),
        "minutes": record.duration_s / 60,
        "found": len(rows),
        "count": count_of(record) if "oxford" in record.id or "count" in record.refs else None,
        "cpu_s": known.cpu_s,
        "peer": None,
    }
    if "steps" not in record.refs:
        return result
    result["cadence"] = _score_cadence(record, known)
    if not record.id.startswith("oxford_val"):
        result |= _score_contacts(record, rows)
    if "bouts" in record.refs:
        result["bout_errors"] = _bout_errors(record, rows[:, 1])
        if with_peers:
            result["peer"] = _run_peer(record)
    return result


def _score_contacts(record: Recorded, rows: np.ndarray) -> dict:
    score = load_scorer()
    order = np.argsort(rows[:, 1], kind="stable")
    t, known_s = rows[order, 1], rows[order, 0]
    matches, delays = [], []
    for start, end, contacts in segments(record):
        inside = (t >= start - 0.3) & (t <= end + 0.3)
        match = score.match_events(contacts, t[inside], TOLERANCE_S)
        matches.append(match)
        truth, late = np.sort(contacts), known_s[inside]
        delays += [1000 * (late[j] - truth[i]) for i, j in match["pairs"]]
    return {"match": score.gross(matches), "delays": np.array(delays)}


def _score_cadence(record: Recorded, known: Known) -> dict:
    score = load_scorer()
    rows = known.good("cadence_spm")
    truth, ours = [], []
    for start, end, contacts in segments(record):
        starts, _, spm = score.cadence_windows(contacts, start, end)
        truth.append(spm)
        ours.append(
            score.hold(starts + 8, rows[:, 0], rows[:, 1])
            if len(rows)
            else np.full(len(starts), np.nan)
        )
    return score.bpm_error(np.concatenate(truth), np.concatenate(ours))


def _bout_errors(record: Recorded, steps_s: np.ndarray) -> list[float]:
    errors = []
    bouts = record.refs["bouts"]
    rows = zip(bouts["t_start"], bouts["t_end"], bouts["cadence_spm"], strict=True)
    for start, end, spm in rows:
        inside = np.sort(steps_s[(steps_s >= start - 0.3) & (steps_s <= end + 0.3)])
        if len(inside) >= 3:
            errors.append(abs(60 / np.mean(np.diff(inside)) - spm))
    return errors


def _run_peer(record: Recorded) -> dict | None:
    acceleration = np.column_stack([record.columns[f"acc_{axis}"] for axis in "xyz"])
    contacts_s = peers.find_contacts(acceleration, 100.0)
    if contacts_s is None:
        return None
    return _score_contacts(record, np.column_stack([contacts_s] * 2 + [np.ones(len(contacts_s))]))


def _mean(values: list[float]) -> float:
    given = [v for v in values if np.isfinite(v)]
    return float(np.mean(given)) if given else float("nan")


def reduce_walks(results: list[dict]) -> list[Line]:
    score = load_scorer()
    back = Line(
        "back",
        "steps, lower back, healthy: F1 within 150 ms; 8 s cadence MAE",
        ">= 93 %; <= 2.0 spm; announced <= 400 ms after contact",
        "92.3 % (mobgap Shin); 2.2 spm (mobgap Ionescu)",
    )
    impaired = Line(
        "impaired",
        "steps, lower back, impaired gait: bout cadence MAE",
        "<= 5 spm",
        "5.7 spm (mobgap Shin)",
    )
    phone = Line(
        "phone",
        "steps, phone carried anywhere: mean count error; 8 s cadence MAE",
        "<= 3 %; <= 1.8 spm",
        "3.3 % (plain peaks); 1.9 spm (forest oak)",
    )
    wrist = Line(
        "wrist",
        "steps, wrist: mean count error; false steps per minute when not walking",
        "<= 12 %; <= 5",
        "24 % (plain peaks); 24 (forest oak)",
    )
    shoe = Line("shoe", "steps, one or both shoes: F1 within 150 ms", "-", "-")
    trunk = [r for r in results if r["id"].startswith("mobgap")]
    if any(r["has"] for r in trunk):
        f1 = score.gross([r["match"] for r in trunk])["f1"]
        mae = _mean([r["cadence"]["mae"] for r in trunk])
        coverage = np.mean([r["cadence"]["coverage"] for r in trunk])
        delays = np.concatenate([r["delays"] for r in trunk])
        median, p95 = np.median(delays), np.percentile(delays, 95)
        back.ours = (
            f"{percent(f1)}; {mae:.2f} spm (coverage {coverage:.2f}); announced after "
            f"{median:.0f} ms (95 %: {p95:.0f})"
        )
        back.reached = bool(f1 >= 0.93 and mae <= 2.0 and median <= 400)
        bouts = _mean([e for r in trunk for e in r["bout_errors"]])
        impaired.ours = f"no such recording here (see [made]); healthy bouts: {bouts:.1f} spm"
    run = [r["peer"] for r in trunk if r["peer"] is not None]
    if run:
        f1 = score.gross([p["match"] for p in run])["f1"]
        back.peer_here = f"mobgap IcdShinImproved {percent(f1)} in the annotated bouts"
    carried = [r for r in results if r["id"].startswith("oxford")]
    if any(r["has"] for r in carried):
        error = np.mean([abs(r["found"] / r["count"] - 1) for r in carried])
        mae = _mean([r["cadence"]["mae"] for r in carried])
        phone.ours = f"{percent(error)}; {mae:.2f} spm"
        phone.reached = bool(error <= 0.03 and mae <= 1.8)
    on_wrist = [r for r in results if r["id"].startswith("wrist")]
    if any(r["has"] for r in on_wrist):
        walks = [r for r in on_wrist if r["count"] >= FEWEST_STEPS]
        rests = [r for r in on_wrist if r["count"] < FEWEST_STEPS]
        error = np.mean([abs(r["found"] / r["count"] - 1) for r in walks])
        false = np.mean([max(0, r["found"] - r["count"]) / r["minutes"] for r in rests])
        wrist.ours = f"{percent(error)}; {false:.1f} per min"
        wrist.reached = bool(error <= 0.12 and false <= 5)
    shoes = [r for r in results if r["id"].startswith("gaitmap")]
    if any(r["has"] for r in shoes):
        shoe.ours = percent(score.gross([r["match"] for r in shoes])["f1"])
    for line, some in ((back, trunk), (phone, carried), (wrist, on_wrist), (shoe, shoes)):
        for r in some:
            told = f"{r['id']}: {r['found']} steps"
            if r["count"] is not None:
                told += f" of {r['count']}"
            if "match" in r:
                told += f", F1 {100 * r['match']['f1']:.1f}"
            if "cadence" in r:
                told += f", cadence MAE {r['cadence']['mae']:.2f} spm"
                told += f" (coverage {r['cadence']['coverage']:.2f})"
            line.notes.append(told)
    return [back, impaired, phone, wrist, shoe]


# ---------------------------------------------------------------- walks that aren't healthy


def _feel(body: Body, sensor: str, t: np.ndarray, acceleration_mps2: np.ndarray) -> list:
    """Feed samples in packets of 20 with 30 ms of radio; return what was found."""
    times_ns = np.round(t * NS_PER_S).astype(np.int64)
    found = []
    for i in range(0, len(times_ns), 20):
        block = AccelerationBlock(
            times_ns=times_ns[i : i + 20],
            acceleration_mps2=acceleration_mps2[i : i + 20],
            gap_before=False,
            range_mps2=None,
        )
        found += body.update(sensor, block, int(block.times_ns[-1]) + 30_000_000)
    return found


def made_unit() -> dict:
    """Score the lower back on made walks."""
    score = load_scorer()
    rows = []
    for walk in make_walks():
        body = Body("p1")
        body.attach("back", "waist")
        found = _feel(body, "back", walk.t, walk.acceleration_mps2)
        steps_s = np.sort([f.event_ns / NS_PER_S for f in found if _is_step(f)])
        known = np.array(
            [
                (f.at_ns / NS_PER_S, f.value)
                for f in found
                if isinstance(f, MeasureTaken) and f.measure == "cadence_spm" and f.quality >= 0.5
            ]
        ).reshape(-1, 2)
        matches, bouts, errors = [], [], []
        for contacts in walk.bouts:
            start, end = contacts[0], contacts[-1]
            inside = steps_s[(steps_s >= start - 0.3) & (steps_s <= end + 0.3)]
            matches.append(score.match_events(contacts, inside, TOLERANCE_S))
            if len(inside) >= 3:
                bouts.append(abs(60 / np.diff(inside).mean() - 60 / np.diff(contacts).mean()))
            starts, _, spm = score.cadence_windows(contacts, start, end)
            errors += np.abs(score.hold(starts + 8, known[:, 0], known[:, 1]) - spm).tolist()
        rows.append(
            {
                "pattern": walk.name.split(" / ")[0],
                "match": score.gross(matches),
                "bout": _mean(bouts),
                "windows": _mean(errors),
            }
        )
    return {"rows": rows}


def _is_step(found: object) -> bool:
    return isinstance(found, EventDetected) and found.event == "step"


def reduce_made(results: list[dict]) -> list[Line]:
    score = load_scorer()
    line = Line(
        "made",
        "steps, lower back, made impaired walks: F1; bout and 8 s cadence MAE",
        ">= 73 %; <= 5 spm (of recorded ones)",
        "82 %; 3.5 and 3.7 spm (mobgap Shin, bouts known, five of the eight walks they're made of)",
    )
    rows = [row for r in results for row in r["rows"] if row["pattern"] != "healthy"]
    patterns = list(dict.fromkeys(row["pattern"] for row in rows))
    table = []
    for pattern in patterns:
        some = [row for row in rows if row["pattern"] == pattern]
        f1 = score.gross([row["match"] for row in some])["f1"]
        table.append((f1, _mean([r["bout"] for r in some]), _mean([r["windows"] for r in some])))
        line.notes.append(
            f"{pattern}: F1 {percent(f1)}, bout {table[-1][1]:.1f} spm, 8 s {table[-1][2]:.1f} spm"
        )
    f1, bout, windows = (_mean([row[i] for row in table]) for i in range(3))
    line.ours = f"{percent(f1)}; {bout:.1f} and {windows:.1f} spm"
    return [line]


# ---------------------------------------------------------------- left and right


def side_unit(path: Path) -> dict:
    """Ask the lower back which foot it was; y points to the right in these recordings."""
    record = read(path)
    body = Body("p1")
    body.attach("back", "waist", left_axis="-y")
    acc = np.column_stack([record.columns[f"acc_{axis}"] for axis in "xyz"]) * GRAVITY_MPS2
    steps = [f for f in _feel(body, "back", record.t, acc) if _is_step(f)]
    near, told, right = 0, 0, 0
    for t, foot in zip(record.refs["steps"]["t"], record.refs["steps"]["foot"], strict=True):
        step = min(steps, key=lambda s: abs(s.event_ns / NS_PER_S - t))
        if abs(step.event_ns / NS_PER_S - t) <= TOLERANCE_S:
            near += 1
            told += step.side is not None
            right += step.side == foot
    return {"id": record.id, "near": near, "told": told, "right": right}


def reduce_sides(results: list[dict]) -> list[Line]:
    line = Line("sides", "left or right, lower back of known mounting, insoles", "-", "-")
    near, told, right = (sum(r[key] for r in results) for key in ("near", "told", "right"))
    line.ours = f"{percent(right / told)} of those told; told of {percent(told / near)}"
    line.notes = [f"{r['id']}: {r['right']} of {r['told']} told of {r['near']}" for r in results]
    return [line]


# ---------------------------------------------------------------- the next step


def next_unit(path: Path) -> dict:
    """Compare what was predicted when a step was announced with the contact that came.

    The contact is the annotated one where instants are annotated to a few ms (lower back),
    elsewhere the one that the chain itself found later.
    """
    profiles = {profile.name: profile for profile in list_profiles()}
    source = open_recording(path)
    body = Body("p1")
    decoders: dict[str, SensorDecoder] = {}
    predicted: list[tuple[float, float, float]] = []
    steps: list[tuple[float, float]] = []
    has = False
    while source.next_at_ns() is not None:
        message = source.take()
        if isinstance(message, SensorAttached):
            decoders[message.sensor] = SensorDecoder(profiles[message.profile], message.context)
            body.attach(message.sensor, message.site)
        if not isinstance(message, PacketReceived):
            continue
        stepped = False
        for samples in decoders[message.sensor].update(message):
            if isinstance(samples, PacketRejected | NoticeGiven):
                continue
            for found in body.update(message.sensor, samples, message.at_ns):
                if isinstance(found, EventDetected) and found.event == "step":
                    steps.append((message.at_ns / NS_PER_S, found.event_ns / NS_PER_S))
                    stepped = True
        state = body.state(message.at_ns)
        next_ns = getattr(state, "next_step_ns", None)
        has = has or hasattr(state, "next_step_ns")
        if stepped and next_ns is not None:
            sd_ms = getattr(state, "next_step_sd_ms", None)
            predicted.append(
                (message.at_ns / NS_PER_S, next_ns / NS_PER_S, np.nan if sd_ms is None else sd_ms)
            )
    record = read(path)
    gold = record.id.startswith("mobgap")
    contacts = [c for _, _, c in segments(record)] if gold else [np.unique([s for _, s in steps])]
    errors, times, told = [], [], []
    for row in contacts:
        steady_s = _steady(np.sort(row))
        times += [float(t) for r in steady_s for t in np.diff(r)]
        for stretch in steady_s:
            for at_s, next_s, sd_ms in predicted:
                if not stretch[0] <= at_s <= stretch[-1]:
                    continue
                step_s = float(np.median(np.diff(stretch)))
                nearest = stretch[np.abs(stretch - next_s).argmin()]
                if abs(nearest - next_s) <= step_s / 2:
                    errors.append(1000 * (next_s - nearest))
                    told.append(sd_ms)
    return {
        "id": record.id,
        "has": has,
        "gold": gold,
        "errors": np.array(errors),
        "step_sd_ms": _own_sd_ms(contacts),
        "n": len(times),
        "told": float(np.nanmedian(told)) if np.isfinite(told).any() else float("nan"),
    }


def _steady(contacts_s: np.ndarray) -> list[np.ndarray]:
    """Stretches of at least six steps whose times stay within 20 % of their median."""
    if len(contacts_s) < STEADY_STEPS:
        return []
    times = np.diff(contacts_s)
    usual = np.median(times)
    fine = np.abs(times / usual - 1) <= STEADY
    found, first = [], 0
    for i, good in enumerate([*fine.tolist(), False]):
        if not good:
            if i - first + 1 >= STEADY_STEPS:
                found.append(contacts_s[first : i + 1])
            first = i + 1
    return found


def _own_sd_ms(rows: list[np.ndarray]) -> float:
    """The walker's step time SD within steady stretches, pooled."""
    parts = [np.diff(s) for row in rows for s in _steady(np.sort(row))]
    squares = sum(float(((p - p.mean()) ** 2).sum()) for p in parts)
    freedom = sum(len(p) - 1 for p in parts)
    return 1000 * float(np.sqrt(squares / freedom)) if freedom > 0 else float("nan")


def reduce_next(results: list[dict]) -> list[Line]:
    line = Line(
        "next",
        "predicted next step, steady walking: error SD / the walker's own step time SD",
        "<= 1.5",
        "-",
    )
    if any(r["has"] for r in results):
        for name, some in (
            ("lower back, annotated contacts", [r for r in results if r["gold"]]),
            ("phone, own contacts", [r for r in results if not r["gold"]]),
        ):
            ratios = [
                (r["errors"].std() / r["step_sd_ms"], r["errors"].std())
                for r in some
                if len(r["errors"]) >= 10
            ]
            if not ratios:
                continue
            ratio, sd_ms = np.median(ratios, axis=0)
            told = f"{ratio:.2f} (SD {sd_ms:.0f} ms; {name}, {len(ratios)} recordings)"
            line.ours = told if line.reached is None else f"{line.ours}; {told}"
            line.reached = bool(ratio <= 1.5) and line.reached is not False
    for r in results:
        if len(r["errors"]):
            line.notes.append(
                f"{r['id']}: n {len(r['errors'])}, bias {np.median(r['errors']):+.0f} ms, SD "
                f"{r['errors'].std():.0f} ms, told {r['told']:.0f} ms, own step time SD "
                f"{r['step_sd_ms']:.0f} ms"
            )
    return [line]


def units(*, with_peers: bool) -> dict[str, tuple[list, object]]:
    predictable = [*sidecars("gait", "mobgap"), *sidecars("gait", "oxford")]
    return {
        "back,impaired,phone,wrist,shoe": (
            [partial(walk_unit, p, with_peers=with_peers) for p in sidecars("gait")],
            reduce_walks,
        ),
        "made": ([made_unit], reduce_made),
        "sides": ([partial(side_unit, p) for p in sidecars("gait", "mobgap")], reduce_sides),
        "next": ([partial(next_unit, p) for p in predictable], reduce_next),
    }
