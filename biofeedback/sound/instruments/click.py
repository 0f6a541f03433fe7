"""Click: a wooden tick that says where the beat is, clear and short, and no alarm."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.modes import ring_modes
from biofeedback.sound.timbre.noise import fade_ends
from biofeedback.sound.timbre.zones import Zone, play_strokes


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    zones: list[Zone] = []
    for pitch_midi, hz in ((72, 1320.0), (84, 1760.0)):  # a higher one may mark the first beat
        tick = ring_modes(
            [hz, 2.41 * hz, 3.9 * hz],
            [1.0, 0.45, 0.2],
            [0.012, 0.006, 0.003],
            seconds=0.12,
            rate_hz=rate_hz,
        )
        zones.append(Zone(pitch_midi, (fade_ends(tick, rate_hz=rate_hz, first_s=0.0003),)))
    return tuple(zones)


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones)


CLICK = Instrument(
    build=_build,
    level_db=-3.2,
    voices=5,
    tuned=False,
    one_shot=True,
    ring_s=0.12,
    default_pitch_midi=72,
    range_midi=(72, 84),
    reverb_ratio=0.02,
)
