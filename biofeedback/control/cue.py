"""How much of the beat sounds in which bar: the ladder by which a cue is faded.

First the click goes, then one bar in four is muted, then every other one, then the beat is gone
(therapies.md, gait: phase d). Muted are the layers that have a pulse; a pad and nature go on, so
that a muted bar is no hole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from biofeedback.messages import NS_PER_MS, TICKS_PER_BEAT, PlayNote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biofeedback.control.law import Cue
    from biofeedback.messages import Layer

FADING: Final[tuple[Cue, ...]] = ("full", "no_click", "three_in_four", "one_in_two", "silent")
BAR_TICKS = 4 * TICKS_PER_BEAT
PULSE_NS = 60 * NS_PER_MS
PULSE_VELOCITY = 0.8
PULSELESS: Final[frozenset[Layer]] = frozenset({"pad", "nature"})


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
    beatless = cue in {"bed", "pulse"}
    return beatless or bar % 4 in muted_bars or (clickless and layer == "click")


def shape_cue(
    at_ns: int, notes: list[PlayNote], cue: Cue, pulses_ns: Sequence[int]
) -> list[PlayNote]:
    """Leave out what the cue mutes, and add the pulses of a freeze.

    Notes that answer a gesture (without a tick) always sound: they are the person's own.
    """
    if cue == "full":
        return notes
    kept = [n for n in notes if n.tick is None or not is_muted(cue, n.layer, n.tick // BAR_TICKS)]
    if cue != "pulse":
        return kept
    return kept + [
        PlayNote(
            at_ns=at_ns,
            start_ns=pulse_ns,
            duration_ns=PULSE_NS,
            layer="click",
            pitch_midi=None,
            velocity=PULSE_VELOCITY,
            tick=None,
        )
        for pulse_ns in pulses_ns
    ]
