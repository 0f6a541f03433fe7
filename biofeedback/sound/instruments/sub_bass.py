"""Sub bass: nearly a sine, with just enough overtone to be heard on small speakers."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.timbre.envelopes import strike
from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals, pan_voices
from biofeedback.sound.timbre.waves import play_wave


def _partials(k: int) -> float:
    return (1.0, 0.28, 0.12, 0.05)[k - 1] if k <= 4 else 0.0


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    amplitude = strike(signals, half_life_s=1.2, floor=0.55, rise_s=0.018, fall_s=0.12)
    tone = play_wave(signals, _partials, pitch_hz=signals.pitch_hz, amplitude=amplitude)
    return pan_voices(signals, tone)


SUB_BASS = Instrument(
    build=_build,
    level_db=-13.0,
    voices=5,
    ring_s=0.8,
    keyboard_db_per_octave=-3.0,
    default_pitch_midi=36,
    range_midi=(28, 52),
    reverb_ratio=0.02,
)
