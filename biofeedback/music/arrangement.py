"""Which notes start in [a, b)?

A bar is composed once from (style, seed, bar). Planning a span compares the notes that may start
on its grid steps with the parameters of the moment, so that
``plan[a, c) == plan[a, b) + plan[b, c)``, and a note that sounds at some energy sounds at every
higher one. Humanised timing is never early: a note is known before it is due.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from biofeedback.messages import NS_PER_MS, Layer, Part
from biofeedback.music import mapping
from biofeedback.music.composition import compose_bar
from biofeedback.music.patterns import BASS_TONES, BETWEEN, QUICK
from biofeedback.music.scales import DEGREES, OCTAVE
from biofeedback.music.style import PART_LAYERS

if TYPE_CHECKING:
    from biofeedback.messages import MusicParameters
    from biofeedback.music.chord import Chord
    from biofeedback.music.composition import Bar
    from biofeedback.music.patterns import Candidate
    from biofeedback.music.style import Style, Voice

SHORTEST_TICKS = 20
HIGHEST_CHORD_MIDI = 100
_PARTS = {layer: index for index, layer in enumerate(PART_LAYERS)}


class Moment(msgspec.Struct, frozen=True, gc=False):
    """What else is known of the time in which notes start, beside the parameters.

    ``scene`` counts the slow variations so far. ``parts`` are the owners of the layers ``part_1``
    and so on, if they have any. ``gate_energy`` is the energy that decides which notes sound where
    it isn't the parameters' own: it moves at musical joints only. ``swell_wave`` is where the swell
    stands, 0..1. ``time_ratio`` tells the felt beats in a beat of the style.
    """

    scene: int = 0
    parts: tuple[Part, ...] = ()
    gate_energy: float | None = None
    swell_wave: float = 0.5
    time_ratio: float = 1.0


PLAIN = Moment()


class PlannedNote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A note at its place in the music.

    It starts ``offset_ns`` (0..12 ms, the human part, never on the kick) after its tick.
    ``pitch_midi`` is None for notes without pitch, or tells the stroke of a hand drum.
    ``velocity`` is an amplitude 0..1, ``pan`` -1..1.
    """

    tick: int
    duration_ticks: int
    layer: Layer
    pitch_midi: int | None
    velocity: float
    pan: float
    offset_ns: int


