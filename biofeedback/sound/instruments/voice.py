"""What an instrument is, and the parts that several of them share."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from biofeedback.sound.pyo_library import pyo

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_DECAY_S = 8.0
_DECAY_POINTS = 8192
_CENTRE = 0.7071


@dataclass(frozen=True, slots=True, eq=False)
class VoiceSignals:
    """What a layer's voices are told: pyo signals with one stream per voice.

    ``loudness`` is the note's amplitude, 0 when it has ended. ``trigger`` is 1.0 at the first
    sample of a note. ``pitch_hz`` is the newest note's pitch. ``brightness`` and ``swell`` (0..1)
    are shared by all. ``pans`` collects what ``pan_voices`` made.
    """

    voices: int
    loudness: Any
    trigger: Any
    pitch_hz: Any
    brightness: Any
    swell: Any
    rate_hz: int
    pans: list[tuple[Any, Any]] = field(default_factory=list[tuple[Any, Any]])


@dataclass(frozen=True, slots=True, eq=False)
class Instrument:
    """How a layer sounds.

    ``one_shot`` voices ring out whatever the note's duration. ``level_db`` balances the layers,
    ``reverb_ratio`` is the part sent to the room. ``default_pitch_midi`` serves notes without one.
    ``build`` returns the left and the right signal of all voices together.
    """

    voices: int
    one_shot: bool
    level_db: float
    reverb_ratio: float
    default_pitch_midi: int
    build: Callable[[VoiceSignals], tuple[Any, Any]]


def exponential_decay(
    signals: VoiceSignals, *, half_life_s: float, floor: float, gain: Any = 1.0, offset: Any = 0.0
) -> Any:
    """Fall from ``gain`` towards ``gain * floor`` after each trigger; ``offset`` is added."""
    at_s = np.linspace(0.0, _DECAY_S, _DECAY_POINTS)
    curve = floor + (1.0 - floor) * np.power(0.5, at_s / half_life_s)
    table = pyo.DataTable(_DECAY_POINTS, init=curve.tolist())
    return pyo.TrigEnv(signals.trigger, table, dur=_DECAY_S, mul=gain, add=offset)


def shape_amplitude(
    signals: VoiceSignals, *, half_life_s: float, floor: float, rise_s: float, fall_s: float
) -> Any:
    """Return each voice's amplitude; a stolen voice goes on from where it was, without a step."""
    struck = exponential_decay(signals, half_life_s=half_life_s, floor=floor, gain=signals.loudness)
    return pyo.Port(struck, risetime=rise_s, falltime=fall_s)


def modulate_frequency(*, carrier_hz: Any, ratio: float, index: Any, amplitude: Any) -> Any:
    """Return tones by frequency modulation.

    Once in minutes, where the carrier runs backwards (``ratio * index`` above 1), the read position
    of pyo's FM is rounded up to its sine's end, and the sample beyond it makes one NaN, which every
    filter behind would keep for ever.
    """
    tone = pyo.FM(carrier=carrier_hz, ratio=ratio, index=index)
    return drop_nan(tone, amplitude=amplitude)


def drop_nan(signal: Any, *, amplitude: Any = 1.0) -> Any:
    """Return the signal times ``amplitude``, with zero for NaN; all else is exact.

    Both comparisons are false for NaN, so that it is zero in either half.
    """
    return pyo.Max(signal, 0.0, mul=amplitude) + pyo.Min(signal, 0.0, mul=amplitude)


def pan_voices(signals: VoiceSignals, voices: Any) -> tuple[Any, Any]:
    """Place each voice between the ears and mix."""
    left = pyo.Sig(voices, mul=[_CENTRE] * signals.voices)
    right = pyo.Sig(voices, mul=[_CENTRE] * signals.voices)
    signals.pans.append((left, right))
    return pyo.Mix(left, voices=1), pyo.Mix(right, voices=1)


def play_strokes(signals: VoiceSignals, strokes: list[NDArray[np.float64]]) -> tuple[Any, Any]:
    """Play one precomputed stroke per trigger; each voice has its own, all of one length."""
    frames = len(strokes[0])
    tables = [pyo.DataTable(frames, init=stroke.tolist()) for stroke in strokes]
    seconds = frames / signals.rate_hz
    voices = pyo.TrigEnv(signals.trigger, tables, dur=seconds, interp=1, mul=signals.loudness)
    return pan_voices(signals, voices)


def make_noise(frames: int, *, seed: int) -> NDArray[np.float64]:
    """Return the same white noise each time, shape (frames,), between -1 and 1."""
    return np.random.default_rng(seed).uniform(-1.0, 1.0, frames)


def filter_noise(
    noise: NDArray[np.float64],
    *,
    rate_hz: int,
    low_hz: float | None,
    high_hz: float,
) -> NDArray[np.float64]:
    """Pass a Butterworth band-pass, or a low-pass without ``low_hz``, of second order.

    In the frequency domain: a stroke is short, and scipy.signal takes a second to load.
    """
    padded = 2 * len(noise)
    at_hz = np.fft.rfftfreq(padded, 1.0 / rate_hz)[1:-1]
    # the bilinear transform: where an analogue filter would have to be asked
    s = 1j * np.tan(np.pi * at_hz / rate_hz)
    high = math.tan(math.pi * high_hz / rate_hz)
    if low_hz is None:
        s = s / high
    else:
        low = math.tan(math.pi * low_hz / rate_hz)
        s = (s * s + low * high) / (s * (high - low))
    response = np.zeros(len(at_hz) + 2, dtype=np.complex128)
    response[0] = low_hz is None
    response[1:-1] = 1.0 / (s * s + math.sqrt(2.0) * s + 1.0)
    return np.fft.irfft(np.fft.rfft(noise, padded) * response, padded)[: len(noise)]


def fade_ends(stroke: NDArray[np.float64], *, rate_hz: int) -> NDArray[np.float64]:
    """Let a stroke begin and end at zero: 0.5 ms in, 10 ms out."""
    shaped = stroke.copy()
    first, last = max(2, round(0.0005 * rate_hz)), max(2, round(0.01 * rate_hz))
    shaped[:first] *= np.linspace(0.0, 1.0, first)
    shaped[-last:] *= np.linspace(1.0, 0.0, last)
    return shaped
