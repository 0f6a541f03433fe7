"""Oscillators: wavetables that have no partials above hearing, and phase modulation.

Phase modulation is computed from sines and not with pyo.FM, whose table read is rounded beyond its
end once in minutes where the carrier runs backwards. A sine of a number has no end to fall off.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from biofeedback.sound.pyo_library import pyo

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from biofeedback.sound.scheduler import VoiceStart
    from biofeedback.sound.timbre.instrument import VoiceSignals

_TURN = 2.0 * math.pi
_SIZE = 2048
_HIGHEST_HZ = 11_000.0
_ORDERS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


def run_phase(pitch_hz: Any) -> Any:
    """Return the running phase of each voice, in radians."""
    return pyo.Phasor(freq=pitch_hz, mul=_TURN)


def modulate_phase(*, carrier: Any, modulator: Any, index: Any, amplitude: Any) -> Any:
    """Return sines whose phase (radians) swings with a sine of another phase, by ``index``."""
    swing = pyo.Sin(modulator, mul=index)
    return pyo.Sin(carrier + swing, mul=amplitude)


def play_wave(
    signals: VoiceSignals,
    amplitudes: Callable[[int], float],
    *,
    pitch_hz: Any,
    amplitude: Any,
) -> Any:
    """Play a periodic wave whose partial ``k`` (1, 2 ...) has the amplitude that is told.

    Each note gets a table that ends below the highest frequency, so nothing is mirrored.
    """
    tables = _make_tables(amplitudes, signals.rate_hz)
    wave = pyo.Osc([tables[-1]] * signals.voices, freq=pitch_hz, mul=amplitude)

    def choose(voice: int, sound: VoiceStart) -> None:
        fits = min(_HIGHEST_HZ, 0.45 * signals.rate_hz) / sound.pitch_hz
        number = max(bisect_right(_ORDERS, fits) - 1, 0)
        wave[voice].setTable(tables[number][0])

    signals.on_start.append(choose)
    return wave


@cache
def _make_tables(amplitudes: Callable[[int], float], _rate_hz: int) -> list[Any]:
    at = np.arange(_SIZE) * (_TURN / _SIZE)
    tables: list[Any] = []
    wave = np.zeros(_SIZE)
    done = 0
    for order in _ORDERS:
        for k in range(done + 1, order + 1):
            wave = wave + amplitudes(k) * np.sin(k * at)
        done = order
        tables.append(pyo.DataTable(_SIZE, init=wave.tolist()))
    return tables


def play_loop(make_loop: Callable[[int], NDArray[np.float64]], rate_hz: int) -> Any:
    """Play a precomputed loop again and again; ``make_loop`` is called once for each rate."""
    table = _make_loop_table(make_loop, rate_hz)
    return pyo.TableRead(table, freq=table.getRate(), loop=1, interp=1).play()


@cache
def _make_loop_table(make_loop: Callable[[int], NDArray[np.float64]], rate_hz: int) -> Any:
    loop = make_loop(rate_hz)
    table = pyo.DataTable(len(loop))
    np.asarray(table.getBuffer())[:] = loop
    return table