def plan_notes(
    style: Style,
    seed: int,
    start_tick: int,
    end_tick: int,
    parameters: MusicParameters,
    *,
    moment: Moment = PLAIN,
) -> list[PlannedNote]:
    """Plan the notes whose tick lies in ``[start_tick, end_tick)``, in the order of their ticks.

    Raises:
        ValueError: The span ends before it begins.
    """
    if end_tick < start_tick:
        raise ValueError(f"span ends at tick {end_tick}, before it begins at {start_tick}")
    ticks_per_step = style.meter.ticks_per_step
    step = -(-start_tick // ticks_per_step)
    behind = -(-end_tick // ticks_per_step)
    notes: list[PlannedNote] = []
    if step == behind:
        return notes
    band = _Band(style, parameters, moment)
    steps_per_bar = style.meter.steps
    while step < behind:
        number, within = divmod(step, steps_per_bar)
        last = min(steps_per_bar, within + behind - step)
        band.play(compose_bar(style, seed, number), within, last, step * ticks_per_step, notes)
        step += last - within
    return notes


def plan_bar(
    style: Style, bar: Bar, first_tick: int, parameters: MusicParameters
) -> list[PlannedNote]:
    """Plan all notes of a bar that is composed already and begins at ``first_tick``."""
    notes: list[PlannedNote] = []
    _Band(style, parameters, PLAIN).play(bar, 0, style.meter.steps, first_tick, notes)
    return notes


class _Chair(msgspec.Struct, frozen=True, gc=False):
    """Who plays what a layer is given in one scene.

    ``later`` is added to what its notes ask. Rhythm doesn't sing. ``part`` is the place of a layer
    that somebody may own.
    """

    layer: Layer
    voice: Voice
    later: float
    sings: bool
    part: int | None


@lru_cache(maxsize=64)
def _seat(style: Style, scene_number: int, *, owned: bool) -> dict[Layer, _Chair]:
    """Seat the band for a scene.

    The sound gives an owned part its level and its place, which change while notes sound.
    """
    scene = style.scenes[scene_number]
    chairs: dict[Layer, _Chair] = {}
    for layer, voice in style.layers.items():
        part = _PARTS.get(layer)
        if part is not None and owned:
            full = replace(voice, rest_db=voice.full_db, pan=0.0)
            chairs[layer] = _Chair(layer, full, later=0.0, sings=False, part=part)
            continue
        sounding: Layer = layer
        if scene.lead != "melody" and layer in {"melody", scene.lead}:
            sounding = scene.lead if layer == "melody" else "melody"
        chairs[layer] = _Chair(
            sounding,
            style.layers[sounding],
            later=scene.shifts.get(layer, 0.0),
            sings=layer not in mapping.RHYTHM_LAYERS,
            part=part,
        )
    return chairs


class _Band:
    """Plays at one moment; reads of its parameters what the notes that sound ask for."""

    def __init__(self, style: Style, parameters: MusicParameters, moment: Moment) -> None:
        parameters = mapping.keep_in_range(parameters)
        energy = moment.gate_energy
        self._style = style
        self._parameters = parameters
        self._moment = moment
        self._energy = parameters.energy if energy is None else mapping.clip(energy, 0.0)
        self._gates = mapping.open_gates(self._energy, parameters)
        self._colour = mapping.choose_colour(parameters, style.harmony.colours)
        self._chairs = _seat(style, moment.scene % len(style.scenes), owned=bool(moment.parts))

    def play(
        self, bar: Bar, first_step: int, end_step: int, first_tick: int, notes: list[PlannedNote]
    ) -> None:
        """Add the notes of the steps ``[first_step, end_step)`` of a bar."""
        tick, ticks_per_step = first_tick, self._style.meter.ticks_per_step
        chairs, colour, parameters = self._chairs, self._colour, self._parameters
        for entries in bar.steps[first_step:end_step]:
            for layer, shift, candidates in entries:
                chair = chairs[layer]
                gates, later, energy = self._gates, shift + chair.later, parameters.energy
                if chair.part is not None:
                    part_energy = self._find_part_energy(chair.part)
                    if part_energy is None:
                        continue
                    gates = mapping.open_gates(part_energy, parameters)
                    later, energy = 0.0, part_energy
                for candidate in candidates:
                    # What sounds at rest always does: nothing makes it come in later.
                    enter = candidate.enter
                    if (
                        gates[candidate.gate] >= (enter and enter + later)
                        and candidate.colour_from <= colour
                    ):
                        notes.append(self._sound(candidate, chair, energy, bar, tick))
            tick += ticks_per_step

    def _find_part_energy(self, part: int) -> float | None:
        """A part has its owner's energy; one that nobody owns joins in with the whole."""
        owners = self._moment.parts
        if owners:
            return mapping.clip(owners[part].energy, 0.0) if part < len(owners) else None
        entries = self._style.part_entries
        return mapping.join_in(self._energy, entries[part] if part < len(entries) else 0.0)

    def _sound(
        self, candidate: Candidate, chair: _Chair, energy: float, bar: Bar, tick: int
    ) -> PlannedNote:
        voice, parameters = chair.voice, self._parameters
        level_db = mapping.layer_level_db(chair.layer, voice, energy, parameters)
        level_db += candidate.accent_db
        if candidate.weight:
            level_db += self._soften_db(candidate.weight)
        if chair.sings:
            level_db += bar.phrasing_db
            if candidate.length != "held":
                level_db += mapping.swell_level_db(parameters, self._moment.swell_wave)
        if candidate.colour_from:
            level_db += mapping.colour_level_db(parameters)
        offset_ns = 0
        if voice.loose_db:
            loud, late = bar.human[candidate.human]
            level_db += voice.loose_db * (2.0 * loud - 1.0)
            offset_ns = int(voice.late_ms * NS_PER_MS * late)
        ticks, length = candidate.ticks, candidate.length
        if length == "articulated":
            ticks = max(SHORTEST_TICKS, round(ticks * mapping.length_ratio(parameters)))
        elif length == "ring":
            ticks = max(SHORTEST_TICKS, round(ticks * mapping.hat_length_ratio(parameters)))
        pan = voice.pan
        if candidate.place:
            pan = max(-1.0, min(1.0, pan + candidate.place * voice.spread))
        return PlannedNote(
            tick=tick,
            duration_ticks=ticks,
            layer=chair.layer,
            pitch_midi=self._find_pitch(candidate, bar),
            velocity=mapping.velocity(level_db),
            pan=pan,
            offset_ns=offset_ns,
        )

    def _soften_db(self, weight: int) -> float:
        """What could be heard as another beat stays below the beat that is meant."""
        tempo_bpm, ratio = self._parameters.tempo_bpm, self._moment.time_ratio
        level_db = 0.0
        if weight & BETWEEN:
            in_threes = self._style.meter.in_threes
            level_db += mapping.offbeat_level_db(tempo_bpm, ratio, in_threes=in_threes)
        if weight & QUICK:
            level_db += mapping.fast_level_db(tempo_bpm, ratio)
        return level_db

    def _find_pitch(self, candidate: Candidate, bar: Bar) -> int | None:
        number = candidate.number
        match candidate.kind:
            case "stroke":
                return None if number < 0 else number
            case "voice":
                inversion = candidate.inversion
                if inversion is None:
                    inversion = mapping.shift_inversions(self._parameters)
                chord = bar.chords[candidate.chord]
                pitch = chord.voice_pitch(number, inversion=inversion, colour=self._colour)
                return pitch if pitch <= HIGHEST_CHORD_MIDI else pitch - OCTAVE
            case "bass":
                chord = bar.chords[candidate.chord]
                last = candidate.chord + 1 == len(bar.chords)
                after = bar.after if last else bar.chords[candidate.chord + 1]
                low = self._style.harmony.bass_low_midi
                return find_bass_pitch(BASS_TONES[number], chord, after, low)
            case _:
                return self._find_melody_pitch(candidate, bar.chords[candidate.chord])

    def _find_melody_pitch(self, candidate: Candidate, chord: Chord) -> int:
        melody = self._style.melody
        assert melody is not None  # noqa: S101 - only a melody has such notes
        degree = candidate.number + mapping.shift_degrees(self._parameters)
        if candidate.kind == "free":
            degree = chord.key.walk(degree, 0, melody.scale)
        elif candidate.kind == "chord":
            degree = chord.snap(degree)
        else:
            degree = chord.snap_root(degree)
        low, high = melody.range_midi
        pitch = fold(chord.key.pitch(degree), low, high)
        if not candidate.doubles:
            return pitch
        return pitch + OCTAVE if pitch + OCTAVE <= high else pitch - OCTAVE


def find_bass_pitch(tone: str, chord: Chord, after: Chord, low_midi: int) -> int:
    """Find the pitch of a bass tone; an approach is the step of the key before the next root."""
    root, key = chord.bass_midi, chord.key
    match tone:
        case "root":
            return root
        case "octave":
            return root + OCTAVE
        case "third":
            return root + key.pitch(chord.root + 2) - key.pitch(chord.root)
        case "approach" if after.bass_midi != root:
            step = 1 if after.bass_midi < root else -1
            near = after.bass_midi + step
            return near if near % OCTAVE in key.pitch_classes() else near + step
        case _:
            fifth = root + key.pitch(chord.root + DEGREES // 2 + 1) - key.pitch(chord.root)
            return fifth if fifth < low_midi + OCTAVE else fifth - OCTAVE


def fold(pitch: int, low: int, high: int) -> int:
    """Bring a pitch into a range of at least an octave by octaves."""
    if pitch < low:
        return pitch + OCTAVE * -((pitch - low) // OCTAVE)
    if pitch > high:
        return pitch - OCTAVE * -((high - pitch) // OCTAVE)
    return pitch
