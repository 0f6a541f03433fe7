"""One beat of the heart, as found in a raw signal: what ECG and optical sensors have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from biofeedback.signals.beats.usual_form import Unlikeness


class Beat(NamedTuple):
    """A beat that was found.

    ``beat_s`` are seconds since the first sample of the source, ``quality`` is 0..1 (below 0.5: not
    to be counted on), ``gap_before`` tells that the beat before may be unknown, so that no
    interval ends here. ``amplitude`` is the height of the R wave in the unit of the signal, from
    which breathing can be derived; None if it tells nothing. ``before`` tells how unlike the usual
    form the beat before was, which is known with this one; None if it isn't known.
    """

    beat_s: float
    quality: float
    gap_before: bool
    amplitude: float | None
    before: Unlikeness | None = None


class Heard(NamedTuple):
    """What a stretch of signal up to ``until_s`` told: beats with the time at which each was known.

    ``begins_s`` is where the stretch begins, None if it goes on. All in seconds since the source's
    first sample.
    """

    begins_s: float | None
    until_s: float
    beats: list[tuple[float, Beat]]
