"""Harp: long gut strings, plucked in the middle, that ring until they are quiet."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals, pan_voices
from biofeedback.sound.timbre.noise import fade_ends, filter_noise, make_noise
from biofeedback.sound.timbre.strings import pluck_string, shape_pluck
from biofeedback.sound.timbre.zones import Zone, make_pitch_zones, play_zones

_RANGE = (36, 96)
_LONGEST_S = 3.5


def _make_note(pitch_hz: float, *, rate_hz: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    hiss = make_noise(round(0.03 * rate_hz), seed=round(pitch_hz))
    hiss = 0.012 * filter_noise(hiss, rate_hz=rate_hz, low_hz=300.0, high_hz=3000.0)
    string = pluck_string(
        shape_pluck(pitch_hz=pitch_hz, place=0.42, softness_s=0.000_6, noise=hiss, rate_hz=rate_hz),
        pitch_hz=pitch_hz,
        half_life_s=1.0 * (262.0 / pitch_hz) ** 0.6,
        bright_half_life_s=0.16,
        seconds=min(_LONGEST_S, 3.2 * (262.0 / pitch_hz) ** 0.5),
        rate_hz=rate_hz,
    )
    string /= np.abs(string).max()
    return fade_ends(string, rate_hz=rate_hz, first_s=0.001, last_s=0.5)


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    return make_pitch_zones(_RANGE, step=4, make_note=partial(_make_note, rate_hz=rate_hz))


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    notes = play_zones(signals, _make_zones, pitched=True, soft_hz=900.0, hard_hz=8000.0)
    return pan_voices(signals, notes)


HARP = Instrument(
    build=_build,
    level_db=0.8,
    voices=14,
    one_shot=True,
    ring_s=_LONGEST_S,
    default_pitch_midi=67,
    range_midi=_RANGE,
    reverb_ratio=0.35,
    echo_ratio=0.08,
)
