"""Musical parameters -> which notes sound, how loud, how long, how high.

Every curve is monotone and told as a formula of values that lie in their range. ``keep_in_range``
brings them there once for all curves, so that no value whatsoever of a parameter can break the
music. The beat clock has ``tempo_bpm``; ``level_db``, ``place``, ``swell`` and the continuous part
of ``brightness`` are the sound's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    from biofeedback.messages import Layer, MusicParameters
    from biofeedback.music.style import Gate, Voice

DENSITY_REACH = 0.7
SPARKLE_REACH = 0.3
HAT_BRIGHTNESS_DB = 8.0
OFFBEAT_DB = -5.0
OFFBEAT_IN_THREES_DB = -18.0
FAST_DB = -8.0
COLOUR_DB = -6.0
SWELL_DB = 6.0
REGISTER_DEGREES = 7
REGISTER_INVERSIONS = 3
_CLEAR_BPM = 96.0
_CLEAR_IN_THREES_BPM = 112.0
_CLEAR_SPAN_BPM = 36.0
_FAST_BPM = 120.0
_FAST_SPAN_BPM = 20.0
_LEGATO_RATIO = 1.05
_STACCATO_RATIO = 0.3
GATES: dict[Gate, int] = {"energy": 0, "ornament": 1, "sparkle": 2}
RHYTHM_LAYERS: frozenset[Layer] = frozenset({"kick", "snare", "hat", "percussion", "bass"})
"""Layers that follow neither swell nor phrase: a beat to step to has to stay."""


Gates: TypeAlias = tuple[float, float, float]
"""How far each kind of note is let in, placed as ``GATES`` says; a note sounds when its threshold
is not above."""


def keep_in_range(parameters: MusicParameters) -> MusicParameters:
    """Clip what the curves read to its range; NaN counts as neutral."""
    p = parameters
    if (
        0.0 <= p.energy <= 1.0
        and 0.0 <= p.density <= 1.0
        and 0.0 <= p.brightness <= 1.0
        and 0.0 <= p.articulation <= 1.0
        and 0.0 <= p.tension <= 1.0
        and 0.0 <= p.swell <= 1.0
        and -1.0 <= p.register <= 1.0
    ):
        return parameters
    return msgspec.structs.replace(
        parameters,
        energy=clip(p.energy, 0.0),
        density=clip(p.density, 0.5),
        brightness=clip(p.brightness, 0.5),
        articulation=clip(p.articulation, 0.5),
        tension=clip(p.tension, 0.0),
        swell=clip(p.swell, 0.0),
        register=clip(p.register, 0.0, low=-1.0),
    )


def open_gates(energy: float, parameters: MusicParameters) -> Gates:
    """Tell how far notes are let in.

    ``energy``: the backbone of each layer, ``e``.
    ``ornament``: what may be left out or added within a layer, ``e + 0.7 (density - 0.5)``.
    ``sparkle``: high and fast notes, ``ornament + 0.3 (brightness - 0.5)``.
    """
    ornament = energy + DENSITY_REACH * (parameters.density - 0.5)
    sparkle = ornament + SPARKLE_REACH * (parameters.brightness - 0.5)
    return energy, ornament, sparkle


def join_in(energy: float, entry: float) -> float | None:
    """Tell the energy of a part that nobody owns, None while it doesn't play.

    ``(e - entry) / (1 - entry)`` from ``entry`` on.
    """
    energy = clip(energy, 0.0)
    return None if energy < entry else (energy - entry) / (1.0 - entry)


def layer_level_db(layer: Layer, voice: Voice, energy: float, parameters: MusicParameters) -> float:
    """Tell the level of a layer's plain note: ``rest_db + (full_db - rest_db) e``.

    The hat gains ``8 (brightness - 0.5)`` dB.
    """
    level_db = voice.rest_db + (voice.full_db - voice.rest_db) * energy
    if layer == "hat":
        level_db += HAT_BRIGHTNESS_DB * (parameters.brightness - 0.5)
    return level_db


def swell_level_db(parameters: MusicParameters, wave: float) -> float:
    """Tell how far the swell lifts what is struck now: ``6 swell (wave - 0.5)`` dB.

    ``wave`` is where it stands, 0 to 1. What is held and what sounds on is lifted by the sound.
    """
    return SWELL_DB * parameters.swell * (clip(wave, 0.5) - 0.5)


def offbeat_level_db(
    tempo_bpm: float, time_ratio: float = 1.0, *, in_threes: bool = False
) -> float:
    """Tell how much softer accompaniment is between beats: ``-5 (96 - tempo_bpm) / 36`` dB.

    0 from 96 bpm upwards, -5 at 60 bpm and below: the slower the steps, the plainer the beat,
    so that it isn't heard at twice its tempo. ``-18 (112 - tempo_bpm) / 36`` dB where a beat falls
    into three (``in_threes``): every other eighth of 6/8 makes a beat of its own, one and a half
    times as fast. 0 at half time (``time_ratio`` above 1): there felt beats lie between the
    style's own.
    """
    if time_ratio > 1.0:
        return 0.0
    if in_threes:
        below = (_CLEAR_IN_THREES_BPM - tempo_bpm) / _CLEAR_SPAN_BPM
        return OFFBEAT_IN_THREES_DB * clip(below, 0.0)
    return OFFBEAT_DB * clip((_CLEAR_BPM - tempo_bpm) / _CLEAR_SPAN_BPM, 0.0)


def fast_level_db(tempo_bpm: float, time_ratio: float = 1.0) -> float:
    """Tell how much softer backbeat and sixteenths are: ``-8 (bpm - 120) / 20`` dB.

    0 up to 120 bpm, -8 from 140 bpm upwards: a strong snare on two and four of a fast beat makes
    it heard at half its tempo, busy sixteenths at two thirds. ``bpm`` is the slower one of the
    felt tempo and the style's own, ``tempo_bpm / time_ratio``: at half time nothing is fast.
    """
    return FAST_DB * clip((tempo_bpm / max(1.0, time_ratio) - _FAST_BPM) / _FAST_SPAN_BPM, 0.0)


def velocity(level_db: float) -> float:
    """Turn a level into the amplitude-like velocity of a note: ``10^(dB/20)``, at most 1."""
    return 10.0 ** (level_db / 20.0) if level_db < 0.0 else 1.0


def length_ratio(parameters: MusicParameters) -> float:
    """Tell how much of its place a note fills: ``1.05 - 0.75 articulation``, legato to staccato."""
    return _LEGATO_RATIO + (_STACCATO_RATIO - _LEGATO_RATIO) * parameters.articulation


def hat_length_ratio(parameters: MusicParameters) -> float:
    """Tell how long a hat rings, in parts of its place: ``0.5 + brightness``."""
    return 0.5 + parameters.brightness


def shift_degrees(parameters: MusicParameters) -> int:
    """Tell by how many degrees melody and accents are moved: ``round(7 register)``."""
    return round(REGISTER_DEGREES * parameters.register)


def shift_inversions(parameters: MusicParameters) -> int:
    """Tell by how many inversions chords are moved: ``round(3 register)``."""
    return round(REGISTER_INVERSIONS * parameters.register)


def choose_colour(parameters: MusicParameters, colours: tuple[int, int]) -> int:
    """Tell how far harmony is stretched: equal parts of tension from the plainest to the richest.

    0 triads, 1 sevenths, then added beside the triad 2 ninths, 3 fourths, 4 sixths.
    """
    plainest, richest = colours
    return min(richest, plainest + int((richest - plainest + 1) * parameters.tension))


def colour_level_db(parameters: MusicParameters) -> float:
    """Tell how much softer what is added to a triad is: ``-6 (1 - tension)`` dB."""
    return COLOUR_DB * (1.0 - parameters.tension)


def accent_level_db(voice: Voice, strength_ratio: float) -> float:
    """Tell the level of the answer to a gesture: ``rest_db + (full_db - rest_db) strength``."""
    return voice.rest_db + (voice.full_db - voice.rest_db) * clip(strength_ratio, 0.0)


def accent_degrees(strength_ratio: float) -> int:
    """Tell how far a stronger gesture reaches up: ``round(7 strength)`` degrees."""
    return round(REGISTER_DEGREES * clip(strength_ratio, 0.0))


def clip(value: float, neutral: float, *, low: float = 0.0) -> float:
    """Bring a value into ``low``..1; NaN counts as ``neutral``."""
    if low <= value <= 1.0:
        return value
    if value != value:  # noqa: PLR0124 - NaN is the only value that isn't itself
        return neutral
    return low if value < low else 1.0
