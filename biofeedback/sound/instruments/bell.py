"""Bell: a small hand bell, its twelfth in tune, soft at its edge; it answers gestures."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals, pan_voices
from biofeedback.sound.timbre.modes import ring_modes
from biofeedback.sound.timbre.noise import add_knock, fade_ends
from biofeedback.sound.timbre.zones import Zone, make_pitch_zones, play_zones

_RANGE = (55, 96)
_LONGEST_S = 3.0
# ratio to the pitch, amplitude, half-life as a part of the fundamental's
_MODES = (
    (1.0, 1.0, 1.0),
    (1.0012, 0.35, 1.3),
    (2.0, 0.18, 0.6),
    (3.0, 0.3, 0.45),
    (5.4, 0.1, 0.15),
    (8.2, 0.04, 0.06),
)
_KNOCK = (0.03, 1000.0, 4000.0, 0.003)  # amplitude, lowest and highest frequency, decay time


def _make_note(pitch_hz: float, *, rate_hz: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    ratios, amplitudes, shares = (np.array(column) for column in zip(*_MODES, strict=True))
    half_life_s = 0.5 * (660.0 / pitch_hz) ** 0.5
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
    notes = play_zones(signals, _make_zones, pitched=True, soft_hz=1500.0, hard_hz=9000.0)
    return pan_voices(signals, notes)


BELL = Instrument(
    build=_build,
    level_db=1.2,
    voices=10,
    one_shot=True,
    ring_s=_LONGEST_S,
    default_pitch_midi=76,
    range_midi=_RANGE,
    reverb_ratio=0.35,
    echo_ratio=0.1,
)
