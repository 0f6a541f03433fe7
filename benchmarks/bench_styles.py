"""Whether every style keeps what it promises to the ear, and every parameter does what it says.

* sound: three minutes at low, middle and high energy: loudness, true peak, loudness range, clicks,
  gaps; keys, seeds and repetition in the notes;
* beats: two beat trackers on the sound at 60 to 140 beats a minute, and during a ramp of 1 %/s;
* sweeps: each parameter alone from end to end in a minute: rank correlation with what is heard.

    python benchmarks/bench_styles.py [--only sound,beats,ramp,sweeps] [--style walk,calm]
        [--seconds 180] [--keep FOLDER] [--processes 2]

The whole takes about an hour on two quiet cores. A figure that misses its aim has a star.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import tempfile
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from machine import describe
from scipy.stats import spearmanr
from styles import hearing, scoring
from styles.performance import ask, middle_tempo_bpm, perform

from biofeedback.messages import NS_PER_S
from biofeedback.music.styles import STYLES, StyleName, find_style, list_meters

if TYPE_CHECKING:
    from collections.abc import Callable

    from styles.performance import Performance

    from biofeedback.messages import MusicParameters
    from biofeedback.music.meter import MeterName

ENERGIES = {"low": 0.15, "middle": 0.5, "high": 0.9}
TEMPI_BPM = (60.0, 80.0, 100.0, 120.0, 140.0)
TARGET_LUFS = -23.0
WINDOW_S, HOP_S = 12.0, 4.0
FADE_IN_S = 2.0
SWEEP_S = 60.0
PIECE_S = 5.0
SWELL_BRPM = 12.0
TEN_MINUTES = 10

Row = tuple[str, ...]


def star(text: str, *, good: bool) -> str:
    return text if good else f"{text}*"


# ---------------------------------------------------------------- sound


def judge_sound(name: StyleName, level: str, seconds: float, folder: Path) -> Row:
    style = STYLES[name]
    asked = ask(tempo_bpm=middle_tempo_bpm(style), energy=ENERGIES[level])
    wav = folder / f"{name}-{level}.wav"
    piece = perform(style, lambda _: asked, seconds=seconds, wav=wav)
    audio, rate = piece.listen()
    lufs = hearing.integrated_lufs(audio, rate)
    peak = hearing.true_peak_dbtp(audio, rate)
    spread = hearing.loudness_range_lu(audio, rate)
    onsets_s = np.sort([note.start_ns / NS_PER_S for note in piece.notes])
    clicks = hearing.count_clicks(audio, rate, onsets_s)
    gap_s = hearing.longest_gap_s(audio[2 * rate :], rate)
    bars = round(TEN_MINUTES * asked.tempo_bpm / style.meter.beats)
    in_key = min(scoring.share_in_key(style, seed, bars, asked) for seed in (1, 2))
    again = max(scoring.most_repeated_passage(style, seed, bars, asked) for seed in (1, 2))
    alike = scoring.likest_seeds(style, 32, asked)
    return (
        name,
        level,
        star(f"{lufs:.1f}", good=abs(lufs - TARGET_LUFS) <= 1.0),
        star(f"{peak:.1f}", good=peak <= -1.0),
        star(f"{spread:.1f}", good=spread <= 10.0),
        star(str(clicks), good=clicks == 0),
        star(f"{gap_s:.1f}/{piece.bar_s:.1f}", good=gap_s <= piece.bar_s),
        star(f"{100 * in_key:.1f}", good=in_key >= 0.97),
        star(f"{100 * alike:.0f}", good=alike < 1.0),
        star(str(again), good=again <= 2),
    )


# ---------------------------------------------------------------- beats


def judge_beats(
    name: StyleName, meter: MeterName, tempo_bpm: float, seconds: float, folder: Path
) -> Row:
    style = find_style(name, meter)
    asked = ask(tempo_bpm=tempo_bpm, energy=0.6)
    wav = folder / f"beats-{name}-{meter.replace('/', '')}-{tempo_bpm:.0f}.wav"
    audio, rate = perform(style, lambda _: asked, seconds=seconds, wav=wav).listen()
    mono = hearing.to_mono(audio, rate)
    right = np.zeros(4, int)
    windows = np.arange(FADE_IN_S, seconds - WINDOW_S + 1e-9, HOP_S)
    for begin_s in windows:
        piece = mono[round(begin_s * 22_050) : round((begin_s + WINDOW_S) * 22_050)]
        heard = (
            hearing.tempo_of_beats_bpm(hearing.track_beats_s(piece)),
            hearing.comb_tempo_bpm(piece),
        )
        for listener, bpm in enumerate(heard):
            octaves = [abs(bpm / tempo_bpm / ratio - 1) <= 0.02 for ratio in (1.0, 0.5, 2.0)]
            right[2 * listener] += octaves[0]
            right[2 * listener + 1] += any(octaves)
    shares = right / len(windows)
    return (
        name,
        meter,
        f"{tempo_bpm:.0f}",
        f"{100 * shares[0]:.0f}",
        star(f"{100 * shares[1]:.0f}", good=shares[1] >= 0.9),
        f"{100 * shares[2]:.0f}",
        star(f"{100 * shares[3]:.0f}", good=shares[3] >= 0.9),
    )


def judge_ramp(name: StyleName, meter: MeterName, folder: Path) -> Row:
    """Beats that were asked for and beats that are found while the tempo rises by 1 % a second."""
    style = find_style(name, meter)
    low_bpm, high_bpm = style.tempo_range_bpm
    from_bpm = max(low_bpm, 60.0)
    to_bpm = min(high_bpm, from_bpm * 1.5)
    seconds = float(np.log(to_bpm / from_bpm) / 0.01)

    def curve(at_s: float) -> MusicParameters:
        return ask(tempo_bpm=min(to_bpm, from_bpm * math.exp(0.01 * at_s)), energy=0.6)

    wav = folder / f"ramp-{name}-{meter.replace('/', '')}.wav"
    piece = perform(style, curve, seconds=seconds, wav=wav)
    audio, rate = piece.listen()
    mono = hearing.to_mono(audio, rate)
    found_s = []
    # In windows, because the tracker believes in one tempo for all that it hears at once.
    for begin_s in np.arange(FADE_IN_S, seconds - WINDOW_S + 1e-9, HOP_S):
        window = mono[round(begin_s * 22_050) : round((begin_s + WINDOW_S) * 22_050)]
        beats_s = hearing.track_beats_s(window) + begin_s - hearing.tracker_delay_s()
        middle_s = begin_s + (WINDOW_S - HOP_S) / 2
        found_s += [t for t in beats_s if middle_s <= t < middle_s + HOP_S]
    found = np.array(found_s)
    logged = piece.beats_s
    inside = logged[(logged >= found.min()) & (logged <= found.max())] if len(found) else logged[:0]
    halves = np.sort(np.concatenate((inside, (inside[1:] + inside[:-1]) / 2)))
    # Every beat found has to be a logged one (or lie half-way between two: the octave above).
    near = [np.min(np.abs(halves - t)) <= 0.040 for t in found]
    # And of the logged beats each, or every other, has to be found.
    met = np.array([np.min(np.abs(found - t)) <= 0.040 for t in inside])
    every = max(met.mean(), met[::2].mean(), met[1::2].mean())
    agree = min(float(np.mean(near)), float(every))
    return (
        name,
        meter,
        f"{from_bpm:.0f}-{to_bpm:.0f}",
        f"{100 * met.mean():.0f}",
        star(f"{100 * agree:.0f}", good=agree >= 0.85),
    )


# ---------------------------------------------------------------- sweeps


def sweep(parameter: str, at_s: float, tempo_bpm: float) -> MusicParameters:
    share = min(1.0, at_s / SWEEP_S)
    value = 2 * share - 1 if parameter == "register" else share
    changes = {"tempo_bpm": tempo_bpm, "energy": 0.55, parameter: value}
    if parameter == "swell":
        changes["swell_brpm"] = SWELL_BRPM
    return ask(**changes)


def hear_energy(piece: Performance) -> dict[str, np.ndarray]:
    audio, rate = piece.listen()
    power = hearing.weighted_power(audio, rate, window_s=PIECE_S, hop_s=PIECE_S)
    return {
        "loudness": 10 * np.log10(power),
        "onset rate": hearing.count_onsets(audio, rate, window_s=PIECE_S),
    }


def hear_density(piece: Performance) -> dict[str, np.ndarray]:
    windows = scoring.in_windows(piece.notes, SWEEP_S, PIECE_S)
    return {
        "onset rate": hearing.count_onsets(*piece.listen(), window_s=PIECE_S),
        "notes": np.array([len(window) for window in windows]),
    }


def hear_brightness(piece: Performance) -> dict[str, np.ndarray]:
    return {"centroid": hearing.spectral_centroid_hz(*piece.listen(), window_s=PIECE_S)}


def hear_articulation(piece: Performance) -> dict[str, np.ndarray]:
    windows = scoring.in_windows(scoring.pitched(piece.style, piece.notes), SWEEP_S, PIECE_S)
    return {"overlap": -np.array([scoring.overlap(window) for window in windows])}


def hear_register(piece: Performance) -> dict[str, np.ndarray]:
    windows = scoring.in_windows(scoring.pitched(piece.style, piece.notes), SWEEP_S, PIECE_S)
    return {"pitch": np.array([scoring.middle_pitch(window) for window in windows])}


def hear_tension(piece: Performance) -> dict[str, np.ndarray]:
    notes = scoring.pitched(piece.style, piece.notes)
    edges = np.arange(0.0, SWEEP_S, PIECE_S)
    values = [scoring.dissonance(notes, edge, edge + PIECE_S) for edge in edges]
    return {"dissonance": np.array(values)}


def hear_swell(piece: Performance) -> dict[str, np.ndarray]:
    audio, rate = piece.listen()
    breath_s = 60 / SWELL_BRPM
    depths = hearing.modulation_at(audio, rate, rate_hz=1 / breath_s, window_s=4 * breath_s)
    return {"modulation": depths}


SWEEPS: dict[str, Callable[[Performance], dict[str, np.ndarray]]] = {
    "energy": hear_energy,
    "density": hear_density,
    "brightness": hear_brightness,
    "articulation": hear_articulation,
    "register": hear_register,
    "tension": hear_tension,
    "swell": hear_swell,
}
SILENT_SWEEPS = {"articulation", "register", "tension"}


def judge_sweep(name: StyleName, parameter: str, folder: Path) -> Row:
    style = STYLES[name]
    wav = None if parameter in SILENT_SWEEPS else folder / f"sweep-{name}-{parameter}.wav"
    curve = partial(sweep, parameter, tempo_bpm=middle_tempo_bpm(style))
    piece = perform(style, curve, seconds=SWEEP_S, wav=wav)
    cells = []
    for fact, values in SWEEPS[parameter](piece).items():
        usable = np.isfinite(values)
        first = 1 if parameter == "energy" else 0  # the first piece fades in
        ranks = spearmanr(np.arange(len(values))[usable][first:], values[usable][first:])[0]
        span = f"{values[usable][first]:.4g} to {values[usable][-1]:.4g}"
        cells.append(f"{fact} {star(f'{ranks:.2f}', good=ranks >= 0.8)} ({span})")
    return (name, parameter, "; ".join(cells))


# ---------------------------------------------------------------- all


def list_jobs(
    only: set[str], names: list[StyleName], seconds: float, folder: Path
) -> dict[str, list[Callable[[], Row]]]:
    beaten = [
        (name, meter) for name in names if STYLES[name].has_beat for meter in list_meters(name)
    ]
    jobs: dict[str, list[Callable[[], Row]]] = {
        "sound": [
            partial(judge_sound, name, level, seconds, folder)
            for name in names
            for level in ENERGIES
        ],
        "beats": [
            partial(judge_beats, name, meter, tempo_bpm, min(seconds, 62.0), folder)
            for name, meter in beaten
            for tempo_bpm in TEMPI_BPM
        ],
        "ramp": [partial(judge_ramp, name, meter, folder) for name, meter in beaten],
        "sweeps": [
            partial(judge_sweep, name, parameter, folder) for name in names for parameter in SWEEPS
        ],
    }
    return {title: rows for title, rows in jobs.items() if not only or title in only}


HEADERS: dict[str, Row] = {
    "sound": (
        "style", "energy", "LUFS", "dBTP", "LRA", "clicks", "gap/bar s", "% in key",
        "% alike", "8 bars again",
    ),
    "beats": ("style", "meter", "bpm", "% librosa", "or octave", "% comb", "or octave"),
    "ramp": ("style", "meter", "bpm", "% of beats", "% agree"),
    "sweeps": ("style", "parameter", "rank correlation (from, to)"),
}  # fmt: skip


def print_table(title: str, rows: list[Row]) -> None:
    table = [HEADERS[title], *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    print(f"\n{title}")
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  " + "  ".join(cells).rstrip())


def run(job: Callable[[], Row]) -> Row:
    warnings.filterwarnings("ignore")
    return job()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="some of sound,beats,ramp,sweeps")
    parser.add_argument("--style", default="", help="some of the styles")
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--keep", type=Path, help="keep the sound in this folder")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    print(describe())
    names: list[StyleName] = [
        name for name in STYLES if not options.style or name in options.style.split(",")
    ]
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        only = {word for word in options.only.split(",") if word}
        with multiprocessing.Pool(options.processes, maxtasksperchild=8) as pool:
            for title, jobs in list_jobs(only, names, options.seconds, folder).items():
                print_table(title, pool.map(run, jobs, chunksize=1))


if __name__ == "__main__":
    main()
