"""Brush: wires that are swept or tapped on a snare; long notes are swept."""

from __future__ import annotations

from typing import Any

import numpy as np

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.noise import count_times, fade_ends, filter_noise, make_noise
from biofeedback.sound.timbre.zones import Zone, play_strokes


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    t = count_times(0.4, rate_hz=rate_hz)
    strokes: list[np.ndarray[Any, np.dtype[np.float64]]] = []
    for seed in (31, 32, 33):
        wires = make_noise(len(t), seed=seed)
        hiss = filter_noise(wires, rate_hz=rate_hz, low_hz=1800.0, high_hz=6500.0)
        skin = filter_noise(wires, rate_hz=rate_hz, low_hz=180.0, high_hz=420.0)
        # the wires land one after the other
        swell = (1.0 - np.exp(-t / 0.006)) * (0.6 * np.exp(-t / 0.03) + 0.4 * np.exp(-t / 0.11))
        stroke = hiss * swell + 1.6 * skin * np.exp(-t / 0.04)
        strokes.append(fade_ends(stroke, rate_hz=rate_hz, first_s=0.002))
    return (Zone(50, tuple(strokes)),)


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones, soft_hz=1500.0, hard_hz=9000.0)


BRUSH = Instrument(
    build=_build,
    level_db=-0.1,
    voices=6,
    tuned=False,
    one_shot=True,
    ring_s=0.4,
    default_pitch_midi=50,
    range_midi=(50, 50),
    reverb_ratio=0.15,
)
