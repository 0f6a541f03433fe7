"""FALLING ASLEEP: whatever a law wishes, the music gets less and less until it is silent.

The first third of the time goes on as wished; then energy, density, brightness and level sink
evenly and the tempo falls by an eighth in all (far below the 0.1 % a second at which music relaxes,
therapies.md), so that nothing ends: it was just no longer there. What is wished is never raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from biofeedback.messages import MusicParameters

AWAKE_RATIO = 1.0 / 3.0
TEMPO_FALL_RATIO = 0.125
SILENT_DB = -60.0


class FallingAsleep:
    """Takes a wish of a moment and gives one that is on its way to silence."""

    def __init__(self, duration_s: float) -> None:
        self._awake_s = AWAKE_RATIO * duration_s
        self._falling_s = duration_s - self._awake_s

    def soften(self, wish: MusicParameters, elapsed_s: float) -> MusicParameters:
        """Return the wish as it is ``elapsed_s`` after the session's start."""
        asleep = min(1.0, max(0.0, (elapsed_s - self._awake_s) / self._falling_s))
        if asleep == 0.0:
            return wish
        left = 1.0 - asleep
        return msgspec.structs.replace(
            wish,
            tempo_bpm=wish.tempo_bpm * (1.0 - TEMPO_FALL_RATIO * asleep),
            energy=wish.energy * left,
            density=wish.density * left,
            brightness=wish.brightness * left,
            level_db=max(SILENT_DB, wish.level_db + SILENT_DB * asleep),
        )
