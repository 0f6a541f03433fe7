"""Analytical music therapy, with a therapist only: improvising on a title, then listening back.

The profile's numbers are measures of what was played, offered to the therapist beside the music,
and nothing more. Of Bruscia's profiles variability, autonomy, salience and integration have such
a measure here; tension and congruence are for ears, so they stay unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.therapies.playing import PLAYED, tell_played
from biofeedback.therapies.therapy import Therapy

if TYPE_CHECKING:
    from biofeedback.therapies.therapy import Outcomes, Report

PROFILE = {
    "profile_variability": "interval_cv",
    "profile_autonomy": "initiative_ratio",
    "profile_salience": "dynamic_range_ratio",
    "profile_integration": "coupling_ratio",
}
FOR_EARS = ("profile_tension", "profile_congruence")


def _tell(report: Report) -> Outcomes:
    played = tell_played(report)
    profile: Outcomes = {name: played[measure] for name, measure in PROFILE.items()}
    return {**profile, **played}


ANALYTICAL = Therapy(
    name="analytical",
    title="improvising on a title, with a therapist",
    laws=frozenset({"listen", "improvise", "relax"}),
    names=(*PROFILE, *FOR_EARS, *PLAYED),
    outcomes=_tell,
    forms=("demo", "clinic"),
)
