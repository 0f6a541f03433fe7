"""Which tempi a song can be played at: times 1/2, 1 or 2, a little faster or slower than it is."""

from __future__ import annotations

import math
from typing import Final

from biofeedback.music.song_map import SongBeats, SongMap, check_song_map

SLOWEST, FASTEST = 0.85, 1.15
"""How far the speed of a song may be from its own."""

MULTIPLES: Final = (0.5, 1.0, 2.0)
"""Beats of the song to a beat of the clock."""

KEEP_MULTIPLE_RATIO: Final = 0.06
"""Another multiple has to be this much nearer (in ln tempo) before it replaces the one in use."""


def why_out_of_reach(song: SongMap, *, low_bpm: float, high_bpm: float) -> str | None:
    """Say why a song can't be played at any tempo of a band; None if it can."""
    if (problem := check_song_map(song)) is not None:
        return problem
    beats = SongBeats(song)
    tempi = [beats.tempo_bpm(float(beat)) for beat in range(0, len(song.beats_s) - 1, 4)]
    slowest, fastest = min(tempi), max(tempi)
    reaches = [(SLOWEST * fastest / m, FASTEST * slowest / m) for m in MULTIPLES]
    if any(low <= high_bpm and high >= low_bpm and low <= high for low, high in reaches):
        return None
    if all(low > high for low, high in reaches):
        return (
            f"its tempo goes from {slowest:.0f} to {fastest:.0f} bpm, and a song can be played "
            f"{SLOWEST:g} to {FASTEST:g} times as fast as it is: no steady tempo fits all of it"
        )
    spans = ", ".join(f"{low:.0f} to {high:.0f}" for low, high in reversed(reaches))
    return (
        f"it has {(slowest * fastest) ** 0.5:.0f} bpm, so it can be played at {spans} beats a "
        f"minute; this plan allows {low_bpm:.0f} to {high_bpm:.0f}"
    )


def natural_tempo_bpm(song: SongMap, *, low_bpm: float, high_bpm: float, near_bpm: float) -> float:
    """Tell at which tempo of a band a song needs the least stretching.

    Of several, the one nearest to ``near_bpm``.
    """
    bpm = SongBeats(song).tempo_bpm(0.0)
    inside = [bpm / m for m in MULTIPLES if low_bpm <= bpm / m <= high_bpm]
    if inside:
        return min(inside, key=lambda tempo: abs(math.log(tempo / near_bpm)))
    edges = [
        (abs(math.log(bpm / m / edge)), edge) for m in MULTIPLES for edge in (low_bpm, high_bpm)
    ]
    return min(edges)[1]


def choose_multiple(song_bpm: float, tempo_bpm: float, in_use: float | None) -> float:
    """Choose how many beats of the song go to a beat of the clock; the one in use is favoured."""

    def effort(multiple: float) -> float:
        distance = abs(math.log(tempo_bpm * multiple / song_bpm))
        return distance - (KEEP_MULTIPLE_RATIO if multiple == in_use else 0.0)

    return min(MULTIPLES, key=effort)


def fits(beats: SongBeats, tempo_bpm: float) -> bool:
    """Tell whether a song that begins now can be brought to a tempo."""
    song_bpm = beats.tempo_bpm(0.0)
    multiple = choose_multiple(song_bpm, tempo_bpm, None)
    return SLOWEST <= tempo_bpm * multiple / song_bpm <= FASTEST
