"""Movement to music: express, relax, or awareness.

Outcomes: the range of movement qualities, the fall of the heart rate, mood.

The range of a quality is the distance between its 10th and 90th percentile while moving, on the
scale of the person's own range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.therapies.therapy import Therapy

if TYPE_CHECKING:
    from biofeedback.therapies.therapy import Outcomes, Report

RANGES = ("activity_range_ratio", "sustained_range_ratio", "tilt_range_ratio")
NAMES = (*RANGES, "heart_rate_recovery_bpm", "heart_rate_change_bpm", "moved_s")


def _tell(report: Report) -> Outcomes:
    relaxing = [r for r in report.records if r.phase.law == "relax" and r.phase.kind == "work"]
    told: Outcomes = {
        **{name: report.body.get(name) for name in RANGES},
        "heart_rate_recovery_bpm": report.body.get("heart_rate_work_minus_end_bpm"),
        "heart_rate_change_bpm": report.body.get("heart_rate_end_minus_rest_bpm"),
        "moved_s": report.seconds("work"),
    }
    if relaxing:
        told["responded"] = relaxing[-1].outcomes.get("responded")
    return told


MOVEMENT = Therapy(
    name="movement",
    title="movement to music",
    laws=frozenset({"listen", "follow", "relax", "iso", "breathe"}),
    names=NAMES,
    outcomes=_tell,
    modes=("express", "relax", "awareness"),
)
