"""Play the demo and the public walks into files, and listen to them with independent instruments.

* tempo: librosa's beat tracker on the rendered audio against the tempo in the trace, in windows in
  which the logged tempo moves by less than 1 %;
* following: logged tempo against cadence (times 1/2, 1 or 2) during the marked walks;
* energy: rank correlation of measured activity with onset density and with loudness;
* safety: every row of every trace inside its limits;
* sound: loudness (pyloudnorm), true peak (16 times oversampled), steps from sample to sample.

The walks are read from ``../shared/data/replay``; without them only the demo is played.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import queue
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import librosa
import numpy as np
import pyloudnorm
import soundfile
from machine import describe
from scipy.signal import resample_poly
from scipy.stats import spearmanr

from biofeedback.app import Parts, Stopwatch, make_engine, run_session
from biofeedback.messages import NS_PER_S, DecisionMade, EventDetected, MeasureTaken, PlayNote
from biofeedback.music.styles import STYLES
from biofeedback.profiles import list_profiles
from biofeedback.settings import Settings
from biofeedback.simulate.recording import open_recording
from biofeedback.simulate.scenarios import make_scenario
from biofeedback.sound import SoundSettings, open_file
from biofeedback.trace.header import make_header
from biofeedback.trace.journal import Journal
from biofeedback.trace.reader import read_trace

WALKS = Path(__file__).resolve().parents[2] / "shared" / "data" / "replay"
WINDOW_S, HOP_S = 12.0, 4.0
DRUMS = {"kick", "snare", "hat", "percussion"}


@dataclass
class Session:
    name: str
    wav: Path
    decisions: list[DecisionMade]
    measures: list[MeasureTaken]
    steps_s: np.ndarray
    notes: list[PlayNote]
    walks_s: list[tuple[float, float]]


def play(name: str, source, folder: Path) -> Session:
    wav, path = folder / f"{name}.wav", folder / f"{name}.trace.jsonl"
    profiles = list_profiles()
    header = make_header(
        session_id=name,
        settings=Settings(),
        profiles={profile.name: profile for profile in profiles},
        source=name,
        start_monotonic_ns=0,
    )
    orchestra = STYLES[Settings().music.style].orchestra(click=False)
    sound = open_file(wav, origin_ns=0, settings=SoundSettings(orchestra=orchestra))
    begin = time.perf_counter()
    with Journal(path, header) as journal:
        parts = Parts(make_engine(Settings(), profiles), source, sound, journal, None, None)
        run_session(parts, Stopwatch(fast=True), queue.SimpleQueue())
    sound.close()
    spent_s = time.perf_counter() - begin
    messages = read_trace(path).messages
    steps = [
        m.event_ns / NS_PER_S
        for m in messages
        if isinstance(m, EventDetected) and m.event == "step"
    ]
    seconds = soundfile.info(wav).duration
    print(f"\n{name}: {seconds:.0f} s, played and written in {spent_s:.1f} s")
    return Session(
        name=name,
        wav=wav,
        decisions=[m for m in messages if isinstance(m, DecisionMade)],
        measures=[m for m in messages if isinstance(m, MeasureTaken)],
        steps_s=np.array(steps),
        notes=[m for m in messages if isinstance(m, PlayNote)],
        walks_s=[],
    )


def tempo_track(session: Session) -> tuple[np.ndarray, np.ndarray]:
    """Times (s) from which a tempo applies, and the tempi."""
    times_s = np.array([d.tempo_from_ns for d in session.decisions]) / NS_PER_S
    return times_s, np.array([d.allowed.tempo_bpm for d in session.decisions])


def listen_to_tempo(session: Session, mono: np.ndarray, rate: int) -> tuple[int, int, int]:
    """Count steady windows, those read right, and those read right but for an octave."""
    times_s, tempi_bpm = tempo_track(session)
    steady = right = octave = 0
    for begin_s in np.arange(2.0, len(mono) / rate - WINDOW_S, HOP_S):
        inside = (times_s >= begin_s) & (times_s < begin_s + WINDOW_S)
        if inside.sum() < 10:
            continue
        window_bpm = tempi_bpm[inside]
        if window_bpm.max() / window_bpm.min() > 1.01:
            continue
        steady += 1
        piece = mono[int(begin_s * rate) : int((begin_s + WINDOW_S) * rate)]
        heard_bpm = beat_tempo_bpm(piece, rate)
        ratio = heard_bpm / window_bpm.mean()
        right += abs(ratio - 1) < 0.02
        octave += any(abs(ratio / m - 1) < 0.02 for m in (0.5, 2.0))
    return steady, right, octave


def beat_tempo_bpm(piece: np.ndarray, rate: int) -> float:
    onsets = librosa.onset.onset_strength(y=piece, sr=rate, hop_length=128)
    _, beats_s = librosa.beat.beat_track(
        onset_envelope=onsets, sr=rate, hop_length=128, units="time", trim=False
    )
    if len(beats_s) < 5:
        return 0.0
    # The slope over all beats is finer than the tracker's own list of tempi.
    return 60.0 / np.polyfit(np.arange(len(beats_s)), beats_s, 1)[0]


def report_following(session: Session) -> None:
    times_s, tempi_bpm = tempo_track(session)
    errors = []
    for m in session.measures:
        at_s = m.at_ns / NS_PER_S
        if m.measure != "cadence_spm" or not any(a <= at_s <= b for a, b in session.walks_s):
            continue
        index = np.searchsorted(times_s, at_s + 0.2) - 1
        errors.append(min(abs(tempi_bpm[index] / (m.value * k) - 1) for k in (0.5, 1, 2)))
    if errors:
        print(f"  following: median difference tempo/cadence {100 * np.median(errors):.2f} %")
    reasons = [(d.at_ns / NS_PER_S, d.reason) for d in session.decisions]
    for begin_s, end_s in session.walks_s:
        started = next((t for t, r in reasons if t >= begin_s - 5 and r == "walking"), np.nan)
        stopped = next((t for t, r in reasons if t >= end_s - 5 and r != "walking"), np.nan)
        first = session.steps_s[session.steps_s >= begin_s - 5]
        last = session.steps_s[session.steps_s <= stopped]
        share = np.mean([r == "walking" for t, r in reasons if begin_s + 3 <= t <= end_s - 3])
        print(
            f"  walk {begin_s:.0f}-{end_s:.0f} s: walking {100 * share:.0f} % of it; "
            f"first step {first[0] if len(first) else np.nan:.1f}, answered {started:.1f}; "
            f"last step {last[-1] if len(last) else np.nan:.1f}, answered {stopped:.1f}"
        )


def report_energy(session: Session, mono: np.ndarray, rate: int) -> None:
    onsets_s = librosa.onset.onset_detect(y=mono, sr=rate, hop_length=256, units="time")
    times_s = np.array([m.at_ns for m in session.measures if m.measure == "activity_mps2"])
    times_s = times_s / NS_PER_S
    activity = np.array([m.value for m in session.measures if m.measure == "activity_mps2"])
    rows = []
    for begin_s in np.arange(4.0, len(mono) / rate - 8.0, 8.0):
        inside = (times_s >= begin_s) & (times_s < begin_s + 8.0)
        if inside.sum() < 8:
            continue
        piece = mono[int(begin_s * rate) : int((begin_s + 8.0) * rate)]
        loudness_db = 10 * np.log10(np.mean(piece**2) + 1e-12)
        density = np.sum((onsets_s >= begin_s) & (onsets_s < begin_s + 8.0)) / 8.0
        rows.append((activity[inside].mean(), density, loudness_db))
    moved, density, loudness_db = np.array(rows).T
    print(
        f"  energy: rank correlation with onset density {spearmanr(moved, density)[0]:.2f}, "
        f"with loudness {spearmanr(moved, loudness_db)[0]:.2f} "
        f"({len(rows)} windows; {density.min():.1f} to {density.max():.1f} onsets/s, "
        f"{loudness_db.min():.0f} to {loudness_db.max():.0f} dB)"
    )


def report_safety(session: Session) -> None:
    limits = Settings().limits
    wrong = 0
    for before, now in zip(session.decisions, session.decisions[1:], strict=False):
        a, b = before.allowed, now.allowed
        slew = limits.tempo_slew_ratio_per_s * 0.1 * a.tempo_bpm
        largest_bpm = 0.1 if now.state == "EASE" else slew
        wrong += abs(b.tempo_bpm - a.tempo_bpm) > largest_bpm + 1e-9
        wrong += not limits.tempo_low_bpm <= b.tempo_bpm <= limits.tempo_high_bpm
        wrong += b.level_db > a.level_db + 0.6 + 1e-9
        wrong += now.state == "HOLD" and before.state == "HOLD" and a != b
    print(f"  safety: {len(session.decisions)} rows, {wrong} outside a limit")


def report_sound(session: Session) -> None:
    audio, rate = soundfile.read(session.wav)
    lufs = pyloudnorm.Meter(rate).integrated_loudness(audio)
    peak = max(
        np.abs(resample_poly(audio[i : i + rate * 10 + 1000], 16, 1, axis=0)).max()
        for i in range(0, len(audio), rate * 10)
    )
    steps = np.abs(np.diff(audio, axis=0)).max(axis=1)
    drums_s = np.array([n.start_ns / NS_PER_S for n in session.notes if n.layer in DRUMS])
    clicks = 0
    for index in np.nonzero(steps > 0.25)[0]:
        near = drums_s[(drums_s > index / rate - 0.05) & (drums_s <= index / rate + 0.001)]
        clicks += len(near) == 0
    print(
        f"  sound: {lufs:.1f} LUFS, true peak {20 * np.log10(peak):.2f} dBTP, finite "
        f"{bool(np.isfinite(audio).all())}, largest step {steps.max():.3f}, "
        f"clicks outside drum attacks {clicks}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="keep the files in this folder")
    parser.add_argument("--only", help="only names that contain this")
    options = parser.parse_args()
    print(describe())
    sources = {"demo": lambda: make_scenario("demo", seed=1, duration_s=None)}
    for sidecar in sorted(WALKS.glob("musicwalk_*.json")):
        sources[sidecar.stem] = lambda sidecar=sidecar: open_recording(sidecar)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        total = np.zeros(3, int)
        for name, open_source in sources.items():
            if options.only and options.only not in name:
                continue
            for old in folder.glob(f"{name}.*"):
                old.unlink()
            session = play(name, open_source(), folder)
            session.walks_s = marked_walks_s(name)
            mono, rate = librosa.load(session.wav, sr=22050)
            counts = np.array(listen_to_tempo(session, mono, rate))
            total += counts
            print(
                f"  tempo: {counts[1]} of {counts[0]} steady windows read within 2 %, "
                f"{counts[2]} more an octave off"
            )
            report_following(session)
            report_energy(session, mono, rate)
            report_safety(session)
            report_sound(session)
        print(f"\nall: {total[1]} of {total[0]} steady windows right, {total[2]} an octave off")


def marked_walks_s(name: str) -> list[tuple[float, float]]:
    path = WALKS / f"{name}.json"
    if not path.is_file():
        return []
    for reference in json.loads(path.read_text())["reference"]:
        if reference["name"] == "walks":
            with gzip.open(WALKS / reference["file"], "rt") as file:
                return [(float(r["t_start"]), float(r["t_end"])) for r in csv.DictReader(file)]
    return []


if __name__ == "__main__":
    main()
