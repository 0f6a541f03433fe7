"""Bongo: two small drums, the larger open (36), the smaller open (48), and its rim (60)."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.skins import BASS, OPEN, SLAP, Stroke, strike_skin
from biofeedback.sound.timbre.zones import Zone, play_strokes

_SECONDS = 0.5
_STROKES = {
    BASS: Stroke(
        hz=258.0,
        modes=((1.0, 1.0, 0.08), (1.59, 0.45, 0.05), (2.3, 0.25, 0.03)),
        hand=(0.25, 300.0, 3000.0, 0.004),
        drop=0.03,
    ),
    OPEN: Stroke(
        hz=372.0,
        modes=((1.0, 1.0, 0.065), (1.59, 0.45, 0.04), (2.3, 0.25, 0.025)),
        hand=(0.3, 400.0, 4000.0, 0.003),
        drop=0.03,
    ),
    SLAP: Stroke(
        hz=392.0,
        modes=((1.0, 0.3, 0.02), (2.14, 0.6, 0.03), (3.5, 0.45, 0.025), (4.8, 0.25, 0.015)),
        hand=(0.8, 1000.0, 7000.0, 0.006),
        drop=0.02,
    ),
}


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    return tuple(
        Zone(
            pitch_midi,
            tuple(
                strike_skin(stroke, seconds=_SECONDS, rate_hz=rate_hz, seed=3000 + pitch_midi + k)
                for k in range(3)
            ),
        )
        for pitch_midi, stroke in _STROKES.items()
    )


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones, soft_hz=1100.0, hard_hz=12_000.0)


BONGO = Instrument(
    build=_build,
    level_db=0.7,
    voices=7,
    tuned=False,
    one_shot=True,
    ring_s=_SECONDS,
    default_pitch_midi=OPEN,
    range_midi=(BASS, SLAP),
    reverb_ratio=0.12,
)
