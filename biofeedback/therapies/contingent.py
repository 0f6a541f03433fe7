"""Music contingent on what the person does: baseline, a criterion that moves, silent probes."""

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


def _tell(report: Report) -> Outcomes:
    return {name: report.last("reward", name) for name in NAMES}


CONTINGENT = Therapy(
    name="contingent",
    title="music that follows what you do",
    laws=frozenset({"listen", "reward", "relax"}),
    names=NAMES,
    outcomes=_tell,
)
