"""The room, the echo and the chorus that all instruments share.

* pyo.Chorus is not used: its read position, rounded up to the end of a delay line, takes a number
  from beyond it, and its feedback keeps it. The chorus here has no feedback, and what one such
  number could be is taken out behind it.
* The echo's times are in no relation to any tempo (they are to each other as 1 to 1.618): it
  blurs, and never contradicts the beat. Its delays are whole samples, which need no interpolation.
"""

from __future__ import annotations

from typing import Any

from biofeedback.sound.pyo_library import pyo

_CHORUS = (  # delay in s, depth in s, speed in Hz, for each ear
    (0.0117, 0.0021, 0.41),
    (0.0139, 0.0024, 0.33),
)
_ECHO_S = (0.2927, 0.4736)
_ECHO_KEEPS = 0.42
_ECHO_HZ = 2600.0
_ROOM_LATE_S = 0.011
_ROOM_BLURS_S = ((0.00473, 0.00791, 0.01337), (0.00551, 0.00923, 0.01183))
_ROOM_SIZES = (0.7, 0.71)  # 1.9 s to -60 dB at low frequencies
_ROOM_DAMP = 0.55
_ROOM_LOWEST_HZ = 160.0
_ROOM_HIGHEST_HZ = 6500.0
_ROOM_GAIN = 1.9


def add_chorus(send: Any) -> tuple[Any, Any]:
    """Return a mono signal as two that wander in pitch, one for each ear."""
    sides: list[Any] = []
    for delay_s, depth_s, speed_hz in _CHORUS:
        wander = pyo.Sine(speed_hz, mul=depth_s, add=delay_s)
        sides.append(drop_nan(pyo.Delay(send, delay=wander, feedback=0.0, maxdelay=0.05)))
    return sides[0], sides[1]


def add_echo(send: Any) -> tuple[Any, Any]:
    """Return the echoes of a mono signal: they go from ear to ear, darker each time."""
    first_s, second_s = _ECHO_S
    dull = pyo.Tone(send, freq=_ECHO_HZ)
    left = pyo.SDelay(dull, delay=first_s, maxdelay=1.0)
    right = pyo.SDelay(pyo.Tone(left, freq=_ECHO_HZ), delay=second_s, maxdelay=1.0, mul=0.8)
    again = pyo.Tone(right, freq=_ECHO_HZ, mul=_ECHO_KEEPS)
    left_again = pyo.SDelay(again, delay=first_s, maxdelay=1.0)
    right_again = pyo.SDelay(left_again, delay=second_s, maxdelay=1.0, mul=0.7)
    return left + left_again, right + right_again


def add_room(send: Any, *, rate_hz: int) -> tuple[Any, Any]:
    """Return the room's answer to a mono signal: dense, dark, different at each ear.

    Three all-passes blur what comes in before the combs of pyo's Freeverb, whose echoes would be
    heard one by one, and let the ears differ.
    """
    late = pyo.SDelay(pyo.ButHP(send, freq=_ROOM_LOWEST_HZ), delay=_ROOM_LATE_S, maxdelay=0.1)
    sides: list[Any] = []
    for blurs_s, size in zip(_ROOM_BLURS_S, _ROOM_SIZES, strict=True):
        side = late
        for blur_s in blurs_s:
            # half a sample off whole ones: no rounding can bring it beyond the end of its line
            delay_s = (round(blur_s * rate_hz) + 0.5) / rate_hz
            side = pyo.Allpass(side, delay=delay_s, feedback=0.6, maxdelay=0.05)
        room = pyo.Freeverb(side, size=size, damp=_ROOM_DAMP, bal=1.0)
        sides.append(pyo.Tone(room, freq=_ROOM_HIGHEST_HZ, mul=_ROOM_GAIN))
    return sides[0], sides[1]


def drop_nan(signal: Any) -> Any:
    """Return the signal with zero for NaN; all else is exact.

    Both comparisons are false for NaN, so that it is zero in either half.
    """
    return pyo.Max(signal, 0.0) + pyo.Min(signal, 0.0)
