"""Which notes start in [a, b)?

A bar is composed once from (style, seed, bar). Planning a span compares the notes that may start
on its grid steps with the parameters of the moment, so that
``plan[a, c) == plan[a, b) + plan[b, c)``, and a note that sounds at some energy sounds at every
higher one. Humanised timing is never early: a note is known before it is due.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biofeedback.messages import TICKS_PER_BEAT, Layer
from biofeedback.music import mapping
from biofeedback.music.chance import Draw, roll
from biofeedback.music.composition import Candidate, Length, compose_bar
from biofeedback.music.harmony import find_chord
from biofeedback.music.scales import DEGREES, OCTAVE
from biofeedback.music.style import TICKS_PER_STEP

if TYPE_CHECKING:
    from biofeedback.messages import MusicParameters
    from biofeedback.music.style import Style

_SHORTEST_TICKS = TICKS_PER_STEP // 4
_PAD_INVERSION = -1
_ACCENT_STEPS = 4


class PlannedNote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A note at its place in the music.

    It starts ``offset_ns`` (0..12 ms, the human part, never on the kick) after its tick.
    ``pitch_midi`` is None for layers without pitch, ``velocity`` is an amplitude 0..1,
    ``pan`` -1..1.
    """

    tick: int
    duration_ticks: int
    layer: Layer
    pitch_midi: int | None
    velocity: float
    pan: float
    offset_ns: int


def plan_notes(
    style: Style, seed: int, start_tick: int, end_tick: int, parameters: MusicParameters
) -> list[PlannedNote]:
    """Plan the notes whose tick lies in ``[start_tick, end_tick)``, in the order of their ticks.

    Raises:
        ValueError: The span ends before it begins.
    """
    if end_tick < start_tick:
        raise ValueError(f"span ends at tick {end_tick}, before it begins at {start_tick}")
    first = -(-start_tick // TICKS_PER_STEP)
    behind = -(-end_tick // TICKS_PER_STEP)
    if first == behind:
        return []
    gates = mapping.open_gates(parameters)
    player = _Player(style, parameters)
    colour = player.colour
    notes: list[PlannedNote] = []
    for step in range(first, behind):
        bar, step_in_bar = divmod(step, style.steps_per_bar)
        tick = step * TICKS_PER_STEP
        notes += [
            player.sound(candidate, tick)
            for candidate in compose_bar(style, seed, bar)[step_in_bar]
            if gates[candidate.gate] >= candidate.enter
            and candidate.colour_from <= colour <= candidate.colour_to
        ]
    return notes


def plan_accent(
    style: Style, seed: int, tick: int, strength_ratio: float, parameters: MusicParameters
) -> PlannedNote:
    """Plan the answer to a gesture: a tone of the chord that sounds at ``tick``.

    The stronger the gesture (0..1) the louder and, within an octave, the higher it is answered;
    ``register`` moves it too. It is not moved to the grid.
    """
    voice = style.layers["accent"]
    variation = 2 * (roll(seed, Draw.ACCENT, tick) % 2)
    degree = mapping.shift_degrees(parameters) + mapping.accent_degrees(strength_ratio) + variation
    chord = find_chord(style, seed, tick)
    low, high = style.accent_range_midi
    return PlannedNote(
        tick=tick,
        duration_ticks=_fill(_ACCENT_STEPS * TICKS_PER_STEP, mapping.length_ratio(parameters)),
        layer="accent",
        pitch_midi=_fold(chord.key.pitch(chord.snap(degree) + DEGREES), low, high),
        velocity=mapping.velocity(mapping.accent_level_db(voice, strength_ratio)),
        pan=voice.pan,
        offset_ns=0,
    )


class _Player:
    """Reads the parameters of one moment once, for all notes that start in it."""

    def __init__(self, style: Style, parameters: MusicParameters) -> None:
        self._style = style
        self._parameters = parameters
        self._levels_db: dict[Layer, float] = {}
        self._offbeat_db = mapping.offbeat_level_db(parameters)
        self._fast_db = mapping.fast_level_db(parameters)
        self._inversions = mapping.shift_inversions(parameters)
        self._degrees = mapping.shift_degrees(parameters)
        self._length_ratios: dict[Length, float] = {
            "articulated": mapping.length_ratio(parameters),
            "ring": mapping.hat_length_ratio(parameters),
        }
        self.colour = mapping.choose_colour(parameters)

    def sound(self, candidate: Candidate, tick: int) -> PlannedNote:
        layer = candidate.layer
        level_db = self._levels_db.get(layer)
        if level_db is None:
            voice = self._style.layers[layer]
            level_db = mapping.layer_level_db(layer, voice, self._parameters)
            self._levels_db[layer] = level_db
        if layer != "melody":
            level_db += self._plain_beat_db(layer, tick)
        return PlannedNote(
            tick=tick,
            duration_ticks=_fill(candidate.ticks, self._length_ratios.get(candidate.length, 1.0)),
            layer=layer,
            pitch_midi=self._find_pitch(candidate),
            velocity=mapping.velocity(level_db + candidate.level_db),
            pan=candidate.pan,
            offset_ns=candidate.offset_ns,
        )

    def _plain_beat_db(self, layer: Layer, tick: int) -> float:
        """Keep what could be heard as another beat below the beat that is meant."""
        level_db = 0.0
        if tick % TICKS_PER_BEAT:
            level_db += self._offbeat_db
        if layer == "snare" or tick % (2 * TICKS_PER_STEP):
            level_db += self._fast_db
        return level_db

    def _find_pitch(self, candidate: Candidate) -> int | None:
        number, chord = candidate.number, candidate.chord
        if number is None or chord is None:
            return number
        if candidate.kind == "voice":
            inversion = self._inversions if candidate.inverted else _PAD_INVERSION
            return chord.voice_pitch(
                number, inversion=inversion, colour=self.colour, resolved=candidate.resolved
            )
        degree = number + self._degrees
        if candidate.kind == "chord_degree":
            degree = chord.snap(degree)
        low, high = self._style.melody_range_midi
        pitch = _fold(chord.key.pitch(degree), low, high)
        if not candidate.doubles:
            return pitch
        return pitch + OCTAVE if pitch + OCTAVE <= high else pitch - OCTAVE


def _fill(ticks: int, ratio: float) -> int:
    return max(_SHORTEST_TICKS, round(ticks * ratio))


def _fold(pitch: int, low: int, high: int) -> int:
    """Bring a pitch into a range of at least an octave by octaves."""
    if pitch < low:
        return pitch + OCTAVE * -((pitch - low) // OCTAVE)
    if pitch > high:
        return pitch - OCTAVE * -((high - pitch) // OCTAVE)
    return pitch
