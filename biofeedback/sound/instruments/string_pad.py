"""String pad: three bowed lines to a note, each with a vibrato of its own, in a large room."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.pyo_library import add_up, pyo
from biofeedback.sound.timbre.envelopes import shape
from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.waves import play_wave

# cents, vibrato in Hz, and where it sits between the ears
_LINES = ((-5.0, 4.9, 0.2), (0.5, 5.3, 0.5), (4.5, 4.5, 0.8))
_VIBRATO_DEPTH = 0.0013


def _bowed(k: int) -> float:
    return (1.0 if k % 2 else 0.8) / k**1.1


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    amplitude = shape(signals, signals.loudness, rise_s=0.22, fall_s=0.45)
    lefts: list[Any] = []
    rights: list[Any] = []
    for cents, vibrato_hz, place in _LINES:
        vibrato = pyo.Sine(vibrato_hz, mul=_VIBRATO_DEPTH, add=2.0 ** (cents / 1200.0))
        line = play_wave(signals, _bowed, pitch_hz=signals.pitch_hz * vibrato, amplitude=amplitude)
        mixed = add_up(line)
        lefts.append(mixed * (1.0 - place))
        rights.append(mixed * place)
    opening = (signals.brightness * 2600.0 + 900.0) * signals.breath
    left = pyo.ButLP(add_up(*lefts), freq=opening)
    right = pyo.ButLP(add_up(*rights), freq=opening)
    return left, right


STRING_PAD = Instrument(
    build=_build,
    level_db=-26.3,
    voices=10,
    ring_s=3.0,
    default_pitch_midi=60,
    range_midi=(43, 91),
    reverb_ratio=0.45,
    chorus_ratio=0.35,
    breathes=1.0,
)
