"""Songs whose every beat is known, made with numpy: what a person's own music may be like.

Each is played by simple players (drums, bass, chords, tune) from a beat map, so it can be played
again at any other tempo with the same notes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RATE_HZ = 44_100
LEAD_IN_S = 0.37


@dataclass(frozen=True, slots=True, eq=False)
class MadeSong:
    """Samples of shape (n, 2), and the truth: beats in s, which of them begin a bar."""

    name: str
    samples: NDArray[np.float64]
    beats_s: NDArray[np.float64]
    downbeats: NDArray[np.int64]
    beats_per_bar: int
    tonic_hz: float


class _Sheet:
    """A stereo recording while it is being made."""

    def __init__(self, seconds: float, seed: int) -> None:
        self.samples = np.zeros((round(seconds * RATE_HZ), 2))
        self.rng = np.random.default_rng(seed)

    def add(self, at_s: float, sound: NDArray[np.float64], gain: float, pan: float = 0.0) -> None:
        first = round(at_s * RATE_HZ)
        if first < 0:
            return
        end = min(first + len(sound), len(self.samples))
        angle = (pan + 1.0) * np.pi / 4.0
        sides = np.array([np.cos(angle), np.sin(angle)]) * gain
        self.samples[first:end] += sound[: end - first, None] * sides


def _times(seconds: float) -> NDArray[np.float64]:
    return np.arange(round(seconds * RATE_HZ)) / RATE_HZ


def kick() -> NDArray[np.float64]:
    t = _times(0.25)
    phase = 2 * np.pi * (48.0 * t + 6.0 * (1 - np.exp(-t * 30)) * 1.2)
    return np.sin(phase) * np.exp(-t * 16) * np.minimum(1, t * 2000)


def snare(rng: np.random.Generator) -> NDArray[np.float64]:
    t = _times(0.2)
    noise = np.diff(rng.standard_normal(len(t)), prepend=0.0)
    return (0.5 * noise + 0.6 * np.sin(2 * np.pi * 190 * t)) * np.exp(-t * 24)


def hat(rng: np.random.Generator) -> NDArray[np.float64]:
    t = _times(0.06)
    noise = np.diff(rng.standard_normal(len(t)), n=2, prepend=[0.0, 0.0])
    return 0.4 * noise * np.exp(-t * 80)


@lru_cache(maxsize=512)
def tone(
    hz: float, seconds: float, *, harmonics: int = 6, decay: float = 2.0, attack_s: float = 0.006
) -> NDArray[np.float64]:
    """A struck tone: harmonics that fade the faster the higher they are. Not to be changed."""
    t = _times(seconds + 0.08)
    sound = np.zeros_like(t)
    for number in range(1, harmonics + 1):
        if number * hz < 0.4 * RATE_HZ:
            fade = np.exp(-t * decay * (1 + 0.4 * number))
            sound += np.sin(2 * np.pi * number * hz * t + 0.7 * number) / number**1.3 * fade
    release = np.clip((seconds + 0.08 - t) / 0.08, 0, 1)
    return sound * np.minimum(1, t / attack_s) * release


def _hz(midi: float) -> float:
    return float(440.0 * 2 ** ((midi - 69) / 12))


CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))
TUNE = (12, 14, 16, 19, 16, 14, 12, 7, 9, 12, 14, 12)


def steady_beats(bpm: float, beats: int, *, start_s: float = LEAD_IN_S) -> NDArray[np.float64]:
    return start_s + np.arange(beats) * 60.0 / bpm


def changing_beats(tempi: tuple[tuple[float, int], ...]) -> NDArray[np.float64]:
    """Beats of several stretches, each (bpm, beats)."""
    gaps = np.concatenate([np.full(count, 60.0 / bpm) for bpm, count in tempi])
    return LEAD_IN_S + np.concatenate([[0.0], np.cumsum(gaps)[:-1]])


def rubato_beats(bpm: float, beats: int, *, depth: float, seed: int) -> NDArray[np.float64]:
    """A tempo that breathes by ``depth``, with a player's own small deviations."""
    rng = np.random.default_rng(seed)
    place = np.arange(beats)
    ratio = 1 + depth * np.sin(2 * np.pi * place / 16.0) + rng.normal(0, 0.004, beats)
    gaps = 60.0 / bpm / ratio
    return LEAD_IN_S + np.concatenate([[0.0], np.cumsum(gaps)[:-1]])


