"""What music is asked to be at one instant; ``messages.py`` hands it on."""

from __future__ import annotations

import msgspec


class MusicParameters(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What music is asked to be at one instant; the columns of a curves file.

    ``energy density brightness articulation tension swell`` are 0..1, ``register`` is -1..1,
    ``level_db`` is at most 0 and relative to the programme's target loudness.
    ``articulation`` 0 is legato, 1 is staccato. ``swell`` is how deep loudness breathes,
    ``swell_brpm`` how often a minute. ``place`` moves the whole between left (-1) and right (1).
    """

    tempo_bpm: float
    energy: float
    density: float
    brightness: float
    articulation: float
    tension: float
    swell: float
    register: float
    level_db: float
    place: float = 0.0
    swell_brpm: float = 6.0


class Part(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one wearer (or one axis of a movement) does in the music, in the order of the parts.

    ``energy`` is 0..1, ``place`` -1 (left) to 1 (right).
    """

    energy: float
    place: float = 0.0


def drive_song(drive: float, tempo_bpm: float, *, level_db: float) -> MusicParameters:
    """Say how a band plays a written song with a drive of 0 to 1: as it was drawn, so it is kept.

    Args:
        drive: How full and busy it is, 0..1.
        tempo_bpm: The song's tempo.
        level_db: At most 0.
    """
    return MusicParameters(
        tempo_bpm=tempo_bpm,
        energy=drive,
        density=drive,
        brightness=0.25 + 0.4 * drive,
        articulation=0.25 + 0.3 * drive,
        tension=0.2,
        swell=0.1,
        register=0.0,
        level_db=level_db,
    )
