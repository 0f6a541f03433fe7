"""Draw a spectrogram of each style at low, middle and high energy for docs/music.md.

    python benchmarks/draw_styles.py [--style walk] [--folder docs/pictures]

24 s of each, from bar 1 on, at the tempo in the middle of what suits the style.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import librosa
import matplotlib as mpl
import numpy as np
from PIL import Image
from styles.performance import ask, middle_tempo_bpm, perform

from biofeedback.music.styles import STYLES

mpl.use("Agg")
import matplotlib.pyplot as plt

SECONDS, SKIP_S = 28.0, 4.0
ENERGIES = (("low energy", 0.15), ("middle", 0.5), ("high", 0.9))
LARGEST_BYTES = 120_000
COLOURS = 48
FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"


def hear(name: str, energy: float, folder: Path) -> tuple[np.ndarray, int]:
    style = STYLES[name]
    asked = ask(tempo_bpm=middle_tempo_bpm(style), energy=energy, swell=0.4)
    piece = perform(style, lambda _: asked, seconds=SECONDS, wav=folder / f"{name}.wav")
    audio, rate = piece.listen()
    return audio[round(SKIP_S * rate) :].mean(axis=1), rate


def draw(name: str, folder: Path) -> Path:
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.1), dpi=90, sharey=True, layout="constrained")
    with tempfile.TemporaryDirectory() as scratch:
        for panel, (title, energy) in zip(axes, ENERGIES, strict=True):
            mono, rate = hear(name, energy, Path(scratch))
            magnitude = np.abs(librosa.stft(mono, n_fft=4096, hop_length=1024))
            level_db = 20 * np.log10(magnitude / 50.0 + 1e-9)
            at_hz = librosa.fft_frequencies(sr=rate, n_fft=4096)
            at_s = np.arange(level_db.shape[1]) * 1024 / rate
            panel.pcolormesh(
                at_s, at_hz[2:], level_db[2:], cmap="magma", vmin=-70, vmax=0, rasterized=True
            )
            panel.set_yscale("log")
            panel.set_ylim(40, 16_000)
            panel.set_yticks([60, 250, 1000, 4000, 16_000], ["60", "250", "1k", "4k", "16k"])
            panel.minorticks_off()
            panel.set_title(title, fontsize=9)
            panel.set_xlabel("s", fontsize=8)
            panel.tick_params(labelsize=8)
    axes[0].set_ylabel("Hz", fontsize=8)
    path = folder / f"{name}.png"
    figure.savefig(path)
    plt.close(figure)
    shrink(path)
    return path


def shrink(path: Path) -> None:
    """Keep to a few colours: a spectrogram needs no more."""
    with Image.open(path) as picture:
        colours = COLOURS
        while True:
            picture.convert("RGB").quantize(colours).save(path, optimize=True)
            if path.stat().st_size <= LARGEST_BYTES:
                return
            colours //= 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--style", default="", help="some of the styles")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in STYLES:
        if not options.style or name in options.style.split(","):
            path = draw(name, options.folder)
            print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