def play_song(
    name: str,
    beats_s: NDArray[np.float64],
    *,
    beats_per_bar: int = 4,
    subdivisions: tuple[float, ...] = (0.0, 0.5),
    drums: bool = True,
    sparse: bool = False,
    root_midi: int = 48,
    seed: int = 3,
) -> MadeSong:
    """Play the same piece on any beats.

    Args:
        name: What it is called.
        beats_s: When each beat is.
        beats_per_bar: A bar's length.
        subdivisions: Where in a beat the hats are (and the tune's off-beats).
        drums: Whether there are drums.
        sparse: Few notes, as a piano alone.
        root_midi: The tonic.
        seed: Of noise and of small deviations.
    """
    sheet = _Sheet(float(beats_s[-1]) + 2.5, seed)
    gaps = np.append(np.diff(beats_s), beats_s[-1] - beats_s[-2])
    one_snare, one_hat, one_kick = snare(sheet.rng), hat(sheet.rng), kick()
    for number, (at_s, gap_s) in enumerate(zip(beats_s, gaps, strict=True)):
        bar, beat = divmod(number, beats_per_bar)
        chord = CHORDS[bar % 4]
        strong = beat == 0
        if drums:
            if strong or (beats_per_bar == 4 and beat == 2):
                sheet.add(at_s, one_kick, 0.8)
            elif beats_per_bar != 2 or beat == 1:
                sheet.add(at_s, one_snare, 0.35, 0.1)
            for share in subdivisions:
                sheet.add(at_s + share * gap_s, one_hat, 0.22 if share else 0.3, -0.3)
        if strong:
            length = gap_s * beats_per_bar
            for index, step in enumerate(chord):
                sound = tone(_hz(root_midi + 12 + step), round(length * 0.95, 2), decay=0.8)
                sheet.add(at_s, sound, 0.16, 0.3 * (index - 1))
        if strong or (not sparse and beat == beats_per_bar // 2):
            bass = tone(
                _hz(root_midi - 12 + chord[0] % 12), round(gap_s * 0.9, 2), harmonics=4, decay=1.5
            )
            sheet.add(at_s, bass, 0.4)
        if not sparse or beat % 2 == 0 or sheet.rng.random() < 0.4:
            pitch = root_midi + 12 + TUNE[(number * 5 + bar) % len(TUNE)]
            sheet.add(at_s, tone(_hz(pitch), round(gap_s * 0.8, 2)), 0.2, 0.4)
        if not sparse and number % 3 == 1:
            pitch = root_midi + 12 + TUNE[(number * 7) % len(TUNE)]
            share = subdivisions[-1] or 0.5
            sheet.add(at_s + share * gap_s, tone(_hz(pitch), round(gap_s * 0.4, 2)), 0.15, 0.4)
    peak = float(np.abs(sheet.samples).max())
    return MadeSong(
        name=name,
        samples=sheet.samples / peak * 0.7,
        beats_s=beats_s,
        downbeats=np.arange(0, len(beats_s), beats_per_bar),
        beats_per_bar=beats_per_bar,
        tonic_hz=_hz(root_midi),
    )


def pop(seconds: float = 60.0, bpm: float = 112.0) -> MadeSong:
    return play_song("pop, 4/4", steady_beats(bpm, round(seconds * bpm / 60)))


def waltz(seconds: float = 60.0, bpm: float = 138.0) -> MadeSong:
    beats = steady_beats(bpm, round(seconds * bpm / 60))
    return play_song("waltz, 3/4", beats, beats_per_bar=3, root_midi=50)


def six_eight(seconds: float = 60.0, bpm: float = 76.0) -> MadeSong:
    """Two beats in a bar, three eighths in each."""
    beats = steady_beats(bpm, round(seconds * bpm / 60))
    thirds = (0.0, 1 / 3, 2 / 3)
    return play_song("6/8", beats, beats_per_bar=2, subdivisions=thirds, root_midi=45)


def swing(seconds: float = 60.0, bpm: float = 126.0) -> MadeSong:
    beats = steady_beats(bpm, round(seconds * bpm / 60))
    return play_song("swing", beats, subdivisions=(0.0, 0.64), root_midi=53)


def piano(seconds: float = 60.0, bpm: float = 84.0) -> MadeSong:
    """A piano alone, with few notes and a tempo that breathes by 3 %."""
    beats = rubato_beats(bpm, round(seconds * bpm / 60), depth=0.03, seed=11)
    return play_song("piano, rubato", beats, drums=False, sparse=True, root_midi=55)


def two_tempi(seconds: float = 60.0, first_bpm: float = 104.0, then_bpm: float = 116.0) -> MadeSong:
    half = seconds / 2
    first = 4 * round(half * first_bpm / 240)
    then = 4 * round(half * then_bpm / 240)
    return play_song("two tempi", changing_beats(((first_bpm, first), (then_bpm, then))))


def march(seconds: float = 60.0, bpm: float = 118.0) -> MadeSong:
    beats = steady_beats(bpm, round(seconds * bpm / 60))
    return play_song("march, 2/4", beats, beats_per_bar=2, root_midi=46, seed=9)


KINDS: dict[str, Callable[..., MadeSong]] = {
    "pop": pop,
    "waltz": waltz,
    "six_eight": six_eight,
    "swing": swing,
    "piano": piano,
    "two_tempi": two_tempi,
    "march": march,
}
