"""Felt piano: soft hammers on two strings a hair apart; its tone falls in two steps.

References:
    Weinreich (1977), Coupled piano strings, JASA 62(6): the sound falls fast, then slowly.
    Fletcher and Rossing (1998), ch. 12: stiff strings, f_n = n f sqrt(1 + B n^2).
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals, pan_voices
from biofeedback.sound.timbre.modes import ring_modes
from biofeedback.sound.timbre.noise import add_knock, fade_ends
from biofeedback.sound.timbre.zones import Zone, make_pitch_zones, play_zones

_RANGE = (36, 96)
_STRIKE_AT = 0.12  # of the string: partials with a node there are weak
_FELT_HZ = 900.0  # what the felt swallows
_APART = 0.000_25  # of the two strings: a slow beat


def _make_note(pitch_hz: float, *, rate_hz: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    seconds = min(4.5, 3.0 * (262.0 / pitch_hz) ** 0.4)
    n = np.arange(1, max(3, min(28, int(7000.0 / pitch_hz))) + 1)
    stiffness = 0.000_12 * (pitch_hz / 262.0) ** 1.4
    hz = n * pitch_hz * np.sqrt((1.0 + stiffness * n * n) / (1.0 + stiffness))
    amplitude = np.abs(np.sin(math.pi * n * _STRIKE_AT)) / n**0.9
    amplitude *= np.exp(-hz / (_FELT_HZ + 0.8 * pitch_hz))
    slow_s = 0.85 * (262.0 / pitch_hz) ** 0.5 / (1.0 + 0.12 * (n - 1))
    note = ring_modes(
        np.concatenate((hz * (1.0 - _APART), hz * (1.0 + _APART))),
        np.concatenate((0.72 * amplitude, 0.28 * amplitude)),
        np.concatenate((0.45 * slow_s, 1.6 * slow_s)),
        seconds=seconds,
        rate_hz=rate_hz,
    )
    t = np.arange(len(note)) / rate_hz
    note *= 1.0 - 0.8 * np.exp(-t / 0.004)  # a soft hammer takes its time
    add_knock(
        note,
        level=0.035 * float(np.abs(note).max()),
        low_hz=90.0,
        high_hz=420.0,
        decay_s=0.03,
        seed=round(pitch_hz),
        rate_hz=rate_hz,
    )
    return fade_ends(note, rate_hz=rate_hz, first_s=0.002, last_s=0.4)


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    return make_pitch_zones(_RANGE, step=4, make_note=partial(_make_note, rate_hz=rate_hz))


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    notes = play_zones(signals, _make_zones, pitched=True, soft_hz=350.0, hard_hz=5500.0)
    return pan_voices(signals, notes)


FELT_PIANO = Instrument(
    build=_build,
    level_db=0.9,
    voices=12,
    ring_s=0.3,
    release_s=0.3,
    default_pitch_midi=60,
    range_midi=_RANGE,
    reverb_ratio=0.3,
)
