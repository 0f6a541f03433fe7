"""Conga: a round open tone that sings, a muffled bass, a dry slap."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.skins import BASS, OPEN, SLAP, Stroke, strike_skin
from biofeedback.sound.timbre.zones import Zone, play_strokes

_SECONDS = 0.8
_STROKES = {
    BASS: Stroke(
        hz=92.0,
        modes=((1.0, 1.0, 0.07), (1.7, 0.3, 0.04), (2.6, 0.12, 0.02)),
        hand=(0.4, 100.0, 900.0, 0.007),
        drop=0.12,
    ),
    OPEN: Stroke(
        hz=208.0,
        modes=((1.0, 1.0, 0.11), (1.83, 0.4, 0.06), (2.74, 0.28, 0.045), (3.6, 0.12, 0.03)),
        hand=(0.25, 300.0, 3000.0, 0.004),
        drop=0.03,
    ),
    SLAP: Stroke(
        hz=215.0,
        modes=((1.0, 0.35, 0.03), (1.9, 0.5, 0.035), (3.1, 0.5, 0.03), (4.4, 0.3, 0.02)),
        hand=(0.9, 700.0, 5500.0, 0.009),
        drop=0.02,
    ),
}


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    return tuple(
        Zone(
            pitch_midi,
            tuple(
                strike_skin(stroke, seconds=_SECONDS, rate_hz=rate_hz, seed=2000 + pitch_midi + k)
                for k in range(3)
            ),
        )
        for pitch_midi, stroke in _STROKES.items()
    )


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones, soft_hz=800.0, hard_hz=11_000.0)


CONGA = Instrument(
    build=_build,
    level_db=0.8,
    voices=7,
    tuned=False,
    one_shot=True,
    ring_s=_SECONDS,
    default_pitch_midi=OPEN,
    range_midi=(BASS, SLAP),
    reverb_ratio=0.15,
)
