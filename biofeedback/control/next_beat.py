"""When the next beat sounds that can still be ordered for: every note of a law starts there.

A moment tells where the beat is now; the rest is foretold at the tempo that sounds. While the tempo
glides each moment foretells a little differently, and so a row of notes asks anew for each of them:
the error is that of half a second and never adds up. What would slip to and fro between two moments
is told once, in the one that can still order it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from biofeedback.control.law import AHEAD_NS
from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from biofeedback.control.law import Moment

CLEARLY_LATER = 0.5
SLIPPED = 0.25
"""Of the distance of two notes: how far the next one is beyond the last at least, and how much too
late it may be told when the music has become faster since the moment before."""


def next_beat_ns(
    moment: Moment, *, notes_per_beat: int = 1, after_ns: int | None = None
) -> int | None:
    """Tell the instant of the next beat, or part of one, not before ``AHEAD_NS`` from now.

    Args:
        moment: Now.
        notes_per_beat: Into how many equal parts a beat is divided.
        after_ns: The last note that was told of the same row; the answer is clearly later.

    Returns:
        Host clock, ns; None while it isn't known where the beat is.
    """
    beat_ratio = moment.beat_ratio
    if beat_ratio is None:
        return None
    apart_ns = 60.0 / (moment.tempo_bpm * notes_per_beat) * NS_PER_S
    passed = beat_ratio * notes_per_beat

    def not_before(from_ns: float) -> int:
        return round((math.ceil(from_ns / apart_ns + passed) - passed) * apart_ns)

    if after_ns is not None:
        following_ns = not_before(after_ns - moment.at_ns + CLEARLY_LATER * apart_ns)
        if following_ns >= AHEAD_NS - SLIPPED * apart_ns:
            return moment.at_ns + max(following_ns, AHEAD_NS)
    return moment.at_ns + max(not_before(AHEAD_NS), AHEAD_NS)
