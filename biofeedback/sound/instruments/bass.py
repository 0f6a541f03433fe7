"""Bass: a round tone with a bite at its start (phase modulation 1:1), and its sub."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.pyo_library import pyo
from biofeedback.sound.timbre.envelopes import fall, strike
from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals, pan_voices
from biofeedback.sound.timbre.waves import modulate_phase, run_phase


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    amplitude = strike(signals, half_life_s=0.5, floor=0.4, rise_s=0.0022, fall_s=0.05)
    bite = (signals.brightness * 1.8 + 0.4) * signals.velocity + 0.3
    index = fall(signals, half_life_s=0.07, floor=0.25, gain=bite)
    phase = run_phase(signals.pitch_hz)
    tone = modulate_phase(carrier=phase, modulator=phase, index=index, amplitude=amplitude)
    sub = pyo.Sin(phase, mul=amplitude)
    return pan_voices(signals, tone * 0.6 + sub * 0.5)


BASS = Instrument(
    build=_build,
    level_db=-12.7,
    voices=5,
    ring_s=0.35,
    keyboard_db_per_octave=-3.0,
    default_pitch_midi=38,
    range_midi=(28, 55),
    reverb_ratio=0.02,
)
