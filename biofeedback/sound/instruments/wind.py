"""Wind: air in trees. It has no notes; the swell raises it and opens it, as a breath does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biofeedback.sound.pyo_library import pyo
from biofeedback.sound.timbre.instrument import Instrument, VoiceSignals
from biofeedback.sound.timbre.noise import make_pink_loop
from biofeedback.sound.timbre.waves import play_loop

if TYPE_CHECKING:
    import numpy as np

_SECONDS = (11.3, 13.7)  # two loops that never meet again within a session


def _make_left(rate_hz: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return make_pink_loop(round(_SECONDS[0] * rate_hz), seed=101, slope_db_per_octave=-4.0)


def _make_right(rate_hz: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return make_pink_loop(round(_SECONDS[1] * rate_hz), seed=102, slope_db_per_octave=-4.0)


def _build(signals: VoiceSignals) -> tuple[Any, Any]:
    first = play_loop(_make_left, signals.rate_hz)
    second = play_loop(_make_right, signals.rate_hz)
    sides: list[Any] = []
    for near, far, gust_hz in ((first, second, 0.067), (second, first, 0.083)):
        gust = pyo.Sine(gust_hz, mul=0.22, add=1.0)
        air = near + far * 0.2
        openness = signals.breath * gust
        edge_hz = openness * (signals.brightness * 500.0 + 350.0) + 120.0
        body = pyo.ButLP(air, freq=edge_hz)
        # leaves: a band above, quieter
        leaves = pyo.ButBP(air, freq=edge_hz * 2.2 + 500.0, q=1.0, mul=openness * 0.3)
        sides.append(pyo.Sig(body + leaves, mul=gust))
    return sides[0], sides[1]


WIND = Instrument(
    build=_build,
    level_db=-22.8,
    voices=0,
    tuned=False,
    ring_s=0.0,
    default_pitch_midi=60,
    range_midi=(60, 60),
    reverb_ratio=0.1,
    breathes=1.4,
)
