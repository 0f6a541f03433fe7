"""Hand drum: a warm drum between conga and tom; bass, open tone, rim."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.skins import BASS, OPEN, SLAP, Stroke, strike_skin
from biofeedback.sound.timbre.zones import Zone, play_strokes

_SECONDS = 0.8
_STROKES = {
    BASS: Stroke(
        hz=80.0,
        modes=((1.0, 1.0, 0.13), (1.59, 0.3, 0.06), (2.3, 0.1, 0.03)),
        hand=(0.25, 100.0, 900.0, 0.008),
        drop=0.16,
        drop_s=0.03,
    ),
    OPEN: Stroke(
        hz=156.0,
        modes=((1.0, 1.0, 0.1), (1.59, 0.5, 0.07), (2.14, 0.3, 0.05), (2.9, 0.12, 0.03)),
        hand=(0.25, 250.0, 2200.0, 0.005),
        drop=0.05,
    ),
    SLAP: Stroke(
        hz=230.0,
        modes=((1.0, 0.4, 0.03), (1.9, 0.5, 0.03), (2.9, 0.4, 0.025), (4.1, 0.2, 0.02)),
        hand=(0.7, 700.0, 4500.0, 0.007),
        drop=0.02,
    ),
}


def _make_zones(rate_hz: int) -> tuple[Zone, ...]:
    return tuple(
        Zone(
            pitch_midi,
            tuple(
                strike_skin(stroke, seconds=_SECONDS, rate_hz=rate_hz, seed=5000 + pitch_midi + k)
                for k in range(3)
            ),
        )
        for pitch_midi, stroke in _STROKES.items()
    )


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, _make_zones, soft_hz=700.0, hard_hz=9000.0)


HAND_DRUM = Instrument(
    build=_build,
    level_db=0.9,
    voices=7,
    tuned=False,
    one_shot=True,
    ring_s=_SECONDS,
    default_pitch_midi=OPEN,
    range_midi=(BASS, SLAP),
    reverb_ratio=0.18,
)
