"""Djembe: a deep bass, a singing open tone, a bright slap."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.skins import BASS, OPEN, SLAP, Stroke, strike_skin
from biofeedback.sound.timbre.zones import Zone, play_strokes

_SECONDS = 0.7
_STROKES = {
    BASS: Stroke(
        hz=72.0,
        modes=((1.0, 1.0, 0.12), (1.62, 0.25, 0.05), (2.9, 0.1, 0.02)),
        hand=(0.25, 120.0, 1200.0, 0.006),
        drop=0.25,
        drop_s=0.03,
    ),
    OPEN: Stroke(
        hz=196.0,
        modes=((1.0, 0.5, 0.05), (1.59, 1.0, 0.07), (2.14, 0.55, 0.05), (2.65, 0.25, 0.035)),
        hand=(0.3, 300.0, 3500.0, 0.004),
        drop=0.04,
    ),
    SLAP: Stroke(
        hz=240.0,
        modes=((1.59, 0.4, 0.03), (2.65, 0.7, 0.045), (3.6, 0.6, 0.04), (4.9, 0.35, 0.03)),
        hand=(0.9, 900.0, 6500.0, 0.01),
        drop=0.02,
    ),
}


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    return tuple(
        Zone(
            pitch_midi,
            tuple(
                strike_skin(stroke, seconds=_SECONDS, rate_hz=rate_hz, seed=1000 + pitch_midi + k)
                for k in range(3)
            ),
        )
        for pitch_midi, stroke in _STROKES.items()
    )


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones, soft_hz=900.0, hard_hz=12_000.0)


DJEMBE = Instrument(
    build=_build,
    level_db=0.7,
    voices=7,
    tuned=False,
    one_shot=True,
    ring_s=_SECONDS,
    default_pitch_midi=OPEN,
    range_midi=(BASS, SLAP),
    reverb_ratio=0.15,
)
