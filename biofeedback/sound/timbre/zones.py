"""Strokes that were computed beforehand, played by pyo tables, one for each pitch or way to strike.

* A zone serves the pitches around its own; its strokes take turns, so that no two in a row are the
  same. Between zones the table is read faster or slower.
* A soft note is a darker one: a low-pass whose edge the velocity chooses.
* All zones are equally loud (K-weighted, in their first 0.2 s), whatever their pitch; ``level_db``
  of a zone departs from that.
* Tables outlive their server: a synthesis that is built anew finds them ready.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from biofeedback.sound.loudness import answer_power, design_k_weighting
from biofeedback.sound.pyo_library import pyo
from biofeedback.sound.scheduler import pitch_to_hz
from biofeedback.sound.timbre.instrument import VoiceSignals, pan_voices

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from biofeedback.sound.scheduler import VoiceStart

_CUBIC = 4
_HEARD_S = 0.2  # in which loudness adds up
_NOMINAL_RMS = 0.1
_PAD = 4  # silent samples at the end, for the interpolator
_PAST_END = 1.000_001  # the end is never met exactly: there pyo would read beyond its table


@dataclass(frozen=True, slots=True, eq=False)
class Zone:
    """Strokes of one pitch, each of shape (frames,), that take turns."""

    pitch_midi: float
    strokes: tuple[NDArray[np.float64], ...]
    level_db: float = 0.0


def play_zones(
    signals: VoiceSignals,
    make_zones: Callable[[int], tuple[Zone, ...]],
    *,
    pitched: bool,
    soft_hz: float | None = None,
    hard_hz: float = 16_000.0,
) -> Any:
    """Play the zone nearest to each note; return one signal per voice.

    Args:
        signals: What the voices are told.
        make_zones: Makes the zones for a rate; called once for each rate.
        pitched: Whether a note between zones is tuned by reading faster or slower.
        soft_hz: Edge of the low-pass at velocity 0; None without low-pass.
        hard_hz: Edge of the low-pass at velocity 1.
    """
    zones = _make_tables(make_zones, signals.rate_hz)
    _, first = zones[0][1][0]
    player = pyo.TrigEnv(
        signals.trigger, [first] * signals.voices, dur=1.0, interp=_CUBIC, mul=signals.loudness
    )
    turns = [0] * len(zones)
    edge = None
    if soft_hz is not None:
        edge = pyo.Tone(player, freq=[hard_hz] * signals.voices)

    def choose(voice: int, sound: VoiceStart) -> None:
        number = min(range(len(zones)), key=lambda k: abs(zones[k][0] - sound.pitch_midi))
        pitch_midi, tables = zones[number]
        frames, table = tables[turns[number] % len(tables)]
        turns[number] += 1
        ratio = 2.0 ** ((sound.pitch_midi - pitch_midi) / 12.0) if pitched else 1.0
        player[voice].setTable(table[0])
        player[voice].setDur(frames / (signals.rate_hz * ratio) * _PAST_END)
        if edge is not None and soft_hz is not None:
            hz = soft_hz * (hard_hz / soft_hz) ** sound.loudness
            edge[voice].setFreq(min(hz, 0.45 * signals.rate_hz))

    signals.on_start.append(choose)
    return player if edge is None else edge


def play_strokes(
    signals: VoiceSignals,
    make_zones: Callable[[int], tuple[Zone, ...]],
    *,
    soft_hz: float | None = None,
    hard_hz: float = 16_000.0,
) -> tuple[Any, Any]:
    """Play the stroke nearest to each note's pitch as it is, and place it."""
    voices = play_zones(signals, make_zones, pitched=False, soft_hz=soft_hz, hard_hz=hard_hz)
    return pan_voices(signals, voices)


@cache
def _make_tables(
    make_zones: Callable[[int], tuple[Zone, ...]], rate_hz: int
) -> list[tuple[float, list[tuple[int, Any]]]]:
    tables: list[tuple[float, list[tuple[int, Any]]]] = []
    for zone in make_zones(rate_hz):
        made: list[tuple[int, Any]] = []
        gain = 10.0 ** (zone.level_db / 20.0) / _measure_level(zone.strokes[0], rate_hz)
        for stroke in zone.strokes:
            table = pyo.DataTable(len(stroke) + _PAD)
            np.asarray(table.getBuffer())[: len(stroke)] = stroke * gain
            made.append((len(stroke) + _PAD, table))
        tables.append((zone.pitch_midi, made))
    return tables


def _measure_level(stroke: NDArray[np.float64], rate_hz: int) -> float:
    """Return the K-weighted amplitude (RMS) of the first 0.2 s, as a part of the nominal one."""
    frames = round(_HEARD_S * rate_hz)
    power = np.abs(np.fft.rfft(stroke[:frames], 2 * frames)) ** 2
    at_hz = np.linspace(0.0, rate_hz / 2.0, frames + 1)
    weighted = power * answer_power(design_k_weighting(rate_hz), at_hz, rate_hz=rate_hz)
    return float(np.sqrt(weighted.sum() / frames**2)) / _NOMINAL_RMS


def make_pitch_zones(
    range_midi: tuple[int, int],
    *,
    step: int,
    make_note: Callable[[float], NDArray[np.float64]],
) -> tuple[Zone, ...]:
    """Make a zone every ``step`` semitones from a function of the pitch in Hz."""
    low, high = range_midi
    return tuple(
        Zone(midi, (make_note(pitch_to_hz(midi)),)) for midi in range(low, high + step, step)
    )
