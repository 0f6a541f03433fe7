"""Soft kick: a felt beater on a low drum, more felt than heard; for calm styles."""

from __future__ import annotations

from typing import Any

import numpy as np

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.noise import count_times, fade_ends, filter_noise, make_noise
from biofeedback.sound.timbre.zones import Zone, play_strokes


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    t = count_times(0.6, rate_hz=rate_hz)
    pitch_hz = 52.0 + 34.0 * np.exp(-t / 0.045)
    body = np.sin(2.0 * np.pi * np.cumsum(pitch_hz) / rate_hz) * np.exp(-t / 0.16)
    felt = filter_noise(make_noise(len(t), seed=3), rate_hz=rate_hz, low_hz=None, high_hz=500.0)
    stroke = body + 0.3 * felt * np.exp(-t / 0.012)
    return (Zone(36, (fade_ends(stroke, rate_hz=rate_hz, first_s=0.003),)),)


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones, soft_hz=140.0, hard_hz=1500.0)


SOFT_KICK = Instrument(
    build=_build,
    level_db=2.0,
    voices=5,
    tuned=False,
    one_shot=True,
    ring_s=0.6,
    default_pitch_midi=36,
    range_midi=(36, 36),
    reverb_ratio=0.08,
)
