"""Files that hold notes: a MIDI file with a tempo map, and JSON lines."""

# mido has no types.
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false
# pyright: reportAttributeAccessIssue=false, reportUnknownVariableType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import mido
import msgspec

from biofeedback.messages import NS_PER_S, TICKS_PER_BEAT, Layer, PlayNote

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DRUM_CHANNEL: Final = 9
DRUM_KEYS: Final[dict[Layer, int]] = {"kick": 36, "snare": 38, "hat": 42}
"""General MIDI percussion keys."""
PROGRAMS: Final[dict[Layer, int]] = {"bass": 33, "chords": 4, "pad": 89, "melody": 80, "accent": 9}
"""General MIDI programs, counted from 0."""
NEUTRAL_TEMPO_BPM: Final = 100.0


def write_notes(path: Path, notes: Sequence[PlayNote], *, origin_ns: int) -> None:
    """Write one JSON object per note: start_s, duration_s, layer, pitch_midi, velocity, beat."""
    with path.open("wb") as file:
        for note in notes:
            row = {
                "start_s": round((note.start_ns - origin_ns) / NS_PER_S, 6),
                "duration_s": round(note.duration_ns / NS_PER_S, 6),
                "layer": note.layer,
                "pitch_midi": note.pitch_midi,
                "velocity": round(note.velocity, 4),
                "beat": None if note.tick is None else note.tick / TICKS_PER_BEAT,
            }
            file.write(msgspec.json.encode(row) + b"\n")


def write_midi(path: Path, notes: Sequence[PlayNote], *, origin_ns: int) -> None:
    """Write a MIDI file: a tempo track, then a track per layer, times as they were played.

    The music's own ticks are the file's ticks; the tempo map comes from the kicks, which are never
    humanised. Answers to gestures have no tick and take the one nearest to their time.
    """
    ruler = _Ruler(notes, origin_ns)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    file.tracks.append(_track(ruler.tempo_events()))
    by_layer: dict[Layer, list[PlayNote]] = {}
    for note in notes:
        by_layer.setdefault(note.layer, []).append(note)
    for layer, played in by_layer.items():
        events = _layer_events(layer, played, ruler)
        file.tracks.append(_track(events))
    file.save(str(path))


class _Ruler:
    """Time to file ticks and back, linear between the kicks; the file begins at ``origin_ns``."""

    def __init__(self, notes: Sequence[PlayNote], origin_ns: int) -> None:
        beat_ns = round(60 / NEUTRAL_TEMPO_BPM * NS_PER_S)
        kicks = {n.tick: n.start_ns for n in notes if n.layer == "kick" and n.tick is not None}
        knots = sorted(kicks.items()) or [(0, origin_ns)]
        first_tick, first_ns = knots[0]
        # The lead-in lasts a whole number of ticks, so that the first kick falls on its time.
        lead_ticks = max(0, round((first_ns - origin_ns) / beat_ns * TICKS_PER_BEAT))
        self._shift = lead_ticks - first_tick
        self._knots = [(tick + self._shift, ns) for tick, ns in knots]
        if lead_ticks:
            self._knots.insert(0, (0, origin_ns))
        last_tick, last_ns = self._knots[-1]
        self._knots.append((last_tick + TICKS_PER_BEAT, last_ns + self._last_beat_ns(beat_ns)))

    def _last_beat_ns(self, default_ns: int) -> int:
        if len(self._knots) < 2:
            return default_ns
        (tick_a, ns_a), (tick_b, ns_b) = self._knots[-2:]
        return round((ns_b - ns_a) / (tick_b - tick_a) * TICKS_PER_BEAT)

    def tick_at(self, at_ns: int) -> int:
        """Return the file tick nearest to an instant."""
        knots = self._knots
        low, high = 0, len(knots) - 2
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if knots[middle][1] <= at_ns else (low, middle - 1)
        (tick_a, ns_a), (tick_b, ns_b) = knots[low], knots[low + 1]
        return max(0, tick_a + round((at_ns - ns_a) / (ns_b - ns_a) * (tick_b - tick_a)))

    def tempo_events(self) -> list[tuple[int, mido.MetaMessage]]:
        """Return (tick, tempo) for each stretch between kicks."""
        events: list[tuple[int, mido.MetaMessage]] = []
        tempo_before = 0
        for (tick_a, ns_a), (tick_b, ns_b) in pairwise(self._knots):
            tempo_us = round((ns_b - ns_a) / 1000 / (tick_b - tick_a) * TICKS_PER_BEAT)
            if tempo_us != tempo_before:
                tempo_before = tempo_us
                events.append((tick_a, mido.MetaMessage("set_tempo", tempo=tempo_us)))
        return events


def _layer_events(
    layer: Layer, notes: list[PlayNote], ruler: _Ruler
) -> list[tuple[int, mido.Message | mido.MetaMessage]]:
    drum = layer in DRUM_KEYS
    channel = DRUM_CHANNEL if drum else list(PROGRAMS).index(layer)
    events: list[tuple[int, mido.Message | mido.MetaMessage]] = [
        (0, mido.MetaMessage("track_name", name=layer))
    ]
    if not drum:
        events.append((0, mido.Message("program_change", channel=channel, program=PROGRAMS[layer])))
    for note in notes:
        key = DRUM_KEYS[layer] if drum else note.pitch_midi or 0
        velocity = min(127, max(1, round(note.velocity * 127)))
        on = ruler.tick_at(note.start_ns)
        off = max(on + 1, ruler.tick_at(note.start_ns + note.duration_ns))
        start = mido.Message("note_on", channel=channel, note=key, velocity=velocity)
        end = mido.Message("note_off", channel=channel, note=key, velocity=0)
        events += [(on, start), (off, end)]
    return events


def _track(events: Sequence[tuple[int, mido.Message | mido.MetaMessage]]) -> mido.MidiTrack:
    track = mido.MidiTrack()
    before = 0
    # Ends before beginnings at the same tick, so that a repeated note is struck again.
    for tick, message in sorted(events, key=lambda e: (e[0], e[1].type == "note_on")):
        track.append(message.copy(time=tick - before))
        before = tick
    return track
