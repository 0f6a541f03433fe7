"""What is counted in notes: keys, repetition, overlap, pitch, dissonance."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.messages import NS_PER_S
from biofeedback.music.arrangement import plan_notes
from biofeedback.music.form import key_at

if TYPE_CHECKING:
    from biofeedback.messages import MusicParameters, PlayNote
    from biofeedback.music.style import Style

_PARTIALS = 6
_PARTIAL_RATIO = 0.88


def share_in_key(style: Style, seed: int, bars: int, asked: MusicParameters) -> float:
    inside = total = 0
    for note in plan_notes(style, seed, 0, bars * style.meter.ticks, asked):
        if note.layer in style.unpitched_layers:
            continue
        total += note.duration_ticks
        if (note.pitch_midi or 0) % 12 in key_at(style, seed, note.tick).pitch_classes():
            inside += note.duration_ticks
    return inside / total


def most_repeated_passage(style: Style, seed: int, bars: int, asked: MusicParameters) -> int:
    """How often the eight bars come back note for note that come back most often."""
    by_bar: dict[int, list[tuple[object, ...]]] = defaultdict(list)
    for note in plan_notes(style, seed, 0, bars * style.meter.ticks, asked):
        bar, tick = divmod(note.tick, style.meter.ticks)
        by_bar[bar].append((note.layer, tick, note.pitch_midi))
    passages = Counter(tuple(tuple(by_bar[bar + k]) for k in range(8)) for bar in range(bars - 7))
    return max(passages.values())


def likest_seeds(style: Style, bars: int, asked: MusicParameters) -> float:
    """Largest share of pitched notes that two of ten seeds have in common."""
    pieces = [
        {
            (note.tick, note.layer, note.pitch_midi)
            for note in plan_notes(style, seed, 0, bars * style.meter.ticks, asked)
            if note.layer not in style.unpitched_layers
        }
        for seed in range(10)
    ]
    return max(
        len(pieces[one] & pieces[other]) / min(len(pieces[one]), len(pieces[other]))
        for one in range(10)
        for other in range(one)
    )


def pitched(style: Style, notes: list[PlayNote]) -> list[PlayNote]:
    return [note for note in notes if note.layer not in style.unpitched_layers]


def in_windows(notes: list[PlayNote], seconds: float, window_s: float) -> list[list[PlayNote]]:
    found: list[list[PlayNote]] = [[] for _ in range(round(seconds / window_s))]
    for note in notes:
        index = int(note.start_ns / NS_PER_S / window_s)
        if index < len(found):
            found[index].append(note)
    return found


def overlap(notes: list[PlayNote]) -> float:
    """Mean part of the way to the next note of its layer that a note fills."""
    by_layer: dict[str, list[PlayNote]] = defaultdict(list)
    for note in notes:
        by_layer[note.layer].append(note)
    filled = []
    for layer in by_layer.values():
        starts = sorted({note.start_ns for note in layer})
        for note in layer:
            after = np.searchsorted(starts, note.start_ns + 20_000_000)
            if after < len(starts):
                filled.append(note.duration_ns / (starts[after] - note.start_ns))
    return float(np.mean(filled)) if filled else np.nan


def middle_pitch(notes: list[PlayNote]) -> float:
    """Median of the pitches, halves counted: mean of the middle fifth."""
    pitches = sorted(note.pitch_midi or 0 for note in notes)
    if not pitches:
        return np.nan
    low, high = int(0.4 * len(pitches)), -int(-0.6 * len(pitches) // 1)
    return float(np.mean(pitches[low : max(high, low + 1)]))


def dissonance(notes: list[PlayNote], from_s: float, until_s: float) -> float:
    """Mean sensory dissonance of what sounds together, for its loudness.

    Sethares (1993), Local consonance and the relationship between timbre and scale, eq. 3 on six
    partials of each note.
    """
    values = []
    for at_s in np.arange(from_s + 0.1, until_s, 0.25):
        at_ns = at_s * NS_PER_S
        sounding = [
            (note.pitch_midi or 0, note.velocity)
            for note in notes
            if note.start_ns <= at_ns < note.start_ns + note.duration_ns
        ]
        if len(sounding) > 1:
            values.append(_sethares(sounding) / sum(loud for _, loud in sounding))
    return float(np.mean(values)) if values else np.nan


def _sethares(sounding: list[tuple[int, float]]) -> float:
    partials = sorted(
        (440 * 2 ** ((pitch - 69) / 12) * k, loud * _PARTIAL_RATIO ** (k - 1))
        for pitch, loud in sounding
        for k in range(1, _PARTIALS + 1)
    )
    hz, loud = np.array(partials).T
    low, high = np.triu_indices(len(hz), 1)
    apart = 0.24 / (0.0207 * hz[low] + 18.96) * (hz[high] - hz[low])
    beating = np.exp(-3.51 * apart) - np.exp(-5.75 * apart)
    return float((np.minimum(loud[low], loud[high]) * beating).sum())
