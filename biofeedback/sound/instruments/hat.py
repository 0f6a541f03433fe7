"""Hat: short high noise; long notes ring open, and each stroke is a little different."""

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

_VOICES = 4


def _make_stroke(rate_hz: int, *, seed: int) -> NDArray[np.float64]:
    t = np.arange(round(0.18 * rate_hz)) / rate_hz
    high_hz = min(13_000.0, 0.45 * rate_hz)
    noise = make_noise(len(t), seed=seed)
    noise = filter_noise(noise, rate_hz=rate_hz, low_hz=6000.0, high_hz=high_hz)
    decay_s = 0.03 * (1.0 + 0.12 * (seed % 3 - 1))
    return fade_ends(noise * np.exp(-t / decay_s), rate_hz=rate_hz)


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    strokes = [_make_stroke(signals.rate_hz, seed=20 + i) for i in range(_VOICES)]
    return play_strokes(signals, strokes)


HAT = Instrument(
    voices=_VOICES,
    one_shot=True,
    level_db=-14.0,
    reverb_ratio=0.08,
    default_pitch_midi=80,
    build=_build,
)
