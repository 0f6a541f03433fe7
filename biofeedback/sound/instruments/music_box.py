"""Music box: small steel tongues, clear and thin, far away."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals, pan_voices
from biofeedback.sound.timbre.modes import ring_modes
from biofeedback.sound.timbre.noise import add_knock, fade_ends
from biofeedback.sound.timbre.zones import Zone, make_pitch_zones, play_zones

_RANGE = (60, 96)
_LONGEST_S = 2.5
# ratio to the pitch, amplitude, half-life as a part of the fundamental's
_MODES = ((1.0, 1.0, 1.0), (2.0, 0.12, 0.7), (6.27, 0.16, 0.15), (17.5, 0.03, 0.04))
_KNOCK = (0.02, 1500.0, 5000.0, 0.004)  # amplitude, lowest and highest frequency, decay time


def _make_note(pitch_hz: float, *, rate_hz: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    ratios, amplitudes, shares = (np.array(column) for column in zip(*_MODES, strict=True))
    half_life_s = 0.42 * (523.0 / pitch_hz) ** 0.5
    note = ring_modes(
        ratios * pitch_hz,
        amplitudes,
        shares * half_life_s,
        seconds=min(_LONGEST_S, max(0.4, 9.0 * half_life_s)),
        rate_hz=rate_hz,
    )
    level, low_hz, high_hz, decay_s = _KNOCK
    add_knock(
        note,
        level=level,
        low_hz=low_hz,
        high_hz=high_hz,
        decay_s=decay_s,
        seed=round(pitch_hz),
        rate_hz=rate_hz,
    )
    return fade_ends(note, rate_hz=rate_hz, first_s=0.001, last_s=0.1)


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    return make_pitch_zones(_RANGE, step=4, make_note=partial(_make_note, rate_hz=rate_hz))


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    notes = play_zones(signals, _make_zones, pitched=True, soft_hz=1800.0, hard_hz=12_000.0)
    return pan_voices(signals, notes)


MUSIC_BOX = Instrument(
    build=_build,
    level_db=0.6,
    voices=10,
    one_shot=True,
    ring_s=_LONGEST_S,
    default_pitch_midi=79,
    range_midi=_RANGE,
    reverb_ratio=0.35,
    echo_ratio=0.1,
)
