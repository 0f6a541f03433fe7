"""Which notes start in [a, b)?

A bar is composed once from (style, seed, bar). Planning a span compares the notes that may start
on its grid steps with the parameters of the moment, so that
``plan[a, c) == plan[a, b) + plan[b, c)``, and a note that sounds at some energy sounds at every
higher one. Humanised timing is never early: a note is known before it is due.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from biofeedback.messages import NS_PER_MS, Layer, Part
from biofeedback.music import mapping
from biofeedback.music.chance import roll
from biofeedback.music.chord import SUSPENSIONS
from biofeedback.music.composition import compose_bar
from biofeedback.music.patterns import BASS_TONES
from biofeedback.music.scales import DEGREES, OCTAVE
from biofeedback.music.style import PART_LAYERS

if TYPE_CHECKING:
    from biofeedback.messages import MusicParameters
    from biofeedback.music.chord import Chord
    from biofeedback.music.composition import Bar
    from biofeedback.music.patterns import Candidate
    from biofeedback.music.style import Style, Voice

SHORTEST_TICKS = 20
_HALF = 1 << 32
_PARTS = {layer: index for index, layer in enumerate(PART_LAYERS)}


class Moment(NamedTuple):
    """What else is known of the time in which notes start, beside the parameters.

    ``scene`` counts the slow variations so far. ``swell_wave`` is where the swell stands, 0..1.
    ``parts`` are the owners of the layers ``part_1`` and so on, if they have any.
    ``gate_energy`` is the energy that decides which notes sound where it isn't the parameters' own:
    it moves at musical joints only.
    """

    scene: int = 0
    swell_wave: float = 0.5
    parts: tuple[Part, ...] = ()
    gate_energy: float | None = None


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


class _Player(NamedTuple):
    """One layer at one moment."""

    layer: Layer
    voice: Voice
    gates: mapping.Gates
    later: float
    level_db: float
    pan: float
    phrased: bool


class _Band:
    """Reads the parameters of one moment once, for all notes that start in it."""

    def __init__(self, style: Style, parameters: MusicParameters, moment: Moment) -> None:
        self._style = style
        self._parameters = parameters
        self._moment = moment
        self._scene = style.scenes[moment.scene % len(style.scenes)]
        gate_energy = moment.gate_energy
        self._energy = parameters.energy if gate_energy is None else gate_energy
        self._gates = mapping.open_gates(self._energy, parameters)
        self._offbeat_db = mapping.offbeat_level_db(parameters)
        self._fast_db = mapping.fast_level_db(parameters)
        self._inversion = mapping.shift_inversions(parameters)
        self._degrees = mapping.shift_degrees(parameters)
        self._length = mapping.length_ratio(parameters)
        self._ring = mapping.hat_length_ratio(parameters)
        self._colour = mapping.choose_colour(parameters, style.harmony.colours)
        self._players: dict[Layer, _Player | None] = {}

    def play(
        self, bar: Bar, first_step: int, end_step: int, first_tick: int, notes: list[PlannedNote]
    ) -> None:
        """Add the notes of the steps ``[first_step, end_step)`` of a bar."""
        tick = first_tick
        players = self._players
        for step in range(first_step, end_step):
            for layer, steps, shift in bar.sources:
                candidates = steps[step]
                if not candidates:
                    continue
                if layer in players:
                    player = players[layer]
                else:
                    player = players[layer] = self._seat(layer)
                if player is None:
                    continue
                gates, later = player.gates, player.later + shift
                for candidate in candidates:
                    # What sounds at rest always does: nothing makes it come in later.
                    enter = candidate.enter
                    if gates[candidate.gate] >= (enter and enter + later) and self._suits(
                        candidate, bar
                    ):
                        notes.append(self._sound(candidate, player, bar, tick))
            tick += self._style.meter.ticks_per_step

    def _seat(self, layer: Layer) -> _Player | None:
        """Tell how a layer plays now, None if it doesn't."""
        scene = self._scene
        later = scene.shifts.get(layer, 0.0)
        sounding = layer
        if scene.lead != "melody" and layer in {"melody", scene.lead}:
            sounding = scene.lead if layer == "melody" else "melody"
        voice = self._style.layers[sounding]
        part = _PARTS.get(layer)
        if part is not None:
            return self._seat_part(layer, part, voice)
        energy = self._parameters.energy
        level_db = mapping.layer_level_db(sounding, voice, energy, self._parameters)
        sings = sounding not in mapping.RHYTHM_LAYERS
        if sings:
            level_db += mapping.swell_level_db(self._parameters, self._moment.swell_wave)
        return _Player(sounding, voice, self._gates, later, level_db, voice.pan, sings)

    def _seat_part(self, layer: Layer, part: int, voice: Voice) -> _Player | None:
        """A part has the energy and the place of its owner, or joins in with the whole."""
        owners = self._moment.parts
        pan = voice.pan
        if owners:
            if part >= len(owners):
                return None
            energy, pan = owners[part].energy, mapping.clip(owners[part].place, 0.0, low=-1.0)
        else:
            entries = self._style.part_entries
            entry = entries[part] if part < len(entries) else 0.0
            joined = mapping.join_in(self._energy, entry)
            if joined is None:
                return None
            energy = joined
        gates = mapping.open_gates(energy, self._parameters)
        level_db = mapping.layer_level_db(layer, voice, energy, self._parameters)
        return _Player(layer, voice, gates, 0.0, level_db, pan, phrased=False)

    def _suits(self, candidate: Candidate, bar: Bar) -> bool:
        """Tell whether a note belongs to harmony as far as it is stretched now."""
        if candidate.colour_from > self._colour:
            return False
        if candidate.third is None:
            return True
        chord = bar.chords[candidate.chord]
        hangs = self._colour == SUSPENSIONS and chord.is_third(candidate.number) and chord.can_hang
        return candidate.third == hangs

    def _sound(self, candidate: Candidate, player: _Player, bar: Bar, tick: int) -> PlannedNote:
        voice = player.voice
        level_db = player.level_db + candidate.accent_db
        if player.phrased:
            level_db += bar.phrasing_db
        if candidate.kind in {"stroke", "bass", "voice"}:
            # What could be heard as another beat stays below the beat that is meant.
            if not candidate.on_beat:
                level_db += self._offbeat_db
            if candidate.quick:
                level_db += self._fast_db
        offset_ns = 0
        if voice.late_ms or voice.loose_db:
            bits = roll(bar.human, candidate.human)
            level_db += voice.loose_db * ((bits % _HALF) / (_HALF / 2) - 1.0)
            offset_ns = int(voice.late_ms * NS_PER_MS * ((bits >> 32) / _HALF))
        ticks = candidate.ticks
        if candidate.length == "articulated":
            ticks = max(SHORTEST_TICKS, round(ticks * self._length))
        elif candidate.length == "ring":
            ticks = max(SHORTEST_TICKS, round(ticks * self._ring))
        return PlannedNote(
            tick=tick,
            duration_ticks=ticks,
            layer=player.layer,
            pitch_midi=self._find_pitch(candidate, bar),
            velocity=mapping.velocity(level_db),
            pan=max(-1.0, min(1.0, player.pan + candidate.place * voice.spread)),
            offset_ns=offset_ns,
        )

    def _find_pitch(self, candidate: Candidate, bar: Bar) -> int | None:
        number = candidate.number
        match candidate.kind:
            case "stroke":
                return None if number < 0 else number
            case "voice":
                inversion = candidate.inversion
                return bar.chords[candidate.chord].voice_pitch(
                    number,
                    inversion=self._inversion if inversion is None else inversion,
                    colour=self._colour,
                    resolved=candidate.resolved,
                )
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
        degree = candidate.number + self._degrees
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
