"""The answer to a gesture: at once, in the harmony of the moment, shaped by what the gesture was.

The stronger it is (0..1), the louder and, within an octave, the higher it is answered; ``register``
moves the answer too. Its direction draws a small figure round the first note: *up* and *down* end
in a step of the chord above or below, *sideways* echoes on the other side, *rotation* turns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.music import mapping
from biofeedback.music.arrangement import SHORTEST_TICKS, PlannedNote, fold
from biofeedback.music.chance import Draw, roll
from biofeedback.music.form import key_at
from biofeedback.music.harmony import chord_at
from biofeedback.music.scales import DEGREES, PENTATONIC

if TYPE_CHECKING:
    from biofeedback.messages import Direction, Layer, MusicParameters
    from biofeedback.music.style import Style

_NOTE_STEPS = 4
_FIGURE_STEPS = 2
_AFTER_DB = -4.0
_SIDE = 0.6
_CLEAR_RATIO = 0.35
"""A weaker gesture is answered by one note, whatever its direction."""
_FIGURES: dict[Direction, tuple[tuple[int, bool], ...]] = {
    "up": ((2, True),),
    "down": ((-2, True),),
    "sideways": ((0, True),),
    "rotation": ((1, False), (0, True)),
}
"""What follows the first note: degrees from it, and whether they are moved into the chord."""
_STROKES = (48, 60)
_SLAP_RATIO = 0.6


def plan_answer(
    style: Style,
    seed: int,
    tick: int,
    strength_ratio: float,
    parameters: MusicParameters,
    *,
    direction: Direction | None = None,
) -> list[PlannedNote]:
    """Plan the notes that answer a gesture at ``tick``; the first of them stands there."""
    parameters = mapping.keep_in_range(parameters)
    voice = style.layers["accent"]
    variation = 2 * (roll(seed, Draw.ACCENT, tick) % 2)
    chord = chord_at(style, seed, tick)
    low, high = style.accent_range_midi
    strength = mapping.clip(strength_ratio, 0.0)
    rises = mapping.shift_degrees(parameters) + mapping.accent_degrees(strength) + variation
    first = chord.snap(rises) + DEGREES
    figure = [(first, 0, 0.0)]
    if direction is not None and strength >= _CLEAR_RATIO:
        for place, (away, in_chord) in enumerate(_FIGURES[direction], start=1):
            degree = chord.snap(first + away) if in_chord else first + away
            figure.append((degree, place, _AFTER_DB))
    apart = _FIGURE_STEPS * style.meter.ticks_per_step
    ticks = round(_NOTE_STEPS * style.meter.ticks_per_step * mapping.length_ratio(parameters))
    level_db = mapping.accent_level_db(voice, strength)
    return [
        PlannedNote(
            tick=tick + place * apart,
            duration_ticks=max(SHORTEST_TICKS, ticks),
            layer="accent",
            pitch_midi=fold(chord.key.pitch(degree), low, high),
            velocity=mapping.velocity(level_db + softer_db),
            pan=-_SIDE if direction == "sideways" and place else voice.pan,
            offset_ns=0,
        )
        for degree, place, softer_db in figure
    ]


def plan_melody_note(
    style: Style, seed: int, tick: int, degree: int, strength_ratio: float
) -> PlannedNote:
    """Plan a scale step in the key of ``tick``, by the voice that answers the melody.

    Steps are those of the style's melody: of its mode, or of the five notes without half-steps.
    They are counted from the tonic of the middle octave.
    """
    layer: Layer = "counter" if "counter" in style.layers else "accent"
    voice = style.layers[layer]
    key = key_at(style, seed, tick)
    if style.melody is not None and style.melody.scale == "pentatonic":
        octave, step = divmod(degree, len(PENTATONIC[key.mode]))
        degree = PENTATONIC[key.mode][step] + DEGREES * octave
    low, high = style.accent_range_midi
    level_db = mapping.accent_level_db(voice, strength_ratio)
    return PlannedNote(
        tick=tick,
        duration_ticks=style.meter.ticks_per_step,
        layer=layer,
        pitch_midi=fold(key.pitch(degree + DEGREES), low, high),
        velocity=mapping.velocity(level_db),
        pan=voice.pan,
        offset_ns=0,
    )


def plan_stroke(
    style: Style, layer: Layer, tick: int, strength_ratio: float, pan: float
) -> PlannedNote:
    """Plan a stroke of a wearer's own drum, which answers this wearer's gesture."""
    slaps = strength_ratio >= _SLAP_RATIO
    return PlannedNote(
        tick=tick,
        duration_ticks=style.meter.ticks_per_step,
        layer=layer,
        pitch_midi=_STROKES[slaps],
        velocity=mapping.velocity(mapping.accent_level_db(style.layers[layer], strength_ratio)),
        pan=pan,
        offset_ns=0,
    )
