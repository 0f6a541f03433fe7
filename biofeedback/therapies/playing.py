"""What was played, told alike for the therapies in which people play."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biofeedback.therapies.therapy import Outcomes, Report

PLAYED = (
    "notes_per_min",
    "tempo_bpm",
    "interval_cv",
    "silence_ratio",
    "dynamic_range_ratio",
    "turn_taking_lag_s",
    "coupling_ratio",
    "initiative_ratio",
    "player_share_ratio",
)


def tell_played(report: Report) -> Outcomes:
    """Tell the measures of all phases of improvising, each counted by how long it was."""
    return {name: report.mean("improvise", name) for name in PLAYED}
