"""Upright bass: a long thick string, pulled by the side of a finger, and a big wooden body."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals, pan_voices
from biofeedback.sound.timbre.modes import ring_modes
from biofeedback.sound.timbre.noise import fade_ends, filter_noise, make_noise
from biofeedback.sound.timbre.strings import pluck_string, shape_pluck
from biofeedback.sound.timbre.zones import Zone, make_pitch_zones, play_zones

_RANGE = (28, 55)
_BODY = ((62.0, 0.5, 0.05), (98.0, 0.6, 0.04), (165.0, 0.4, 0.025), (320.0, 0.2, 0.012))


def _make_note(pitch_hz: float, *, rate_hz: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    hiss = make_noise(round(0.04 * rate_hz), seed=round(pitch_hz * 10.0))
    hiss = 0.006 * filter_noise(hiss, rate_hz=rate_hz, low_hz=200.0, high_hz=1800.0)
    pluck = shape_pluck(
        pitch_hz=pitch_hz, place=0.24, softness_s=0.0016, noise=hiss, rate_hz=rate_hz
    )
    hz, amplitudes, half_lives_s = zip(*_BODY, strict=True)
    body = ring_modes(hz, amplitudes, half_lives_s, seconds=0.15, rate_hz=rate_hz)
    body *= 1500.0 / rate_hz
    body[0] += 1.0
    string = pluck_string(
        np.convolve(pluck, body),
        pitch_hz=pitch_hz,
        half_life_s=0.6 * (65.0 / pitch_hz) ** 0.4,
        bright_half_life_s=0.05,
        seconds=2.2,
        rate_hz=rate_hz,
    )
    string /= np.abs(string).max()
    return fade_ends(string, rate_hz=rate_hz, first_s=0.003, last_s=0.3)


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    return make_pitch_zones(_RANGE, step=3, make_note=partial(_make_note, rate_hz=rate_hz))


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    notes = play_zones(signals, _make_zones, pitched=True, soft_hz=350.0, hard_hz=3500.0)
    return pan_voices(signals, notes)


UPRIGHT_BASS = Instrument(
    build=_build,
    level_db=1.6,
    voices=6,
    ring_s=0.12,
    release_s=0.12,
    default_pitch_midi=38,
    range_midi=_RANGE,
    reverb_ratio=0.06,
)
