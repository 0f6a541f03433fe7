"""High drone: glass that is rubbed: few partials, each with a slow tremble of its own."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.pyo_library import pyo
from biofeedback.sound.timbre.envelopes import shape
from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals, pan_voices
from biofeedback.sound.timbre.waves import run_phase

# ratio to the pitch, amplitude, tremble in Hz
_GLASS = ((1.0, 1.0, 0.31), (1.002, 0.5, 0.23), (2.0, 0.2, 0.41), (3.0, 0.08, 0.53))


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    amplitude = shape(signals, signals.loudness, rise_s=0.6, fall_s=1.2)
    glass: Any = None
    for number, (ratio, level, tremble_hz) in enumerate(_GLASS):
        tremble = pyo.Sine(tremble_hz, phase=number / 4.0, mul=0.3 * level, add=0.7 * level)
        colour = tremble if ratio < 1.5 else tremble * (signals.brightness * 1.4 + 0.3)
        tone = pyo.Sin(run_phase(signals.pitch_hz * ratio), mul=amplitude * colour)
        glass = tone if glass is None else glass + tone
    return pan_voices(signals, glass)


DRONE_HIGH = Instrument(
    build=_build,
    level_db=-17.8,
    voices=5,
    ring_s=7.0,
    default_pitch_midi=76,
    range_midi=(64, 91),
    reverb_ratio=0.5,
    echo_ratio=0.1,
    breathes=0.5,
)
