"""How much of the beat sounds in which bar: the ladder by which a cue is faded.

First the click goes, then one bar in four is muted, then every other one, then the beat is gone
(therapies.md, gait: phase d). Muted are the layers that have a pulse; a pad and nature go on, so
that a muted bar is no hole.

A person's own song has its beat inside: it goes where the beat is gone ("bed", "pulse", "silent"),
and comes back where it would have been. It goes on in single muted bars, where only the strokes
on its beats are left out: cut out of a song, a bar is a hole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from biofeedback.messages import NS_PER_MS, TICKS_PER_BEAT, PlayNote, StretchSong

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.control.law import Cue
    from biofeedback.messages import Layer, Output

FADING: Final[tuple[Cue, ...]] = ("full", "no_click", "three_in_four", "one_in_two", "silent")
BAR_TICKS: Final = 4 * TICKS_PER_BEAT
"""Bars are muted in fours of beats, whatever the meter of the style."""

PULSE_NS: Final = 60 * NS_PER_MS
PULSE_VELOCITY: Final = 0.8
PULSELESS: Final[frozenset[Layer]] = frozenset({"pad", "nature"})
BEATLESS: Final[frozenset[Cue]] = frozenset({"bed", "pulse", "silent"})


def fade_cue(since_s: float, *, step_s: float) -> Cue:
    """Tell the cue ``since_s`` seconds after fading began, one rung each ``step_s`` seconds."""
    rung = 1 + int(max(0.0, since_s) / step_s)
    return FADING[min(rung, len(FADING) - 1)]


def is_muted(cue: Cue, layer: Layer, bar: int) -> bool:
    """Tell whether a layer is left out in a bar, counted from 0."""
    if cue in {"full", "silent"}:
        return cue == "silent"
    if layer in PULSELESS:
        return False
    muted_bars = {"three_in_four": (3,), "one_in_two": (1, 3)}.get(cue, ())
    clickless = cue in {"no_click", "three_in_four", "one_in_two"}
    return cue in BEATLESS or bar % 4 in muted_bars or (clickless and layer == "click")


def shape_orders(
    orders: Sequence[Output], cue: Cue, *, at_ns: int, pulses_ns: Sequence[int]
) -> list[Output]:
    """Leave out the notes and pieces of a song that a cue mutes, and add its single pulses."""
    if cue == "full":
        return [*orders]
    kept = [order for order in orders if not _is_left_out(order, cue)]
    if cue == "pulse":
        kept += [_pulse(at_ns, pulse_ns) for pulse_ns in pulses_ns]
    return kept


def _is_left_out(order: Output, cue: Cue) -> bool:
    if isinstance(order, StretchSong):
        return cue in BEATLESS
    if not isinstance(order, PlayNote) or order.tick is None:
        return False
    return is_muted(cue, order.layer, order.tick // BAR_TICKS)


def _pulse(at_ns: int, start_ns: int) -> PlayNote:
    return PlayNote(
        at_ns=at_ns,
        start_ns=start_ns,
        duration_ns=PULSE_NS,
        layer="click",
        pitch_midi=None,
        velocity=PULSE_VELOCITY,
        tick=None,
    )
