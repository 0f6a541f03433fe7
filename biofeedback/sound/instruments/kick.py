"""Kick: a sine that falls from 150 to 48 Hz, with a soft knock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from biofeedback.sound.instruments.voice import (
    Instrument,
    VoiceSignals,
    fade_ends,
    filter_noise,
    make_noise,
    play_strokes,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_VOICES = 2


def _make_stroke(rate_hz: int) -> NDArray[np.float64]:
    t = np.arange(round(0.4 * rate_hz)) / rate_hz
    pitch_hz = 48.0 + 105.0 * np.exp(-t / 0.028)
    body = np.sin(2.0 * np.pi * np.cumsum(pitch_hz) / rate_hz) * np.exp(-t / 0.12)
    knock = filter_noise(make_noise(len(t), seed=1), rate_hz=rate_hz, low_hz=None, high_hz=2500.0)
    return fade_ends(body + 0.25 * knock * np.exp(-t / 0.004), rate_hz=rate_hz)


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    return play_strokes(signals, [_make_stroke(signals.rate_hz)] * _VOICES)


KICK = Instrument(
    voices=_VOICES,
    one_shot=True,
    level_db=-6.0,
    reverb_ratio=0.03,
    default_pitch_midi=36,
    build=_build,
)
