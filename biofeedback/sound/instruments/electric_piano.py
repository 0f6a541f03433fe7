"""Electric piano: a soft tone (phase modulation 1:1) with the bell of its tine in the attack."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.pyo_library import pyo
from biofeedback.sound.timbre.envelopes import fall, strike
from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals, pan_voices
from biofeedback.sound.timbre.waves import modulate_phase, run_phase


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    amplitude = strike(signals, half_life_s=0.9, floor=0.12, rise_s=0.003, fall_s=0.12)
    # a harder stroke bends the tone more
    bite = (signals.brightness * 0.9 + 0.25) * signals.velocity + 0.1
    index = fall(signals, half_life_s=0.3, floor=0.25, gain=bite)
    phase = run_phase(signals.pitch_hz)
    body = modulate_phase(carrier=phase, modulator=phase, index=index, amplitude=amplitude)
    ringing = fall(signals, half_life_s=0.07, gain=signals.velocity * 0.05)
    tine = pyo.Sin(run_phase(signals.pitch_hz * 7.0), mul=amplitude * ringing * 1.5)
    return pan_voices(signals, body + tine)


ELECTRIC_PIANO = Instrument(
    build=_build,
    level_db=-15.2,
    voices=10,
    ring_s=0.7,
    default_pitch_midi=60,
    range_midi=(36, 88),
    reverb_ratio=0.22,
    chorus_ratio=0.5,
)
