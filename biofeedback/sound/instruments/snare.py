"""Snare: two short tones and a band of noise, softened; three strokes in turn."""

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

_VOICES = 3


def _make_stroke(rate_hz: int, *, seed: int) -> NDArray[np.float64]:
    t = np.arange(round(0.35 * rate_hz)) / rate_hz
    noise = make_noise(len(t), seed=seed)
    noise = filter_noise(noise, rate_hz=rate_hz, low_hz=900.0, high_hz=7000.0) * np.exp(-t / 0.075)
    tone = np.sin(2.0 * np.pi * 182.0 * t) + 0.5 * np.sin(2.0 * np.pi * 331.0 * t)
    return fade_ends(0.75 * noise + 0.4 * tone * np.exp(-t / 0.05), rate_hz=rate_hz)


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    strokes = [_make_stroke(signals.rate_hz, seed=10 + i) for i in range(_VOICES)]
    return play_strokes(signals, strokes)


SNARE = Instrument(
    voices=_VOICES,
    one_shot=True,
    level_db=-11.0,
    reverb_ratio=0.18,
    default_pitch_midi=50,
    build=_build,
)
