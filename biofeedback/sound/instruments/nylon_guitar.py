"""Nylon guitar: plucked with the flesh of the finger, and the box that answers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals, pan_voices
from biofeedback.sound.timbre.modes import ring_modes
from biofeedback.sound.timbre.noise import fade_ends, filter_noise, make_noise
from biofeedback.sound.timbre.strings import pluck_string, shape_pluck
from biofeedback.sound.timbre.zones import Zone, make_pitch_zones, play_zones

_RANGE = (40, 84)
# air, top plate and some higher modes of a classical guitar
_BODY = ((102.0, 0.5, 0.03), (204.0, 0.45, 0.02), (385.0, 0.25, 0.012), (560.0, 0.15, 0.009))


def _make_note(pitch_hz: float, *, rate_hz: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    hiss = make_noise(round(0.03 * rate_hz), seed=round(pitch_hz))
    hiss = 0.02 * filter_noise(hiss, rate_hz=rate_hz, low_hz=600.0, high_hz=4000.0)
    pluck = shape_pluck(
        pitch_hz=pitch_hz, place=0.17, softness_s=0.000_45, noise=hiss, rate_hz=rate_hz
    )
    hz, amplitudes, half_lives_s = zip(*_BODY, strict=True)
    box = ring_modes(hz, amplitudes, half_lives_s, seconds=0.08, rate_hz=rate_hz)
    box *= 12.0 / rate_hz * 250.0
    box[0] += 1.0
    string = pluck_string(
        np.convolve(pluck, box),
        pitch_hz=pitch_hz,
        half_life_s=0.75 * (196.0 / pitch_hz) ** 0.6,
        bright_half_life_s=0.13,
        seconds=min(3.0, 2.6 * (196.0 / pitch_hz) ** 0.4),
        rate_hz=rate_hz,
    )
    string /= np.abs(string).max()
    return fade_ends(string, rate_hz=rate_hz, first_s=0.0015, last_s=0.3)


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    return make_pitch_zones(_RANGE, step=3, make_note=partial(_make_note, rate_hz=rate_hz))


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    notes = play_zones(signals, _make_zones, pitched=True, soft_hz=700.0, hard_hz=8000.0)
    return pan_voices(signals, notes)


NYLON_GUITAR = Instrument(
    build=_build,
    level_db=0.9,
    voices=10,
    ring_s=0.18,
    release_s=0.18,
    default_pitch_midi=60,
    range_midi=_RANGE,
    reverb_ratio=0.22,
)
