"""Group: one music of two to eight people; synchrony against chance, share of voice, cohesion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.therapies.therapy import Therapy

if TYPE_CHECKING:
    from biofeedback.therapies.therapy import Outcomes, Report

NAMES = (
    "togetherness",
    "togetherness_chance",
    "together_time_ratio",
    "tempo_bpm",
    "shared_calm_bpm",
)


def _tell(report: Report) -> Outcomes:
    told: Outcomes = {name: report.last("ensemble", name) for name in NAMES}
    for record in report.records:
        if record.phase.law == "ensemble":
            shares = {k: v for k, v in record.outcomes.items() if k.startswith("voice_share_")}
            told.update(shares)
    return told


GROUP = Therapy(
    name="group",
    title="making music in a group",
    laws=frozenset({"listen", "ensemble", "breathe", "relax"}),
    names=NAMES,
    outcomes=_tell,
)
