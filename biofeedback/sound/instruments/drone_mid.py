"""Middle drone: an open vowel that changes slowly, as of a choir far away."""

from __future__ import annotations

from typing import Any

from biofeedback.sound.pyo_library import pyo
from biofeedback.sound.timbre.envelopes import shape
from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals, pan_voices
from biofeedback.sound.timbre.waves import play_wave


def _glottis(k: int) -> float:
    return 1.0 / k**1.4


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    amplitude = shape(signals, signals.loudness, rise_s=0.6, fall_s=0.9)
    vibrato = pyo.Sine(4.6, mul=0.0014, add=1.0)
    voice = play_wave(signals, _glottis, pitch_hz=signals.pitch_hz * vibrato, amplitude=amplitude)
    # between "oh" and "ah"
    mouth = pyo.Sine(0.09, mul=0.5, add=0.5)
    first = pyo.Biquad(voice, freq=mouth * 220.0 + 430.0, q=4.0, type=2)
    second = pyo.Biquad(voice, freq=mouth * 330.0 + 830.0, q=5.0, type=2)
    third = pyo.Biquad(voice, freq=2600.0, q=6.0, type=2)
    colour = signals.brightness * 0.5 + 0.15
    mixed = voice * 0.25 + first + second * 0.6 + third * colour
    return pan_voices(signals, mixed)


DRONE_MID = Instrument(
    build=_build,
    level_db=-13.4,
    voices=5,
    ring_s=6.0,
    default_pitch_midi=57,
    range_midi=(45, 72),
    reverb_ratio=0.4,
    chorus_ratio=0.3,
    breathes=0.5,
)
