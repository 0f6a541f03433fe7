"""What is known of a song of the person's own: its beats. Part of the settings, hence of a trace.

A beat is counted from the first one that was found. Before it and behind the last one the beats go
on as they were there, so every place in a recording has its beat.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from statistics import median
from typing import Annotated

import msgspec
from msgspec import Meta

FEWEST_BEATS = 8
_EDGE_BEATS = 8
_LOCAL_BEATS = 8

Seconds = Annotated[float, Meta(ge=0, le=3600)]


class SongMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The beats of one recording, in seconds from its first sample.

    ``song`` is what ``StretchSong`` calls it. ``downbeats`` are numbers of beats that begin a bar.
    It can be heard from ``sounds_from_s`` to ``sounds_to_s``. ``confidence`` is 0..1.
    """

    song: str
    title: str
    sounds_from_s: Seconds
    sounds_to_s: Seconds
    beats_s: tuple[Seconds, ...]
    downbeats: tuple[Annotated[int, Meta(ge=0)], ...]
    beats_per_bar: Annotated[int, Meta(ge=1, le=12)]
    confidence: Annotated[float, Meta(ge=0, le=1)]


def check_song_map(song: SongMap) -> str | None:
    """Say what is wrong with a map; None if nothing is."""
    beats_s = song.beats_s
    if len(beats_s) < FEWEST_BEATS:
        return f"{len(beats_s)} beats were found, at least {FEWEST_BEATS} are needed"
    if any(after <= before for before, after in pairwise(beats_s)):
        return "its beats don't rise"
    if song.sounds_to_s <= song.sounds_from_s:
        return "it ends before it begins"
    if any(beat >= len(beats_s) for beat in song.downbeats):
        return "a bar begins on a beat that there isn't"
    return None


def song_tempo_bpm(song: SongMap) -> float:
    """Tell the usual tempo of a song."""
    beats_s = song.beats_s
    return 60.0 / median(b - a for a, b in pairwise(beats_s))


class SongBeats:
    """Places and beats of a song, both ways."""

    def __init__(self, song: SongMap) -> None:
        """Take a map.

        Raises:
            ValueError: It can't be used (``check_song_map`` says why).
        """
        if (problem := check_song_map(song)) is not None:
            raise ValueError(f"{song.title}: {problem}")
        self.song = song
        self._beats_s = song.beats_s
        self._last = len(song.beats_s) - 1
        self._first_gap_s = _mean_gap(song.beats_s[: _EDGE_BEATS + 1])
        self._last_gap_s = _mean_gap(song.beats_s[-_EDGE_BEATS - 1 :])
        self._downbeats = frozenset(song.downbeats)

    def place_s(self, beat: float) -> float:
        """Tell where a beat is, in s; before the recording that is below zero."""
        beats_s = self._beats_s
        if beat <= 0.0:
            return beats_s[0] + beat * self._first_gap_s
        if beat >= self._last:
            return beats_s[-1] + (beat - self._last) * self._last_gap_s
        whole = int(beat)
        return beats_s[whole] + (beat - whole) * (beats_s[whole + 1] - beats_s[whole])

    def beat_at(self, place_s: float) -> float:
        """Tell which beat a place is at."""
        beats_s = self._beats_s
        if place_s <= beats_s[0]:
            return (place_s - beats_s[0]) / self._first_gap_s
        if place_s >= beats_s[-1]:
            return self._last + (place_s - beats_s[-1]) / self._last_gap_s
        whole = bisect_right(beats_s, place_s) - 1
        return whole + (place_s - beats_s[whole]) / (beats_s[whole + 1] - beats_s[whole])

    def tempo_bpm(self, beat: float) -> float:
        """Tell the tempo of the beats that follow ``beat`` (about eight of them)."""
        first = min(max(beat, 0.0), max(0.0, self._last - _LOCAL_BEATS))
        span_s = self.place_s(first + _LOCAL_BEATS) - self.place_s(first)
        return 60.0 * _LOCAL_BEATS / span_s

    def is_downbeat(self, beat: int) -> bool:
        """Tell whether a bar begins on a beat; outside of the map bars go on as at its edge."""
        if 0 <= beat <= self._last or not self._downbeats:
            return beat in self._downbeats
        edge = min(self._downbeats) if beat < 0 else max(self._downbeats)
        return (beat - edge) % self.song.beats_per_bar == 0


def _mean_gap(beats_s: tuple[float, ...]) -> float:
    return (beats_s[-1] - beats_s[0]) / (len(beats_s) - 1)
