"""Is what steers the music fresh? Ages are of the last valid sample, never of the last packet.

Motion is fresh within 0.5 s and the rhythm of the band's own packets, a limit that comes with its
age; a heart rate within 3 s and only when it is trusted. A wearer with a heart-rate ceiling needs
such a heart rate whatever else is fresh, and has to be there at all. One silent wearer doesn't stop
a group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.messages import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from biofeedback.samples import BodyState

HEART_STALE_MS = 3000.0
HEART_LOST_MS = 10_000.0
SILENT_MS = 3000.0
"""Who was last heard longer ago is silent; motion is hard-stale then (safety.md, section 0)."""
FIND_STEPS_NS = 5 * NS_PER_S
"""Whoever walks is known to walk within this time."""


def is_present(body: BodyState) -> bool:
    """Tell whether a wearer was heard lately: nobody is followed by a frozen value (H03)."""
    age_ms = body.motion_age_ms if body.has_motion else body.heart_age_ms
    return age_ms is not None and age_ms <= SILENT_MS


class Freshness:
    """Judges the wearers of a room at each control step."""

    def __init__(self, guarded: AbstractSet[str]) -> None:
        self._guarded = guarded
        self._led: set[str] = set()

    def is_fresh(self, bodies: Sequence[BodyState]) -> bool:
        """Tell whether the music may be led: somebody is fresh, and every ceiling is guarded."""
        leaders = [body for body in bodies if _steers(body)]
        if not leaders:
            return False
        if self._guarded and not self._guarded <= {b.wearer for b in bodies if _has_heart_rate(b)}:
            return False
        self._led = {body.wearer for body in leaders}
        return True

    def is_heart_lost(self, bodies: Sequence[BodyState]) -> bool:
        """Tell whether a heart rate that is needed has been gone for long (H03).

        Needed is that of somebody with a ceiling, and of whoever led with nothing else when all
        was fresh last; one who was lost before or has only just joined led nobody.
        """
        return any(
            body.heart_age_ms is None or body.heart_age_ms > HEART_LOST_MS
            for body in bodies
            if body.wearer in self._guarded
            or (body.wearer in self._led and body.has_heart and not body.has_motion)
        )


class Return:
    """Judges whether what led before a silence leads again.

    Steps are found anew after a gap. Until then somebody who walked seems to rest, and music that
    followed that would slow down and speed up again because a radio was away.
    """

    def __init__(self) -> None:
        self._walked = False
        self._fresh_since_ns: int | None = None

    def note_lead(self, bodies: Sequence[BodyState]) -> None:
        """Note what leads while all is well."""
        self._walked = True in [body.walking for body in bodies]

    def note_silence(self) -> None:
        """Note that what steers is stale."""
        self._fresh_since_ns = None

    def is_complete(self, at_ns: int, bodies: Sequence[BodyState]) -> bool:
        """Tell, at a fresh step, whether it is known again what the wearers do."""
        if self._fresh_since_ns is None:
            self._fresh_since_ns = at_ns
        if not self._walked or any(body.walking for body in bodies):
            return True
        return at_ns - self._fresh_since_ns >= FIND_STEPS_NS


def _steers(body: BodyState) -> bool:
    if not body.has_motion:
        return _has_heart_rate(body)
    age_ms = body.motion_age_ms
    return age_ms is not None and age_ms <= body.motion_limit_ms


def _has_heart_rate(body: BodyState) -> bool:
    age_ms = body.heart_age_ms
    return age_ms is not None and age_ms <= HEART_STALE_MS and body.heart_rate_bpm is not None
