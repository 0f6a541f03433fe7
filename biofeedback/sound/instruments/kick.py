"""Kick: a sine that falls from 150 to 48 Hz, with a soft knock."""

from __future__ import annotations

from typing import Any

import numpy as np

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.noise import count_times, fade_ends, filter_noise, make_noise
from biofeedback.sound.timbre.zones import Zone, play_strokes


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    t = count_times(0.45, rate_hz=rate_hz)
    pitch_hz = 48.0 + 105.0 * np.exp(-t / 0.028)
    body = np.sin(2.0 * np.pi * np.cumsum(pitch_hz) / rate_hz) * np.exp(-t / 0.12)
    strokes = tuple(
        fade_ends(body + 0.25 * knock * np.exp(-t / 0.004), rate_hz=rate_hz)
        for knock in (
            filter_noise(make_noise(len(t), seed=seed), rate_hz=rate_hz, low_hz=None, high_hz=2500)
            for seed in (1, 2)
        )
    )
    return (Zone(36, strokes),)


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones, soft_hz=300.0, hard_hz=9000.0)


KICK = Instrument(
    build=_build,
    level_db=1.6,
    voices=5,
    tuned=False,
    one_shot=True,
    ring_s=0.45,
    default_pitch_midi=36,
    range_midi=(36, 36),
    reverb_ratio=0.03,
)
