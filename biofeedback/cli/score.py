"""Files that hold notes: JSON lines, and a MIDI file with tempo map, meters and keys."""

# mido has no types.
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false
# pyright: reportAttributeAccessIssue=false, reportUnknownVariableType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Protocol

import mido
import msgspec

from biofeedback.cli.general_midi import share_channels
from biofeedback.messages import NS_PER_S, TICKS_PER_BEAT, Layer, PlayNote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from biofeedback.music.style import Style
    from biofeedback.sound.midi_out import MidiVoice

LEAD_IN_BPM: Final = 100.0


class Chart(Protocol):
    """Where beats, meters and keys lie, as in ``Timeline``."""

    @property
    def beats(self) -> Sequence[tuple[int, int]]:
        """Tick and instant in ns of each beat."""
        ...

    @property
    def meters(self) -> Sequence[tuple[int, int, int]]:
        """Tick, numerator, denominator."""
        ...

    @property
    def keys(self) -> Sequence[tuple[int, str]]:
        """Tick and the name of the signature."""
        ...


def write_notes(
    path: Path, notes: Sequence[PlayNote], *, origin_ns: int, unpitched: AbstractSet[Layer]
) -> None:
    """Write one JSON object per note: start_s, duration_s, layer, pitch_midi, velocity, beat.

    What a note of an unpitched layer has in place of a pitch names a stroke: it is left out.
    """
    with path.open("wb") as file:
        for note in notes:
            row = {
                "start_s": round((note.start_ns - origin_ns) / NS_PER_S, 6),
                "duration_s": round(note.duration_ns / NS_PER_S, 6),
                "layer": note.layer,
                "pitch_midi": None if note.layer in unpitched else note.pitch_midi,
                "velocity": round(note.velocity, 4),
                "beat": None if note.tick is None else note.tick / TICKS_PER_BEAT,
            }
            file.write(msgspec.json.encode(row) + b"\n")


def write_midi(
    path: Path,
    notes: Sequence[PlayNote],
    *,
    origin_ns: int,
    style: Style,
    timeline: Chart | None,
    words: Mapping[Layer, Sequence[tuple[int, str]]] | None = None,
    title: str | None = None,
) -> None:
    """Write a MIDI file: a track of tempi, meters and keys, then a track per layer.

    Times are as they were played. A beat of the music is a quarter of the file, in 6/8 a dotted
    quarter. Without a timeline (nothing was decided) time runs at 100 quarters a minute. ``words``
    are (instant in ns, text) of what a layer sings; texts are written in UTF-8.
    """
    ruler = _Ruler(timeline, origin_ns)
    compound = style.meter.steps_per_beat % 3 == 0
    file = mido.MidiFile(
        type=1,
        ticks_per_beat=TICKS_PER_BEAT * 2 // 3 if compound else TICKS_PER_BEAT,
        charset="utf-8",
    )
    named = [] if title is None else [(0, mido.MetaMessage("track_name", name=title))]
    conductor = named + ruler.tempo_events(file.ticks_per_beat)
    if timeline is not None:
        conductor += _sign_events(timeline, ruler)
    file.tracks.append(_track(conductor))
    by_layer: dict[Layer, list[PlayNote]] = {}
    for note in notes:
        by_layer.setdefault(note.layer, []).append(note)
    orchestra = style.orchestra(click=True)
    voices = share_channels({layer: orchestra.get(layer, "") for layer in by_layer})
    for layer, played in by_layer.items():
        events = _layer_events(layer, voices[layer], played, ruler)
        for at_ns, text in (words or {}).get(layer, ()):
            events.append((ruler.tick_at(at_ns), mido.MetaMessage("lyrics", text=text)))
        file.tracks.append(_track(events))
    file.save(str(path))


