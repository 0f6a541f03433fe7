"""Snare: two short tones and a band of noise, softened; three strokes in turn."""

from __future__ import annotations

from typing import Any

import numpy as np

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.noise import count_times, fade_ends, filter_noise, make_noise
from biofeedback.sound.timbre.zones import Zone, play_strokes


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    t = count_times(0.35, rate_hz=rate_hz)
    tone = np.sin(2.0 * np.pi * 182.0 * t) + 0.5 * np.sin(2.0 * np.pi * 331.0 * t)
    strokes: list[np.ndarray[Any, np.dtype[np.float64]]] = []
    for seed in (10, 11, 12):
        wires = make_noise(len(t), seed=seed)
        wires = filter_noise(wires, rate_hz=rate_hz, low_hz=900.0, high_hz=7000.0)
        stroke = 0.75 * wires * np.exp(-t / 0.075) + 0.4 * tone * np.exp(-t / 0.05)
        strokes.append(fade_ends(stroke, rate_hz=rate_hz))
    return (Zone(50, tuple(strokes)),)


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones, soft_hz=1200.0, hard_hz=12_000.0)


SNARE = Instrument(
    build=_build,
    level_db=2.5,
    voices=6,
    tuned=False,
    one_shot=True,
    ring_s=0.35,
    default_pitch_midi=50,
    range_midi=(50, 50),
    reverb_ratio=0.18,
)
