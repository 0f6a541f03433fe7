"""Music contingent on what the person does: baseline, a criterion that moves, silent probes.

In designs that take turns (AB, ABAB) the phases without consequence are probes, too: time in
criterion with the music stands beside time in criterion without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.therapies.therapy import Therapy

if TYPE_CHECKING:
    from biofeedback.therapies.therapy import Outcomes, Report

NAMES = (
    "in_criterion_ratio",
    "probe_in_criterion_ratio",
    "probe_value",
    "baseline",
    "criterion",
    "goal",
    "blocks",
    "probes",
    "steps_up",
    "steps_down",
    "responses",
)
MEANS = ("in_criterion_ratio", "probe_in_criterion_ratio", "probe_value")
COUNTS = ("blocks", "probes", "steps_up", "steps_down", "responses")


def _tell(report: Report) -> Outcomes:
    told = {name: report.last("reward", name) for name in NAMES}
    told |= {name: report.mean("reward", name) for name in MEANS}
    return told | {name: report.total("reward", name) for name in COUNTS}


CONTINGENT = Therapy(
    name="contingent",
    title="music that follows what you do",
    laws=frozenset({"listen", "reward", "relax"}),
    names=NAMES,
    outcomes=_tell,
)