class _Ruler:
    """Time to file ticks, linear between the beats; the file begins at ``origin_ns``."""

    def __init__(self, timeline: Chart | None, origin_ns: int) -> None:
        beat_ns = round(60 / LEAD_IN_BPM * NS_PER_S)
        beats: Sequence[tuple[int, int]] = [] if timeline is None else timeline.beats
        knots = [(tick, ns) for tick, ns in beats if ns >= origin_ns] or [(0, origin_ns)]
        first_tick, first_ns = knots[0]
        # The lead-in lasts a whole number of ticks, so that the first beat falls on its time.
        lead_ticks = max(0, round((first_ns - origin_ns) / beat_ns * TICKS_PER_BEAT))
        self.shift = lead_ticks - first_tick
        self._knots = [(tick + self.shift, ns) for tick, ns in knots]
        if lead_ticks:
            self._knots.insert(0, (0, origin_ns))
        last_tick, last_ns = self._knots[-1]
        self._knots.append((last_tick + TICKS_PER_BEAT, last_ns + self._last_beat_ns(beat_ns)))
        self._times_ns = [ns for _, ns in self._knots]

    def _last_beat_ns(self, default_ns: int) -> int:
        if len(self._knots) < 2:
            return default_ns
        (tick_a, ns_a), (tick_b, ns_b) = self._knots[-2:]
        return round((ns_b - ns_a) / (tick_b - tick_a) * TICKS_PER_BEAT)

    def tick_at(self, at_ns: int) -> int:
        """Return the file tick nearest to an instant."""
        right = bisect_right(self._times_ns, at_ns)
        left = min(max(right - 1, 0), len(self._knots) - 2)
        (tick_a, ns_a), (tick_b, ns_b) = self._knots[left : left + 2]
        return max(0, tick_a + round((at_ns - ns_a) / (ns_b - ns_a) * (tick_b - tick_a)))

    def tempo_events(self, ticks_per_quarter: int) -> list[tuple[int, mido.MetaMessage]]:
        """Return (tick, tempo) for each stretch between beats."""
        events: list[tuple[int, mido.MetaMessage]] = []
        tempo_before = 0
        for (tick_a, ns_a), (tick_b, ns_b) in pairwise(self._knots):
            tempo_us = round((ns_b - ns_a) / 1000 / (tick_b - tick_a) * ticks_per_quarter)
            if tempo_us != tempo_before:
                tempo_before = tempo_us
                events.append((tick_a, mido.MetaMessage("set_tempo", tempo=tempo_us)))
        return events


def _sign_events(timeline: Chart, ruler: _Ruler) -> list[tuple[int, mido.MetaMessage]]:
    events: list[tuple[int, mido.MetaMessage]] = []
    for tick, numerator, denominator in timeline.meters:
        sign = mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
        events.append((max(0, tick + ruler.shift), sign))
    for tick, name in timeline.keys:
        events.append((max(0, tick + ruler.shift), mido.MetaMessage("key_signature", key=name)))
    return events


def _layer_events(
    layer: Layer, voice: MidiVoice, notes: Sequence[PlayNote], ruler: _Ruler
) -> list[tuple[int, mido.Message | mido.MetaMessage]]:
    channel = voice.channel
    events: list[tuple[int, mido.Message | mido.MetaMessage]] = [
        (0, mido.MetaMessage("track_name", name=layer))
    ]
    if voice.program is not None:
        change = mido.Message("program_change", channel=channel, program=voice.program)
        events.append((0, change))
    for note in notes:
        key = voice.key(note.pitch_midi)
        velocity = min(127, max(1, round(note.velocity * 127)))
        on = ruler.tick_at(note.start_ns)
        off = max(on + 1, ruler.tick_at(note.start_ns + note.duration_ns))
        events.append((on, mido.Message("note_on", channel=channel, note=key, velocity=velocity)))
        events.append((off, mido.Message("note_off", channel=channel, note=key, velocity=0)))
    return events


def _track(events: Sequence[tuple[int, mido.Message | mido.MetaMessage]]) -> mido.MidiTrack:
    track = mido.MidiTrack()
    before = 0
    # Ends before beginnings at the same tick, so that a repeated note is struck again.
    for tick, message in sorted(events, key=lambda e: (e[0], e[1].type == "note_on")):
        track.append(message.copy(time=tick - before))
        before = tick
    return track
