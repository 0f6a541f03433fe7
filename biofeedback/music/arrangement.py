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
from biofeedback.music.composition import Candidate, compose_bar
from biofeedback.music.harmony import find_chord
from biofeedback.music.scales import DEGREES, OCTAVE
from biofeedback.music.style import TICKS_PER_STEP

if TYPE_CHECKING:
    from biofeedback.messages import MusicParameters
    from biofeedback.music.style import Style

_SHORTEST_TICKS = TICKS_PER_STEP // 4
_PAD_INVERSION = -1
_ACCENT_STEPS = 4


class PlannedNote(msgspec.Struct, frozen=True, kw_only=True):
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
    colour = mapping.choose_colour(parameters)
    notes: list[PlannedNote] = []
    for step in range(first, behind):
        bar, step_in_bar = divmod(step, style.steps_per_bar)
        notes += [
            _sound(style, candidate, step * TICKS_PER_STEP, colour, parameters)
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


def _sound(
    style: Style, candidate: Candidate, tick: int, colour: int, parameters: MusicParameters
) -> PlannedNote:
    layer = candidate.layer
    level_db = mapping.layer_level_db(layer, style.layers[layer], parameters)
    if layer != "melody":
        level_db += _plain_beat_db(layer, tick, parameters)
    match candidate.length:
        case "articulated":
            ratio = mapping.length_ratio(parameters)
        case "ring":
            ratio = mapping.hat_length_ratio(parameters)
        case _:
            ratio = 1.0
    return PlannedNote(
        tick=tick,
        duration_ticks=_fill(candidate.ticks, ratio),
        layer=layer,
        pitch_midi=_find_pitch(style, candidate, colour, parameters),
        velocity=mapping.velocity(level_db + candidate.level_db),
        pan=candidate.pan,
        offset_ns=candidate.offset_ns,
    )


def _plain_beat_db(layer: Layer, tick: int, parameters: MusicParameters) -> float:
    """Keep what could be heard as another beat below the beat that is meant."""
    level_db = 0.0
    if tick % TICKS_PER_BEAT:
        level_db += mapping.offbeat_level_db(parameters)
    if layer == "snare" or tick % (2 * TICKS_PER_STEP):
        level_db += mapping.fast_level_db(parameters)
    return level_db


def _find_pitch(
    style: Style, candidate: Candidate, colour: int, parameters: MusicParameters
) -> int | None:
    number, chord = candidate.number, candidate.chord
    if number is None or chord is None:
        return number
    if candidate.kind == "voice":
        inversion = mapping.shift_inversions(parameters) if candidate.inverted else _PAD_INVERSION
        return chord.voice_pitch(
            number, inversion=inversion, colour=colour, resolved=candidate.resolved
        )
    degree = number + mapping.shift_degrees(parameters)
    if candidate.kind == "chord_degree":
        degree = chord.snap(degree)
    low, high = style.melody_range_midi
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
