"""Gait cueing: measure, match, lead a little, fade the cue, walk without it.

The headline is the uncued walk after minus the uncued walk before. The tempo never leaves 10 %
round the prescribed cadence.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from biofeedback.therapies.therapy import Therapy, minus

if TYPE_CHECKING:
    from biofeedback.therapies.therapy import Outcomes, PhaseRecord, Report

WALK = ("cadence_spm", "step_time_cv", "step_asymmetry")
WITH_BEAT = (
    "asynchrony_mean_beats",
    "asynchrony_sd_beats",
    "resultant_length",
    "with_beat_ratio",
)
NAMES = (
    *(f"uncued_{when}_{name}" for name in WALK for when in ("before", "after", "change")),
    *(f"cued_{name}" for name in (*WALK, *WITH_BEAT)),
    "steps",
    "freezes",
    "lead_ratio",
)


def _tell(report: Report) -> Outcomes:
    uncued = [r for r in report.records if r.phase.kind == "uncued"]
    before, after = (uncued[0], uncued[-1]) if len(uncued) > 1 else (_first(uncued), None)
    told: Outcomes = {}
    for name in WALK:
        was, now = _known(before, name), _known(after, name)
        told[f"uncued_before_{name}"] = was
        told[f"uncued_after_{name}"] = now
        told[f"uncued_change_{name}"] = minus(now, was)
    cued = [r for r in report.records if r.phase.law in {"entrain", "lead"}]
    for name in (*WALK, *WITH_BEAT):
        told[f"cued_{name}"] = _weighted(cued, name)
    told["steps"] = _sum(report.records, "steps")
    told["freezes"] = _sum(cued, "freezes")
    told["lead_ratio"] = report.last("lead", "lead_ratio")
    for record in cued:
        for name, value in record.outcomes.items():
            if name.startswith("time_at_"):
                told[name] = (told.get(name) or 0.0) + (value or 0.0)
    return told


def _first(records: list[PhaseRecord]) -> PhaseRecord | None:
    return records[0] if records else None


def _known(record: PhaseRecord | None, name: str) -> float | None:
    return None if record is None else record.outcomes.get(name)


def _sum(records: list[PhaseRecord] | tuple[PhaseRecord, ...], name: str) -> float | None:
    known = [value for r in records if (value := r.outcomes.get(name)) is not None]
    return math.fsum(known) if known else None


def _weighted(records: list[PhaseRecord], name: str) -> float | None:
    """Average over phases, each with its number of steps."""
    known = [
        (value, r.outcomes.get("steps") or 0.0)
        for r in records
        if (value := r.outcomes.get(name)) is not None
    ]
    steps = math.fsum(weight for _, weight in known)
    return math.fsum(value * weight for value, weight in known) / steps if steps else None


GAIT = Therapy(
    name="gait",
    title="rhythmic cueing of gait",
    laws=frozenset({"listen", "entrain", "lead", "relax"}),
    names=NAMES,
    outcomes=_tell,
    widest_band_ratio=0.1,
)
