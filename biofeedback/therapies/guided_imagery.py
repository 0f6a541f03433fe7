"""Guided imagery and music: an induction, a journey on a contour, a return.

The guide leads; the music carries. At home, without a guide, only relaxation imagery: induction
and calming, no journey. Outcomes: change of ratings, fall of the heart rate, how often holding
music was needed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from biofeedback.therapies.therapy import Therapy

if TYPE_CHECKING:
    from biofeedback.therapies.therapy import Outcomes, Report

HEART_CHANGE = "heart_rate_change_bpm"


def _tell(report: Report) -> Outcomes:
    breath = report.last("contour", "breathing_change_brpm")
    return {
        HEART_CHANGE: report.body.get("heart_rate_end_minus_rest_bpm"),
        "breathing_change_brpm": report.last("relax", "breathing_change_brpm")
        if breath is None
        else breath,
        "holdings": report.total("contour", "holdings"),
        "held_s": report.total("contour", "held_s"),
        "journey_s": math.fsum(r.seconds for r in report.records if r.phase.law == "contour"),
    }


GUIDED_IMAGERY = Therapy(
    name="guided-imagery",
    title="guided imagery and music",
    laws=frozenset({"listen", "breathe", "relax", "contour"}),
    home_laws=frozenset({"listen", "breathe", "relax"}),
    names=(HEART_CHANGE, "breathing_change_brpm", "holdings", "held_s", "journey_s"),
    outcomes=_tell,
)
