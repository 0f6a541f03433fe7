"""How loudness and colour move inside a note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from biofeedback.sound.pyo_library import pyo

if TYPE_CHECKING:
    from biofeedback.sound.scheduler import VoiceStart
    from biofeedback.sound.timbre.instrument import VoiceSignals

_DECAY_POINTS = 4096
# pyo adds a millisecond to each time of its Port
_PORT_S = 0.001
_CUT_S = 0.002


def fall(signals: VoiceSignals, *, half_life_s: float, floor: float = 0.0, gain: Any = 1.0) -> Any:
    """Fall from ``gain`` towards ``gain * floor`` after each trigger, and stay there."""
    seconds = 10.0 * half_life_s
    curve = np.power(0.5, np.linspace(0.0, 10.0, _DECAY_POINTS))
    curve = (curve - curve[-1]) * ((1.0 - floor) / (1.0 - curve[-1]))
    table = pyo.DataTable(_DECAY_POINTS)
    # not by `init`: that lets the table go on into its beginning, where a curve has to stay down
    np.asarray(table.getBuffer())[:] = curve
    # the end is never met exactly: there pyo would read beyond its table
    falling = pyo.TrigEnv(signals.trigger, table, dur=seconds * 1.000_01)
    return pyo.Sig(falling + floor, mul=gain) if floor else pyo.Sig(falling, mul=gain)


def follow(target: Any, *, rise_s: float, fall_s: float) -> Any:
    """Follow a target with an exponential glide: what changes at once is heard without a step.

    pyo rises while the target rises, even where it is above it already: the target must go in
    steps, or it would be followed with the wrong time.
    """
    return pyo.Port(
        target, risetime=max(rise_s - _PORT_S, 0.0), falltime=max(fall_s - _PORT_S, 0.0)
    )


def shape(signals: VoiceSignals, target: Any, *, rise_s: float, fall_s: float) -> Any:
    """Return each voice's amplitude: it follows ``target``, and soon when the voice is cut.

    A second, short glide rounds the corner where the first one turns.
    """
    amplitude = follow(target, rise_s=rise_s, fall_s=fall_s)
    usual_s = max(fall_s - _PORT_S, 0.0)

    def cut(voice: int) -> None:
        amplitude[voice].setFallTime(min(_CUT_S - _PORT_S, usual_s))

    def start(voice: int, _sound: VoiceStart) -> None:
        amplitude[voice].setFallTime(usual_s)

    signals.on_cut.append(cut)
    signals.on_start.append(start)
    return follow(amplitude, rise_s=_PORT_S, fall_s=_PORT_S)


def strike(
    signals: VoiceSignals,
    *,
    half_life_s: float,
    floor: float,
    rise_s: float,
    fall_s: float,
) -> Any:
    """Return the amplitude of a note that is struck, falls to ``floor`` and is let go."""
    held = shape(signals, signals.loudness, rise_s=rise_s, fall_s=fall_s)
    return held * fall(signals, half_life_s=half_life_s, floor=floor)
