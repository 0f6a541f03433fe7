"""Woodblock: a hollow piece of wood, two tones that are gone at once; any pitch."""

from __future__ import annotations

from typing import Any

import numpy as np

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.modes import ring_modes
from biofeedback.sound.timbre.noise import count_times, fade_ends, filter_noise, make_noise
from biofeedback.sound.timbre.zones import Zone, play_strokes

_SECONDS = 0.2


def _make_stroke(hz: float, rate_hz: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    t = count_times(_SECONDS, rate_hz=rate_hz)
    wood = ring_modes(
        [hz, 1.52 * hz, 2.63 * hz, 4.2 * hz],
        [1.0, 0.6, 0.25, 0.1],
        [0.022, 0.016, 0.009, 0.005],
        seconds=_SECONDS,
        rate_hz=rate_hz,
    )
    tap = filter_noise(make_noise(len(t), seed=71), rate_hz=rate_hz, low_hz=700.0, high_hz=5000.0)
    return fade_ends(wood + 0.4 * tap * np.exp(-t / 0.002), rate_hz=rate_hz, first_s=0.0004)


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    return tuple(
        Zone(midi, (_make_stroke(hz, rate_hz),)) for midi, hz in ((60, 590.0), (72, 790.0))
    )


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones, soft_hz=900.0, hard_hz=9000.0)


WOODBLOCK = Instrument(
    build=_build,
    level_db=-3.2,
    voices=6,
    tuned=False,
    one_shot=True,
    ring_s=_SECONDS,
    default_pitch_midi=72,
    range_midi=(60, 72),
    reverb_ratio=0.12,
)
