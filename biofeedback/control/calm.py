"""Music of the laws that calm, lead inwards or wait: one number from lively to still."""

from __future__ import annotations

from biofeedback.messages import MusicParameters

LOUDEST_DB, SOFTEST_DB = -4.0, -12.0


def calm_music(
    tempo_bpm: float, arousal_ratio: float, *, swell: float, swell_brpm: float
) -> MusicParameters:
    """Dress a tempo: ``arousal_ratio`` 1 is moderately lively, 0 is nearly still.

    Sparse, dark and without sharp onsets towards 0: what calms is the texture, for hearts don't
    lock to a beat (therapies.md, control facts). The curves are our choice.
    """
    a = min(max(arousal_ratio, 0.0), 1.0)
    return MusicParameters(
        tempo_bpm=tempo_bpm,
        energy=0.05 + 0.45 * a,
        density=0.1 + 0.5 * a,
        brightness=0.1 + 0.35 * a,
        articulation=0.05 + 0.2 * a,
        tension=0.1 + 0.2 * a,
        swell=swell,
        register=-0.3 + 0.3 * a,
        level_db=SOFTEST_DB + (LOUDEST_DB - SOFTEST_DB) * a,
        swell_brpm=swell_brpm,
    )
