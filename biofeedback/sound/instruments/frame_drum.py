"""Frame drum: a wide thin skin: a long low doum, a clear tak, a finger on the rim."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.skins import BASS, OPEN, SLAP, Stroke, strike_skin
from biofeedback.sound.timbre.zones import Zone, play_strokes

_SECONDS = 1.2
_STROKES = {
    BASS: Stroke(
        hz=67.0,
        modes=((1.0, 1.0, 0.22), (1.59, 0.35, 0.12), (2.14, 0.15, 0.07), (2.65, 0.1, 0.05)),
        hand=(0.18, 100.0, 1000.0, 0.008),
        drop=0.08,
        drop_s=0.05,
    ),
    OPEN: Stroke(
        hz=134.0,
        modes=((1.0, 0.5, 0.09), (1.59, 0.8, 0.11), (2.3, 0.6, 0.09), (3.2, 0.3, 0.06)),
        hand=(0.3, 400.0, 4000.0, 0.006),
        drop=0.03,
    ),
    SLAP: Stroke(
        hz=190.0,
        modes=((1.59, 0.3, 0.05), (2.9, 0.5, 0.05), (4.1, 0.5, 0.045), (5.6, 0.35, 0.03)),
        hand=(0.5, 1000.0, 6500.0, 0.008),
        drop=0.02,
    ),
}


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    return tuple(
        Zone(
            pitch_midi,
            tuple(
                strike_skin(stroke, seconds=_SECONDS, rate_hz=rate_hz, seed=6000 + pitch_midi + k)
                for k in range(3)
            ),
        )
        for pitch_midi, stroke in _STROKES.items()
    )


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones, soft_hz=700.0, hard_hz=10_000.0)


FRAME_DRUM = Instrument(
    build=_build,
    level_db=0.8,
    voices=7,
    tuned=False,
    one_shot=True,
    ring_s=_SECONDS,
    default_pitch_midi=OPEN,
    range_midi=(BASS, SLAP),
    reverb_ratio=0.25,
)
