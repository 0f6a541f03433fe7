"""The person's own songs: beats found at import, and a song that follows a cadence curve.

All songs are made here (``tests/made_songs.py``), so every beat is known. ``--seconds`` shortens
the song that is stretched. librosa is only compared with.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np
import soundfile
from machine import describe

from biofeedback.control.follow import neutral_music
from biofeedback.messages import NS_PER_S, StretchSong
from biofeedback.music.song import SongPerformer
from biofeedback.songs.analyse import analyse, listen
from biofeedback.sound.recording import Recording, convert_rate, find_attacks
from biofeedback.sound.song import SongPlayer
from tests.made_songs import KINDS, MadeSong, two_tempi

RATE_HZ = 48_000
BLOCK = 128
STEP_NS = NS_PER_S // 10
LEAD_NS = 2 * STEP_NS


def measure_import(folder: Path) -> None:
    try:
        import librosa  # noqa: PLC0415 - only compared with
    except ImportError:
        librosa = None
    print("kind | within 30 ms of the truth: recall, precision, median offset | bar | confidence")
    for name, make in KINDS.items():
        song = make(60.0)
        path = folder / f"{name}.wav"
        soundfile.write(path, song.samples, 44_100)
        start_s = time.process_time()
        found = analyse(listen(path, show=lambda _: None)).map
        cost_s = time.process_time() - start_s
        line = _compare(song.beats_s, np.array(found.beats_s))
        print(
            f"{name}: {line}, bars of {found.beats_per_bar}, {found.confidence:.2f}, {cost_s:.1f} s"
        )
        if librosa is not None:
            mono = song.samples.mean(axis=1)
            _, beats = librosa.beat.beat_track(y=mono, sr=44_100, units="time")
            shift_s = float(
                np.median([beats[np.abs(beats - t).argmin()] - t for t in song.beats_s])
            )
            print(
                f"    librosa, its usual delay of {1000 * shift_s:.0f} ms taken out: "
                f"{_compare(song.beats_s, beats - shift_s)}"
            )


def _compare(truth: np.ndarray, found: np.ndarray) -> str:
    apart = np.array([found[np.abs(found - t).argmin()] - t for t in truth])
    recall = float((np.abs(apart) <= 0.03).mean())
    precision = float(np.mean([np.abs(truth - t).min() <= 0.03 for t in found]))
    return f"{recall:.3f}, {precision:.3f}, {1000 * np.median(apart):.1f} ms"


def measure_following(folder: Path, seconds: float) -> None:
    song: MadeSong = two_tempi(seconds)
    path = folder / "two_tempi_long.wav"
    soundfile.write(path, song.samples, 44_100)
    known = analyse(listen(path, show=lambda _: None)).map
    samples = convert_rate(song.samples.T.astype(np.float32), from_hz=44_100, to_hz=RATE_HZ)
    player = SongPlayer({known.song: Recording(samples, rate_hz=RATE_HZ)}, {}, rate_hz=RATE_HZ)
    output, orders, clock, cost_s = follow(player, known, seconds * 0.9)
    speeds = [(o.to_s - o.from_s) / ((o.end_ns - o.start_ns) / NS_PER_S) for o in orders]
    # Where each true beat of the recording is ordered to sound, against the clock's nearest beat.
    errors = []
    for order in orders:
        for beat_s in song.beats_s[(song.beats_s >= order.from_s) & (song.beats_s < order.to_s)]:
            share = (beat_s - order.from_s) / (order.to_s - order.from_s)
            at_ns = order.start_ns + round(share * (order.end_ns - order.start_ns))
            if at_ns < clock.end_ns:
                beats = clock.beats_at(at_ns)
                bpm = clock.tempo_bpm(at_ns)
                errors.append(abs(beats - round(beats)) * 60_000.0 / bpm)
    # And where attacks are found in the sound that comes out, against where they are ordered.
    attacks_s = find_attacks(output.T.astype(np.float32), rate_hz=RATE_HZ) / RATE_HZ
    strays = []
    for attack_s in find_attacks(samples, rate_hz=RATE_HZ) / RATE_HZ:
        for order in orders:
            if order.from_s <= attack_s < order.to_s:
                share = (attack_s - order.from_s) / (order.to_s - order.from_s)
                at_s = (order.start_ns + share * (order.end_ns - order.start_ns)) / NS_PER_S
                if at_s < len(output) / RATE_HZ - 0.2 and len(attacks_s):
                    strays.append(1000.0 * float(np.abs(attacks_s - at_s).min()))
    print(
        f"speed {min(speeds):.3f} to {max(speeds):.3f}; true beats against the clock: "
        f"p95 {np.percentile(errors, 95):.1f} ms of {len(errors)}"
    )
    attacks = f"p95 {np.percentile(strays, 95):.1f} ms of {len(strays)}"
    print(f"attacks heard against attacks ordered: {attacks}")
    cpu = 100 * cost_s / (len(output) / RATE_HZ)
    steps = np.abs(np.diff(output, axis=0)).max(), np.abs(np.diff(samples)).max()
    print(
        f"cpu {cpu:.1f} %; largest step of output {steps[0]:.3f}, of the recording {steps[1]:.3f}"
    )


def follow(
    player: SongPlayer, known: object, seconds: float
) -> tuple[np.ndarray, list[StretchSong], object, float]:
    def tempo_bpm(at_s: float) -> float:
        return 110.0 * (1.0 + 0.1 * np.sin(2.0 * np.pi * at_s / 40.0))

    performer = SongPerformer([known], start_ns=LEAD_NS, tempo_bpm=tempo_bpm(0.0))
    clock = performer._clock  # noqa: SLF001 - what is measured against
    clock.forget_before = lambda _at_ns: None
    orders: list[StretchSong] = []
    blocks: list[np.ndarray] = []
    frame, cost_s = 0, 0.0
    for step in range(round(seconds * 10)):
        at_ns = step * STEP_NS
        music = msgspec.structs.replace(neutral_music(tempo_bpm(step / 10.0)), energy=0.5)
        for order in performer.play(at_ns, at_ns + STEP_NS + LEAD_NS, music):
            if isinstance(order, StretchSong):
                orders.append(order)
                player.obey(order)
        while (frame + BLOCK) * NS_PER_S // RATE_HZ <= at_ns + STEP_NS:
            begun_s = time.process_time()
            block = player.render(
                first_frame=frame,
                frames=BLOCK,
                origin_ns=0,
                programme_ratio=1.0,
                brightness=1.0,
                swell_db=0.0,
            )
            cost_s += time.process_time() - begun_s
            blocks.append(np.zeros((BLOCK, 2)) if block is None else block)
            frame += BLOCK
    return np.concatenate(blocks), orders, clock, cost_s


def measure_pitch() -> None:
    seconds = 12.0
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    print("pitch error in cents at speeds 0.87 and 1.13:")
    for hz in (55.0, 110.0, 440.0, 1760.0):
        tone = np.repeat(0.5 * np.sin(2 * np.pi * hz * times)[None], 2, axis=0).astype(np.float32)
        told = []
        for speed in (0.87, 1.13):
            player = SongPlayer({"s": Recording(tone, rate_hz=RATE_HZ)}, {}, rate_hz=RATE_HZ)
            end_ns = round(8.0 / 1.13 * NS_PER_S)
            player.obey(
                StretchSong(
                    at_ns=0,
                    song="s",
                    start_ns=0,
                    end_ns=end_ns,
                    from_s=0.0,
                    to_s=speed * end_ns / NS_PER_S,
                )
            )
            blocks = [
                player.render(
                    first_frame=BLOCK * n,
                    frames=BLOCK,
                    origin_ns=0,
                    programme_ratio=1.0,
                    brightness=1.0,
                    swell_db=0.0,
                )
                for n in range(round(6 * RATE_HZ / BLOCK))
            ]
            heard = np.concatenate([b for b in blocks if b is not None])[RATE_HZ : 5 * RATE_HZ, 0]
            told.append(1200.0 * np.log2(_find_hz(heard) / hz))
        print(f"  {hz:.0f} Hz: {told[0]:+.3f}, {told[1]:+.3f}")


def _find_hz(sound: np.ndarray) -> float:
    spectrum = np.log(np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 4 * len(sound))) + 1e-12)
    top = int(spectrum.argmax())
    left, middle, right = spectrum[top - 1 : top + 2]
    return (top + 0.5 * (left - right) / (left - 2 * middle + right)) * RATE_HZ / (4 * len(sound))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--only", choices=["import", "follow", "pitch"])
    asked = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory() as name:
        if asked.only in {None, "import"}:
            measure_import(Path(name))
        if asked.only in {None, "follow"}:
            measure_following(Path(name), asked.seconds)
        if asked.only in {None, "pitch"}:
            measure_pitch()


if __name__ == "__main__":
    main()
