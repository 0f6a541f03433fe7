"""Cajon: a wooden box: a deep thump in the middle, a snappy edge with wires inside."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.skins import BASS, OPEN, SLAP, Stroke, strike_skin
from biofeedback.sound.timbre.zones import Zone, play_strokes

_SECONDS = 0.5
_STROKES = {
    BASS: Stroke(
        hz=78.0,
        modes=((1.0, 1.0, 0.07), (2.05, 0.35, 0.04), (3.4, 0.12, 0.02)),
        hand=(0.35, 100.0, 1100.0, 0.008),
        drop=0.18,
        drop_s=0.025,
    ),
    OPEN: Stroke(
        hz=128.0,
        modes=((1.0, 0.6, 0.05), (1.9, 0.5, 0.035), (3.2, 0.3, 0.02), (4.7, 0.15, 0.012)),
        hand=(0.7, 600.0, 4500.0, 0.02),
        drop=0.08,
    ),
    SLAP: Stroke(
        hz=210.0,
        modes=((1.0, 0.3, 0.03), (2.3, 0.4, 0.02), (3.7, 0.3, 0.015)),
        hand=(1.0, 1300.0, 7500.0, 0.028),
        drop=0.03,
    ),
}


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    return tuple(
        Zone(
            pitch_midi,
            tuple(
                strike_skin(stroke, seconds=_SECONDS, rate_hz=rate_hz, seed=4000 + pitch_midi + k)
                for k in range(3)
            ),
        )
        for pitch_midi, stroke in _STROKES.items()
    )


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones, soft_hz=900.0, hard_hz=11_000.0)


CAJON = Instrument(
    build=_build,
    level_db=1.1,
    voices=7,
    tuned=False,
    one_shot=True,
    ring_s=_SECONDS,
    default_pitch_midi=OPEN,
    range_midi=(BASS, SLAP),
    reverb_ratio=0.1,
)
