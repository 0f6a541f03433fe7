"""Soft cowbell: two tones a fifth and a bit apart, hit with wood, damped by a hand."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.modes import ring_modes
from biofeedback.sound.timbre.noise import fade_ends
from biofeedback.sound.timbre.zones import Zone, play_strokes

_SECONDS = 0.35


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    zones: list[Zone] = []
    for pitch_midi, hz in ((60, 540.0), (72, 720.0)):
        bell = ring_modes(
            [hz, 1.483 * hz, 2.31 * hz, 3.17 * hz, 4.6 * hz],
            [1.0, 0.8, 0.3, 0.18, 0.07],
            [0.045, 0.038, 0.02, 0.012, 0.006],
            seconds=_SECONDS,
            rate_hz=rate_hz,
        )
        zones.append(Zone(pitch_midi, (fade_ends(bell, rate_hz=rate_hz),)))
    return tuple(zones)


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones, soft_hz=700.0, hard_hz=5000.0)


COWBELL_SOFT = Instrument(
    build=_build,
    level_db=-3.0,
    voices=6,
    tuned=False,
    one_shot=True,
    ring_s=_SECONDS,
    default_pitch_midi=72,
    range_midi=(60, 72),
    reverb_ratio=0.12,
)
