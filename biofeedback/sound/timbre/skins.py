"""Hand drums: a skin whose tones fall a little while it calms down, and the hand on it.

References:
    Fletcher and Rossing (1998), The Physics of Musical Instruments, 2nd ed., ch. 18: modes of a
    membrane (ideal 1, 1.59, 2.14, 2.30, 2.65, 2.92), tension that rises with amplitude.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biofeedback.sound.timbre.noise import count_times, fade_ends, filter_noise, make_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What `pitch_midi` selects: where the hand strikes.
BASS, OPEN, SLAP = 36, 48, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """One way to strike a skin.

    ``modes`` are ratio to ``hz``, amplitude, half-life in seconds. ``drop`` is how much higher the
    tones begin, and ``drop_s`` how soon they are down. ``hand`` is the noise of the hand: its
    amplitude, lowest and highest frequency, and its half-life.
    """

    hz: float
    modes: tuple[tuple[float, float, float], ...]
    hand: tuple[float, float, float, float]
    drop: float = 0.0
    drop_s: float = 0.02


def strike_skin(stroke: Stroke, *, seconds: float, rate_hz: int, seed: int) -> NDArray[np.float64]:
    """Return the sound of a stroke, shape (frames,); another seed is another hand."""
    t = count_times(seconds, rate_hz=rate_hz)
    phase = 2.0 * np.pi * np.cumsum(1.0 + stroke.drop * np.exp(-t / stroke.drop_s)) / rate_hz
    out = np.zeros(len(t))
    random = np.random.default_rng(seed)
    for ratio, amplitude, half_life_s in stroke.modes:
        varied = amplitude * random.uniform(0.85, 1.15)
        out += varied * np.sin(stroke.hz * ratio * phase) * np.power(0.5, t / half_life_s)
    level, low_hz, high_hz, half_life_s = stroke.hand
    hand = make_noise(len(t), seed=seed)
    hand = filter_noise(hand, rate_hz=rate_hz, low_hz=low_hz, high_hz=high_hz)
    hand /= np.abs(hand).max()
    out += level * hand * np.power(0.5, t / half_life_s)
    return fade_ends(out, rate_hz=rate_hz, first_s=0.0008, last_s=0.02)
